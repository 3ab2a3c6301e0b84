//! The conditions of alert rules: `rows > 0`, `errors >= 10 and service = 's3'`.
//!
//! Small on purpose: what is to be said of rows beyond comparing a column with a value, the report's SQL says better.

use std::cmp::Ordering;

/// All of these hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition(Vec<Comparison>);

#[derive(Debug, Clone, PartialEq)]
struct Comparison {
    column: String,
    operator: Operator,
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// Longest first, so that `>=` is not read as `>`.
const OPERATORS: [(&str, Operator); 7] = [
    ("<>", Operator::Unequal),
    ("!=", Operator::Unequal),
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

/// Word that stands for the number of rows.
const ROWS: &str = "rows";

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text.trim();
        let mut all = Vec::new();
        loop {
            let (comparison, after) = comparison(rest)
                .ok_or_else(|| format!("`{text}` is no condition: write `rows > 0` or `errors >= 10`"))?;
            all.push(comparison);
            rest = after.trim_start();
            if rest.is_empty() {
                return Ok(Self(all));
            }
            let word = rest.get(..4).filter(|word| word.eq_ignore_ascii_case("and "));
            rest = match word {
                Some(_) => rest[4..].trim_start(),
                None => return Err(format!("`{text}` is no condition: comparisons are joined by `and`")),
            };
        }
    }

    /// Columns that it looks at; `rows` is none.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|comparison| comparison.column.as_str()).filter(|column| *column != ROWS)
    }

    /// Numbers of the rows that fulfil it, out of `rows` rows; `cell` gives a row's value of a column, as text. None fulfil
    /// it if the number of rows is not as it says.
    pub fn matches<'a>(&self, rows: usize, cell: &dyn Fn(usize, &str) -> Option<&'a str>) -> Vec<usize> {
        let (of_all, of_each): (Vec<_>, Vec<_>) = self.0.iter().partition(|comparison| comparison.column == ROWS);
        let found: Vec<usize> = (0..rows)
            .filter(|row| of_each.iter().all(|comparison| comparison.holds(cell(*row, &comparison.column))))
            .collect();
        let count = found.len().to_string();
        if of_all.iter().all(|comparison| comparison.holds(Some(&count))) { found } else { Vec::new() }
    }
}

fn comparison(text: &str) -> Option<(Comparison, &str)> {
    let end = text.find(|char: char| !char.is_alphanumeric() && char != '_')?;
    let (column, rest) = text.split_at(end);
    let rest = rest.trim_start();
    let (operator, rest) =
        OPERATORS.iter().find_map(|(sign, operator)| Some((*operator, rest.strip_prefix(sign)?.trim_start())))?;
    let (value, rest) = match rest.strip_prefix('\'') {
        Some(quoted) => quoted.split_once('\'')?,
        None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
    };
    let comparison = Comparison { column: column.to_owned(), operator, value: value.to_owned() };
    (!column.is_empty() && !value.is_empty()).then_some((comparison, rest))
}

impl Comparison {
    fn holds(&self, found: Option<&str>) -> bool {
        let Some(found) = found else { return false };
        let order = match (found.parse::<f64>(), self.value.parse::<f64>()) {
            (Ok(found), Ok(wanted)) => found.partial_cmp(&wanted),
            _ => Some(found.cmp(&self.value)),
        };
        let Some(order) = order else { return false };
        match self.operator {
            Operator::Equal => order == Ordering::Equal,
            Operator::Unequal => order != Ordering::Equal,
            Operator::Less => order == Ordering::Less,
            Operator::AtMost => order != Ordering::Greater,
            Operator::Greater => order == Ordering::Greater,
            Operator::AtLeast => order != Ordering::Less,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matching(condition: &str, values: &[Option<&'static str>]) -> Vec<usize> {
        Condition::parse(condition).unwrap().matches(values.len(), &|row, _| values[row])
    }

    #[test]
    fn rows_and_columns_are_compared() {
        let values = [Some("9"), Some("10"), Some("x y"), None];
        assert_eq!(matching("rows > 0", &values), [0, 1, 2, 3]);
        assert_eq!(matching("rows > 4", &values), [0; 0]);
        assert_eq!(matching("n >= 10", &values), [1, 2]);
        assert_eq!(matching("n = 'x y'", &values), [2]);
        assert_eq!(matching("n >= 9 AND n <= 10 and rows = 2", &values), [0, 1]);
        assert_eq!(matching("n != 9", &values), [1, 2]);
        assert_eq!(matching("rows > 0", &[]), [0; 0]);
    }

    #[test]
    fn what_is_no_condition_is_said_to_be_none() {
        for wrong in ["", "rows", "rows >", "> 0", "n = 'x", "rows > 0 or n = 1", "rows > 0 and", "é = é and"] {
            assert!(Condition::parse(wrong).is_err(), "{wrong}");
        }
    }
}
