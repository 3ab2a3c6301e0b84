//! Texts of several statements, taken apart with the tokenizer of the engine: for scripts, for the shell's line editor.

use std::ops::Range;

use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, TokenizerError, Whitespace};

/// One statement of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement<'a> {
    /// Its text, without the semicolon.
    pub text: &'a str,
    /// Line of the text it begins in, from 1.
    pub line: u64,
}

/// What a piece of a statement is, for colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// A word of the language.
    Keyword,
    /// A name.
    Name,
    /// Text in quotes; also one that is not closed yet.
    Text,
    /// A number.
    Number,
    /// A comment.
    Comment,
    /// A placeholder such as `$since`.
    Placeholder,
    /// The end of a statement.
    Semicolon,
    /// Anything else.
    Other,
}

/// The statements of `text`; what holds no word is none. A text whose quotes do not close is one statement from there on.
#[must_use]
pub fn statements(text: &str) -> Vec<Statement<'_>> {
    let (mut start, mut has_words) = (0, false);
    let mut ranges = Vec::new();
    for (range, piece) in pieces(text) {
        match piece {
            Piece::Semicolon => {
                if has_words {
                    ranges.push(start..range.start);
                }
                (start, has_words) = (range.end, false);
            }
            Piece::Comment => {}
            _ => has_words |= !text[range].trim().is_empty(),
        }
    }
    if has_words {
        ranges.push(start..text.len());
    }
    let statement = |range: Range<usize>| {
        let start = range.end - text[range.clone()].trim_start().len();
        // so that errors count lines of the whole text
        Statement { text: text[start..range.end].trim_end(), line: 1 + count_lines(&text[..start]) }
    };
    ranges.into_iter().map(statement).collect()
}

fn count_lines(text: &str) -> u64 {
    text.bytes().filter(|byte| *byte == b'\n').count() as u64
}

/// Whether everything in `text` is ended: quotes and comments are closed and the last statement has its semicolon. A text
/// without words is complete.
#[must_use]
pub fn is_complete(text: &str) -> bool {
    let (_, error) = tokens(text);
    error.is_none()
        && pieces(text)
            .iter()
            .rfind(|(range, piece)| *piece != Piece::Comment && !text[range.clone()].trim().is_empty())
            .is_none_or(|(_, piece)| *piece == Piece::Semicolon)
}

/// The pieces of `text`, without gaps.
#[must_use]
pub fn pieces(text: &str) -> Vec<(Range<usize>, Piece)> {
    let (tokens, error) = tokens(text);
    let places = Places::new(text);
    let mut found: Vec<(Range<usize>, Piece)> = Vec::with_capacity(tokens.len() + 1);
    let mut end = 0;
    for token in &tokens {
        let range = end..places.byte(token.span.end).max(end);
        end = range.end;
        found.push((range, piece(&token.token)));
    }
    if end < text.len() {
        // the tokenizer gave up at a quote or a comment that is not closed
        let rest = &text[end..];
        let is_comment = rest.trim_start().starts_with("/*");
        let unclosed = if is_comment { Piece::Comment } else { Piece::Text };
        found.push((end..text.len(), if error.is_some() { unclosed } else { Piece::Other }));
    }
    found
}

fn tokens(text: &str) -> (Vec<TokenWithSpan>, Option<TokenizerError>) {
    let mut tokens = Vec::new();
    let error = Tokenizer::new(&PostgreSqlDialect {}, text).tokenize_with_location_into_buf(&mut tokens).err();
    (tokens, error)
}

fn piece(token: &Token) -> Piece {
    match token {
        Token::Word(word) if word.keyword != Keyword::NoKeyword && word.quote_style.is_none() => Piece::Keyword,
        Token::Word(_) => Piece::Name,
        Token::Number(..) => Piece::Number,
        Token::SingleQuotedString(_)
        | Token::DollarQuotedString(_)
        | Token::EscapedStringLiteral(_)
        | Token::NationalStringLiteral(_)
        | Token::HexStringLiteral(_)
        | Token::UnicodeStringLiteral(_) => Piece::Text,
        Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)) => Piece::Comment,
        Token::Placeholder(_) => Piece::Placeholder,
        Token::SemiColon => Piece::Semicolon,
        _ => Piece::Other,
    }
}

/// Where lines begin, to find the byte of a line and a column.
struct Places<'a> {
    text: &'a str,
    lines: Vec<usize>,
}

impl<'a> Places<'a> {
    fn new(text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, lines: std::iter::once(0).chain(ends).collect() }
    }

    fn byte(&self, place: Location) -> usize {
        let index = |number: u64| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let Some(start) = self.lines.get(index(place.line)) else { return self.text.len() };
        let line = &self.text[*start..];
        line.char_indices().nth(index(place.column)).map_or(self.text.len(), |(at, _)| start + at)
    }
}

/// Whether a text names what is before the place `at` in it as the value of a column: `region = '`, `account IN ('a', '`.
/// Gives the column and the beginning of the value.
#[must_use]
pub fn value_before(text: &str, at: usize) -> Option<(&str, &str)> {
    let before = text.get(..at)?;
    let (range, piece) = pieces(before).pop()?;
    let open = before[range.clone()].find('\'')?;
    let value = &before[range.start + open + 1..];
    if piece != Piece::Text || value.contains('\'') {
        return None;
    }
    let mut words: Vec<(Range<usize>, Piece)> = pieces(&before[..range.start + open]);
    words.retain(|(range, _)| !before[range.clone()].trim().is_empty());
    let mut compared = false;
    for (range, piece) in words.iter().rev() {
        let word = &before[range.clone()];
        match piece {
            Piece::Name if compared => return Some((word, value)),
            Piece::Keyword if compared && !is_comparison(word) => return Some((word, value)),
            Piece::Text => {}
            // `DATE '…'`, if it is not a column of that name
            Piece::Keyword if word.eq_ignore_ascii_case("date") => {
                if compared {
                    return Some((word, value));
                }
            }
            Piece::Keyword | Piece::Other if is_comparison(word) => compared = true,
            _ => return None,
        }
    }
    None
}

fn is_comparison(word: &str) -> bool {
    let words = ["=", "<>", "!=", "<", ">", "<=", ">=", "(", ",", "in", "not", "between", "and", "like"];
    words.contains(&word.trim().to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_at_semicolons_that_are_not_in_quotes() {
        let text = "-- one; still one\nSELECT ';' AS \"a;b\" /* ; */;;\n SELECT $$;$$, $x;\n\n;SELECT 3 -- end";
        let found: Vec<(&str, u64)> =
            statements(text).iter().map(|statement| (statement.text, statement.line)).collect();
        let expected =
            [("-- one; still one\nSELECT ';' AS \"a;b\" /* ; */", 1), ("SELECT $$;$$, $x", 3), ("SELECT 3 -- end", 5)];
        assert_eq!(found, expected);
        assert_eq!(statements(" ;; -- nothing\n").len(), 0);
        assert_eq!(statements("SELECT 'é;").len(), 1);
    }

    #[test]
    fn a_text_is_complete_when_all_is_closed_and_ended() {
        for complete in ["", "  \n", "SELECT 1;", "SELECT 1; -- more", "SELECT ';';", "-- comment"] {
            assert!(is_complete(complete), "{complete}");
        }
        for open in ["SELECT 1", "SELECT ';", "SELECT 1 /* ;", "SELECT 1; SELECT", "SELECT \"a;", "SELECT $$;"] {
            assert!(!is_complete(open), "{open}");
        }
    }

    #[test]
    fn pieces_cover_the_text() {
        for text in ["SELECT 'é\n', \"ü\"\t, 1e3 -- ✓\r\nFROM events;", "a 'b", "x /* y", "\u{1f600} $a ]", "'"] {
            let mut end = 0;
            for (range, _) in pieces(text) {
                assert_eq!(range.start, end, "{text:?}");
                assert!(text.get(range.clone()).is_some(), "{text:?}");
                end = range.end;
            }
            assert_eq!(end, text.len(), "{text:?}");
        }
        let kinds: Vec<Piece> = pieces("SELECT 'a', 1").into_iter().map(|(_, piece)| piece).collect();
        assert_eq!(kinds, [Piece::Keyword, Piece::Other, Piece::Text, Piece::Other, Piece::Other, Piece::Number]);
    }

    #[test]
    fn a_value_knows_its_column() {
        let value = |text: &'static str| value_before(text, text.len());
        assert_eq!(value("SELECT 1 FROM events WHERE region = 'eu-"), Some(("region", "eu-")));
        assert_eq!(value("WHERE region='"), Some(("region", "")));
        assert_eq!(value("WHERE account IN ('1', '2"), Some(("account", "2")));
        assert_eq!(value("WHERE date BETWEEN '2026-03-01' AND '"), Some(("date", "")));
        assert_eq!(value("WHERE region = 'a' AND "), None);
        assert_eq!(value("SELECT 'a"), None);
    }
}
