//! What a line over time does where it has no points. An hour without events has no row, and is not on the way from the hour
//! before to the hour after.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime};
use milepost_schema::time;

use crate::chart::Gaps;

/// Points of a line, by time in microseconds.
pub(super) type Line = BTreeMap<i64, f64>;

/// Points that are joined.
pub(super) type Stroke = Vec<(i64, f64)>;

/// Least time between two points that is taken for a rhythm: instants of single events have none.
const LEAST_STEP: i64 = 60_000_000;
/// Fewest points that make a rhythm: of two, nobody can say what is missing between them.
const LEAST_POINTS: usize = 3;

/// Instants of a day, and of an hour.
const DAY: i64 = time::MICROS_PER_DAY;
const HOUR: i64 = DAY / 24;
/// What clocks are put forward and back by is a multiple of this, and no more than an hour.
const CLOCK_STEP: i64 = HOUR / 2;
/// Furthest that a day of some place on Earth begins before or after that of UTC.
const MOST_OFFSET: i64 = 14 * HOUR;

/// What times are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Instants.
    Micros,
    /// Days, of which one began at this instant. Those of a place have an hour less or more where its clocks are changed.
    Days(i64),
    /// Months, which begin so much after those of UTC; they have no length of their own.
    Months(i64),
}

impl Unit {
    /// The number of the day or month that begins at about that time.
    fn number(self, time: i64) -> Option<i64> {
        match self {
            Self::Micros => Some(time),
            Self::Days(start) => Some((time.checked_sub(start)?.checked_add(DAY / 2)?).div_euclid(DAY)),
            Self::Months(_) => month(time),
        }
    }

    /// When it begins, but for changes of the clocks.
    fn time(self, number: i64) -> Option<i64> {
        match self {
            Self::Micros => Some(number),
            Self::Days(start) => number.checked_mul(DAY)?.checked_add(start),
            Self::Months(offset) => start_of_month(number)?.checked_add(offset),
        }
    }

    /// The numbers of all times, if each is where it should be but for a change of the clocks.
    fn numbers(self, times: &BTreeSet<i64>) -> Option<Vec<i64>> {
        let number = |time: &i64| {
            let number = self.number(*time)?;
            let difference = time.checked_sub(self.time(number)?)?;
            (difference.abs() <= HOUR && difference % CLOCK_STEP == 0).then_some(number)
        };
        times.iter().map(number).collect()
    }
}

/// The rhythm of a chart's points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    unit: Unit,
    count: i64,
}

impl Step {
    /// The rhythm of these times; nothing if they have none, so that nothing can be said to be missing.
    pub(super) fn of(times: &BTreeSet<i64>) -> Option<Self> {
        if times.len() < LEAST_POINTS {
            return None;
        }
        let first = *times.first()?;
        let offset = first.checked_sub(start_of_month(month(first)?)?)?;
        let months = Some(Unit::Months(offset)).filter(|_| offset.abs() <= MOST_OFFSET);
        if let Some((unit, numbers)) = months.and_then(|unit| Some((unit, unit.numbers(times)?))) {
            return regular(&numbers).map(|count| Self { unit, count });
        }
        let instants: Vec<i64> = times.iter().copied().collect();
        if let Some(count) = regular(&instants) {
            return (count >= LEAST_STEP).then_some(Self { unit: Unit::Micros, count });
        }
        let unit = Unit::Days(first);
        regular(&unit.numbers(times)?).map(|count| Self { unit, count })
    }
}

/// The least difference, if all others are multiples of it.
fn regular(numbers: &[i64]) -> Option<i64> {
    let differences = || numbers.windows(2).map(|pair| pair[1] - pair[0]);
    let least = differences().min().filter(|least| *least > 0)?;
    differences().all(|difference| difference % least == 0).then_some(least)
}

/// The number of the month that begins within a day of that time, or else that it is in.
fn month(time: i64) -> Option<i64> {
    let instant = DateTime::from_timestamp_micros(time.checked_add(DAY)?)?;
    Some(i64::from(instant.year()) * 12 + i64::from(instant.month0()))
}

fn start_of_month(number: i64) -> Option<i64> {
    let year = i32::try_from(number.div_euclid(12)).ok()?;
    let month = u32::try_from(number.rem_euclid(12)).ok()? + 1;
    let start = NaiveDate::from_ymd_opt(year, month, 1)?.and_time(NaiveTime::MIN);
    Some(start.and_utc().timestamp_micros())
}

/// The strokes of a line in a chart from `first` to `last`.
pub(super) fn strokes(line: &Line, gaps: Gaps, step: Option<Step>, ends: (i64, i64)) -> Vec<Stroke> {
    let whole = || vec![line.iter().map(|(time, number)| (*time, *number)).collect()];
    step.and_then(|step| parted(line, gaps, step, ends)).unwrap_or_else(whole)
}

/// Nothing if the line is none of that rhythm.
fn parted(line: &Line, gaps: Gaps, Step { unit, count }: Step, (first, last): (i64, i64)) -> Option<Vec<Stroke>> {
    let mut strokes: Vec<Stroke> = vec![Vec::new()];
    // changes of the clocks must not put a point out of the chart
    let at = |number| Some(unit.time(number)?.clamp(first, last));
    // what would be the next one of a line without gaps
    let mut due = unit.number(first)?;
    for (time, value) in line {
        let number = unit.number(*time)?;
        if number > due {
            gap(&mut strokes, gaps, at(due)?, at(number - count)?);
        }
        push(&mut strokes, (*time, *value));
        due = number.checked_add(count)?;
    }
    let end = unit.number(last)?;
    if due <= end {
        gap(&mut strokes, gaps, at(due)?, last);
    }
    strokes.retain(|stroke| !stroke.is_empty());
    Some(strokes)
}

/// Nothing from `start` to `end`.
fn gap(strokes: &mut Vec<Stroke>, gaps: Gaps, start: i64, end: i64) {
    match gaps {
        Gaps::Break => strokes.push(Vec::new()),
        Gaps::Zero => {
            push(strokes, (start, 0.0));
            if end > start {
                push(strokes, (end, 0.0));
            }
        }
    }
}

fn push(strokes: &mut [Stroke], point: (i64, f64)) {
    if let Some(stroke) = strokes.last_mut() {
        stroke.push(point);
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;

    fn times(hours: &[i64]) -> BTreeSet<i64> {
        hours.iter().map(|hour| hour * HOUR).collect()
    }

    fn micros(day: &str) -> i64 {
        instant(&format!("{day}T00:00"))
    }

    fn instant(minute: &str) -> i64 {
        format!("{minute}:00Z").parse::<DateTime<Utc>>().unwrap().timestamp_micros()
    }

    fn hours(count: i64) -> Step {
        Step { unit: Unit::Micros, count: count * HOUR }
    }

    fn months(count: i64) -> Step {
        Step { unit: Unit::Months(0), count }
    }

    #[test]
    fn a_rhythm_is_what_all_times_have() {
        assert_eq!(Step::of(&times(&[0, 1, 5])), Some(hours(1)));
        assert_eq!(Step::of(&times(&[0, 24, 72])), Some(hours(24)));
        // two say nothing, nor does what no clock has
        assert_eq!(Step::of(&times(&[0, 5])), None);
        assert_eq!(Step::of(&times(&[0, 2, 5])), None);
        assert_eq!(Step::of(&BTreeSet::from([0, 1_000_000, 2_000_000])), None);
        let found = ["2026-01-01", "2026-02-01", "2026-05-01"].map(micros);
        assert_eq!(Step::of(&found.into()), Some(months(1)));
        let quarters = ["2025-10-01", "2026-01-01", "2026-07-01"].map(micros);
        assert_eq!(Step::of(&quarters.into()), Some(months(3)));
    }

    #[test]
    fn days_weeks_and_months_of_a_place_have_a_rhythm_over_a_change_of_its_clocks() {
        let days = |hours: &[i64]| Step::of(&times(hours)).map(|step| (step.unit, step.count));
        let counted = |count| Some((Unit::Days(0), count));
        assert_eq!(days(&[0, 24, 47, 71, 119]), counted(1), "forward");
        assert_eq!(days(&[0, 24, 49, 73, 121]), counted(1), "back");
        assert_eq!(days(&[0, 7 * 24, 14 * 24 - 1, 28 * 24 - 1]), counted(7));
        // no clock drifts, nor is one put forward by two hours or by a few minutes
        assert_eq!(days(&[0, 25, 50, 74]), None);
        assert_eq!(days(&[0, 24, 46]), None);
        assert_eq!(Step::of(&[0, 24 * 60, 48 * 60 - 7].map(|minute| minute * HOUR / 60).into()), None);
        let berlin = ["2026-01-31T23:00", "2026-02-28T23:00", "2026-03-31T22:00", "2026-06-30T22:00"].map(instant);
        assert_eq!(Step::of(&berlin.into()), Some(Step { unit: Unit::Months(-HOUR), count: 1 }));
        let new_york = ["2026-01-01T05:00", "2026-04-01T04:00", "2026-10-01T04:00"].map(instant);
        assert_eq!(Step::of(&new_york.into()), Some(Step { unit: Unit::Months(5 * HOUR), count: 3 }));
    }

    #[test]
    fn what_is_not_there_is_nothing() {
        let line: Line = [(2 * HOUR, 5.0), (3 * HOUR, 6.0), (6 * HOUR, 7.0)].into();
        let strokes = |gaps| in_hours(strokes(&line, gaps, Some(hours(1)), (0, 9 * HOUR)));
        let zero = [(0, 0.0), (1, 0.0), (2, 5.0), (3, 6.0), (4, 0.0), (5, 0.0), (6, 7.0), (7, 0.0), (9, 0.0)];
        assert_eq!(strokes(Gaps::Zero), [zero.to_vec()]);
        assert_eq!(strokes(Gaps::Break), [vec![(2, 5.0), (3, 6.0)], vec![(6, 7.0)]]);
    }

    fn in_hours(strokes: Vec<Stroke>) -> Vec<Vec<(i64, f64)>> {
        let hours = |stroke: Stroke| stroke.into_iter().map(|(time, number)| (time / HOUR, number)).collect();
        strokes.into_iter().map(hours).collect()
    }

    #[test]
    fn a_day_without_events_is_nothing_also_where_clocks_change() {
        // the second day has 23 hours, the fourth is not there, and a last one is only in another line
        let all = times(&[0, 24, 47, 95, 119]);
        let line: Line = [0, 24, 47, 95].map(|hour| (hour * HOUR, 5.0)).into();
        let strokes = |gaps| in_hours(strokes(&line, gaps, Step::of(&all), (0, 119 * HOUR)));
        let zero = [(0, 5.0), (24, 5.0), (47, 5.0), (72, 0.0), (95, 5.0), (119, 0.0)];
        assert_eq!(strokes(Gaps::Zero), [zero.to_vec()]);
        assert_eq!(strokes(Gaps::Break), [vec![(0, 5.0), (24, 5.0), (47, 5.0)], vec![(95, 5.0)]]);
    }

    #[test]
    fn months_are_counted_and_not_measured() {
        let line: Line = [("2026-01-01", 1.0), ("2026-02-01", 2.0), ("2026-05-01", 3.0)]
            .map(|(day, number)| (micros(day), number))
            .into();
        let ends = (micros("2026-01-01"), micros("2026-05-01"));
        let found = strokes(&line, Gaps::Zero, Some(months(1)), ends).remove(0);
        let days = ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"].map(micros);
        assert_eq!(found, days.into_iter().zip([1.0, 2.0, 0.0, 0.0, 3.0]).collect::<Stroke>());
    }
}
