//! The generated parts of the docs are those of this version. `MILEPOST_UPDATE_DOCS=1 cargo test docs` writes them.

use std::fs;
use std::path::Path;

use crate::context::{Context, files_below};

/// Commands of the command reference, with the words that lead to them.
const COMMANDS: [&[&str]; 25] = [
    &[],
    &["demo"],
    &["convert"],
    &["sql"],
    &["report", "list"],
    &["report", "show"],
    &["report", "run"],
    &["report", "new"],
    &["report", "check"],
    &["schedule", "run"],
    &["schedule", "next"],
    &["schedule", "list"],
    &["schedule", "history"],
    &["schedule", "test"],
    &["export"],
    &["lake", "info"],
    &["lake", "files"],
    &["lake", "rejects"],
    &["lake", "runs"],
    &["lake", "history"],
    &["lake", "compact"],
    &["lake", "expire"],
    &["lake", "vacuum"],
    &["lake", "check"],
    &["completions"],
];

#[track_caller]
fn is_current(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os("MILEPOST_UPDATE_DOCS").is_some() {
        fs::write(&path, text).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, text, "docs/{name} is stale: run MILEPOST_UPDATE_DOCS=1 cargo test docs");
}

#[test]
fn the_column_reference_is_current() {
    is_current("columns.md", &milepost_schema::reference::markdown());
}

/// The flag that a line of a help text begins to describe.
fn flag(line: &str) -> Option<&str> {
    let rest = line.trim_start();
    let flag =
        rest.strip_prefix("--").or_else(|| rest.split_once(", --").filter(|(short, _)| short.len() == 2)?.1.into())?;
    let is_head = line.starts_with("  ") && !line.starts_with("        ");
    is_head.then(|| flag.split([' ', '[', '=']).next().unwrap())
}

/// The help without the flags that every command has, and without headings that have lost all of theirs.
fn own_flags(help: &str, common: &[&str]) -> String {
    let (mut lines, mut is_common) = (Vec::new(), false);
    for line in help.lines() {
        if let Some(flag) = flag(line) {
            is_common = common.contains(&flag);
        } else if !line.is_empty() && !line.starts_with(' ') {
            is_common = false;
        }
        if !is_common {
            lines.push(line);
        }
    }
    let mut kept: Vec<&str> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let is_heading = line.ends_with(':') && !line.starts_with(' ');
        let next = lines[at + 1..].iter().find(|line| !line.is_empty());
        if !(is_heading && next.is_none_or(|next| !next.starts_with(' '))) {
            kept.push(line);
        }
    }
    kept.join("\n")
}

#[test]
fn the_sql_reference_is_current() {
    is_current("sql.md", &milepost_query::reference::markdown());
}

/// Every construct that docs/sql.md answers is in a query of the corpus.
#[test]
fn the_constructs_of_the_sql_reference_are_in_the_corpus() {
    let corpus: String = files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialects"))
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .map(|path| fs::read_to_string(path).unwrap().to_lowercase())
        .collect();
    for construct in milepost_query::reference::constructs() {
        assert!(corpus.contains(construct), "no query of tests/dialects has `{construct}`");
    }
}

#[test]
fn the_command_reference_is_current() {
    let context = Context::new();
    let root = context.run(&["--help"]).ended_with(0).stdout;
    let common: Vec<&str> = root.lines().filter_map(flag).collect();
    assert!(common.contains(&"quiet") && common.contains(&"s3-endpoint") && common.contains(&"help"), "{common:?}");
    let mut text = String::from(
        "# Commands\n\nGenerated from `--help`; do not edit. The flags under `milepost` are those of every command, and are not \
         repeated.\n",
    );
    for words in COMMANDS {
        let help = context.run(&[words, &["--help"]].concat()).ended_with(0).stdout;
        let help = if words.is_empty() { help } else { own_flags(&help, &common) };
        let name = ["milepost"].iter().chain(words).copied().collect::<Vec<_>>().join(" ");
        text.push_str(&format!("\n## `{name}`\n\n```text\n{}\n```\n", help.trim_end()));
    }
    is_current("commands.md", &text);
}

#[test]
fn the_report_reference_is_current() {
    let context = Context::new();
    let list = context.run(&["report", "list", "--format", "json"]).ended_with(0).json();
    let mut text = String::from("# Shipped reports\n\nGenerated from `queries/`; do not edit.\n");
    for report in list.as_array().unwrap() {
        let word = |key: &str| report[key].as_str().unwrap();
        let words = |key: &str| {
            let all = report[key].as_array().unwrap();
            all.iter().map(|word| format!("`{}`", word.as_str().unwrap())).collect::<Vec<_>>().join(", ")
        };
        text.push_str(&format!("\n## `{}`\n\n{}. {}.\n\n", word("name"), word("title"), word("description")));
        text.push_str(&format!("Columns: {}. Tags: {}.\n\n", words("columns"), words("tags")));
        if let Some(rule) = report["alert"]["when"].as_str() {
            text.push_str(&format!("Alert: `{rule}`.\n\n"));
        }
        text.push_str("| parameter | type | default | meaning |\n|---|---|---|---|\n");
        for (name, parameter) in report["parameters"].as_object().unwrap() {
            let (kind, meaning) = (parameter["type"].as_str().unwrap(), parameter["description"].as_str().unwrap());
            let default = parameter.get("default").map_or("–".to_owned(), |value| format!("`{value}`"));
            text.push_str(&format!("| `{name}` | {kind} | {default} | {meaning} |\n"));
        }
    }
    is_current("reports.md", &text);
}

/// Every test that docs/input.md names for an outcome is there.
#[test]
fn the_tests_behind_the_input_reference_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let input = fs::read_to_string(root.join("docs/input.md")).unwrap();
    let mut sources = String::new();
    for path in [files_below(&root.join("tests/it")), files_below(&root.join("crates/ingest"))].concat() {
        if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    let mut named = 0;
    for name in input.split('`').filter(|word| word.contains("::") && !word.contains(' ')) {
        let item = name.rsplit("::").next().unwrap();
        assert!(sources.contains(&format!("fn {item}(")), "docs/input.md names `{name}`, which is not there");
        named += 1;
    }
    assert!(named > 40, "{named}");
}

#[test]
fn the_readme_shows_what_the_demo_says() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let demo = Context::new().run(&["demo"]).ended_with(0).stdout;
    let stable = demo.lines().filter(|line| !line.starts_with("time ") && !line.starts_with("bytes "));
    for line in stable.filter(|line| !line.trim().is_empty()) {
        assert!(readme.contains(line.trim_end()), "the README does not show: {line}");
    }
}
