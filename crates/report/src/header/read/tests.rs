//! What is wrong with headers, and where.

use super::*;

fn faults(text: &str) -> Vec<String> {
    let header = read(text, "a.sql").unwrap();
    header.faults.iter().map(|fault| format!("{}:{}: {}", fault.line, fault.column, fault.message)).collect()
}

const HEAD: &str = "-- name = \"a\"\n-- title = \"A\"\n-- description = \"B\"\n-- columns = [\"n\"]\n";

/// Every fault begins so, and there are no others.
fn begin(rest: &str, expected: &[&str]) {
    let found = faults(&format!("{HEAD}{rest}"));
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found} is not {expected}");
    }
}

#[test]
fn everything_that_is_wrong_is_found_where_it_stands() {
    begin("", &[]);
    begin(
        "-- colour = 1\n-- [chart]\n-- kind = \"pie\"\n-- x = \"n\"\n-- z = 1\n-- [params.p]\n-- type = \"texts\"\n\
         -- description = 5\n-- [params.q]\n-- type = \"text\"\n",
        &[
            "5:4: unknown field `colour`, expected one of `name`",
            "7:11: unknown variant `pie`",
            "9:4: unknown field `z`",
            "11:11: unknown variant `texts`",
            "12:18: invalid type: integer `5`",
            "13:4: missing field `description`",
        ],
    );
    begin(
        "-- [chart]\n-- kind = \"heat\"\n-- x = \"m\"\n-- y = \"k\"\n-- [alert]\n-- when = \"m > 3 and k > 3\"\n\
         -- keys = [\"n\",\n--   \"l\"]\n",
        &[
            "6:11: a `heat` chart needs `by`",
            "7:8: the chart needs the column `m`",
            "8:8: the chart needs the column `k`",
            "10:11: the alert needs the column `m`",
            "10:11: the alert needs the column `k`",
            "12:6: the alert needs the column `l`",
        ],
    );
    // columns are looked at also if a parameter is wrong
    begin(
        "-- [alert]\n-- when = \"m > 3\"\n-- [params.p]\n-- type = \"texts\"\n-- description = \"C\"\n",
        &["6:11: the alert needs the column `m`", "8:11: unknown variant `texts`"],
    );
    begin(
        "-- [schedule]\n-- cron = \"61 * * * *\"\n-- time-zone = \"Mars\"\n-- window = \"day\"\n-- formats = [\"pdf\"]\n\
         -- keep = \"long\"\n-- deliver = [{ command = [\"true\"] }, { webhook = \"x\" }]\n",
        &[
            "6:11: `61 * * * *` is no cron expression",
            "7:16: `Mars` is no time zone",
            "9:14: `pdf` is not a format",
            "10:11: `keep = \"long\"` is no span",
            "11:39: a `webhook` is an address",
        ],
    );
}

#[test]
fn mistakes_of_the_syntax_are_told_alone() {
    let found = faults("-- name = \"a\"\n-- title = \n-- colour = 1\n-- columns = [\"n\"\nSELECT 1");
    assert!(found[0].starts_with("2:"), "{found:#?}");
    assert!(!found.iter().any(|fault| fault.contains("colour")), "{found:#?}");
}

#[test]
fn what_is_missing_is_told_beside_what_is_wrong() {
    let found = faults("-- name = \"../a\"\n-- columns = 5\nSELECT 1");
    let expected = ["1:11: the name `../a`", "2:14: invalid type: integer `5`", "1:1: missing field `title`"];
    assert_eq!(found.len(), 4, "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found} is not {expected}");
    }
    assert!(found[3].starts_with("1:1: missing field `description`"), "{found:#?}");
}
