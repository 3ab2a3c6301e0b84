//! Putting small files together: fewer files, the same rows, whoever else is working on the lake.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::context::{Context, log, shared};
use crate::time_travel::{data_files, record};

/// Small files of one partition, that came in as many runs.
const RUNS: u32 = 6;

fn small_files() -> Context {
    let context = Context::new();
    for number in 0..RUNS {
        // times overlap, and one record comes with each run
        let records =
            [number, 100 - number, 7].map(|id| timed(id, &format!("2026-03-01T0{}:0{}:00Z", id % 10, id % 7)));
        context.write(&format!("in/{number}.json"), log(&records));
        context.run(&["convert", &format!("in/{number}.json")]).ended_with(0);
    }
    context
}

fn timed(id: u32, time: &str) -> Value {
    let mut record = record(id, "2026-03-01", "eu-west-1");
    record["eventTime"] = json!(time);
    record
}

/// The records of the lake, in an order of their own: files come one after the other.
fn rows(context: &Context) -> String {
    let exported = context.run(&["export"]).ended_with(0).stdout;
    let mut lines: Vec<_> = exported.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

fn compact(context: &Context, arguments: &[&str]) -> Value {
    context.run(&[&["lake", "compact", "--json"], arguments].concat()).ended_with(0).json()
}

fn of<'a>(summary: &'a Value, table: &str) -> &'a Value {
    summary["tables"].as_array().unwrap().iter().find(|of| of["table"] == table).unwrap()
}

#[track_caller]
pub(crate) fn is_sound(context: &Context) {
    let found = context.run(&["lake", "check", "--deep", "--json"]);
    let verdict: Value = serde_json::from_str(&found.stdout).unwrap_or_default();
    assert_eq!((found.code, &verdict["warnings"]), (0, &json!(0)), "{} {}", found.stdout, found.stderr);
}

#[test]
fn small_files_become_one_with_the_same_rows() {
    let context = small_files();
    let before = rows(&context);
    assert_eq!(before.lines().count(), 2 * RUNS as usize + 1);
    let would = compact(&context, &["--dry-run"]);
    assert_eq!(data_files(&context, "events").len(), RUNS as usize);
    let did = compact(&context, &[]);
    for table in ["events", "files"] {
        let (would, did) = (of(&would, table), of(&did, table));
        assert_eq!((&would["removed"], &would["rows"]), (&did["removed"], &did["rows"]), "{table}");
        assert_eq!((&did["removed"]["files"], &did["added"]["files"]), (&json!(RUNS), &json!(1)), "{table}");
    }
    assert_eq!(rows(&context), before);
    let info = context.run(&["lake", "info", "-F", "json"]).ended_with(0).json();
    assert_eq!((&info[0]["files"], &info[0]["rows"]), (&json!(1), &json!(2 * RUNS + 1)));
    is_sound(&context);
    let history = context.run(&["lake", "history", "-F", "json"]).ended_with(0).json();
    assert_eq!((&history[0]["operation"], &history[0]["files_removed"]), (&json!("compact"), &json!(RUNS)));
    let earlier = (RUNS - 1).to_string();
    let count = context.run(&["sql", "SELECT count(*) AS n FROM events", "--as-of", &earlier, "-F", "csv"]);
    assert_eq!(count.ended_with(0).stdout, format!("n\n{}\n", 2 * RUNS - 1));
    // nothing is known less than before, and what comes again is a duplicate
    let again = context.run(&["convert", "in", "--json"]).ended_with(0).json();
    assert_eq!(again["files"]["known"], RUNS);
    context.write("again.json", fs::read(context.path("in/0.json")).unwrap());
    let again = context.run(&["convert", "again.json", "--json"]).ended_with(0).json();
    assert_eq!((&again["records"]["duplicates"], &again["records"]["written"]), (&json!(3), &json!(0)));
}

#[test]
fn rows_come_out_in_order() {
    let context = small_files();
    compact(&context, &["--table", "events", "--vacuum"]);
    let files = data_files(&context, "events");
    let [file] = files.as_slice() else { panic!("{files:?}") };
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(fs::File::open(file).unwrap());
    let mut keys = Vec::new();
    for batch in reader.unwrap().build().unwrap() {
        let batch = batch.unwrap();
        let text = |name: &str| {
            let array = arrow::compute::cast(batch.column_by_name(name).unwrap(), &arrow::datatypes::DataType::Utf8);
            array.unwrap()
        };
        let (times, ids) = (text("event_time"), text("event_id"));
        let value = |array: &arrow::array::ArrayRef, row: usize| {
            arrow::util::display::array_value_to_string(array, row).unwrap()
        };
        keys.extend((0..batch.num_rows()).map(|row| (value(&times, row), value(&ids, row))));
    }
    assert!(keys.len() == 2 * RUNS as usize + 1 && keys.is_sorted(), "{keys:?}");
}

#[test]
fn a_second_compaction_has_nothing_to_do() {
    let context = small_files();
    compact(&context, &[]);
    let before = data_files(&context, "events");
    let again = context.run(&["lake", "compact", "--table", "events"]).ended_with(0);
    assert!(again.stderr.starts_with("compact  nothing to put together\n"), "{}", again.stderr);
    assert_eq!(data_files(&context, "events"), before);
}

#[test]
fn vacuumed_at_once_plain_readers_see_each_row_once() {
    let context = small_files();
    let did = compact(&context, &["--vacuum"]);
    assert_eq!(data_files(&context, "events").len(), 1);
    assert!(did["deleted"]["files"].as_u64().unwrap() >= u64::from(2 * RUNS), "{did}");
    assert_eq!(rows(&context).lines().count(), 2 * RUNS as usize + 1);
    is_sound(&context);
    let gone = context.run(&["sql", "SELECT event_id FROM events", "--as-of", "2"]).ended_with(1);
    assert!(gone.stderr.contains("which is not in the lake any more"), "{}", gone.stderr);
}

#[test]
fn files_of_others_are_left_alone() {
    let context = small_files();
    let files = data_files(&context, "events");
    // the same file, as if another program had written it
    let bytes = fs::read(&files[0]).unwrap();
    let name = b"milepost ";
    let at = bytes.windows(name.len()).rposition(|window| window == name).unwrap();
    let mut other = bytes;
    other[at..at + name.len()].copy_from_slice(b"somebody ");
    fs::write(&files[0], other).unwrap();
    let did = compact(&context, &["--table", "events"]);
    let events = of(&did, "events");
    assert_eq!((&events["foreign"], &events["removed"]["files"]), (&json!(1), &json!(RUNS - 1)), "{did}");
    assert_eq!(rows(&context).lines().count(), 2 * RUNS as usize + 1);
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_nothing_changes() {
    let context = small_files();
    let files = data_files(&context, "events");
    let bytes = fs::read(&files[2]).unwrap();
    fs::write(&files[2], vec![0; bytes.len()]).unwrap();
    let output = context.run(&["lake", "compact"]).ended_with(1);
    let name = files[2].file_name().unwrap().to_string_lossy().into_owned();
    assert!(output.stderr.starts_with("error: cannot read `region=") && output.stderr.contains(&name));
    assert_eq!(data_files(&context, "events"), files);
    let runs = context.run(&["lake", "runs", "-F", "json"]).ended_with(0).json();
    assert_eq!((&runs[0]["command"], &runs[0]["outcome"]), (&json!("compact"), &json!("failed")));
    fs::write(&files[2], bytes).unwrap();
    compact(&context, &[]);
    is_sound(&context);
}

#[test]
fn sizes_that_make_no_sense_are_refused() {
    let context = small_files();
    for (size, expected) in [("1KB", "`--target-size 1KB` is too little"), ("much", "`--target-size much` is no size")]
    {
        let output = context.run(&["lake", "compact", "--target-size", size]).ended_with(2);
        assert!(output.stderr.starts_with(&format!("error: {expected}\nhint: ")), "{}", output.stderr);
    }
    context.run(&["lake", "compact", "--table", "nothing"]).ended_with(2);
}

/// Log files of the shared archive, in this many folders.
fn parts(context: &Context, count: usize) -> Vec<PathBuf> {
    let folder = shared().context.path("archive");
    let mut files = crate::context::files_below(&folder);
    files.sort();
    let parts: Vec<_> = (0..count).map(|part| context.path(&format!("parts/{part}"))).collect();
    for (at, file) in files.iter().enumerate() {
        let to = parts[at % count].join(file.strip_prefix(&folder).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(file, to).unwrap();
    }
    parts
}

#[test]
fn compactions_and_conversions_side_by_side_lose_and_double_nothing() {
    let context = Context::new();
    let parts = parts(&context, 4);
    context.run(&["convert", &parts[0].display().to_string()]).ended_with(0);
    let spawn = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_milepost"))
            .args(arguments)
            .current_dir(context.path(""))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let mut children = Vec::new();
    for part in &parts[1..] {
        children.push(spawn(&["convert", &part.display().to_string(), "--memory", "16MB", "--quiet"]));
        children.push(spawn(&["lake", "compact", "--quiet"]));
        children.push(spawn(&["lake", "compact", "--vacuum", "--quiet"]));
    }
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    compact(&context, &["--vacuum"]);
    assert_eq!(rows(&context), rows(&shared().context));
    is_sound(&context);
}
