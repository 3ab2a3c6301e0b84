//! What a query may take: memory, time; and what is told of what it took.

use std::time::{Duration, Instant};

use crate::context::shared;
use serde_json::Value;

fn sql(arguments: &[&str]) -> crate::context::Output {
    shared().context.run(&[&["sql"], arguments].concat())
}

#[test]
fn a_query_that_needs_too_much_memory_ends_with_an_error() {
    for query in [
        "SELECT array_agg(value) FROM generate_series(1, 20000000)",
        "SELECT a.value FROM generate_series(1, 9000000) a JOIN generate_series(1, 9000000) b ON a.value = b.value",
    ] {
        let output = sql(&[query, "--memory", "16MB", "-F", "csv"]).ended_with(1);
        let stderr = &output.stderr;
        assert!(stderr.starts_with("error: the query needs more memory than it may use: the step `"), "{stderr}");
        assert!(stderr.contains("hint: ") && stderr.contains("--memory"), "{stderr}");
    }
    sql(&["SELECT 1", "--memory", "1MB"]).ended_with(2);
    sql(&["SELECT 1", "--memory", "much"]).ended_with(2);
}

#[test]
fn sorting_and_grouping_spill_what_does_not_fit() {
    let query = "SELECT value FROM generate_series(1, 3000000) ORDER BY (value * 7919) % 1000003, value";
    let output = sql(&[query, "--memory", "16MB", "-F", "csv", "--json"]).ended_with(0);
    assert_eq!(output.stdout.lines().count(), 3_000_001);
    let told: Value = serde_json::from_str(&output.stderr).unwrap();
    assert_eq!(told["rows"], 3_000_000);
    assert!(told["bytes_spilled"].as_u64().unwrap() > 1 << 20, "{told}");
    let groups =
        "SELECT count(*) AS n FROM (SELECT value % 1000000 AS k, count(*) FROM generate_series(1, 2000000) GROUP BY 1)";
    assert_eq!(sql(&[groups, "--memory", "32MB", "-F", "csv"]).ended_with(0).stdout, "n\n1000000\n");
}

#[test]
fn a_query_that_takes_too_long_is_given_up() {
    let started = Instant::now();
    let endless = "SELECT count(*) AS n FROM generate_series(1, 1000000000000)";
    let output = sql(&[endless, "--timeout", "300ms", "--output", "late.csv"]).ended_with(1);
    assert!(output.stderr.starts_with("error: the query took longer than 300ms"), "{}", output.stderr);
    assert!(started.elapsed() < Duration::from_secs(30));
    assert!(!shared().context.path("late.csv").exists());
    assert_eq!(sql(&["SELECT 1 AS n", "--timeout", "5m", "-F", "csv"]).ended_with(0).stdout, "n\n1\n");
    let output = sql(&["SELECT 1", "--timeout", "soon"]).ended_with(2);
    assert!(output.stderr.contains("hint: write it as 500ms, 30s"), "{}", output.stderr);
}

/// Such a join compares thousands of millions of pairs and gives no row on the way.
#[test]
fn a_join_that_finds_nothing_is_given_up_too() {
    let join = "SELECT count(*) FROM generate_series(1, 1000000) a JOIN generate_series(1, 1000000) b \
        ON a.value % 2 = b.value % 2 AND a.value + b.value < 0";
    let started = Instant::now();
    for jobs in ["1", "4"] {
        let output = sql(&[join, "--timeout", "1s", "--jobs", jobs]).ended_with(1);
        assert!(output.stderr.starts_with("error: the query took longer than 1s"), "{}", output.stderr);
    }
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

/// With a window and without, as that takes another way.
#[test]
fn a_report_has_the_limits_of_a_query() {
    let context = &shared().context;
    context.write(
        "limited/endless.sql",
        "-- name = \"endless\"\n-- title = \"Endless\"\n-- description = \"Counts for ever\"\n-- columns = [\"n\"]\n\
         SELECT count(*) AS n FROM generate_series(1, 1000000000000)\n",
    );
    for more in [&["--format", "csv"][..], &["--format", "html"]] {
        let run = |limit: [&str; 2]| {
            context.run(&[&["report", "run", "endless", "--reports", "limited"], more, &limit[..]].concat())
        };
        let output = run(["--timeout", "300ms"]).ended_with(1);
        assert!(output.stderr.starts_with("error: the query took longer than 300ms"), "{}", output.stderr);
        run(["--timeout", "soon"]).ended_with(2);
        run(["--memory", "1MB"]).ended_with(2);
    }
    let enough = ["report", "run", "root-usage", "--memory", "64MB", "--timeout", "5m"];
    context.run(&enough).ended_with(0);
}

#[test]
fn what_was_read_is_told_as_json() {
    let told = |query: &str| -> Value {
        let output = sql(&[query, "-F", "csv", "--json"]).ended_with(0);
        serde_json::from_str(&output.stderr).unwrap()
    };
    let day = told("SELECT event_name FROM events WHERE date = '2026-03-02' AND region = 'us-east-1'");
    assert_eq!(day["files"], 18, "{day}");
    assert_eq!((&day["files_read"], &day["files_pruned_by_partition"]), (&3.into(), &15.into()), "{day}");
    assert!(day["bytes_read"].as_u64().unwrap() > 0 && day["bytes_read"].as_u64() < day["bytes"].as_u64(), "{day}");
    let none = told("SELECT event_name FROM events WHERE date = '2020-01-01'");
    assert_eq!((&none["files_read"], &none["files_pruned_by_partition"]), (&0.into(), &18.into()), "{none}");
    let source = told("SELECT event_name FROM events WHERE event_source = 'a' AND region = 'us-east-1'");
    assert_eq!(source["files_read"], 0, "{source}");
    assert!(source["files_pruned_by_statistics"].as_u64().unwrap() > 0, "{source}");
    // the region that a record says itself is that of its partition; so is the account
    let both = |one: &str, other: &str| {
        let count = |condition: &str| told(&format!("SELECT event_id FROM {condition}"));
        let (one, other) = (count(one), count(other));
        assert_eq!(one["files_pruned_by_partition"], other["files_pruned_by_partition"], "{one} {other}");
        assert!(one["files_pruned_by_partition"].as_u64().unwrap() > 0, "{one}");
        assert_eq!(one["unbounded"], false, "{one}");
    };
    both("events WHERE aws_region = 'us-east-1'", "events WHERE region = 'us-east-1'");
    both("aws_cloudtrail_log WHERE aws_region IN ('us-east-1', 'x')", "events WHERE region = 'us-east-1'");
    both("events WHERE recipient_account_id = '1'", "events WHERE account = '1'");
    let athena =
        told("SELECT eventid FROM cloudtrail_logs WHERE awsregion = 'us-east-1' AND recipientaccountid <> '1'");
    assert!(athena["files_pruned_by_partition"].as_u64().unwrap() > 0, "{athena}");
    // a pipe is told nothing unless it asks
    assert_eq!(sql(&["SELECT 1"]).ended_with(0).stderr, "");
}

#[test]
fn plans_are_shown_on_request() {
    let query = "SELECT event_name FROM events WHERE region = 'us-east-1'";
    let plan = sql(&[query, "--explain"]).ended_with(0).stdout;
    assert!(plan.contains("logical_plan\n") && plan.contains("physical_plan\n"), "{plan}");
    assert!(plan.contains("\n  ") && !plan.contains("\\n"), "{plan}");
    let analysis = sql(&[query, "--analyze"]).ended_with(0).stdout;
    assert!(analysis.contains("output_rows=") && analysis.contains("bytes_scanned="), "{analysis}");
    assert!(sql(&[&format!("EXPLAIN {query}")]).ended_with(0).stdout.contains("physical_plan\n"));
    sql(&[query, "--explain", "--analyze"]).ended_with(2);
}

#[test]
fn a_plain_query_gives_the_same_rows_each_time_and_with_any_number_of_threads() {
    for query in [
        "SELECT event_id FROM events LIMIT 700",
        "SELECT event_id, event_time FROM events WHERE event_name <> 'x'",
        "SELECT event_id FROM events WHERE read_only LIMIT 50 OFFSET 3",
    ] {
        let run = |jobs: &str| sql(&[query, "-F", "csv", "--jobs", jobs]).ended_with(0).stdout;
        let one = run("1");
        assert!(one.lines().count() > 50);
        for _ in 0..5 {
            assert_eq!(run("4"), one, "{query}");
        }
    }
}

#[test]
fn a_value_without_a_placeholder_is_wrong_usage() {
    let output = sql(&["SELECT count(*) FROM events WHERE event_name = $name", "-p", "name=x", "-p", "nmae=y"]);
    let output = output.ended_with(2);
    assert!(output.stderr.contains("the query has no placeholder `$nmae`"), "{}", output.stderr);
    assert!(output.stderr.contains("hint: it has: $name"), "{}", output.stderr);
    sql(&["SELECT 1", "-p", "x=1"]).ended_with(2);
}

#[test]
fn the_configuration_file_has_the_keys_of_the_flags() {
    let context = crate::context::Context::new();
    let lake = shared().lake();
    context.write(
        "milepost.toml",
        format!("lake = {lake:?}\nquiet = true\njson = true\noutput = \"out.csv\"\ntimeout = \"1m\"\n"),
    );
    let output = context.run(&["sql", "SELECT '=1' AS a", "--escape-formulas"]).ended_with(0);
    assert_eq!(output.stdout, "");
    assert_eq!(std::fs::read_to_string(context.path("out.csv")).unwrap(), "a\n'=1\n");
    assert_eq!(serde_json::from_str::<Value>(&output.stderr).unwrap()["rows"], 1);
    context.write("milepost.toml", format!("lake = {lake:?}\ntimeout = \"never\"\n"));
    context.run(&["sql", "SELECT 1"]).ended_with(2);
}
