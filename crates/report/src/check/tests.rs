//! What `check` finds, and where.

use super::*;

#[test]
fn placeholders_are_found_outside_of_comments_and_quotes() {
    let sql = "-- $no\nSELECT '$no', \"$no\" /* $no\n$no */, $yes -- $no\nWHERE x = $also_yes";
    assert_eq!(used(sql), [("yes".to_owned(), 3, 9), ("also_yes".to_owned(), 4, 11)]);
}

#[test]
fn comments_of_blocks_nest_and_their_marks_do_not_overlap() {
    let names = |sql| used(sql).into_iter().map(|(name, ..)| name).collect::<Vec<String>>();
    assert_eq!(names("SELECT 1 AS n /* a /* b */ $no */, $yes"), ["yes"]);
    assert_eq!(names("SELECT /*/ $no */ $yes"), ["yes"]);
    assert_eq!(names("SELECT /*/*/ $no */ $no */ $yes"), ["yes"]);
    assert_eq!(names("SELECT /* /*\n$no */\n$no -- */ $yes"), ["yes"]);
    assert_eq!(names("SELECT /**/ $yes, '/*', $also_yes, 'a''$no'"), ["yes", "also_yes"]);
}

#[tokio::test]
async fn every_kind_of_fault_has_its_place() {
    let head = |columns: &str, rest: &str| {
        format!("-- name = \"a\"\n-- title = \"A\"\n-- description = \"B\"\n-- columns = [{columns}]\n{rest}")
    };
    let engine = Engine::empty().await.unwrap();
    let cases = [
        (
            head("\"n\"", "SELECT count(*) AS n FROM evnts"),
            "a.sql:5:27: there is no table `evnts` (did you mean `events`?)",
        ),
        (head("\"n\"", "SELECT count(*) AS n FROM events WHERE region = $r"), "a.sql:5:49: `$r` is no parameter"),
        (
            head("\"n\"", "SELECT 1 AS m"),
            "a.sql:4:14: the query does not give the columns that the header says (it gives: m)",
        ),
        (
            head("\"n\"", "-- [params.p]\n-- type = \"text\"\n-- description = \"C\"\nSELECT 1 AS n"),
            "a.sql:5:4: the query does not use the parameter `p`",
        ),
        (
            head(
                "\"n\"",
                "-- [params.p]\n-- type = \"integer\"\n-- default = \"x\"\n-- description = \"C\"\nSELECT $p AS n",
            ),
            "a.sql:7:14: `x` is no integer",
        ),
        (head("\"n\"", "DELETE FROM events"), "a.sql:5:1: this query is not read-only"),
        (
            head("\"n\"", "-- [alert]\n-- when = \"n > 5\"\nSELECT event_name AS n FROM events"),
            "a.sql:6:11: the column `n` has texts, and `5` is a number",
        ),
        (
            head("\"n\"", "-- [alert]\n-- when = \"n > 'x'\"\nSELECT count(*) AS n FROM events"),
            "a.sql:6:11: the column `n` has numbers, and `x` is none",
        ),
        (
            head("\"n\"", "-- [alert]\n-- when = \"n > 5\"\nSELECT max(event_time) AS n FROM events"),
            "a.sql:6:11: the column `n` has times, and `5` is none",
        ),
    ];
    for (text, expected) in cases {
        let problems = check(&text, "a.sql", &engine, Utc::now()).await.problems;
        assert_eq!(problems.len(), 1, "{text}\n{problems:#?}");
        assert!(problems[0].to_string().starts_with(expected), "{} is not {expected}", problems[0]);
    }
    let right = head("\"n\"", "SELECT count(*) AS n FROM events");
    assert_eq!(check(&right, "a.sql", &engine, Utc::now()).await.problems, []);
}

/// The problems of a file, each of which begins as is expected, and no others.
async fn begin(text: &str, expected: &[&str]) {
    let engine = Engine::empty().await.unwrap();
    let found = check(text, "a.sql", &engine, Utc::now()).await.problems;
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.to_string().starts_with(&format!("a.sql:{expected}")), "{found} is not {expected}");
    }
}

#[tokio::test]
async fn all_problems_of_a_file_are_told_in_its_order() {
    let text = "-- name = \"a\"\n-- title = \"A\"\n-- description = \"B\"\n-- columns = [\"service\", \"n\"]\n-- colour = 1\n\
        -- [params.list]\n-- type = \"list\"\n-- default = [1]\n-- description = \"C\"\n\
        -- [params.day]\n-- type = \"date\"\n-- default = \"soon\"\n-- description = \"C\"\n\
        -- [schedule]\n-- cron = \"0 6 * * *\"\n-- destination = \"out\"\n-- params = { days = \"7d\", day = \"never\" }\n\
        SELECT service, count(*) AS n FROM events WHERE date = $day AND region = $region GROUP BY service";
    begin(
        text,
        &[
            "5:4: unknown field `colour`",
            "6:4: the query does not use the parameter `list`",
            "8:14: the default of a parameter of type list is an array of texts",
            "12:14: `soon` is no date for the parameter `day`",
            "17:22: the report `a` has no parameter `days`",
            "17:34: `never` is no date for the parameter `day`",
            "18:74: `$region` is no parameter of the report",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_query_is_looked_at_although_its_chart_is_wrong() {
    let head = "-- name = \"a\"\n-- title = \"A\"\n-- description = \"B\"\n-- columns = [\"n\"]\n-- [chart]\n-- kind = \"pie\"\n\
        -- x = \"n\"\n";
    begin(
        &format!("{head}SELECT 1 AS n FROM evnts"),
        &["6:11: unknown variant `pie`", "8:20: there is no table `evnts`"],
    )
    .await;
}

#[tokio::test]
async fn what_cannot_be_read_is_not_taken_for_what_is_not_there() {
    let head = "-- name = \"a\"\n-- title = \"A\"\n-- description = \"B\"\n-- columns = [\"n\"]\n";
    let of = |rest: &str| format!("{head}{rest}\nSELECT 1 AS n");
    let cron = "-- [schedule]\n-- cron = \"0 6 * * *\"\n";
    let deliver = "-- deliver = [{ command = [\"true\"] }]";
    let alert = "-- [alert]\n-- when = \"n > 0\"\n";
    begin(&of(&format!("{cron}-- destination = 5")), &["7:18: invalid type: integer `5`"]).await;
    begin(&of(&format!("{cron}-- destination = 5\n{deliver}")), &["7:18: invalid type: integer `5`"]).await;
    begin(&of(&format!("{alert}{cron}-- deliver = [{{ webhook = 5 }}]")), &["9:27: invalid type: integer `5`"]).await;
    begin(&of(&format!("-- [alert]\n-- when = 5\n{cron}{deliver}")), &["6:11: invalid type: integer `5`"]).await;
    begin(&of(&format!("-- alert = 5\n{cron}{deliver}")), &["5:12: invalid type: integer `5`"]).await;
    begin(&of("-- [chart]\n-- kind = \"heat\"\n-- x = \"n\"\n-- by = 5"), &["8:9: invalid type: integer `5`"]).await;
    // what is not there is told all the same
    begin(&of(&format!("{cron}{deliver}")), &["7:14: the report `a` has no alert rule"]).await;
    begin(
        &of(&format!("{alert}{cron}-- keep = 5")),
        &["7:4: it says neither a `destination`", "9:11: invalid type: integer `5`"],
    )
    .await;
}

#[tokio::test]
async fn a_chart_needs_columns_of_its_kinds() {
    let of = |columns: &str, chart: &str| {
        format!(
            "-- name = \"a\"\n-- title = \"A\"\n-- description = \"B\"\n-- columns = [\"t\", \"s\", \"n\"]\n-- [chart]\n{chart}\n{columns}"
        )
    };
    let query = "SELECT max(event_time) AS t, service AS s, count(*) AS n FROM events GROUP BY service";
    begin(&of(query, "-- kind = \"time\"\n-- x = \"t\"\n-- y = \"n\"\n-- by = \"s\""), &[]).await;
    begin(&of(query, "-- kind = \"bars\"\n-- x = \"s\"\n-- y = \"n\""), &[]).await;
    begin(&of(query, "-- kind = \"heat\"\n-- x = \"n\"\n-- by = \"n\""), &[]).await;
    begin(
        &of(query, "-- kind = \"time\"\n-- x = \"s\"\n-- y = \"t\""),
        &[
            "7:8: the chart needs instants or days in `s`, which has texts",
            "8:8: the chart needs numbers in `t`, which has times",
        ],
    )
    .await;
    begin(
        &of(query, "-- kind = \"heat\"\n-- x = \"n\"\n-- by = \"s\""),
        &["8:9: the chart needs weekdays from 1 to 7 in `s`, which has texts"],
    )
    .await;
    // what the query does not give has no kind
    let less = query.replace(", count(*) AS n", "");
    let line = "4:14: the query does not give the columns that the header says (it gives: t, s)";
    begin(&of(&less, "-- kind = \"time\"\n-- x = \"t\"\n-- y = \"n\""), &[line]).await;
}

#[tokio::test]
async fn every_comparison_of_a_rule_is_looked_at() {
    let head = "-- name = \"a\"\n-- title = \"A\"\n-- description = \"B\"\n-- columns = [\"s\", \"n\"]\n-- [alert]\n";
    let query = "SELECT service AS s, count(*) AS n FROM events GROUP BY service";
    begin(
        &format!("{head}-- when = \"s > 5 and n > 'x'\"\n{query}"),
        &["6:11: the column `s` has texts, and `5` is a number", "6:11: the column `n` has numbers, and `x` is none"],
    )
    .await;
}

#[tokio::test]
async fn a_folder_is_checked_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let text = |name: &str| {
        format!("-- name = \"{name}\"\n-- title = \"A\"\n-- description = \"B\"\n-- columns = [\"n\"]\nSELECT 1 AS n")
    };
    std::fs::write(folder.path().join("a.sql"), text("a")).unwrap();
    std::fs::write(folder.path().join("b.sql"), text("a")).unwrap();
    std::fs::write(folder.path().join("c.sql"), [0xff]).unwrap();
    std::fs::write(folder.path().join("d.sql"), "SELECT 1").unwrap();
    std::fs::write(folder.path().join("e.txt"), "no report").unwrap();
    let engine = Engine::empty().await.unwrap();
    let (files, problems) = check_folder(folder.path(), &engine, Utc::now()).await.unwrap();
    let start = folder.path().display().to_string() + "/";
    let problems: Vec<String> = problems.iter().map(|problem| problem.to_string().replace(&start, "")).collect();
    let expected = [
        "b.sql:1:11: the file is not called as its report, `a`",
        "b.sql:1:11: the report `a` is in `a.sql` too; only one of them can be run",
        "c.sql: it cannot be read",
        "d.sql:1:1: there is no header",
    ];
    assert_eq!((files, problems.len()), (4, expected.len()), "{problems:#?}");
    for (found, expected) in problems.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found} is not {expected}");
    }
}

#[tokio::test]
async fn of_two_jobs_with_one_name_the_second_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, schedule: &str| {
        let head = format!("-- name = \"{name}\"\n-- title = \"A\"\n-- description = \"B\"\n-- columns = [\"n\"]\n");
        let schedule = format!("-- [schedule]\n-- cron = \"0 6 * * *\"\n-- destination = \"out\"\n{schedule}");
        std::fs::write(folder.path().join(name).with_extension("sql"), format!("{head}{schedule}SELECT 1 AS n"))
            .unwrap();
    };
    write("a", "-- name = \"c\"\n");
    write("b", "-- name = \"c\"\n");
    write("c", "");
    // one whose name cannot be read has none that could be there already
    write("d", "-- name = \"e\"\n");
    write("e", "-- name = 5\n");
    let engine = Engine::empty().await.unwrap();
    let (_, problems) = check_folder(folder.path(), &engine, Utc::now()).await.unwrap();
    let start = folder.path().display().to_string() + "/";
    let problems: Vec<String> = problems.iter().map(|problem| problem.to_string().replace(&start, "")).collect();
    let expected = [
        "b.sql:8:11: the job `c` is there already, at line 8 of `a.sql`",
        "c.sql:5:4: the job `c` is there already, at line 8 of `a.sql`",
        "e.sql:8:11: invalid type: integer `5`",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (found, expected) in problems.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found} is not {expected}");
    }
}

/// A chart of a shipped report that would be empty is worth no less a failure than one of a user's.
#[tokio::test]
async fn nothing_is_wrong_with_what_is_shipped() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../queries");
    let engine = Engine::empty().await.unwrap();
    let (files, problems) = check_folder(&folder, &engine, Utc::now()).await.unwrap();
    assert!(files > 45);
    assert_eq!(problems, []);
}
