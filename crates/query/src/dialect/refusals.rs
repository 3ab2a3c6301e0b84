//! Statements of Athena that do not ask, told by their first words: they have nothing to be parsed or planned here, and an
//! error about one of their columns would be about the wrong thing.

use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use super::parser::MilepostDialect;
use crate::error::QueryError;

const DEFINES: &str = "--allow-files lets SQL read and write files and define tables of its own; without it, `--output` and \
    `--partition-by` write the answer of a SELECT, and the lake is the table already: DESCRIBE events";
const WRITES: &str = "`milepost sql --output FILE` or `--partition-by` writes the answer of a SELECT, `milepost export` writes \
    records, `milepost convert` puts them into the lake";
const IS_TABLE: &str =
    "the lake is the table already, with its partitions: DESCRIBE events, and `milepost convert` adds files";
const PARTITIONS: &str =
    "`milepost lake info --partitions` lists them, or SELECT DISTINCT region, account, date FROM events";
const PREPARED: &str = "write the query itself, with $name for what changes, and give --param name=VALUE";
/// Words at the beginning that are looked at.
const WORDS: usize = 64;

/// What to say of a statement that is not asked here. `files` is whether tables of files may be defined.
pub(crate) fn refusal(sql: &str, files: bool) -> Option<QueryError> {
    let words = words(sql);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let writes = |what: &str, hint: &'static str| {
        let message = format!("{what}, and SQL here only reads");
        Some(QueryError::NotReadOnly { message, hint })
    };
    match words.as_slice() {
        ["CREATE", rest @ ..] => created(rest, files),
        ["DROP", "TABLE" | "VIEW", ..] if !files => writes("DROP takes a table away", DEFINES),
        ["INSERT", "INTO", ..] => writes("INSERT adds rows to a table", WRITES),
        ["UNLOAD", ..] => writes("UNLOAD writes files", WRITES),
        ["MSCK", "REPAIR", ..] => writes("MSCK REPAIR TABLE changes a catalog", IS_TABLE),
        ["ALTER", "TABLE", ..] => writes("ALTER TABLE changes a table", IS_TABLE),
        ["SHOW", "PARTITIONS", ..] => wrong("SHOW PARTITIONS is not there", PARTITIONS),
        ["PREPARE", ..] => wrong("PREPARE is not there", PREPARED),
        ["EXECUTE", ..] => wrong("EXECUTE is not there", PREPARED),
        _ => None,
    }
}

fn created(rest: &[&str], files: bool) -> Option<QueryError> {
    let kind = rest.iter().take(4).position(|word| matches!(*word, "TABLE" | "VIEW"))?;
    let is_external = rest[..kind].contains(&"EXTERNAL");
    // Hive's words, which DataFusion's statement of that name does not have
    let is_hive = rest.iter().any(|word| matches!(*word, "SERDE" | "INPUTFORMAT" | "TBLPROPERTIES" | "STRUCT"));
    let (what, hint) = match rest[kind] {
        "VIEW" if !files => ("CREATE VIEW defines a view", DEFINES),
        "TABLE" if is_external && is_hive => ("CREATE EXTERNAL TABLE defines a table", IS_TABLE),
        "TABLE" if is_external && !files => ("CREATE EXTERNAL TABLE defines a table", DEFINES),
        "TABLE" if !files => ("CREATE TABLE makes a table", DEFINES),
        _ => return None,
    };
    Some(QueryError::NotReadOnly { message: format!("{what}, and SQL here only reads"), hint })
}

fn wrong(message: &str, hint: &str) -> Option<QueryError> {
    Some(QueryError::Wrong { message: message.to_owned(), position: None, hint: Some(hint.to_owned()) })
}

/// The first words of a text, in capitals; of a text whose quotes do not close those before.
fn words(sql: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    // what cannot be read is said by the parser
    let _ = Tokenizer::new(&MilepostDialect, sql).tokenize_with_location_into_buf(&mut tokens);
    let significant = tokens.into_iter().filter(|token| !matches!(token.token, Token::Whitespace(_)));
    let is_word = |token: &Token| matches!(token, Token::Word(word) if word.quote_style.is_none());
    let mut significant = significant.peekable();
    if !significant.peek().is_some_and(|token| is_word(&token.token)) {
        return Vec::new();
    }
    let word = |token: Token| match token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_uppercase()),
        _ => None,
    };
    let few = if sql.len() > 1 << 16 { WORDS } else { usize::MAX };
    significant.filter_map(|token| word(token.token)).take(few).collect()
}
