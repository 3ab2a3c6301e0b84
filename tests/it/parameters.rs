//! Values for placeholders: one, several, none, by name and by number.

use crate::context::{Output, shared};

fn sql(arguments: &[&str]) -> Output {
    shared().context.run(&[&["sql", "-F", "csv"], arguments].concat())
}

fn answer(arguments: &[&str]) -> String {
    sql(arguments).ended_with(0).stdout
}

/// Rows of these regions, which stand in the text.
fn expected(regions: &str) -> String {
    answer(&[&format!("SELECT count(*) AS n FROM events WHERE region IN ({regions})")])
}

#[test]
fn a_name_that_is_given_twice_is_a_list() {
    let two = expected("'us-east-1', 'eu-west-1'");
    let given = ["-p", "r=us-east-1", "--param", "r=eu-west-1"];
    for condition in ["region IN $r", "region IN ($r)", "array_has($r, region)", "region IN ('x', $r)"] {
        let query = format!("SELECT count(*) AS n FROM events WHERE {condition}");
        assert_eq!(answer(&[&[query.as_str()], &given[..]].concat()), two, "{condition}");
    }
    let rest = answer(&[&["SELECT count(*) AS n FROM events WHERE region NOT IN $r"], &given[..]].concat());
    let all = answer(&["SELECT count(*) AS n FROM events"]);
    let number = |text: &str| text.lines().nth(1).unwrap().parse::<u64>().unwrap();
    assert_eq!(number(&rest) + number(&two), number(&all));
    // one is a list of one
    assert_eq!(
        answer(&["SELECT count(*) AS n FROM events WHERE region IN $r", "-p", "r=us-east-1"]),
        expected("'us-east-1'")
    );
}

#[test]
fn lists_leave_files_out() {
    let plan =
        answer(&["SELECT event_id FROM events WHERE region IN $r", "-p", "r=us-east-1", "-p", "r=x", "--explain"]);
    assert!(plan.contains("region=us-east-1") && !plan.contains("region=eu-"), "{plan}");
}

#[test]
fn an_array_is_a_list_behind_a_bare_in() {
    let query = "SELECT count(*) AS n FROM events WHERE region IN $r";
    assert_eq!(answer(&[query, "-p", r#"r=["us-east-1", "eu-west-1"]"#]), expected("'us-east-1', 'eu-west-1'"));
    assert_eq!(answer(&[query, "-p", "r=[]"]), "n\n0\n");
    // a text that only looks like one is a text, and so is one in parentheses
    assert_eq!(answer(&[query, "-p", "r=[us-east-1"]), "n\n0\n");
    assert_eq!(answer(&["SELECT 'a' IN ($r) AS x, '[\"a\"]' IN ($r) AS y", "-p", r#"r=["a"]"#]), "x,y\nfalse,true\n");
    // numbers are compared as numbers are with text
    let ten = "SELECT count(*) AS n FROM (VALUES (10), (11), (12)) AS t(x) WHERE x IN $x";
    assert_eq!(answer(&[ten, "-p", "x=[10, 12]"]), "n\n2\n");
}

#[test]
fn values_are_bound_and_never_part_of_the_query() {
    let query = "SELECT count(*) AS n FROM events WHERE region IN ($r)";
    assert_eq!(answer(&[query, "-p", "r=') OR (true", "-p", "r=x' OR 'a' = 'a"]), "n\n0\n");
}

#[test]
fn placeholders_have_numbers_too() {
    let two = expected("'us-east-1', 'eu-west-1'");
    let given = ["-p", "1=2020-01-01", "-p", "2=us-east-1", "-p", "2=eu-west-1"];
    for query in [
        "SELECT count(*) AS n FROM events WHERE event_time > $1 AND region IN $2",
        "SELECT count(*) AS n FROM events WHERE event_time > ? AND region IN (?)",
        "SELECT count(*) AS n FROM events WHERE event_time > ? AND region IN ?",
        // as Tailpipe's dashboards have it
        "SELECT count(*) AS n FROM aws_cloudtrail_log WHERE tp_timestamp > $1 AND tp_index <> '' AND aws_region in ($2)",
    ] {
        let found = answer(&[&[query], &given[..]].concat());
        if !query.contains("aws_region") {
            assert_eq!(found, two, "{query}");
        }
    }
    // between two values it is PostgreSQL's operator
    assert_eq!(answer(&["SELECT '{\"a\": 1}' ? 'a' AS has, ? AS given", "-p", "1=x"]), "has,given\ntrue,x\n");
    let script = "SELECT ? AS one; SELECT 2 AS two;";
    let output = shared().context.run_with(&["sql", "-F", "csv", "-p", "1=x"], &[], script).ended_with(0);
    assert_eq!(output.stdout, "one\nx\ntwo\n2\n");
}

#[test]
fn what_is_wrong_with_a_list_is_said() {
    let output = sql(&["SELECT count(*) FROM events WHERE region = $r", "-p", "r=a", "-p", "r=b"]).ended_with(1);
    assert!(output.stderr.contains("a list"), "{}", output.stderr);
    let output = sql(&["SELECT count(*) FROM events WHERE region IN $r", "-p", "s=a", "-p", "s=b"]).ended_with(2);
    assert!(output.stderr.contains("the query has no placeholder `$s`"), "{}", output.stderr);
    assert!(output.stderr.contains("hint: it has: $r"), "{}", output.stderr);
    let output = sql(&["SELECT count(*) FROM events WHERE region IN $r AND region IN ($q)", "-p", "r=a"]).ended_with(1);
    assert!(output.stderr.contains("there is no value for the placeholder `$q`"), "{}", output.stderr);
    let output =
        sql(&["SELECT count(*) FROM events WHERE date IN $d", "-p", "d=2026-03-02", "-p", "d=soon"]).ended_with(1);
    assert!(output.stderr.contains("soon"), "{}", output.stderr);
}

#[test]
fn text_says_what_is_true() {
    for (text, literal) in [("true", "true"), ("False", "false")] {
        for condition in ["read_only = $b", "$b = read_only", "read_only IS DISTINCT FROM $b", "$b AND read_only"] {
            let query = format!("SELECT count(*) AS n FROM events WHERE {condition}");
            let written = query.replace("$b", literal);
            assert_eq!(answer(&[&query, "-p", &format!("b={text}")]), answer(&[&written]), "{condition}");
        }
    }
    let output = sql(&["SELECT count(*) FROM events WHERE read_only = $b", "-p", "b=maybe"]).ended_with(1);
    assert!(output.stderr.contains("`maybe` is neither true nor false"), "{}", output.stderr);
    assert!(output.stderr.contains("hint: --param b=true"), "{}", output.stderr);
    // beside text it is text
    assert_eq!(answer(&["SELECT 'true' = $b AS same", "-p", "b=true"]), "same\ntrue\n");
}
