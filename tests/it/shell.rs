//! The interactive shell, on a terminal and in a pipe.

use std::fs;

use crate::context::{Context, shared};
use crate::terminal::Terminal;

fn shell(context: &Context, environment: &[(&str, &str)]) -> Terminal {
    let mut terminal = Terminal::start(&context.path(""), &["sql", "--lake", &shared().lake()], environment);
    terminal.shows("\\? for help").shows("milepost> ");
    terminal
}

#[test]
fn statements_run_and_are_told_about() {
    let context = Context::new();
    let mut terminal = shell(&context, &[("NO_COLOR", "1")]);
    terminal.types("SELECT 40 + 2 AS answer;\r").shows(" answer\r\n").shows("42\r\n").shows("1 row in 0.");
    // a statement ends with its semicolon, on whatever line
    terminal.types("SELECT 'a;b'\r").types("AS text;\r").shows(" text\r\n").shows("a;b\r\n");
    terminal.types("SELECT count(*) AS n FROM events WHERE date = '2026-03-02' AND event_id <> '';\r");
    terminal.shows("1 row in").shows(" of 18 files (").shows("left out by partition");
    // what is wrong is said, and the shell goes on
    terminal.types("SELECT event_nam FROM events;\r").shows("error: there is no column `event_nam`").shows("hint:");
    terminal.types("\\timing off\r").shows("timing is off").types("SELECT 7;\r").shows("7\r\n").shows("milepost> ");
    terminal.types("\\q\r");
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn commands_describe_format_and_write() {
    let context = Context::new();
    let mut terminal = shell(&context, &[("NO_COLOR", "1")]);
    terminal.types("\\d\r").shows("events").shows("files").shows("rejects").shows("runs");
    terminal.types("\\d files\r").shows("uri").shows("milepost> ");
    // a line for each field, which fits
    terminal
        .types("\\d cloudtrail_logs\r")
        .shows("useridentity ")
        .shows("Struct")
        .shows("useridentity.sessioncontext.");
    terminal
        .shows("resources ")
        .shows("List(Struct)")
        .shows("resources[].arn")
        .shows("tlsdetails.")
        .shows("milepost> ");
    terminal.types("\\d file\r").shows("error: there is no table `file`").shows("did you mean `files`?");
    terminal.types("\\format csv\r").shows("format is csv");
    terminal.types("SELECT 1 AS a, 'x,y' AS b;\r").shows("a,b\r\n1,\"x,y\"\r\n");
    terminal.types("\\format table\r").types("\\x on\r").shows("expanded mode is on");
    terminal.types("SELECT 5 AS five, NULL AS none;\r").shows("─[ row 1 ]").shows("five │ 5\r\n").shows("1 row");
    terminal
        .types("\\o nowhere/five.csv\r")
        .shows("error: cannot write `nowhere/five.csv`: there is no folder `nowhere`");
    terminal.types("\\o five.csv\r").types("SELECT 5 AS five;\r").shows("1 row");
    terminal.types("\\x off\r").shows("expanded mode is off");
    terminal.types("SELECT 6 AS six;\r").shows(" six\r\n");
    terminal.types("\\report\r").shows("root-usage");
    terminal.types("\\report activity-by-service since=2026-03-01 limit=3\r").shows("3 rows in");
    terminal.types("\\nothing\r").shows("there is no command `\\nothing`").types("\\?\r").shows("\\timing");
    // Ctrl-D leaves
    terminal.shows("milepost> ").types("\x04");
    assert_eq!(terminal.ends(), Some(0));
    assert_eq!(fs::read_to_string(context.path("five.csv")).unwrap(), "five\n5\n");
}

#[test]
fn tab_completes_names_and_values_of_partitions() {
    let context = Context::new();
    let mut terminal = shell(&context, &[("NO_COLOR", "1")]);
    terminal.types("SELECT count(*) AS n FROM reje\t").shows("rejects").types(";\r").shows("1 row in");
    terminal.types("SELECT count(*) AS n FROM events WHERE event_na\t").shows("event_name");
    terminal.types(" <> '' AND region = 'eu-c\t").shows("eu-central-1'").types(";\r").shows("1 row in");
    terminal.shows("milepost> ").types("\x04");
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn fields_complete_and_words_of_other_shells_are_commands() {
    let context = Context::new();
    let mut terminal = shell(&context, &[("NO_COLOR", "1")]);
    terminal.types("SELECT count(useridentity.sessionc\t").shows("sessioncontext");
    terminal
        .types(".attributes.mfaa\t")
        .shows("mfaauthenticated")
        .types(") AS n FROM cloudtrail_logs;\r")
        .shows("1 row in");
    terminal.types("help\r").shows("\\timing").types("exit\r");
    assert_eq!(terminal.ends(), Some(0));
    let mut terminal = shell(&context, &[("NO_COLOR", "1")]);
    terminal.types("QUIT;\r");
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn ctrl_c_ends_the_query_and_not_the_shell() {
    let context = Context::new();
    let mut terminal = shell(&context, &[("NO_COLOR", "1")]);
    terminal.types("SELECT count(*) FROM generate_series(1, 100000000000);\r");
    std::thread::sleep(std::time::Duration::from_millis(1500));
    terminal.types("\x03").shows("error: the query was interrupted").shows("milepost> ");
    let join = "SELECT count(*) FROM generate_series(1, 1000000) a JOIN generate_series(1, 1000000) b \
        ON a.value % 2 = b.value % 2 AND a.value + b.value < 0;\r";
    terminal.types(join);
    std::thread::sleep(std::time::Duration::from_millis(1500));
    terminal.types("\x03").shows("error: the query was interrupted").shows("milepost> ");
    // what is typed is given up, too
    terminal.types("SELECT nonsense\x03");
    std::thread::sleep(std::time::Duration::from_millis(500));
    terminal.types("SELECT 'alive' AS so;\r").shows("alive\r\n");
    terminal.shows("milepost> ").types("\x04");
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn what_was_typed_is_there_the_next_time() {
    let context = Context::new();
    let mut terminal = shell(&context, &[("NO_COLOR", "1")]);
    terminal.types("SELECT 'remembered' AS x;\r").shows("1 row in").types(" SELECT 'secret';\r").shows("1 row in");
    terminal.types("\\q\r");
    assert_eq!(terminal.ends(), Some(0));
    let history = context.path(".local/state/milepost/history");
    let kept = fs::read_to_string(&history).unwrap();
    assert!(kept.contains("SELECT 'remembered' AS x;") && !kept.contains("secret"), "{kept}");
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(fs::metadata(&history).unwrap().permissions().mode() & 0o077, 0);
    // the key that goes up, past the command to leave
    let mut terminal = shell(&context, &[("NO_COLOR", "1")]);
    terminal
        .types("\x1b[A")
        .shows("\\q")
        .types("\x1b[A")
        .shows("SELECT 'remembered' AS x;")
        .types("\r")
        .shows("1 row in")
        .types("\\q\r");
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn long_answers_go_to_the_pager_and_wide_rows_become_blocks() {
    let context = Context::new();
    let mut terminal = shell(&context, &[("NO_COLOR", "1"), ("PAGER", "sed s/^/paged:/")]);
    terminal.types("SELECT value FROM generate_series(1, 100);\r").shows("paged: value").shows("paged:   100");
    terminal.types("SELECT 1 AS one;\r").shows(" one\r\n").shows("1 row in");
    assert!(!terminal.screen().contains("paged: one"), "{}", terminal.screen());
    terminal.types("SELECT * FROM events LIMIT 1;\r").shows("─[ row 1 ]").shows("event_name").shows("1 row in");
    terminal.types("\\q\r");
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn text_of_strangers_does_nothing_to_the_terminal() {
    let context = Context::new();
    let mut terminal = shell(&context, &[("NO_COLOR", "1")]);
    for format in ["table", "csv", "json"] {
        terminal.types(&format!("\\format {format}\r")).shows(&format!("format is {format}"));
        terminal.types("SELECT concat('<', chr(27), '[5m', chr(7), '>') AS x;\r").shows("u001b[5m").shows("1 row in");
    }
    assert!(!terminal.screen().contains("\x1b[5m"));
    terminal.types("\\q\r");
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn a_script_may_hold_statements_and_commands() {
    let context = Context::new();
    let run = |arguments: &[&str], stdin: &str| {
        context.run_with(&[&["sql", "--lake", &shared().lake()], arguments].concat(), &[], stdin)
    };
    let script =
        "\\format csv\nSELECT 1 AS a;\n-- two; more\nSELECT ';' AS b; \\format json\n\\format json\nSELECT 2 AS c";
    let output = run(&[], "\\format csv\nSELECT 1 AS a;\n-- two; more\nSELECT ';' AS b;\n\\format json\nSELECT 2 AS c");
    assert_eq!(output.ended_with(0).stdout, "a\n1\nb\n;\n[{\"c\":2}]\n");
    assert_eq!(run(&[], script).code, 1);
    context.write("s.sql", "SELECT 1 AS a;\n\\q\nSELECT nonsense;\n");
    assert_eq!(run(&["-f", "s.sql", "-F", "csv"], "").ended_with(0).stdout, "a\n1\n");
    // the first that fails ends it, and its place is that in the file
    context.write("wrong.sql", "SELECT 1 AS a;\n\n  SELECT wrong FROM events;\nSELECT 2;");
    let output = run(&["-f", "wrong.sql", "-F", "csv"], "").ended_with(1);
    assert_eq!(output.stdout, "a\n1\n");
    assert!(output.stderr.contains("--> wrong.sql:3:10"), "{}", output.stderr);
    // values are for the statements that have their placeholder
    let output = run(&["-p", "x=1", "-F", "csv"], "SELECT $x AS a; SELECT 2 AS b");
    assert_eq!(output.ended_with(0).stdout, "a\n1\nb\n2\n");
    let output = run(&["--output", "both.csv"], "SELECT 1; SELECT 2").ended_with(2);
    assert!(output.stderr.contains("more than one answer for `both.csv`"), "{}", output.stderr);
    run(&[], "\\o one.csv\nSELECT 1 AS a;\n\\o two.csv\nSELECT 2 AS b").ended_with(0);
    assert_eq!(fs::read_to_string(context.path("two.csv")).unwrap(), "b\n2\n");
}
