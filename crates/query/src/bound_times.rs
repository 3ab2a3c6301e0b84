//! Conditions on a day, an hour or the beginning of a time's text become conditions on the time itself.
//!
//! `date_trunc('day', event_time) = …`, `to_char(event_time, '%Y-%m-%d') = '…'`, `eventtime LIKE '2026-03-04%'` and
//! `substr(eventtime, 1, 10) = '…'` hold between two instants. Said that way, files and row groups are left out by them. What
//! takes no part in leaving out, such as columns of the answer, stays as it is. Differences are in `bound_differences`.

use arrow::datatypes::{DataType, TimeUnit};
use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, NaiveDateTime, TimeDelta, Timelike as _};
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{Like, ScalarFunction};
use datafusion::logical_expr::utils::{conjunction, disjunction};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable as _, LogicalPlan, Operator, lit};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

use crate::bound_differences;
use crate::functions::{ISO_TIME, TEXTS_OF_CASTS, instants_with_prefix};

/// Length of a time's text up to its seconds; fractions and the zone come behind.
const UP_TO_SECONDS: usize = 19;

/// Longest list of days or hours that becomes one condition each.
const MAX_LISTED: usize = 32;

/// Replaces conditions on what is cut from times.
#[derive(Debug)]
pub(crate) struct BoundTimes;

impl OptimizerRule for BoundTimes {
    fn name(&self) -> &'static str {
        "bound_times"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let schema = match &plan {
            LogicalPlan::Filter(filter) => filter.input.schema().as_ref().clone(),
            LogicalPlan::TableScan(scan) => {
                DFSchema::try_from_qualified_schema(scan.table_name.clone(), &scan.source.schema())?
            }
            _ => return Ok(Transformed::no(plan)),
        };
        plan.map_expressions(|expr| {
            expr.transform_down(|part| match bounded(&part, &schema) {
                Some(replacement) => Ok(Transformed::yes(replacement)),
                None => Ok(Transformed::no(part)),
            })
        })
    }
}

/// The same condition on the instant behind it.
fn bounded(expr: &Expr, schema: &DFSchema) -> Option<Expr> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match (left.as_ref(), right.as_ref()) {
            (cut, Expr::Literal(value, _)) => compared(cut, *op, value, schema),
            (Expr::Literal(value, _), cut) => compared(cut, op.swap()?, value, schema),
            _ => None,
        },
        Expr::InList(list) if list.list.len() <= MAX_LISTED => {
            let op = if list.negated { Operator::NotEq } else { Operator::Eq };
            let each = list.list.iter().map(|item| match item {
                Expr::Literal(value, _) => compared(&list.expr, op, value, schema),
                _ => None,
            });
            let each: Vec<Expr> = each.collect::<Option<_>>()?;
            if list.negated { conjunction(each) } else { disjunction(each) }
        }
        Expr::Like(Like { negated: false, expr, pattern, escape_char: None, case_insensitive: false }) => {
            let prefix = text(pattern)?.strip_suffix('%').filter(|prefix| !prefix.contains(['%', '_', '\\']))?;
            let (instant, bounds) = written_instant(expr, prefix, schema)?;
            between(instant, Operator::Eq, bounds)
        }
        _ => None,
    }
}

fn compared(cut: &Expr, op: Operator, value: &ScalarValue, schema: &DFSchema) -> Option<Expr> {
    let Expr::ScalarFunction(ScalarFunction { func, args }) = cut else { return None };
    match (func.name(), args.as_slice()) {
        ("date_trunc", [unit, time]) if is_instant(plain(time), schema) => {
            let ScalarValue::TimestampMicrosecond(Some(micros), _) = value else { return None };
            let unit = Unit::named(text(unit)?)?;
            let (first, behind) = unit.around(DateTime::from_timestamp_micros(*micros)?.naive_utc())?;
            // between two beginnings, equality never holds, and the other comparisons are left to DataFusion
            (first == *micros).then(|| between(plain(time).clone(), op, (first, behind)))?
        }
        ("to_char", [time, format]) if is_instant(plain(time), schema) => {
            let bounds = bounds_of_text(text(format)?, value.try_as_str()??)?;
            between(plain(time).clone(), op, bounds)
        }
        ("substr" | "substring", [whole, start, length]) if number(start)? == 1 => {
            prefix_compared(whole, number(length)?, op, value, schema)
        }
        (name, [unit, from, to]) => {
            let ScalarValue::Int64(Some(number)) = value else { return None };
            bound_differences::compared(name, [unit, plain(from), plain(to)], op, *number, |time| {
                is_instant(time, schema)
            })
        }
        ("left", [whole, length]) => prefix_compared(whole, number(length)?, op, value, schema),
        _ => None,
    }
}

fn prefix_compared(whole: &Expr, length: i64, op: Operator, value: &ScalarValue, schema: &DFSchema) -> Option<Expr> {
    let prefix = value.try_as_str()??;
    // a shorter text is never equal to what was cut
    let is_whole = usize::try_from(length).ok() == Some(prefix.len());
    let (instant, bounds) = is_whole.then(|| written_instant(whole, prefix, schema))??;
    between(instant, op, bounds)
}

/// The instant whose text is asked for, and the first with this beginning and the first behind, if as much of the text is the
/// same however it is written.
fn written_instant(expr: &Expr, prefix: &str, schema: &DFSchema) -> Option<(Expr, (i64, i64))> {
    let (instant, bounds) = match expr {
        Expr::ScalarFunction(ScalarFunction { func, args }) if func.name() == ISO_TIME => {
            (args.first()?, instants_with_prefix(prefix)?)
        }
        // a cast of Trino's or DuckDB's, with a blank between day and time
        Expr::ScalarFunction(ScalarFunction { func, args }) if func.name() == "to_char" => {
            let [time, format] = args.as_slice() else { return None };
            if !TEXTS_OF_CASTS.contains(&text(format)?) || prefix.contains('T') {
                return None;
            }
            (plain(time), instants_with_prefix(&prefix.replacen(' ', "T", 1))?)
        }
        Expr::Cast(cast) if cast.field.data_type().is_string() => (cast.expr.as_ref(), instants_with_prefix(prefix)?),
        _ => return None,
    };
    (prefix.len() <= UP_TO_SECONDS && is_instant(instant, schema)).then(|| (instant.clone(), bounds))
}

/// The comparison with what was cut, as one with the first instant that it holds of and the first behind.
fn between(time: Expr, op: Operator, (first, behind): (i64, i64)) -> Option<Expr> {
    let instant = |micros: i64| lit(ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into())));
    let (first, behind) = (instant(first), instant(behind));
    Some(match op {
        Operator::Eq => time.clone().gt_eq(first).and(time.lt(behind)),
        Operator::NotEq => time.clone().lt(first).or(time.gt_eq(behind)),
        Operator::Lt => time.lt(first),
        Operator::LtEq => time.lt(behind),
        Operator::Gt => time.gt_eq(behind),
        Operator::GtEq => time.gt_eq(first),
        _ => return None,
    })
}

/// The instant itself: some functions want it in nanoseconds.
fn plain(time: &Expr) -> &Expr {
    match time {
        Expr::Cast(cast) if matches!(cast.field.data_type(), DataType::Timestamp(_, Some(zone)) if zone.as_ref() == "UTC") => {
            &cast.expr
        }
        other => other,
    }
}

fn is_instant(expr: &Expr, schema: &DFSchema) -> bool {
    // of other zones, days are others
    matches!(expr.get_type(schema), Ok(DataType::Timestamp(TimeUnit::Microsecond, Some(zone))) if zone.as_ref() == "UTC")
}

fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(value, _) => value.try_as_str()?,
        _ => None,
    }
}

fn number(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Literal(ScalarValue::Int64(number), _) => *number,
        _ => None,
    }
}

/// What times are cut to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Unit {
    fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "hour" => Self::Hour,
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "year" => Self::Year,
            _ => return None,
        })
    }

    /// The unit that an instant lies in: its beginning and its end.
    fn around(self, time: NaiveDateTime) -> Option<(i64, i64)> {
        let day = time.date();
        let midnight = |day: NaiveDate| day.and_hms_opt(0, 0, 0);
        let (first, behind) = match self {
            Self::Hour => {
                let hour = day.and_hms_opt(time.hour(), 0, 0)?;
                (hour, hour.checked_add_signed(TimeDelta::hours(1))?)
            }
            Self::Day => (midnight(day)?, midnight(day.succ_opt()?)?),
            Self::Week => {
                let monday = day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into()))?;
                (midnight(monday)?, midnight(monday.checked_add_days(Days::new(7))?)?)
            }
            Self::Month => {
                let first = day.with_day(1)?;
                (midnight(first)?, midnight(first.checked_add_months(Months::new(1))?)?)
            }
            Self::Year => (
                midnight(NaiveDate::from_ymd_opt(day.year(), 1, 1)?)?,
                midnight(NaiveDate::from_ymd_opt(day.year() + 1, 1, 1)?)?,
            ),
        };
        Some((first.and_utc().timestamp_micros(), behind.and_utc().timestamp_micros()))
    }
}

/// The instants that are written as `text` in a format of year, month, day and hour, in this order.
fn bounds_of_text(format: &str, text: &str) -> Option<(i64, i64)> {
    const CODES: [(char, usize, Unit); 4] =
        [('Y', 4, Unit::Year), ('m', 2, Unit::Month), ('d', 2, Unit::Day), ('H', 2, Unit::Hour)];
    let (mut rest, mut values, mut codes) = (text, [1970, 1, 1, 0], format.chars());
    let mut known = 0;
    while let Some(code) = codes.next() {
        if code != '%' {
            rest = rest.strip_prefix(code)?;
            continue;
        }
        let (letter, width, _) = CODES.get(known)?;
        let digits = rest.get(..*width).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
        (codes.next()? == *letter).then_some(())?;
        values[known] = digits.parse().ok()?;
        rest = &rest[*width..];
        known += 1;
    }
    let (_, _, unit) = CODES.get(known.checked_sub(1)?)?;
    let [year, month, day, hour] = values;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    rest.is_empty().then(|| unit.around(date.and_hms_opt(hour, 0, 0)?))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(format: &str, text: &str) -> Option<(String, String)> {
        let (first, behind) = bounds_of_text(format, text)?;
        let written = |micros| DateTime::from_timestamp_micros(micros).unwrap().format("%FT%T").to_string();
        Some((written(first), written(behind)))
    }

    #[test]
    fn texts_of_days_and_hours_are_spans_of_time() {
        let span = |first: &str, behind: &str| Some((first.to_owned(), behind.to_owned()));
        assert_eq!(bounds("%Y-%m-%d", "2026-03-31"), span("2026-03-31T00:00:00", "2026-04-01T00:00:00"));
        assert_eq!(bounds("%Y/%m/%d/%H", "2026/12/31/23"), span("2026-12-31T23:00:00", "2027-01-01T00:00:00"));
        assert_eq!(bounds("%Y%m", "202602"), span("2026-02-01T00:00:00", "2026-03-01T00:00:00"));
        assert_eq!(bounds("%Y", "2026"), span("2026-01-01T00:00:00", "2027-01-01T00:00:00"));
        for (format, text) in [
            ("%Y-%m-%d", "2026-3-31"),
            ("%Y-%m-%d", "2026-02-30"),
            ("%Y-%m-%d", "2026-03-31x"),
            ("%d-%m-%Y", "31-03-2026"),
            ("%Y-%d", "2026-31"),
            ("%Y-%m-%d %H:%M", "2026-03-31 10:00"),
            ("x", "x"),
            ("%", ""),
            ("%Y", "éé"),
        ] {
            assert_eq!(bounds(format, text), None, "{format} {text}");
        }
    }

    #[test]
    fn weeks_begin_on_mondays() {
        let sunday = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap().and_hms_opt(12, 0, 0).unwrap();
        let (first, behind) = Unit::Week.around(sunday).unwrap();
        let day = |micros| DateTime::from_timestamp_micros(micros).unwrap().date_naive().to_string();
        assert_eq!((day(first), day(behind)), ("2026-02-23".to_owned(), "2026-03-02".to_owned()));
    }
}
