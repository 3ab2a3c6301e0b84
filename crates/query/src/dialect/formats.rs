//! Formats of times: MySQL's codes, as Trino's `date_format` has them, and Joda's patterns, as codes of strftime.

/// The strftime format of a MySQL format; `None` if a code has no counterpart.
pub(crate) fn of_mysql(format: &str) -> Option<String> {
    let mut out = String::new();
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            out.push(character);
            continue;
        }
        out.push_str(match characters.next()? {
            'a' => "%a",
            'b' => "%b",
            'c' => "%-m",
            'd' => "%d",
            'e' => "%-d",
            'f' => "%6f",
            'H' => "%H",
            'h' | 'I' => "%I",
            'i' => "%M",
            'j' => "%j",
            'k' => "%-H",
            'l' => "%-I",
            'M' => "%B",
            'm' => "%m",
            'p' => "%p",
            'r' => "%I:%M:%S %p",
            'S' | 's' => "%S",
            'T' => "%H:%M:%S",
            'v' => "%V",
            'W' => "%A",
            'x' => "%G",
            'Y' => "%Y",
            'y' => "%y",
            '%' => "%%",
            // days of weeks and weeks that are counted in another way, and suffixes
            'D' | 'U' | 'u' | 'V' | 'w' | 'X' => return None,
            other => {
                out.push(other);
                continue;
            }
        });
    }
    Some(out)
}

/// The strftime format of a Joda pattern; `None` if a letter has no counterpart.
pub(super) fn of_joda(pattern: &str) -> Option<String> {
    let characters: Vec<char> = pattern.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < characters.len() {
        let character = characters[at];
        let run = characters[at..].iter().take_while(|next| **next == character).count();
        if character == '\'' {
            at = quoted(&characters, at, &mut out);
            continue;
        }
        at += run;
        if !character.is_ascii_alphabetic() {
            // a percent sign is written twice
            out.extend(std::iter::repeat_n(character, if character == '%' { run * 2 } else { run }));
            continue;
        }
        out.push_str(match (character, run) {
            ('y' | 'Y' | 'u', 2) => "%y",
            ('y' | 'Y' | 'u', _) => "%Y",
            ('M', 1) => "%-m",
            ('M', 2) => "%m",
            ('M', 3) => "%b",
            ('M', _) => "%B",
            ('d', 1) => "%-d",
            ('d', _) => "%d",
            ('D', _) => "%j",
            ('H', 1) => "%-H",
            ('H', _) => "%H",
            ('h', 1) => "%-I",
            ('h', _) => "%I",
            ('m', 1) => "%-M",
            ('m', _) => "%M",
            ('s', 1) => "%-S",
            ('s', _) => "%S",
            ('S', 1..=3) => "%3f",
            ('S', _) => "%6f",
            ('a', _) => "%p",
            ('E', 1..=3) => "%a",
            ('E', _) => "%A",
            ('Z' | 'z', 1) => "%z",
            ('Z' | 'z', _) => "%:z",
            ('e', _) => "%u",
            _ => return None,
        });
    }
    Some(out)
}

/// Writes what stands between quotes at `at`, two quotes as one; gives the place behind them.
fn quoted(characters: &[char], at: usize, out: &mut String) -> usize {
    if characters.get(at + 1) == Some(&'\'') {
        out.push('\'');
        return at + 2;
    }
    let inside = characters[at + 1..].iter().take_while(|next| **next != '\'');
    let before = out.len();
    inside.for_each(|next| out.push(*next));
    at + 2 + out[before..].chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_translated() {
        assert_eq!(of_mysql("%Y-%m-%dT%H:%i:%sZ").as_deref(), Some("%Y-%m-%dT%H:%M:%SZ"));
        assert_eq!(of_mysql("%W, %e. %M %y %T 100%%").as_deref(), Some("%A, %-d. %B %y %H:%M:%S 100%%"));
        assert_eq!(of_mysql("%D"), None);
        assert_eq!(of_mysql("%"), None);
        assert_eq!(of_joda("yyyy-MM-dd'T'HH:mm:ss'Z'").as_deref(), Some("%Y-%m-%dT%H:%M:%SZ"));
        assert_eq!(of_joda("h 'o''clock'").as_deref(), Some("%-I oclock"));
        assert_eq!(of_joda("yyyy-MM-dd''").as_deref(), Some("%Y-%m-%d'"));
        assert_eq!(of_joda("'open").as_deref(), Some("open"));
        assert_eq!(of_joda("G"), None);
    }
}
