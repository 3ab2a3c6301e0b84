//! `SUMMARIZE events`, as in DuckDB: a row of each column, with its least and its greatest value, about how many there are,
//! and, of numbers, how they are spread.
//!
//! `count` is that of all rows. One aggregate over the query's plan has it all; its row is made a list of structs, and the
//! list is unnested.

use arrow::datatypes::DataType;
use datafusion::common::{Column, ScalarValue};
use datafusion::error::Result;
use datafusion::functions::core::expr_fn::{get_field, named_struct};
use datafusion::functions_aggregate::expr_fn::{approx_distinct, approx_percentile_cont, avg, count, max, min, stddev};
use datafusion::functions_nested::expr_fn::make_array;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, col, lit, when};

use crate::functions::type_name;

const WORD: &str = "summarize";
/// What the list of all columns is called until it is unnested.
const ALL: &str = "columns";
/// What the number of rows is called.
const ROWS: &str = "rows";
/// What is found of each column, beside its name and type.
const FOUND: [&str; 9] = ["min", "max", "approx_unique", "avg", "std", "q25", "q50", "q75", "count"];
const SHARES: [(&str, f64); 3] = [("q25", 0.25), ("q50", 0.5), ("q75", 0.75)];

/// The query that is to be summarized, with every place as it was; `None` if the statement is another one.
pub(crate) fn query_of(sql: &str) -> Option<String> {
    let start = sql.len() - sql.trim_start().len();
    let word = sql.get(start..start + WORD.len()).filter(|word| word.eq_ignore_ascii_case(WORD))?;
    let rest = &sql[start + word.len()..];
    let next = rest.trim_start();
    if next.len() == rest.len() && !next.starts_with('(') {
        return None;
    }
    let is_query = ["select", "with", "from", "values", "table"]
        .iter()
        .any(|first| next.get(..first.len()).is_some_and(|start| start.eq_ignore_ascii_case(first)))
        || next.starts_with('(');
    let instead = if is_query { "" } else { "FROM" };
    Some(format!("{}{instead:width$}{rest}", &sql[..start], width = WORD.len()))
}

/// The plan of a query's summary.
///
/// # Errors
/// None of a user's making.
pub(crate) fn of(plan: LogicalPlan) -> Result<LogicalPlan> {
    let columns: Vec<(Column, DataType)> = plan
        .schema()
        .iter()
        .map(|(table, field)| (Column::new(table.cloned(), field.name()), field.data_type().clone()))
        .collect();
    let aggregates = columns.iter().enumerate().flat_map(|(at, (column, kind))| aggregates(at, column, kind));
    let aggregates: Vec<Expr> = std::iter::once(count(lit(1_i64)).alias(ROWS)).chain(aggregates).collect();
    let rows = columns.iter().enumerate().map(|(at, (column, kind))| row(at, column, kind));
    let rows = rows.collect::<Result<Vec<_>>>()?;
    let names = ["column_name", "column_type"].into_iter().chain(FOUND).chain(["null_percentage"]);
    LogicalPlanBuilder::from(plan)
        .aggregate(Vec::<Expr>::new(), aggregates)?
        .project([make_array(rows).alias(ALL)])?
        .unnest_column(ALL)?
        .project(names.map(|name| get_field(col(ALL), name).alias(name)))?
        .build()
}

fn name(at: usize, what: &str) -> String {
    format!("{at} {what}")
}

/// What is counted of one column.
fn aggregates(at: usize, column: &Column, kind: &DataType) -> Vec<Expr> {
    let (plain, value) = match kind {
        DataType::Dictionary(_, of) => (of.as_ref(), cast(Expr::Column(column.clone()), of.as_ref().clone())),
        kind => (kind, Expr::Column(column.clone())),
    };
    let mut found = vec![
        count(value.clone()).alias(name(at, "count")),
        approx_distinct(value.clone()).alias(name(at, "approx_unique")),
    ];
    if !plain.is_nested() {
        found.push(min(value.clone()).alias(name(at, "min")));
        found.push(max(value.clone()).alias(name(at, "max")));
    }
    if plain.is_numeric() {
        let number = cast(value, DataType::Float64);
        found.push(avg(number.clone()).alias(name(at, "avg")));
        found.push(stddev(number.clone()).alias(name(at, "std")));
        found.extend(SHARES.map(|(what, share)| {
            approx_percentile_cont(number.clone().sort(true, false), lit(share), None).alias(name(at, what))
        }));
    }
    found
}

/// The row of one column.
fn row(at: usize, column: &Column, kind: &DataType) -> Result<Expr> {
    let value = |what: &str| Expr::Column(Column::from_name(name(at, what)));
    let rows = || cast(Expr::Column(Column::from_name(ROWS)), DataType::Float64);
    let plain = match kind {
        DataType::Dictionary(_, of) => of.as_ref(),
        kind => kind,
    };
    let mut parts = vec![lit("column_name"), lit(column.name.as_str()), lit("column_type"), lit(type_name(plain))];
    for what in FOUND {
        let (is_there, wanted) = match what {
            "min" | "max" => (!plain.is_nested(), DataType::Utf8),
            "count" | "approx_unique" => (true, DataType::Int64),
            _ => (plain.is_numeric(), DataType::Float64),
        };
        let found = if is_there && what == "count" {
            Expr::Column(Column::from_name(ROWS))
        } else if is_there {
            value(what)
        } else {
            lit(ScalarValue::Null)
        };
        parts.extend([lit(what), cast(found, wanted)]);
    }
    let nulls = (rows() - cast(value("count"), DataType::Float64)) * lit(100.0) / rows();
    // of no rows, no share is null
    let nulls = when(rows().gt(lit(0.0)), nulls).end()?;
    parts.extend([lit("null_percentage"), nulls]);
    Ok(named_struct(parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_stay_where_they_were() {
        assert_eq!(query_of(" SUMMARIZE events").as_deref(), Some(" FROM      events"));
        assert_eq!(query_of("summarize\nSELECT 1").as_deref(), Some("         \nSELECT 1"));
        assert_eq!(query_of("summarize (SELECT 1)").as_deref(), Some("          (SELECT 1)"));
        for other in ["SELECT 1", "summarized t", "", "summarize"] {
            assert_eq!(query_of(other), None, "{other}");
        }
    }
}
