//! What a line over time does where it has no points. An hour without events has no row, and is not on the way from the hour
//! before to the hour after.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, Months, Timelike as _, Utc};

use crate::chart::Gaps;

/// Points of a line, by time in microseconds.
pub(super) type Line = BTreeMap<i64, f64>;

/// Points that are joined.
pub(super) type Stroke = Vec<(i64, f64)>;

/// Least time between two points that is taken for a rhythm: instants of single events have none.
const LEAST_STEP: i64 = 60_000_000;
/// Fewest points that make a rhythm: of two, nobody can say what is missing between them.
const LEAST_POINTS: usize = 3;

/// The rhythm of a chart's points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Micros(i64),
    Months(u32),
}

impl Step {
    /// The rhythm of these times; nothing if they have none, so that nothing can be said to be missing.
    pub(super) fn of(times: &BTreeSet<i64>) -> Option<Self> {
        if times.len() < LEAST_POINTS {
            return None;
        }
        // months have no length of their own
        let months: Option<Vec<i64>> = times.iter().map(|time| month(*time)).collect();
        if let Some(months) = months {
            return regular(&months).and_then(|step| u32::try_from(step).ok()).map(Self::Months);
        }
        let times: Vec<i64> = times.iter().copied().collect();
        regular(&times).filter(|step| *step >= LEAST_STEP).map(Self::Micros)
    }

    fn after(self, time: i64) -> i64 {
        match self {
            Self::Micros(step) => time.saturating_add(step),
            Self::Months(count) => moved(time, |instant| instant.checked_add_months(Months::new(count))),
        }
    }

    fn before(self, time: i64) -> i64 {
        match self {
            Self::Micros(step) => time.saturating_sub(step),
            Self::Months(count) => moved(time, |instant| instant.checked_sub_months(Months::new(count))),
        }
    }
}

/// The least difference, if all others are multiples of it.
fn regular(numbers: &[i64]) -> Option<i64> {
    let differences = || numbers.windows(2).map(|pair| pair[1] - pair[0]);
    let least = differences().min().filter(|least| *least > 0)?;
    differences().all(|difference| difference % least == 0).then_some(least)
}

/// The number of the month that begins at that time.
fn month(time: i64) -> Option<i64> {
    let instant = DateTime::from_timestamp_micros(time)?;
    let is_start = instant.day() == 1 && instant.num_seconds_from_midnight() == 0 && instant.nanosecond() == 0;
    is_start.then(|| i64::from(instant.year()) * 12 + i64::from(instant.month0()))
}

fn moved(time: i64, by: impl Fn(DateTime<Utc>) -> Option<DateTime<Utc>>) -> i64 {
    DateTime::from_timestamp_micros(time).and_then(by).map_or(time, |instant| instant.timestamp_micros())
}

/// The strokes of a line in a chart from `first` to `last`.
pub(super) fn strokes(line: &Line, gaps: Gaps, step: Option<Step>, (first, last): (i64, i64)) -> Vec<Stroke> {
    let points = line.iter().map(|(time, number)| (*time, *number));
    let Some(step) = step else { return vec![points.collect()] };
    let mut strokes: Vec<Stroke> = vec![Vec::new()];
    // the time that would be the next one of a line without gaps
    let mut due = first;
    for (time, number) in points {
        if time > due {
            gap(&mut strokes, gaps, due, step.before(time));
        }
        push(&mut strokes, (time, number));
        due = step.after(time);
    }
    if due <= last {
        gap(&mut strokes, gaps, due, last);
    }
    strokes.retain(|stroke| !stroke.is_empty());
    strokes
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
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn times(hours: &[i64]) -> BTreeSet<i64> {
        hours.iter().map(|hour| hour * HOUR).collect()
    }

    fn micros(day: &str) -> i64 {
        format!("{day}T00:00:00Z").parse::<DateTime<Utc>>().unwrap().timestamp_micros()
    }

    #[test]
    fn a_rhythm_is_what_all_times_have() {
        assert_eq!(Step::of(&times(&[0, 1, 5])), Some(Step::Micros(HOUR)));
        assert_eq!(Step::of(&times(&[0, 24, 72])), Some(Step::Micros(24 * HOUR)));
        // two say nothing, nor does what no clock has
        assert_eq!(Step::of(&times(&[0, 5])), None);
        assert_eq!(Step::of(&times(&[0, 2, 5])), None);
        assert_eq!(Step::of(&BTreeSet::from([0, 1_000_000, 2_000_000])), None);
        let months = ["2026-01-01", "2026-02-01", "2026-05-01"].map(micros);
        assert_eq!(Step::of(&months.into()), Some(Step::Months(1)));
        let quarters = ["2025-10-01", "2026-01-01", "2026-07-01"].map(micros);
        assert_eq!(Step::of(&quarters.into()), Some(Step::Months(3)));
    }

    #[test]
    fn what_is_not_there_is_nothing() {
        let line: Line = [(2 * HOUR, 5.0), (3 * HOUR, 6.0), (6 * HOUR, 7.0)].into();
        let strokes = |gaps| {
            let strokes = strokes(&line, gaps, Some(Step::Micros(HOUR)), (0, 9 * HOUR));
            let hours = |stroke: Stroke| stroke.into_iter().map(|(time, number)| (time / HOUR, number)).collect();
            strokes.into_iter().map(hours).collect::<Vec<Vec<(i64, f64)>>>()
        };
        let zero = [(0, 0.0), (1, 0.0), (2, 5.0), (3, 6.0), (4, 0.0), (5, 0.0), (6, 7.0), (7, 0.0), (9, 0.0)];
        assert_eq!(strokes(Gaps::Zero), [zero.to_vec()]);
        assert_eq!(strokes(Gaps::Break), [vec![(2, 5.0), (3, 6.0)], vec![(6, 7.0)]]);
    }

    #[test]
    fn months_are_counted_and_not_measured() {
        let line: Line = [("2026-01-01", 1.0), ("2026-02-01", 2.0), ("2026-05-01", 3.0)]
            .map(|(day, number)| (micros(day), number))
            .into();
        let ends = (micros("2026-01-01"), micros("2026-05-01"));
        let found = strokes(&line, Gaps::Zero, Some(Step::Months(1)), ends).remove(0);
        let days = ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"].map(micros);
        assert_eq!(found, days.into_iter().zip([1.0, 2.0, 0.0, 0.0, 3.0]).collect::<Stroke>());
    }
}
