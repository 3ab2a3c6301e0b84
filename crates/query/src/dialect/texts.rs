//! `format('%s of %d', a, b)`, which is a chain of `||` with what fills each place.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr};

use super::build::{binary, call, literal, number, text};
use super::functions::to_text;
use crate::functions::Place;

/// The text of a format that is known now; `None` for formats that are not and for places of
/// Java's that are rarer than texts and numbers.
pub(super) fn format(format: &Expr, values: Vec<Expr>) -> Option<Expr> {
    let mut values = values.into_iter();
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = literal(format)?;
    while let Some((before, place)) = rest.split_once('%') {
        plain.push_str(before);
        if let Some(behind) = place.strip_prefix('%') {
            plain.push('%');
            rest = behind;
            continue;
        }
        let (value, behind) = filled(place, &mut values)?;
        if !plain.is_empty() {
            pieces.push(text(std::mem::take(&mut plain)));
        }
        pieces.push(value);
        rest = behind;
    }
    plain.push_str(rest);
    if !plain.is_empty() || pieces.is_empty() {
        pieces.push(text(plain));
    }
    values.next().is_none().then_some(())?;
    pieces.into_iter().reduce(|left, right| binary(left, BinaryOperator::StringConcat, right))
}

/// The text at a place, and what is behind the place.
fn filled<'a>(place: &'a str, values: &mut impl Iterator<Item = Expr>) -> Option<(Expr, &'a str)> {
    // null is written as a word there
    let written = |value: Expr| call("coalesce", vec![to_text(value), text("null")]);
    if let Some(behind) = place.strip_prefix(['s', 'd']) {
        return Some((written(values.next()?), behind));
    }
    let (_, behind) = Place::parse(place)?;
    let value = values.next()?;
    let written_as = &place[..place.len() - behind.len()];
    if let Some(decimals) = written_as.strip_prefix('.').and_then(|rest| rest.strip_suffix('f')) {
        return Some((written(call("fixed_text", vec![value, number(decimals)])), behind));
    }
    Some((call("format_place", vec![text(format!("%{written_as}")), value]), behind))
}
