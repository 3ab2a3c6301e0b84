//! Partition columns of tables that a Glue crawler made: `partition_0`, `partition_1`, … by the folders of CloudTrail's keys.
//!
//! `AWSLogs/ACCOUNT/CloudTrail/REGION/YEAR/MONTH/DAY`: where the crawler began decides what has number 0, and what the query
//! compares the columns with tells it: a year, a region, an account, a whole day. Without any of these it is an error: a
//! guess would give no rows without a word.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Ident, SelectItem, SetExpr, Statement, Value, VisitMut, VisitorMut, visit_expressions,
    visit_expressions_mut,
};

use super::build::{column_name, literal};
use super::functions::arguments;

/// What the folders are called, from the account on; the second is always the same.
const FOLDERS: [&str; 7] = ["account", "", "region", "year", "month", "day", "hour"];

/// What a column is, by one thing that it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// The place of a folder in [`FOLDERS`].
    Folder(i64),
    /// A whole day in one folder, which no crawler of CloudTrail's own keys finds.
    Day,
}

const ACCOUNT: Meaning = Meaning::Folder(0);
const REGION: Meaning = Meaning::Folder(2);
const YEAR: Meaning = Meaning::Folder(3);
const MONTH: Meaning = Meaning::Folder(4);
const DAY_OF_MONTH: Meaning = Meaning::Folder(5);
const HOUR: Meaning = Meaning::Folder(6);

/// Names the columns for what is in them.
///
/// # Errors
/// Nothing says what one of them is.
pub(super) fn rewrite(statement: &mut Statement) -> Result<()> {
    let mut numbers = Vec::new();
    let mut known = BTreeMap::new();
    let _ = visit_expressions(statement, |expr| {
        numbers.extend(number(expr));
        for (column, value) in pairs(expr) {
            if let Some((number, meaning)) = told(column, value) {
                known.entry(number).or_insert(meaning);
            }
        }
        ControlFlow::<()>::Continue(())
    });
    if numbers.is_empty() {
        return Ok(());
    }
    let mut names = BTreeMap::new();
    for number in numbers {
        let Some(name) = name_of(number, &known) else {
            return plan_err!(
                "nothing here says what partition_{number} is: compare it with a year, a region or an account, or name \
                 the partitions as they are here: region, account, date, or year, month, day"
            );
        };
        names.insert(number, name);
    }
    keep_headers(statement);
    rename(statement, &names);
    Ok(())
}

fn name_of(number: i64, known: &BTreeMap<i64, Meaning>) -> Option<&'static str> {
    let folder = match known.get(&number) {
        Some(Meaning::Day) => return Some("date"),
        Some(Meaning::Folder(folder)) => *folder,
        // counted from others that are known, if they agree
        None => {
            let mut counted = known.iter().filter_map(|(other, meaning)| match meaning {
                Meaning::Folder(folder) => Some(folder + number - other),
                Meaning::Day => None,
            });
            let first = counted.next()?;
            counted.all(|folder| folder == first).then_some(first)?
        }
    };
    FOLDERS.get(usize::try_from(folder).ok()?).copied().filter(|name| !name.is_empty())
}

/// What an expression compares with what, both ways.
fn pairs(expr: &Expr) -> Vec<(&Expr, &Expr)> {
    match expr {
        Expr::BinaryOp { left, op, right } if *op != BinaryOperator::StringConcat => {
            vec![(left, right), (right, left)]
        }
        Expr::InList { expr, list, .. } => list.iter().map(|item| (expr.as_ref(), item)).collect(),
        Expr::Between { expr, low, high, .. } => vec![(expr, low), (expr, high)],
        Expr::Like { expr, pattern, .. } | Expr::ILike { expr, pattern, .. } => vec![(expr, pattern)],
        Expr::InSubquery { expr, subquery, .. } => match subquery.body.as_ref() {
            SetExpr::Values(values) => {
                values.rows.iter().flat_map(|row| row.iter()).map(|item| (expr.as_ref(), item)).collect()
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Which number means what, by one comparison.
fn told(column: &Expr, value: &Expr) -> Option<(i64, Meaning)> {
    let meaning = meaning(value)?;
    match (pieces(plain(column)).as_slice(), meaning) {
        ([only], meaning) => Some((*only, meaning)),
        // `partition_3 || '-' || partition_4 || '-' || partition_5`
        ([first, _, ..], Meaning::Day | YEAR) => Some((*first, YEAR)),
        _ => None,
    }
}

/// What is converted, without its conversions.
fn plain(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => plain(inner),
        other => other,
    }
}

/// Numbers of the columns that a text is put together from.
fn pieces(expr: &Expr) -> Vec<i64> {
    match expr {
        Expr::BinaryOp { left, op: BinaryOperator::StringConcat, right } => {
            [left, right].into_iter().flat_map(|side| pieces(plain(side))).collect()
        }
        Expr::Function(function) => {
            let name = function.name.to_string().to_lowercase();
            let of = arguments(function).unwrap_or_default();
            let counted = match name.as_str() {
                "concat" | "concat_ws" => of.len(),
                "date"
                | "date_parse"
                | "parse_datetime"
                | "from_iso8601_date"
                | "from_iso8601_timestamp"
                | "lower"
                | "trim"
                | "lpad"
                | "try" => 1,
                _ => 0,
            };
            of.iter().take(counted).flat_map(|part| pieces(plain(part))).collect()
        }
        other => number(other).into_iter().collect(),
    }
}

/// What a value is.
fn meaning(value: &Expr) -> Option<Meaning> {
    let value = plain(value);
    match value {
        Expr::Value(found) => match &found.value {
            Value::Number(digits, _) => of_number(digits),
            _ => of_text(literal(value)?),
        },
        Expr::TypedString(typed) => of_text(literal(&Expr::Value(typed.value.clone()))?),
        Expr::Extract { field, .. } => of_unit(&field.to_string()),
        Expr::Function(function) => of_call(&function.name.to_string().to_lowercase(), &arguments(function)?),
        // one day more or less is a day too
        Expr::BinaryOp { left, op: BinaryOperator::Plus | BinaryOperator::Minus, .. } => meaning(left),
        other => match column_name(other)?.as_str() {
            "awsregion" => Some(REGION),
            "recipientaccountid" | "accountid" => Some(ACCOUNT),
            _ => None,
        },
    }
}

fn of_number(digits: &str) -> Option<Meaning> {
    match digits.len() {
        4 if digits.starts_with("20") => Some(YEAR),
        12 => Some(ACCOUNT),
        _ => None,
    }
}

/// A text, or the beginning of one before `%`.
fn of_text(text: &str) -> Option<Meaning> {
    let beginning = text.trim_end_matches('%');
    let is_whole = beginning.len() == text.len();
    let digits = beginning.bytes().all(|byte| byte.is_ascii_digit());
    let year_first = beginning.starts_with("20") && beginning.bytes().take(4).all(|byte| byte.is_ascii_digit());
    match beginning.len() {
        4 if digits && year_first => Some(YEAR),
        5.. if year_first && matches!(beginning.as_bytes()[4], b'-' | b'/') => Some(Meaning::Day),
        8 if digits && year_first => Some(Meaning::Day),
        12 if digits => Some(ACCOUNT),
        9.. if digits && !is_whole => Some(ACCOUNT),
        _ => is_region(beginning, is_whole).then_some(REGION),
    }
}

/// `us-east-1`, `us-gov-west-1`, or the beginning of one.
fn is_region(text: &str, is_whole: bool) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [area, words @ .., last] = parts.as_slice() else { return false };
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_number = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    let ends = if is_whole { is_number && !words.is_empty() } else { is_number || last.is_empty() || is_word(last) };
    area.len() == 2 && is_word(area) && words.iter().all(is_word) && ends
}

fn of_unit(unit: &str) -> Option<Meaning> {
    match unit.trim_matches('\'').to_lowercase().as_str() {
        "year" => Some(YEAR),
        "month" => Some(MONTH),
        "day" | "day_of_month" => Some(DAY_OF_MONTH),
        "hour" => Some(HOUR),
        _ => None,
    }
}

fn of_call(name: &str, arguments: &[Expr]) -> Option<Meaning> {
    let text_at = |at: usize| arguments.get(at).and_then(literal);
    match name {
        "date_format" | "format_datetime" | "strftime" | "to_char" => match text_at(1)? {
            "%Y" | "yyyy" | "YYYY" => Some(YEAR),
            "%m" | "MM" => Some(MONTH),
            "%d" | "dd" => Some(DAY_OF_MONTH),
            "%H" | "HH" => Some(HOUR),
            format => format.contains(['d', 'D']).then_some(Meaning::Day),
        },
        "date_part" => of_unit(text_at(0)?),
        "current_date" | "date" | "from_iso8601_date" | "now" | "current_timestamp" => Some(Meaning::Day),
        "date_add" => meaning(arguments.get(2)?),
        "lpad" | "concat" | "try" | "coalesce" | "date_trunc" => {
            arguments.iter().filter(|part| number(part).is_none()).find_map(meaning)
        }
        unit => of_unit(unit),
    }
}

fn number(expr: &Expr) -> Option<i64> {
    column_name(expr)?.strip_prefix("partition_")?.parse::<u16>().ok().map(i64::from)
}

fn rename(statement: &mut Statement, names: &BTreeMap<i64, &'static str>) {
    let _ = visit_expressions_mut(statement, |expr| {
        if let Some(name) = number(expr).and_then(|number| names.get(&number)) {
            match expr {
                Expr::Identifier(old) => *old = Ident { value: (*name).to_owned(), ..old.clone() },
                Expr::CompoundIdentifier(parts) => {
                    if let Some(last) = parts.last_mut() {
                        last.value = (*name).to_owned();
                    }
                }
                _ => {}
            }
        }
        ControlFlow::<()>::Continue(())
    });
}

fn names_one(expr: &Expr) -> ControlFlow<()> {
    if number(expr).is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Columns of the answer are called as they were written.
fn keep_headers(statement: &mut Statement) {
    struct Keep;
    impl VisitorMut for Keep {
        type Break = ();
        fn pre_visit_select(&mut self, select: &mut datafusion::sql::sqlparser::ast::Select) -> ControlFlow<()> {
            for item in &mut select.projection {
                if let SelectItem::UnnamedExpr(expr) = item
                    && visit_expressions(expr, names_one).is_break()
                {
                    let name = column_name(expr).unwrap_or_else(|| expr.to_string());
                    *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::with_quote('"', name) };
                }
            }
            ControlFlow::Continue(())
        }
    }
    let _ = statement.visit(&mut Keep);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_tell_what_they_are() {
        for (text, expected) in [
            ("2026", Some(YEAR)),
            ("2026%", Some(YEAR)),
            ("2026-03-01", Some(Meaning::Day)),
            ("2026/03%", Some(Meaning::Day)),
            ("20260301", Some(Meaning::Day)),
            ("012345678901", Some(ACCOUNT)),
            ("us-east-1", Some(REGION)),
            ("us-gov-west-1", Some(REGION)),
            ("eu-%", Some(REGION)),
            ("eu-cent%", Some(REGION)),
            ("03", None),
            ("20%", None),
            ("", None),
            ("%", None),
            ("us-east", None),
            ("some-text-1", None),
        ] {
            assert_eq!(of_text(text), expected, "{text}");
        }
    }
}
