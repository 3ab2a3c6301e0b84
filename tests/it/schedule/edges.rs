//! The edges of `schedule run` and of reports of a window: flags that meet, jobs that cannot be loaded, names of outputs.

use super::*;
use crate::terminal::Terminal;

/// A change of a pool whose name a spreadsheet would run.
fn hostile() -> Value {
    let mut event = event("2026-03-01T12:00:00Z", "UpdateIdentityPool", 1);
    event["requestParameters"]["identityPoolId"] = json!("=HYPERLINK(1)");
    event
}

#[test]
fn one_job_is_chosen_whatever_the_threads() {
    let context = Context::new();
    deliver(&context, "one", &[event("2026-03-01T12:00:00Z", "UpdateIdentityPool", 1)]);
    let one = |name: &str| {
        format!(
            "[[schedule]]\nname = \"{name}\"\nreport = \"root-usage\"\ncron = \"0 6 * * *\"\nwindow = \"day\"\n\
             destination = \"out/{name}\"\n"
        )
    };
    context.write("milepost.toml", ["a", "b", "c", "d"].map(one).concat());
    let run = |more: &[&str], environment: &[(&str, &str)]| {
        let words = ["schedule", "run", "--once", "--at", "2026-03-02T06:00:00Z"];
        context.run_with(&[&words[..], more].concat(), environment, "").ended_with(0).stderr
    };
    assert!(run(&["--job", "a"], &[]).starts_with("a 2026-03-01T00:00Z"));
    assert!(context.path("out/a").exists() && !context.path("out/b").exists());
    assert!(run(&["--job", "b", "--jobs", "2"], &[]).starts_with("b 2026-03-01T00:00Z"));
    assert!(run(&["--job", "c"], &[("MILEPOST_JOBS", "2")]).starts_with("c 2026-03-01T00:00Z"));
    assert!(!context.path("out/d").exists());
    assert!(run(&[], &[("MILEPOST_JOBS", "2")]).starts_with("d 2026-03-01T00:00Z"));
    let unknown = context.run(&["schedule", "run", "--once", "--job", "aa"]).ended_with(2).stderr;
    assert!(unknown.starts_with("error: there is no job `aa`\nhint: "), "{unknown}");
}

#[test]
fn a_job_that_cannot_be_loaded_is_in_the_history_once() {
    let context = Context::new();
    deliver(&context, "one", &[event("2026-03-01T12:00:00Z", "UpdateIdentityPool", 1)]);
    let wrong = "[[schedule]]\nname = \"wrong\"\nreport = \"root-usag\"\ncron = \"0 6 * * *\"\ndestination = \"out\"\n";
    context.write("milepost.toml", wrong);
    for _ in 0..2 {
        configured(&context, &["run", "--once"]).ended_with(1);
    }
    let history = configured(&context, &["history", "-F", "json"]).ended_with(0).json();
    assert_eq!(history.as_array().unwrap().len(), 1);
    assert_eq!((&history[0]["job"], &history[0]["outcome"]), (&json!("wrong"), &json!("failed")));
    assert!(history[0]["error"].as_str().unwrap().contains("there is no report `root-usag`"), "{history}");
}

#[test]
fn the_same_question_asked_twice_revises_nothing() {
    let context = Context::new();
    deliver(&context, "one", &[event("2026-03-01T12:00:00Z", "UpdateIdentityPool", 1)]);
    let run = || context.run(&["report", "run", "cognito-identity-activity", "--for", "2026-03-01", "-F", "csv"]);
    let outcomes = || -> Vec<String> {
        let history = configured(&context, &["history", "-F", "json"]).ended_with(0).json();
        let rows = history.as_array().unwrap().iter();
        rows.map(|row| row["outcome"].as_str().unwrap().to_owned()).collect()
    };
    run().ended_with(0);
    assert!(!run().ended_with(0).stderr.contains("revised"));
    assert_eq!(outcomes(), ["done", "done"]);
    deliver(&context, "two", &[event("2026-03-01T13:00:00Z", "DeleteIdentityPool", 2)]);
    assert!(run().ended_with(0).stderr.contains("revised, +1 rows"));
    assert_eq!(outcomes(), ["revised", "done", "done"]);
}

#[test]
fn what_comes_after_an_expiry_is_late_however_little_is_left() {
    let context = Context::new();
    let of = |account: &str, id: u32| {
        let mut event = event("2026-03-01T12:00:00Z", "UpdateIdentityPool", id);
        event["recipientAccountId"] = json!(account);
        event
    };
    deliver(&context, "one", &[of("111111111111", 1), of("111111111111", 2), of("222222222222", 3)]);
    context.write(
        "milepost.toml",
        "[[schedule]]\nreport = \"cognito-identity-who\"\ncron = \"0 6 * * *\"\nwindow = \"day\"\ndestination = \"out\"\n",
    );
    let ticked = |at: &str| configured(&context, &["run", "--once", "--at", at]).ended_with(0).stderr;
    let one_shot = || {
        let words = ["report", "run", "cognito-identity-who", "--for", "2026-03-01", "--if-new", "-F", "csv"];
        context.run(&words).ended_with(0).stderr
    };
    assert!(ticked("2026-03-02T06:00:00Z").contains("done, "));
    one_shot();
    context.run(&["lake", "expire", "--older-than", "1d", "--account", "111111111111"]).ended_with(0);
    assert_eq!(ticked("2026-03-02T07:00:00Z"), "", "that there is less is no reason");
    assert!(one_shot().starts_with("nothing new of the window"));
    deliver(&context, "two", &[of("222222222222", 4)]);
    assert!(ticked("2026-03-02T08:00:00Z").contains("(1 events came late"));
    assert!(one_shot().contains("(1 events came late"));
}

#[cfg(unix)]
#[test]
fn lists_have_names_above_them_on_a_terminal() {
    let context = Context::new();
    context.write(
        "milepost.toml",
        "[[schedule]]\nname = \"nightly\"\nreport = \"root-usage\"\ncron = \"0 1 * * *\"\ndestination = \"out\"\n",
    );
    let row = "nightly  0 1 * * *  UTC        root-usage  out";
    let seen = |command: &str| Terminal::start(&context.path(""), &["schedule", command], &[]);
    seen("list").shows("JOB      CRON       TIME ZONE  REPORT      DESTINATION\r\n").shows(row);
    seen("next").shows("DUE                   JOB      WINDOW\r\n").shows("nightly  of ");
    let piped = configured(&context, &["list"]).ended_with(0).stdout;
    assert_eq!(piped, "nightly  0 1 * * *  UTC  root-usage  out\n");
}

#[test]
fn formulas_are_escaped_in_every_csv_of_a_report() {
    let context = Context::new();
    deliver(&context, "one", &[hostile()]);
    let words = ["report", "run", "cognito-identity-pool-changes", "-F", "csv"];
    let windowed = [&words[..], &["--for", "2026-03-01"]].concat();
    let plain = context.run(&windowed).ended_with(0).stdout;
    assert!(plain.contains(",=HYPERLINK(1),"), "{plain}");
    for arguments in [&words[..], &windowed] {
        let by_variable = context.run_with(arguments, &[("MILEPOST_ESCAPE_FORMULAS", "1")], "").ended_with(0).stdout;
        assert!(by_variable.contains(",'=HYPERLINK(1),"), "{by_variable}");
        let by_flag = context.run(&[arguments, &["--escape-formulas"]].concat()).ended_with(0).stdout;
        assert_eq!(by_flag, by_variable);
    }
    context.write(
        "milepost.toml",
        "escape-formulas = true\n[[schedule]]\nreport = \"cognito-identity-pool-changes\"\ncron = \"0 6 * * *\"\n\
         window = \"day\"\nformats = [\"csv\"]\nfile = \"a.csv\"\ndestination = \"out\"\n",
    );
    for arguments in [&words[..], &windowed] {
        let by_file = context.run(arguments).ended_with(0).stdout;
        assert!(by_file.contains(",'=HYPERLINK(1),"), "{by_file}");
    }
    configured(&context, &["run", "--once", "--at", "2026-03-02T06:00:00Z"]).ended_with(0);
    assert!(read(&context.path("out/a.csv")).contains(",'=HYPERLINK(1),"));
}

#[test]
fn outputs_that_cannot_be_are_named() {
    let context = Context::new();
    deliver(&context, "one", &[hostile()]);
    context.write("occupied", "a file where a folder should be");
    let run = |more: &[&str]| context.run(&[&["report", "run", "root-usage"], more].concat());
    let inside = run(&["--for", "2026-03-01", "-o", "occupied/x/y.html"]).ended_with(1).stderr;
    assert!(inside.starts_with("error: cannot make the folder of `occupied/x/y.html`\ncaused by: "), "{inside}");
    for name in ["{date}.html", "{date}.csv", "out/{start}.csv"] {
        let literal = run(&["-o", name]).ended_with(2).stderr;
        assert!(literal.contains(&format!("`--output {name}`")) && literal.contains("hint: "), "{literal}");
        assert!(!context.path(name).exists());
    }
    run(&["-o", "{braces}.csv"]).ended_with(0);
}
