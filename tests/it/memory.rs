//! `--memory` is kept: what would be too much is refused before it is made, and what can be spilled is.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use milepost_testkit::Archive;

use crate::context::{Context, Output, shared};

/// A run of the binary, and the most memory it had, in bytes. Systems that do not say give 0.
fn watched(context: &Context, arguments: &[&str]) -> (Output, u64) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_milepost"))
        .args(arguments)
        .current_dir(context.path(""))
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).unwrap();
        text
    });
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    let code = loop {
        let now = std::fs::read_to_string(&status).unwrap_or_default();
        let line = now.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        most = most.max(kilobytes.unwrap_or(0) * 1024);
        if let Some(status) = child.try_wait().unwrap() {
            break status.code().unwrap_or(-1);
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let mut errors = String::new();
    stderr.read_to_string(&mut errors).unwrap();
    (Output { code, stdout: reader.join().unwrap(), stderr: errors }, most)
}

/// What the program takes without a query, with much to spare: a build for tests is large.
const PROGRAM: u64 = 400 << 20;

#[test]
fn no_function_makes_more_than_fits() {
    let context = &shared().context;
    for (name, value) in [
        ("repeat", "length(repeat('x', 2000000000))"),
        ("repeat", "length(repeat(event_id, 2000000000))"),
        ("lpad", "length(lpad('x', 2000000000))"),
        ("rpad", "length(rpad(event_id, 2000000000, 'ab'))"),
        ("array_repeat", "array_length(array_repeat(1, 2000000000))"),
        ("array_resize", "array_length(array_resize([1], 2000000000, 0))"),
        ("range", "array_length(range(2000000000))"),
        ("generate_series", "array_length(generate_series(1, 1000000000))"),
        ("generate_series", "array_length(generate_series(DATE '0001-01-01', DATE '9999-01-01', INTERVAL '1 second'))"),
        ("replace", "length(replace(repeat('a', 1000000), 'a', repeat('b', 1000000)))"),
        ("regexp_replace", "length(regexp_replace(repeat('a', 1000000), '.', repeat('b', 1000000), 'g'))"),
        ("array_to_string", "length(array_to_string(range(100000), repeat('b', 1000000)))"),
    ] {
        let query = format!("SELECT max({value}) AS x FROM events");
        let (output, most) = watched(context, &["sql", &query, "--memory", "64MB", "-F", "csv"]);
        let stderr = output.ended_with(1).stderr;
        let wanted = format!("error: the query needs more memory than it may use: `{name}` would make ");
        assert!(stderr.starts_with(&wanted), "{query}: {stderr}");
        assert!(stderr.contains("hint: ") && stderr.contains("--memory"), "{stderr}");
        assert!(most < PROGRAM, "{query}: {most} bytes");
    }
    // in lists that are taken apart, as constants, and in functions of other engines
    for query in [
        "SELECT count(*) FROM (SELECT unnest(range(1000000000)) AS x)",
        "SELECT repeat('x', 2000000000) AS x",
        // once made, and the same for each row
        "SELECT count(*) FROM (SELECT unnest(range(0, 1000000)) FROM events)",
        "SELECT max(x) FROM (SELECT repeat('x', 4000000) AS x, event_id FROM events) GROUP BY event_id",
        "SELECT max(x) FROM (SELECT CASE WHEN event_id > 'a' THEN repeat('x', 4000000) ELSE event_id END AS x FROM events)",
        "SELECT max(cardinality(sequence(1, 1000000000))) FROM cloudtrail_logs",
        "SELECT max(length(concat(x, x, x, x, x, x, x, x))) FROM (SELECT repeat(event_id, 20000) AS x FROM events LIMIT 20)",
        "WITH a AS (SELECT repeat(event_id, 10000) AS x FROM events LIMIT 20), b AS (SELECT x||x||x||x||x||x||x||x AS x FROM a) \
            SELECT max(length(x||x||x||x||x||x||x||x)) FROM b",
        "SELECT max(length(reduce(range(32), 'x', (s, x) -> s || s, s -> s))) FROM events",
    ] {
        let (output, most) = watched(context, &["sql", query, "--memory", "64MB", "-F", "csv"]);
        assert!(output.ended_with(1).stderr.contains("` would make "), "{query}");
        assert!(most < PROGRAM, "{query}: {most} bytes");
    }
}

#[test]
fn functions_that_are_watched_do_what_they_did() {
    let query = "SELECT repeat('ab', 3) AS a, lpad('x', 3) AS b, rpad('x', 3, 'yz') AS c, range(3) AS d, \
        generate_series(2, 8, 3) AS e, array_repeat('q', 2) AS f, replace('aXbX', 'X', '-') AS g, concat('a', NULL, 1) AS h, \
        concat_ws('-', 'a', 'b') AS i, array_to_string([1, 2], ', ') AS j, regexp_replace('abc', '[bc]', '.', 'g') AS k, \
        repeat(NULL, 2) AS l, 'a' || 1 || 'b' AS n, 'a' || NULL AS o, array_resize([1], 2, 7) AS m";
    let output = shared().context.run(&["sql", query, "-F", "json"]).ended_with(0).json();
    let expected = serde_json::json!([{
        "a": "ababab", "b": "  x", "c": "xyz", "d": [0, 1, 2], "e": [2, 5, 8], "f": ["q", "q"], "g": "a-b-", "h": "a1",
        "i": "a-b", "j": "1, 2", "k": "a..", "l": null, "n": "a1b", "o": null, "m": [1, 7],
    }]);
    assert_eq!(output, expected);
    // names of columns, and a table of a function, which streams
    let plain =
        shared().context.run(&["sql", "SELECT repeat('a', 2) || 'b', count(*) FROM range(30000000)", "-F", "csv"]);
    let plain = plain.ended_with(0).stdout;
    assert!(plain.ends_with("aab,30000000\n") && plain.contains("count(*)"), "{plain}");
}

/// Some ten thousand wide rows.
fn wide() -> &'static Context {
    static WIDE: OnceLock<Context> = OnceLock::new();
    WIDE.get_or_init(|| {
        let context = Context::new();
        Archive { days: 4, ..Archive::default() }.write(&context.path("archive")).unwrap();
        context.run(&["convert", "archive"]).ended_with(0);
        context
    })
}

#[test]
fn wide_rows_are_sorted_with_little_memory_by_any_number_of_threads() {
    // rows of some kilobytes, many times over
    let query = "SELECT e.*, repeat(e.event_id, 60) AS more, n.value AS at FROM events e CROSS JOIN generate_series(1, 6) n \
        ORDER BY e.request_parameters, at, e.event_id";
    let mut answers = Vec::new();
    for jobs in ["2", "8"] {
        let arguments = ["sql", query, "--memory", "64MB", "--jobs", jobs, "-F", "csv", "--output"];
        let output = format!("sorted-{jobs}.csv");
        let (told, most) = watched(wide(), &[&arguments[..], &[&output, "--json"]].concat());
        let told: serde_json::Value = serde_json::from_str(&told.ended_with(0).stderr).unwrap();
        assert!(told["bytes_spilled"].as_u64().unwrap() > 16 << 20, "{told}");
        assert!(most < PROGRAM, "{jobs} threads: {most} bytes");
        answers.push(std::fs::read(wide().path(&output)).unwrap());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[test]
fn distinct_values_of_several_columns_are_counted_with_little_memory() {
    let query = "SELECT count(*) AS n, count(DISTINCT concat(e.event_id, n.value)) AS ids, \
        count(DISTINCT concat(n.value, e.request_id)) AS requests, count(DISTINCT e.region) AS regions, \
        count(DISTINCT e.account) FILTER (WHERE e.region = 'x') AS none FROM events e, generate_series(1, 1) n";
    let plain = "SELECT count(DISTINCT event_id) AS ids, count(*) AS n, count(DISTINCT request_id) AS requests, \
        count(DISTINCT region) AS regions, max(event_name) AS last FROM events WHERE account <> ''";
    for query in [query, plain] {
        let run = |memory: &str| wide().run(&["sql", query, "--memory", memory, "-F", "csv"]).ended_with(0).stdout;
        assert_eq!(run("32MB"), run("2GiB"), "{query}");
    }
    let many = "SELECT count(DISTINCT a) AS a, count(DISTINCT b) AS b FROM \
        (SELECT concat('some-longer-text-', value) AS a, concat('another-longer-text-', value % 900000) AS b FROM events_many)";
    let many = many.replace("events_many", "range(1000000)");
    let (output, most) = watched(wide(), &["sql", &many, "--memory", "64MB", "-F", "csv"]);
    assert_eq!(output.ended_with(0).stdout, "a,b\n1000000,900000\n");
    assert!(most < PROGRAM, "{most} bytes");
}

#[test]
fn a_condition_that_makes_too_much_says_so_as_others_do() {
    let query = "SELECT count(*) FROM (SELECT repeat(event_name, 1000000) AS x FROM events) WHERE x LIKE '%zzz'";
    let error = wide().run(&["sql", query, "--memory", "64MB"]).ended_with(1).stderr;
    let told = "the query needs more memory than it may use: `repeat` would make ";
    assert!(error.contains(told) && !error.contains("ResourcesExhausted"), "{error}");
}
