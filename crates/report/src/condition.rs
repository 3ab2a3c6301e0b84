//! The conditions of alert rules: `rows > 0`, `errors >= 10 and service = 's3'`.
//!
//! Small on purpose: what is to be said of rows beyond comparing a column with a value, the report's SQL says better.

use std::cmp::Ordering;

use chrono::NaiveDate;
use milepost_query::output::ColumnKind;

/// All of these hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition(Vec<Comparison>);

#[derive(Debug, Clone, PartialEq)]
struct Comparison {
    column: String,
    operator: Operator,
    value: String,
    /// Whether the value stood between quotes, so that it is a text also where it has only digits.
    is_quoted: bool,
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
                let condition = Self(all);
                condition.check_rows(text)?;
                return Ok(condition);
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

    /// Whether the values are of the kinds of their columns; `kind` gives that of a column. A text that is compared with a number
    /// has some order too, but not the one that was meant.
    ///
    /// # Errors
    /// What does not go together, in words.
    pub fn check_kinds(&self, kind: &dyn Fn(&str) -> Option<ColumnKind>) -> Result<(), String> {
        self.faults_of_kinds(kind).into_iter().next().map_or(Ok(()), Err)
    }

    /// Everything that [`check_kinds`](Self::check_kinds) looks for.
    pub(crate) fn faults_of_kinds(&self, kind: &dyn Fn(&str) -> Option<ColumnKind>) -> Vec<String> {
        let of_columns = self.0.iter().filter(|comparison| comparison.column != ROWS);
        let known = of_columns.filter_map(|comparison| Some((comparison, kind(&comparison.column)?)));
        known.filter_map(|(comparison, kind)| comparison.check_kind(kind).err()).collect()
    }

    /// Whether some number of rows fulfils what it says of `rows`. An answer without rows has none to tell, so that number is at
    /// least one.
    fn check_rows(&self, text: &str) -> Result<(), String> {
        let of_all: Vec<&Comparison> = self.0.iter().filter(|comparison| comparison.column == ROWS).collect();
        let mut candidates = vec![1];
        for comparison in &of_all {
            let number: i64 = comparison.value.parse().map_err(|_| {
                format!(
                    "`{text}` is no condition: `rows` is compared with a whole number, not with `{}`",
                    comparison.value
                )
            })?;
            // if any number fulfils all comparisons, one of their own values does, or one beside it
            candidates.extend([number.saturating_sub(1), number, number.saturating_add(1)]);
        }
        let fits = |count: &i64| *count >= 1 && of_all.iter().all(|one| one.holds(Some(&count.to_string())));
        if candidates.iter().any(fits) {
            return Ok(());
        }
        Err(format!(
            "the alert `{text}` can never be told: its rows are what is told, so there is at least one; silence is found by a query \
             that gives a row for what is missing, as the report `data-freshness` does"
        ))
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
    let is_quoted = rest.starts_with('\'');
    let (value, rest) = match rest.strip_prefix('\'') {
        Some(quoted) => quoted.split_once('\'')?,
        None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
    };
    let comparison = Comparison { column: column.to_owned(), operator, value: value.to_owned(), is_quoted };
    (!column.is_empty() && !value.is_empty()).then_some((comparison, rest))
}

impl Comparison {
    fn check_kind(&self, kind: ColumnKind) -> Result<(), String> {
        let Self { column, value, .. } = self;
        let is_number = value.parse::<f64>().is_ok();
        let is_day = value.get(..10).is_some_and(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").is_ok());
        match kind {
            ColumnKind::Number if !is_number => {
                Err(format!("the column `{column}` has numbers, and `{value}` is none"))
            }
            ColumnKind::Time if !is_day => {
                Err(format!("the column `{column}` has times, and `{value}` is none: write `'2026-03-01'`"))
            }
            ColumnKind::Text if is_number && !self.is_quoted => Err(format!(
                "the column `{column}` has texts, and `{value}` is a number: write `'{value}'`, or CAST the column"
            )),
            _ => Ok(()),
        }
    }

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
    fn what_can_never_be_told_is_no_rule() {
        for wrong in
            ["rows = 0", "rows < 1", "rows <= 0", "rows > 3 and rows < 4", "rows = 1 and rows != 1", "rows > x"]
        {
            assert!(Condition::parse(wrong).is_err(), "{wrong}");
        }
        for right in
            ["rows > 0", "rows < 2", "rows >= 0", "rows != 1", "rows > 3 and rows <= 4", "rows != 1 and rows != 2"]
        {
            assert!(Condition::parse(right).is_ok(), "{right}");
        }
    }

    #[test]
    fn values_are_of_the_kinds_of_their_columns() {
        let kind = |name: &str| match name {
            "errors" => Some(ColumnKind::Number),
            "last" => Some(ColumnKind::Time),
            "service" => Some(ColumnKind::Text),
            _ => None,
        };
        let check = |text: &str| Condition::parse(text).unwrap().check_kinds(&kind);
        for right in
            ["errors > 1.5", "errors = '3'", "last > '2026-03-01'", "last > 2026-03-01T12:00:00Z", "service = s3"]
        {
            assert_eq!(check(right), Ok(()), "{right}");
        }
        assert_eq!(check("service = '012345678901' and rows > 3 and unknown = 3"), Ok(()));
        for wrong in ["errors = 'abc'", "last > 7", "last > yesterday", "errors > 1 and service > 10"] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
        assert!(check("service > 10").unwrap_err().contains("write `'10'`"));
    }

    #[test]
    fn what_is_no_condition_is_said_to_be_none() {
        for wrong in ["", "rows", "rows >", "> 0", "n = 'x", "rows > 0 or n = 1", "rows > 0 and", "é = é and"] {
            assert!(Condition::parse(wrong).is_err(), "{wrong}");
        }
    }
}
