//! Conditions on how far a time lies from a constant, `date_diff('hour', event_time, now()) <= 1`, as conditions on the time.
//!
//! Whole units between two times only grow with one of them, so each comparison holds up to an instant or from one on.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, Operator, lit};

use crate::functions::unit_micros;

/// In microseconds.
const DAY: i64 = 24 * 3_600_000_000;
const WEEK: i64 = 7 * DAY;

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
        // the longest span in which so many units are over; what has not begun lies on both sides of zero
        let longest = |unit: i64| match most {
            0.. => most.checked_add(1)?.checked_mul(unit)?.checked_sub(1),
            _ => most.checked_mul(unit),
        };
        if count == Count::Boundaries {
            // of weeks, midnights are counted
            let (unit, most) = if unit == WEEK { (DAY, longest(7)?) } else { (unit, most) };
            let at = constant.div_euclid(unit);
            return Some(match is_from_time {
                true => Bound::From(at.checked_sub(most)?.checked_mul(unit)?),
                false => Bound::Before(at.checked_add(most)?.checked_add(1)?.checked_mul(unit)?),
            });
        }
        let longest = longest(unit)?;
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
        match count {
            Count::Whole => (to - from) / unit,
            Count::Boundaries if unit == WEEK => (to.div_euclid(DAY) - from.div_euclid(DAY)) / 7,
            Count::Boundaries => to.div_euclid(unit) - from.div_euclid(unit),
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

    fn check(difference: Difference, number: i64, times: impl Iterator<Item = i64> + Clone) {
        for op in OPERATORS {
            let bounds = difference.compared(op, number).unwrap();
            for time in times.clone() {
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
                    (-4..5).for_each(|number| {
                        check(Difference { count, unit, constant, is_from_time }, number, -120..120);
                    });
                }
            }
        }
    }

    #[test]
    fn weeks_are_seven_midnights_and_what_is_too_far_is_left_alone() {
        // steps of some hours, one microsecond off now and then
        let times = (-200..200_i64).map(|step| step * DAY / 5 + step % 2);
        for is_from_time in [true, false] {
            for constant in [0, 5 * DAY + 7, -DAY / 2] {
                let difference = Difference { count: Count::Boundaries, unit: WEEK, constant, is_from_time };
                (-3..4).for_each(|number| check(difference, number, times.clone()));
                assert_eq!(difference.at_most(i64::MAX), None);
                assert_eq!(difference.at_most(i64::MIN), None);
            }
        }
    }
}
