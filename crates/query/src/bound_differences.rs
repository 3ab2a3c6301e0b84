//! Conditions on how far a time lies from a constant, `date_diff('hour', event_time, now()) <= 1`, as conditions on the time.
//!
//! Whole units between two times only grow with one of them, so each comparison holds up to an instant or from one on.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, Operator, lit};

use crate::functions::unit_micros;

/// Where weeks begin, a Monday, before 1970 began on a Thursday; in microseconds.
const MONDAY: i64 = 3 * 24 * 3_600_000_000;
const WEEK: i64 = 7 * 24 * 3_600_000_000;

/// How units between two times are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Count {
    /// Those that are over, cut towards zero.
    Whole,
    /// Their beginnings.
    Boundaries,
}

/// A difference of a time and a constant.
#[derive(Debug, Clone, Copy)]
struct Difference {
    count: Count,
    /// Length of a unit in microseconds.
    unit: i64,
    constant: i64,
    /// Whether it is counted from the time to the constant.
    is_from_time: bool,
}

/// Instants up to one, or from one on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Before(i64),
    From(i64),
}

impl Bound {
    fn complement(self) -> Self {
        match self {
            Self::Before(instant) => Self::From(instant),
            Self::From(instant) => Self::Before(instant),
        }
    }

    fn holds(self, time: Expr) -> Expr {
        let instant = |micros| lit(ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into())));
        match self {
            Self::Before(micros) => time.lt(instant(micros)),
            Self::From(micros) => time.gt_eq(instant(micros)),
        }
    }
}

impl Difference {
    /// The times whose difference is at most `most`; `None` if they end beyond what an instant can be.
    fn at_most(self, most: i64) -> Option<Bound> {
        let Self { count, unit, constant, is_from_time } = self;
        if count == Count::Boundaries {
            let shift = if unit == WEEK { MONDAY } else { 0 };
            let at = constant.checked_add(shift)?.div_euclid(unit);
            let begins = |number: i64| number.checked_mul(unit)?.checked_sub(shift);
            return Some(match is_from_time {
                true => Bound::From(begins(at.checked_sub(most)?)?),
                false => Bound::Before(begins(at.checked_add(most)?.checked_add(1)?)?),
            });
        }
        // the longest span in which so many units are over; what has not begun lies on both sides of zero
        let longest = if most >= 0 { most.checked_add(1)?.checked_mul(unit)? - 1 } else { most.checked_mul(unit)? };
        Some(match is_from_time {
            true => Bound::From(constant.checked_sub(longest)?),
            false => Bound::Before(constant.checked_add(longest)?.checked_add(1)?),
        })
    }

    /// The bounds between which a comparison holds.
    fn compared(self, op: Operator, number: i64) -> Option<Vec<Bound>> {
        let less = || self.at_most(number.checked_sub(1)?);
        Some(match op {
            Operator::LtEq => vec![self.at_most(number)?],
            Operator::Lt => vec![less()?],
            Operator::Gt => vec![self.at_most(number)?.complement()],
            Operator::GtEq => vec![less()?.complement()],
            Operator::Eq => vec![self.at_most(number)?, less()?.complement()],
            _ => return None,
        })
    }
}

/// The comparison of a difference with a number, said of the time in it. `is_instant` tells what is a time of the lake's kind.
pub(crate) fn compared(
    function: &str,
    [unit, from, to]: [&Expr; 3],
    op: Operator,
    number: i64,
    is_instant: impl Fn(&Expr) -> bool,
) -> Option<Expr> {
    let count = match function {
        "date_diff" => Count::Whole,
        "date_diff_boundaries" => Count::Boundaries,
        _ => return None,
    };
    let Expr::Literal(unit, _) = unit else { return None };
    let unit = unit_micros(unit.try_as_str()??)?;
    let (time, constant, is_from_time) = match (instant(from), instant(to)) {
        (None, Some(constant)) => (from, constant, true),
        (Some(constant), None) => (to, constant, false),
        _ => return None,
    };
    if !is_instant(time) {
        return None;
    }
    let bounds = Difference { count, unit, constant, is_from_time }.compared(op, number)?;
    bounds.into_iter().map(|bound| bound.holds(time.clone())).reduce(Expr::and)
}

/// A constant that is an instant, in microseconds.
fn instant(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Literal(ScalarValue::TimestampMicrosecond(micros, Some(zone)), _) if zone.as_ref() == "UTC" => *micros,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPERATORS: [Operator; 5] = [Operator::Lt, Operator::LtEq, Operator::Gt, Operator::GtEq, Operator::Eq];

    fn counted(difference: Difference, time: i64) -> i64 {
        let Difference { count, unit, constant, is_from_time } = difference;
        let (from, to) = if is_from_time { (time, constant) } else { (constant, time) };
        let shift = if unit == WEEK { MONDAY } else { 0 };
        match count {
            Count::Whole => (to - from) / unit,
            Count::Boundaries => (to + shift).div_euclid(unit) - (from + shift).div_euclid(unit),
        }
    }

    fn holds(one: i64, op: Operator, other: i64) -> bool {
        match op {
            Operator::Lt => one < other,
            Operator::LtEq => one <= other,
            Operator::Gt => one > other,
            Operator::GtEq => one >= other,
            _ => one == other,
        }
    }

    fn check(difference: Difference, number: i64) {
        for op in OPERATORS {
            let bounds = difference.compared(op, number).unwrap();
            for time in -120..120 {
                let is_within = bounds.iter().all(|bound| match bound {
                    Bound::Before(end) => time < *end,
                    Bound::From(start) => time >= *start,
                });
                assert_eq!(
                    is_within,
                    holds(counted(difference, time), op, number),
                    "{difference:?} {op} {number} {time}"
                );
            }
        }
    }

    #[test]
    fn bounds_hold_when_the_comparison_does() {
        for count in [Count::Whole, Count::Boundaries] {
            for (unit, constant) in [(1, 3), (7, 0), (7, -10), (24, 5), (24, 48), (60, -1)] {
                for is_from_time in [true, false] {
                    (-4..5).for_each(|number| check(Difference { count, unit, constant, is_from_time }, number));
                }
            }
        }
    }

    #[test]
    fn weeks_begin_on_mondays_and_what_is_too_far_is_left_alone() {
        // Tuesday, 1970-01-06
        let tuesday = 5 * 24 * 3_600_000_000;
        let difference = Difference { count: Count::Boundaries, unit: WEEK, constant: tuesday, is_from_time: true };
        assert_eq!(difference.at_most(0), Some(Bound::From(WEEK - MONDAY)));
        assert_eq!(difference.at_most(i64::MAX), None);
        assert_eq!(difference.at_most(i64::MIN), None);
    }
}
