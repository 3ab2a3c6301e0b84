//! Trino's `soundex`: a name as a letter and three digits for how it sounds in English.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::arguments::{each_text, texts};
use super::scalar::{Definition, Kind, define};

#[rustfmt::skip]
pub(super) const FUNCTIONS: &[Definition] = &[
    define("soundex", &[Kind::Text], |_| DataType::Utf8, soundex, "soundex(name)", "how a name sounds in English, as a letter and three digits; null for letters that English does not have"),
];

fn soundex(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let names = texts(args, 0)?;
    each_text(args, |row| code(names.get(row)?))
}

/// The digit of a letter's sound; `0` for vowels, nothing for what is not heard.
fn digit(letter: char) -> Option<char> {
    Some(match letter {
        'B' | 'F' | 'P' | 'V' => '1',
        'C' | 'G' | 'J' | 'K' | 'Q' | 'S' | 'X' | 'Z' => '2',
        'D' | 'T' => '3',
        'L' => '4',
        'M' | 'N' => '5',
        'R' => '6',
        'H' | 'W' => return None,
        _ => '0',
    })
}

fn code(name: &str) -> Option<String> {
    let is_foreign = |letter: char| letter.is_alphabetic() && !letter.is_ascii();
    if name.chars().any(is_foreign) {
        return None;
    }
    let mut letters = name.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_uppercase());
    let Some(first) = letters.next() else { return Some(String::new()) };
    let mut found = String::from(first);
    let mut last = digit(first);
    for sound in letters.filter_map(digit) {
        if sound != '0' && Some(sound) != last && found.len() < 4 {
            found.push(sound);
        }
        last = Some(sound);
    }
    Some(format!("{found:0<4}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_sound_alike_have_one_code() {
        for (name, expected) in [
            ("Robert", "R163"),
            ("Rupert", "R163"),
            ("Ashcraft", "A261"),
            ("Tymczak", "T522"),
            ("Pfister", "P236"),
            ("CHYNA", "C500"),
            ("o'hara", "O600"),
            ("", ""),
        ] {
            assert_eq!(code(name).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(code("Müller"), None);
    }
}
