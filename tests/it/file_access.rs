//! Files in SQL: none without leave, never the lake's.

use std::fs;

use crate::context::{Context, files_below, shared};

fn context() -> Context {
    let context = Context::new();
    context.write("owners.csv", "account,owner\n012345678901,ann\n111122223333,bob\n");
    context.write("owners.json", "{\"owner\":\"ann\"}\n");
    context
}

fn sql(context: &Context, arguments: &[&str]) -> crate::context::Output {
    context.run(&[&["sql", "--lake", &shared().lake(), "-F", "csv"], arguments].concat())
}

#[test]
fn without_leave_no_file_is_read_or_written() {
    let context = context();
    for query in [
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'owners.csv'",
        "CREATE TABLE t AS SELECT 1",
        "CREATE VIEW v AS SELECT 1",
        "COPY (SELECT 1) TO 'out.csv'",
        "COPY events TO 'out.parquet'",
    ] {
        let output = sql(&context, &[query]).ended_with(1);
        assert!(output.stderr.starts_with("error: this query is not read-only: "), "{query}: {}", output.stderr);
        assert!(output.stderr.contains("hint: --allow-files lets SQL"), "{query}: {}", output.stderr);
    }
    for query in [
        "SELECT * FROM 'owners.csv'",
        "SELECT * FROM \"owners.csv\"",
        "SELECT * FROM read_csv('owners.csv')",
        "SELECT * FROM read_json('owners.json')",
        "SELECT * FROM read_parquet('owners.parquet')",
        "SELECT * FROM read_text('owners.csv')",
        "SELECT * FROM glob('*')",
        "SELECT * FROM parquet_metadata('x.parquet')",
    ] {
        let output = sql(&context, &[query]).ended_with(1);
        assert!(output.stderr.starts_with("error: there is no "), "{query}: {}", output.stderr);
        assert!(!output.stderr.contains("ann"), "{query}: {}", output.stderr);
    }
    assert_eq!(files_below(&context.path("")).len(), 2);
}

/// Accounts are text, and one of ten begins with a zero.
#[test]
fn ids_in_a_csv_file_keep_their_zeros() {
    let context = context();
    let many: String = (0..2000).map(|row| format!("{row},111122223333,{row}\n")).collect();
    context.write("ids.csv", format!("n,account,late\n{many}2000,444455556666,007\n"));
    let run = |query: &str| sql(&context, &["--allow-files", query]).ended_with(0).stdout;
    let types = "SELECT typeof(n), typeof(account), typeof(late) FROM read_csv('ids.csv') LIMIT 1";
    assert!(run(types).ends_with("\nBIGINT,VARCHAR,VARCHAR\n"), "{}", run(types));
    let as_table = "SELECT \"ids.csv\".late, account FROM 'ids.csv' WHERE n = 2000";
    assert_eq!(run(as_table), "late,account\n007,444455556666\n");
    let found = "SELECT sum(n) AS n, max(late) AS late FROM read_csv('ids.csv') WHERE account = '444455556666'";
    assert_eq!(run(found), "n,late\n2000,007\n");
    context.write("owners2.csv", "account,owner\n12345678901,x\n012345678901,ann\n");
    let joined = "SELECT o.owner, count(*) > 10 AS many FROM read_csv('owners2.csv') o JOIN events e ON e.account = o.account GROUP BY 1";
    assert_eq!(run(joined), "owner,many\nann,true\n");
}

#[test]
fn with_leave_files_are_tables_and_answers() {
    let context = context();
    let run = |query: &str| sql(&context, &["--allow-files", query]).ended_with(0).stdout;
    assert_eq!(run("SELECT owner FROM 'owners.csv' ORDER BY 1"), "owner\nann\nbob\n");
    assert_eq!(run("SELECT owner FROM read_csv('owners.csv') ORDER BY 1 DESC"), "owner\nbob\nann\n");
    assert_eq!(run("SELECT owner FROM read_json('owners.json')"), "owner\nann\n");
    let external = "CREATE EXTERNAL TABLE o (account VARCHAR, owner VARCHAR) STORED AS CSV LOCATION 'owners.csv' \
        OPTIONS ('format.has_header' 'true');
        CREATE VIEW named AS SELECT owner, event_id FROM events JOIN o USING (account);
        SELECT owner, count(*) > 10 AS many FROM named GROUP BY 1 ORDER BY 1";
    assert_eq!(run(external), "owner,many\nann,true\nbob,true\n");
    assert_eq!(
        run("COPY (SELECT 1 AS a) TO 'out.parquet'; SELECT a FROM read_parquet('out.parquet')"),
        "count\n1\na\n1\n"
    );
    run("COPY (SELECT 1 AS a) TO 'copied.csv'");
    assert_eq!(fs::read_to_string(context.path("copied.csv")).unwrap(), "a\n1\n");
    let missing = sql(&context, &["--allow-files", "SELECT * FROM read_csv('missing.csv')"]).ended_with(1);
    assert!(missing.stderr.starts_with("error: "), "{}", missing.stderr);
}

#[test]
fn not_even_with_leave_the_lake_is_written_to() {
    let context = context();
    context.run(&["demo"]).ended_with(0);
    let lake = context.path("milepost-demo/lake");
    let files = || {
        let mut files: Vec<_> =
            files_below(&lake).into_iter().map(|path| (fs::metadata(&path).unwrap().len(), path)).collect();
        files.sort();
        files
    };
    let before = files();
    for query in [
        "DROP VIEW events",
        "DROP TABLE files",
        "CREATE OR REPLACE VIEW events AS SELECT 1 AS a",
        "CREATE TABLE runs AS SELECT 1 AS a",
        "CREATE OR REPLACE TABLE lake.events AS SELECT 1 AS a",
        "DELETE FROM events",
        "DELETE FROM lake.events",
        "UPDATE files SET uri = ''",
        "INSERT INTO files SELECT * FROM files",
        "COPY (SELECT 1) TO 'milepost-demo/lake/events/x.parquet'",
        "COPY (SELECT 1) TO 'elsewhere/../milepost-demo/lake/x.csv'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO 'milepost-demo/lake/x.csv'",
        "SET datafusion.execution.batch_size = 1",
        "CREATE SCHEMA s",
        "CREATE DATABASE d",
    ] {
        let arguments = ["sql", "--lake", "milepost-demo/lake", "--allow-files", query];
        let output = context.run(&arguments).ended_with(1);
        assert!(output.stderr.starts_with("error: "), "{query}: {}", output.stderr);
        assert_eq!(files(), before, "{query}");
    }
    let insert = "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 'milepost-demo/lake/events/'; INSERT INTO t SELECT * FROM t";
    context.run(&["sql", "--lake", "milepost-demo/lake", "--allow-files", insert]).ended_with(1);
    assert_eq!(files(), before);
}
