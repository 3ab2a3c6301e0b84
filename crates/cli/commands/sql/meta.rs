//! The shell's own commands: a backslash and a word.

use milepost_query::nearest;

use crate::diagnostics::{ExitStatus, Hinted};

/// A command of the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meta {
    Help,
    Quit,
    /// Tables, or the columns of one.
    Describe(Option<String>),
    /// Functions whose name contains this text.
    Functions(Option<String>),
    Timing(Option<bool>),
    Pager(Option<bool>),
    Expanded(Option<Switch>),
    /// The format of answers; nothing shows it.
    Format(Option<String>),
    /// The file that the next answer goes to; nothing takes that back.
    Output(Option<String>),
    /// A report and the values of its parameters; nothing lists the reports.
    Report(Option<ReportCall>),
}

/// Name of a report, and values of its parameters by name.
pub(super) type ReportCall = (String, Vec<(String, String)>);

/// On, off, or as it fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Switch {
    On,
    Off,
    Auto,
}

/// Names of the commands, with what they take and do.
pub(super) const COMMANDS: [(&str, &str, &str); 10] = [
    ("\\?", "", "this help"),
    ("\\d", "[TABLE]", "tables, or the columns of one"),
    ("\\df", "[TEXT]", "functions, or those whose name contains a text"),
    ("\\report", "[NAME [PARAMETER=VALUE …]]", "reports, or the answer of one"),
    ("\\format", "[FORMAT]", "format of answers: table, csv, tsv, json, ndjson, markdown"),
    ("\\o", "[FILE]", "write the next answer to a file; without one, show it again"),
    ("\\x", "[on|off|auto]", "rows as blocks of lines; auto: where lines would be too long"),
    ("\\timing", "[on|off]", "rows, time and what was read, after each query"),
    ("\\pager", "[on|off]", "long answers a page at a time"),
    ("\\q", "", "leave; `exit` and `quit` do too"),
];

impl Meta {
    /// Reads a line that begins with a backslash.
    pub(super) fn parse(line: &str) -> anyhow::Result<Self> {
        let line = line.trim().trim_end_matches(';').trim_end();
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        let argument = (!rest.is_empty()).then(|| unquoted(rest).to_owned());
        Ok(match name {
            "\\?" | "\\h" | "\\help" => Self::Help,
            "\\q" | "\\quit" => Self::Quit,
            "\\d" => Self::Describe(argument),
            "\\df" => Self::Functions(argument),
            "\\timing" => Self::Timing(on_or_off(name, rest)?),
            "\\pager" => Self::Pager(on_or_off(name, rest)?),
            "\\x" => Self::Expanded(match rest {
                "auto" => Some(Switch::Auto),
                _ => on_or_off(name, rest)?.map(|on| if on { Switch::On } else { Switch::Off }),
            }),
            "\\format" => Self::Format(argument),
            "\\o" => Self::Output(argument),
            "\\report" => Self::Report(report(rest)?),
            _ => {
                let names: Vec<String> = COMMANDS.iter().map(|(name, ..)| (*name).to_owned()).collect();
                let hint = nearest(name, &names).map(|name| format!("did you mean `{name}`?"));
                return Err(wrong(
                    format!("there is no command `{name}`"),
                    &hint.unwrap_or("\\? lists them".to_owned()),
                ));
            }
        })
    }

    /// What a line of one word means that other shells have for a command: `exit`, `quit`, `help`, with or without a semicolon.
    pub(super) fn of_word(line: &str) -> Option<Self> {
        match line.trim().trim_end_matches(';').trim_end().to_ascii_lowercase().as_str() {
            "exit" | "quit" => Some(Self::Quit),
            "help" => Some(Self::Help),
            _ => None,
        }
    }

    /// What the commands do, a line each.
    pub(super) fn help() -> String {
        let lines = COMMANDS.iter().map(|(name, takes, does)| format!("  {:36}{does}\n", format!("{name} {takes}")));
        let lines: String = lines.collect();
        format!(
            "SQL ends with a semicolon. Tab completes names, and values of region, account and date in quotes.\n\
             Ctrl-C ends a query, Ctrl-D the shell.\n\n{lines}"
        )
    }
}

fn on_or_off(name: &str, text: &str) -> anyhow::Result<Option<bool>> {
    match text {
        "" => Ok(None),
        "on" => Ok(Some(true)),
        "off" => Ok(Some(false)),
        _ => Err(wrong(format!("`{name}` does not take `{text}`"), "\\? says what it takes")),
    }
}

fn report(text: &str) -> anyhow::Result<Option<ReportCall>> {
    let words = words(text);
    let Some((name, pairs)) = words.split_first() else { return Ok(None) };
    let pairs = pairs.iter().map(|pair| match pair.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(wrong(format!("`{pair}` is no parameter"), "write it as NAME=VALUE")),
    });
    Ok(Some((name.clone(), pairs.collect::<anyhow::Result<_>>()?)))
}

/// Words at blanks; quotes keep blanks together.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut is_open) = (Vec::new(), String::new(), None, false);
    for char in text.chars() {
        match quote {
            Some(end) if char == end => quote = None,
            Some(_) => word.push(char),
            None if matches!(char, '\'' | '"') => (quote, is_open) = (Some(char), true),
            None if char.is_whitespace() => {
                if is_open {
                    words.push(std::mem::take(&mut word));
                }
                is_open = false;
            }
            None => {
                word.push(char);
                is_open = true;
            }
        }
    }
    if is_open {
        words.push(word);
    }
    words
}

fn unquoted(text: &str) -> &str {
    let inner = |quote: char| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    inner('\'').or_else(|| inner('"')).unwrap_or(text)
}

fn wrong(message: String, hint: &str) -> anyhow::Error {
    Hinted { message, hint: hint.to_owned(), status: ExitStatus::WrongUsage }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read() {
        let parse = |line: &str| Meta::parse(line).unwrap();
        assert_eq!(parse("\\d"), Meta::Describe(None));
        assert_eq!(parse("\\d events;"), Meta::Describe(Some("events".to_owned())));
        assert_eq!(parse("\\x auto"), Meta::Expanded(Some(Switch::Auto)));
        assert_eq!(parse("\\timing  off "), Meta::Timing(Some(false)));
        assert_eq!(parse("\\o 'a b.csv'"), Meta::Output(Some("a b.csv".to_owned())));
        let pairs = vec![("who".to_owned(), "a b".to_owned()), ("limit".to_owned(), "5".to_owned())];
        assert_eq!(parse("\\report x who='a b' limit=5"), Meta::Report(Some(("x".to_owned(), pairs))));
        for line in ["\\nothing", "\\timing maybe", "\\report x y", "\\"] {
            assert!(Meta::parse(line).is_err(), "{line}");
        }
    }
}
