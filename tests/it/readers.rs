//! Other engines read the lake and see the same rows.
//!
//! `MILEPOST_TEST_PYTHON` names a Python that has duckdb, pyarrow, polars and deltalake; the gate sets it.

use std::path::Path;
use std::process::Command;

use crate::context::{Context, shared};

#[test]
fn duckdb_pyarrow_polars_and_deltalake_see_the_same_rows() {
    see_the_same(&shared().context, &shared().lake());
}

#[test]
fn they_see_the_same_rows_of_a_lake_that_was_put_together() {
    let context = Context::new();
    let archive = shared().context.path("archive").display().to_string();
    context.run(&["convert", &archive, "--memory", "16MB"]).ended_with(0);
    context.run(&["lake", "compact", "--vacuum"]).ended_with(0);
    see_the_same(&context, &context.path("lake").to_string_lossy());
}

fn see_the_same(context: &Context, lake: &str) {
    let Some(python) = std::env::var_os("MILEPOST_TEST_PYTHON") else {
        println!("skipped: MILEPOST_TEST_PYTHON is not set");
        return;
    };
    let sql =
        "SELECT count(*) AS rows, count(DISTINCT event_id) AS ids, min(event_time) AS first, max(event_time) AS last,
        count(DISTINCT account) AS accounts, count(*) FILTER (WHERE read_only) AS reads FROM events";
    let expected = context.run(&["sql", sql, "-F", "ndjson"]).ended_with(0).stdout;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers/read_lake.py");
    for engine in ["duckdb", "pyarrow", "polars", "deltalake"] {
        let output = Command::new(&python).arg(&script).args([engine, lake, expected.trim()]).output().unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(stdout, format!("{engine} sees the same\n"), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
