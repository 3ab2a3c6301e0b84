//! Constants of a plan that no row makes right: paths, patterns, units and spans of time, networks, parts of ARNs. They are known to be wrong before
//! anything is read or written, and where they stand.

use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};
use regex::Regex;

use crate::error::QueryError;
use crate::wording::reworded;
use crate::{dialect, functions};

const UNITS: [&str; 10] =
    ["microsecond", "millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year"];

/// # Errors
/// [`QueryError::Wrong`] for the first constant that is wrong.
pub(crate) fn check(plan: &LogicalPlan, sql: &str) -> Result<(), QueryError> {
    let mut found = None;
    let walked = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                found = problem(part);
                Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })
    });
    match (walked, found) {
        (Ok(_), Some((constant, message, hint))) => {
            // a unit may be a word
            let position = dialect::place_of_text(sql, &constant).or_else(|| dialect::places::place_of(sql, &constant));
            Err(QueryError::Wrong { message, position, hint: Some(hint) })
        }
        _ => Ok(()),
    }
}

/// The constant, what is wrong with it, and what to try.
fn problem(expr: &Expr) -> Option<(String, String, String)> {
    let Expr::ScalarFunction(call) = expr else { return None };
    let text = |at: usize| match call.args.get(at) {
        Some(Expr::Literal(value, _)) => value.try_as_str().flatten(),
        _ => None,
    };
    let (constant, (message, hint)) = match call.name() {
        "json_extract" | "json_extract_scalar" | "json_size" => (text(1)?, of_path(text(1)?, functions::is_json_path)?),
        "json_value" | "json_query" | "json_exists" => (text(1)?, of_path(text(1)?, functions::is_path)?),
        "regexp_like"
        | "regexp_replace"
        | "regexp_extract"
        | "regexp_extract_or_empty"
        | "regexp_extract_all"
        | "regexp_split"
        | "regexp_position"
        | "regexp_count" => (text(1)?, of_pattern(text(1)?)?),
        "date_diff" | "date_diff_boundaries" | "date_add" | "date_trunc" | "start_of" => (text(0)?, of_unit(text(0)?)?),
        "network" => (text(0)?, of_network(text(0)?, functions::is_network)?),
        "cidr_contains" => (text(0)?, of_network(text(0)?, functions::are_networks)?),
        "ip_in_cidr" => (text(1)?, of_network(text(1)?, functions::are_networks)?),
        "ago" => (text(0)?, of_span(text(0)?)?),
        "arn_part" => (text(1)?, of_arn_part(text(1)?)?),
        _ => return None,
    };
    Some((constant.to_owned(), message, hint))
}

fn of_path(path: &str, is_right: fn(&str) -> bool) -> Option<(String, String)> {
    let message = format!("`{path}` is no JSONPath of members and subscripts");
    (!is_right(path)).then(|| (message, "write it as '$.a[0].b'; filters and functions are not there".to_owned()))
}

fn of_network(written: &str, is_right: fn(&str) -> bool) -> Option<(String, String)> {
    let message = format!("`{written}` is no network");
    (!is_right(written)).then(|| (message, "write it as 10.0.0.0/8".to_owned()))
}

fn of_span(written: &str) -> Option<(String, String)> {
    let message = format!("`{written}` is no span of time");
    (!functions::is_span(written)).then(|| (message, "write it as 90m, 7d or 1d12h".to_owned()))
}

fn of_arn_part(part: &str) -> Option<(String, String)> {
    let message = format!("`{part}` is no part of an ARN");
    let parts = functions::ARN_PARTS;
    (!parts.contains(&part)).then(|| (message, format!("there are: {}", parts.join(", "))))
}

fn of_pattern(pattern: &str) -> Option<(String, String)> {
    let error = Regex::new(pattern).err()?.to_string();
    reworded(&error)
}

fn of_unit(unit: &str) -> Option<(String, String)> {
    let unit = unit.to_lowercase();
    let is_known = UNITS.contains(&unit.trim_end_matches('s'));
    let message = format!("`{unit}` is no unit of time");
    (!is_known)
        .then(|| (message, "there are: millisecond, second, minute, hour, day, week, month, quarter, year".to_owned()))
}
