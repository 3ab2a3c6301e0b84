//! What the line editor knows of SQL: completion, colours, and when a statement is at its end.

use std::borrow::Cow;
use std::collections::BTreeSet;

use milepost_query::output::{Format, printable};
use milepost_query::{Names, Piece, is_complete, pieces, value_before};
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::meta::{COMMANDS, Meta};

/// Words that are offered beside names.
const KEYWORDS: [&str; 36] = [
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP BY",
    "ORDER BY",
    "LIMIT",
    "HAVING",
    "JOIN",
    "LEFT JOIN",
    "ON",
    "USING",
    "AND",
    "OR",
    "NOT",
    "IN",
    "LIKE",
    "ILIKE",
    "BETWEEN",
    "IS NULL",
    "IS NOT NULL",
    "AS",
    "DISTINCT",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "WITH",
    "UNION ALL",
    "OVER",
    "PARTITION BY",
    "DESC",
    "DESCRIBE",
    "EXPLAIN",
    "SHOW TABLES",
    "INTERVAL",
];
/// Words after which a table comes.
const BEFORE_TABLES: [&str; 5] = ["from", "join", "describe", "into", "table"];

const RESET: &str = "\x1b[0m";

/// What the line editor knows of SQL.
pub(super) struct SqlHelper {
    names: Names,
    reports: Vec<String>,
}

impl SqlHelper {
    pub(super) fn new(names: Names, reports: Vec<String>) -> Self {
        Self { names, reports }
    }

    pub(super) fn set_names(&mut self, names: Names) {
        self.names = names;
    }

    /// Where the word before the cursor begins, and what it could become.
    fn candidates(&self, line: &str, pos: usize) -> (usize, Vec<String>) {
        let before = &line[..pos];
        if before.trim_start().starts_with('\\') {
            return self.for_command(before);
        }
        if let Some((column, value)) = value_before(line, pos) {
            return (pos - value.len(), self.values(column, value));
        }
        let start = before
            .rfind(|char: char| !is_word(char))
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let word = &before[start..];
        let tables = self.names.tables.keys();
        let wants_table = last_word(&before[..start]).is_some_and(|word| BEFORE_TABLES.contains(&word.as_str()));
        if wants_table {
            return (start, matching(tables.map(String::as_str), word));
        }
        if word.is_empty() && !before.ends_with('.') {
            // everything would be no help
            return (start, Vec::new());
        }
        if let Some(fields) = self.fields(&before[..start]) {
            return (start, matching(fields.iter().map(String::as_str), word));
        }
        let columns = self.columns(line);
        let names = columns.iter().map(String::as_str).chain(tables.map(String::as_str));
        let mut found = matching(names, word);
        found
            .extend(matching(self.names.functions.iter().map(String::as_str), word).into_iter().map(|name| name + "("));
        found.extend(keywords(word));
        (start, found)
    }

    fn for_command(&self, before: &str) -> (usize, Vec<String>) {
        let lead = before.len() - before.trim_start().len();
        let start = before.rfind(char::is_whitespace).map_or(0, |at| at + 1).max(lead);
        let word = &before[start..];
        let command = before.split_whitespace().next().unwrap_or_default();
        let words: Vec<&str> = match command {
            _ if start == lead => COMMANDS.iter().map(|(name, ..)| *name).collect(),
            "\\d" => self.names.tables.keys().map(String::as_str).collect(),
            "\\df" => self.names.functions.iter().map(String::as_str).collect(),
            "\\report" => self.reports.iter().map(String::as_str).collect(),
            "\\format" => Format::ALL.map(Format::name).to_vec(),
            "\\x" => vec!["on", "off", "auto"],
            "\\timing" | "\\pager" => vec!["on", "off"],
            _ => Vec::new(),
        };
        (start, matching(words.into_iter(), word))
    }

    /// Columns of the tables that the statement names; of all if it names none yet.
    fn columns(&self, line: &str) -> BTreeSet<String> {
        let named: BTreeSet<&str> = pieces(line).into_iter().map(|(range, _)| &line[range]).collect();
        let tables = self.names.tables.iter();
        let mut columns: BTreeSet<String> = tables
            .clone()
            .filter(|(table, _)| named.contains(table.as_str()))
            .flat_map(|(_, columns)| columns.iter().cloned())
            .collect();
        if columns.is_empty() {
            columns = tables.flat_map(|(_, columns)| columns.iter().cloned()).collect();
        }
        columns
    }

    /// Fields of the struct whose name and dot end the text. The name of a table may stand before it.
    fn fields(&self, before: &str) -> Option<&BTreeSet<String>> {
        let names = before.strip_suffix('.')?;
        let start = names
            .rfind(|char: char| !is_word(char) && char != '.')
            .map_or(0, |at| at + names[at..].chars().next().map_or(1, char::len_utf8));
        let way = names[start..].to_lowercase();
        let without_table = way.split_once('.').map(|(_, rest)| rest);
        self.names.fields.get(&way).or_else(|| self.names.fields.get(without_table?))
    }

    fn values(&self, column: &str, value: &str) -> Vec<String> {
        let values = self.names.values.get(&column.to_lowercase());
        let fitting = values.into_iter().flatten().filter(|known| known.starts_with(value));
        fitting.map(|known| format!("{}'", known.replace('\'', "''"))).collect()
    }
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

fn last_word(text: &str) -> Option<String> {
    text.split_whitespace().next_back().map(str::to_lowercase)
}

fn matching<'a>(names: impl Iterator<Item = &'a str>, word: &str) -> Vec<String> {
    let word = word.to_lowercase();
    names.filter(|name| name.to_lowercase().starts_with(&word)).map(str::to_owned).collect()
}

/// Keywords, in the case that the user writes them in.
fn keywords(word: &str) -> Vec<String> {
    let is_lower = word.chars().any(char::is_lowercase);
    let found = matching(KEYWORDS.into_iter(), word).into_iter();
    found.map(|keyword| if is_lower { keyword.to_lowercase() } else { keyword }).collect()
}

impl Completer for SqlHelper {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, found) = self.candidates(line, pos);
        // names of partitions come from logs
        let pair = |text: String| Pair { display: printable(&text).into_owned(), replacement: text };
        Ok((start, found.into_iter().filter(|text| !text.chars().any(char::is_control)).map(pair).collect()))
    }
}

impl Highlighter for SqlHelper {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if line.trim_start().starts_with('\\') {
            return Cow::Borrowed(line);
        }
        let mut out = String::with_capacity(line.len() + 32);
        for (range, piece) in pieces(line) {
            match colour(piece) {
                Some(colour) => out.push_str(&format!("{colour}{}{RESET}", &line[range])),
                None => out.push_str(&line[range]),
            }
        }
        Cow::Owned(out)
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        // any character may begin or end a word or a text
        kind != CmdKind::MoveCursor
    }
}

fn colour(piece: Piece) -> Option<&'static str> {
    match piece {
        Piece::Keyword => Some("\x1b[36m"),
        Piece::Text => Some("\x1b[32m"),
        Piece::Number => Some("\x1b[33m"),
        Piece::Placeholder => Some("\x1b[35m"),
        Piece::Comment => Some("\x1b[2m"),
        Piece::Name | Piece::Semicolon | Piece::Other => None,
    }
}

impl Validator for SqlHelper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        let ends = text.trim_start().starts_with('\\') || Meta::of_word(text).is_some() || is_complete(text);
        Ok(if ends { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

impl Hinter for SqlHelper {
    type Hint = String;
}

impl Helper for SqlHelper {}

#[cfg(test)]
mod tests {
    use super::*;

    fn helper() -> SqlHelper {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let tables = [
            ("events".to_owned(), names(&["event_name", "event_id", "region"])),
            ("files".to_owned(), names(&["uri", "etag"])),
        ];
        let fields = [
            ("useridentity".to_owned(), names(&["arn", "sessioncontext"]).into_iter().collect()),
            ("useridentity.sessioncontext".to_owned(), names(&["attributes"]).into_iter().collect()),
        ];
        let values = [("region".to_owned(), names(&["eu-west-1", "eu-north-1", "us-east-1"]).into_iter().collect())];
        SqlHelper::new(
            Names {
                tables: tables.into(),
                fields: fields.into(),
                functions: names(&["count", "coalesce"]).into_iter().collect(),
                values: values.into(),
            },
            names(&["root-usage"]),
        )
    }

    #[test]
    fn completion_knows_the_place() {
        let complete = |line: &str| helper().candidates(line, line.len());
        assert_eq!(complete("SELECT eve"), (7, vec!["event_id".into(), "event_name".into(), "events".into()]));
        assert_eq!(complete("SELECT 1 FROM e"), (14, vec!["events".into()]));
        assert_eq!(complete("SELECT 1 FROM "), (14, vec!["events".into(), "files".into()]));
        assert_eq!(complete("SELECT cou"), (7, vec!["count(".into()]));
        assert_eq!(complete("sel"), (0, vec!["select".into()]));
        assert_eq!(complete("WHERE region = 'eu-w"), (16, vec!["eu-west-1'".into()]));
        assert_eq!(complete("\\re"), (0, vec!["\\report".into()]));
        assert_eq!(complete("\\report ro"), (8, vec!["root-usage".into()]));
        assert_eq!(complete("\\d fi"), (3, vec!["files".into()]));
        // columns of the table that is named
        assert_eq!(
            complete("SELECT uri FROM files WHERE e"),
            (28, vec!["etag".into(), "events".into(), "else".into(), "end".into(), "explain".into()])
        );
        // fields of structs, whatever table is named before them
        assert_eq!(complete("SELECT useridentity."), (20, vec!["arn".into(), "sessioncontext".into()]));
        assert_eq!(complete("SELECT userIdentity.a"), (20, vec!["arn".into()]));
        assert_eq!(complete("WHERE é.useridentity.sessionContext.at"), (37, vec!["attributes".into()]));
        assert_eq!(complete("SELECT events.region"), (14, vec!["region".into()]));
        // a character of several bytes before the word
        assert_eq!(complete("SELECT é,cou"), (10, vec!["count(".into()]));
    }

    #[test]
    fn colours_leave_the_text_as_it_is() {
        let helper = helper();
        for line in ["SELECT 'é' -- x", "SELECT $a, 1.5 FROM \"b", "\\d events"] {
            let mut shown = helper.highlight(line, 0).into_owned();
            for colour in [36, 32, 33, 35, 2, 0] {
                shown = shown.replace(&format!("\x1b[{colour}m"), "");
            }
            assert_eq!(shown, line);
        }
    }
}
