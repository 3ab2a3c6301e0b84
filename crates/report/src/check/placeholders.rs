//! Finds the placeholders of a query, also of one that cannot be parsed.

/// Names behind `$`, with their lines and columns, outside of comments and quotes.
pub(super) fn used(sql: &str) -> Vec<(String, usize, usize)> {
    let mut found = Vec::new();
    let mut within = Within::Code;
    for (number, line) in sql.lines().enumerate() {
        let chars: Vec<char> = line.chars().collect();
        let mut at = 0;
        while at < chars.len() {
            let Some((after, width)) = within.after(chars[at], chars.get(at + 1).copied()) else { break };
            if within == Within::Code && chars[at] == '$' {
                let word = |char: &&char| char.is_alphanumeric() || **char == '_';
                let name: String = chars[at + 1..].iter().take_while(word).collect();
                found.extend((!name.is_empty()).then_some((name, number + 1, at + 1)));
            }
            within = after;
            at += width;
        }
    }
    found
}

/// Where in a query a character stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Code,
    /// Opened by that character, and closed by it.
    Quote(char),
    /// In so many comments: those of blocks nest.
    Comment(u32),
}

impl Within {
    /// Where what comes behind `char` and `next` stands, and how many of the two were looked at; nothing if the rest of the
    /// line is a comment. Of a mark of two characters, none is part of another mark: `/*/` only opens.
    fn after(self, char: char, next: Option<char>) -> Option<(Self, usize)> {
        Some(match (self, char, next) {
            (Self::Code, '-', Some('-')) => return None,
            (Self::Code, '/', Some('*')) => (Self::Comment(1), 2),
            (Self::Comment(depth), '/', Some('*')) => (Self::Comment(depth + 1), 2),
            (Self::Comment(1), '*', Some('/')) => (Self::Code, 2),
            (Self::Comment(depth), '*', Some('/')) => (Self::Comment(depth - 1), 2),
            (Self::Code, '\'' | '"', _) => (Self::Quote(char), 1),
            (Self::Quote(open), ..) if open == char => (Self::Code, 1),
            _ => (self, 1),
        })
    }
}
