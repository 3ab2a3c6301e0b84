//! Windows of time: which there are for a cron expression, and what `yesterday` means.

use std::str::FromStr as _;

use chrono::{
    DateTime, Datelike as _, Days, Months, NaiveDate, NaiveDateTime, TimeDelta, TimeZone as _, Timelike as _, Utc,
};
use chrono_tz::Tz;
use croner::Cron;

use crate::moment;

/// Ticks that are looked back at; with a tick a minute, more than two months.
const MAX_TICKS: usize = 100_000;

/// From `start` to before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// First instant.
    pub start: DateTime<Utc>,
    /// First instant after it.
    pub end: DateTime<Utc>,
}

/// Form of an instant in the name of a state.
const KEY_FORMAT: &str = "%Y%m%dT%H%M%SZ";

impl Window {
    /// Its name, which sorts by its start.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}-{}", self.start.format(KEY_FORMAT), self.end.format(KEY_FORMAT))
    }

    /// The window that a key names.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        let (start, end) = key.split_once('-')?;
        let read = |text: &str| NaiveDateTime::parse_from_str(text, KEY_FORMAT).ok().map(|naive| naive.and_utc());
        Some(Self { start: read(start)?, end: read(end)? })
    }

    /// Reads what `--for` takes: `yesterday`, `today`, a day, a month such as `2026-03`, `last-hour`, `last-week`,
    /// `last-month`, or two instants with `..` between them. Days begin at midnight in `zone`.
    #[must_use]
    pub fn parse(text: &str, now: DateTime<Utc>, zone: Tz) -> Option<Self> {
        let text = text.trim();
        let whole = |kind: WindowKind| Some(kind.before(now, None, zone));
        match text {
            "last-hour" => return whole(WindowKind::Hour),
            "yesterday" => return whole(WindowKind::Day),
            "last-week" => return whole(WindowKind::Week),
            "last-month" => return whole(WindowKind::Month),
            _ => {}
        }
        if let Some((start, end)) = text.split_once("..") {
            let window = Self { start: moment::parse_instant(start, now)?, end: moment::parse_instant(end, now)? };
            return (window.start < window.end).then_some(window);
        }
        let local = now.with_timezone(&zone).date_naive();
        let (first, next) = match NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d") {
            Ok(first) if text.len() == 7 => (first, first.checked_add_months(Months::new(1))?),
            _ if text == "today" => (local, local.checked_add_days(Days::new(1))?),
            _ => {
                let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
                (day, day.checked_add_days(Days::new(1))?)
            }
        };
        Some(Self { start: midnight(first, zone), end: midnight(next, zone) })
    }
}

/// What a tick reports of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowKind {
    /// From the tick before to this one.
    SinceLast,
    /// The last whole hour.
    Hour,
    /// The last whole day.
    Day,
    /// The last whole week, from Monday.
    Week,
    /// The last whole month.
    Month,
    /// That long before the tick.
    Span(TimeDelta),
}

impl WindowKind {
    /// Reads its name.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "since-last" => Self::SinceLast,
            "hour" => Self::Hour,
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            span => match moment::parse_span(span).filter(|span| *span > TimeDelta::zero()) {
                Some(span) => Self::Span(span),
                None => {
                    return Err(format!("`{text}` is no window: write since-last, hour, day, week, month or `24h`"));
                }
            },
        })
    }

    /// The window that a tick at `tick` reports of; `previous` is the tick before.
    fn before(self, tick: DateTime<Utc>, previous: Option<DateTime<Utc>>, zone: Tz) -> Window {
        let local = tick.with_timezone(&zone);
        let day = local.date_naive();
        let back = |days: u64| day.checked_sub_days(Days::new(days)).unwrap_or(day);
        let (start, end) = match self {
            Self::SinceLast => (previous.unwrap_or(tick - TimeDelta::days(1)), tick),
            Self::Span(span) => (tick.checked_sub_signed(span).unwrap_or(tick), tick),
            Self::Hour => {
                let past = i64::from(local.minute()) * 60 + i64::from(local.second());
                let end = DateTime::from_timestamp(tick.timestamp() - past, 0).unwrap_or(tick);
                (end - TimeDelta::hours(1), end)
            }
            Self::Day => (midnight(back(1), zone), midnight(day, zone)),
            Self::Week => {
                let monday = u64::from(day.weekday().num_days_from_monday());
                (midnight(back(monday + 7), zone), midnight(back(monday), zone))
            }
            Self::Month => {
                let first = day.with_day(1).unwrap_or(day);
                (midnight(first.checked_sub_months(Months::new(1)).unwrap_or(first), zone), midnight(first, zone))
            }
        };
        Window { start, end }
    }
}

/// The first instant of a day; where clocks skip midnight, the first that there is.
fn midnight(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let naive = day.and_time(chrono::NaiveTime::MIN);
    let found = (0..=24).find_map(|quarter| {
        let tried = naive.checked_add_signed(TimeDelta::minutes(15 * quarter))?;
        zone.from_local_datetime(&tried).earliest()
    });
    found.map_or_else(|| naive.and_utc(), |local| local.with_timezone(&Utc))
}

/// When a job is due, and of what.
#[derive(Debug, Clone)]
pub struct Rhythm {
    cron: Cron,
    /// Where its clocks stand.
    pub zone: Tz,
    kind: WindowKind,
}

impl Rhythm {
    /// Reads a cron expression and the name of a time zone.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn new(cron: &str, zone: &str, kind: WindowKind) -> Result<Self, String> {
        let wrong = |error: croner::errors::CronError| format!("`{cron}` is no cron expression: {error}");
        let parsed = Cron::from_str(cron).map_err(wrong)?;
        let zone = parse_zone(zone)?;
        Ok(Self { cron: parsed, zone, kind })
    }

    /// The cron expression.
    #[must_use]
    pub fn cron(&self) -> &str {
        self.cron.as_str()
    }

    /// The first tick after `instant`.
    #[must_use]
    pub fn next(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let next = self.cron.find_next_occurrence(&instant.with_timezone(&self.zone), false);
        next.ok().map(|next| next.with_timezone(&Utc))
    }

    /// The last tick at or before `instant`.
    fn last(&self, instant: DateTime<Utc>, inclusive: bool) -> Option<DateTime<Utc>> {
        let last = self.cron.find_previous_occurrence(&instant.with_timezone(&self.zone), inclusive);
        last.ok().map(|last| last.with_timezone(&Utc))
    }

    /// The window of the tick at `tick`.
    #[must_use]
    pub fn window(&self, tick: DateTime<Utc>) -> Window {
        let previous = match self.kind {
            WindowKind::SinceLast => self.last(tick, false),
            _ => None,
        };
        self.kind.before(tick, previous, self.zone)
    }

    /// The windows of all ticks after `after` and up to `now`, the oldest first, each once with its first tick; at most
    /// `limit`, the newest.
    #[must_use]
    pub fn due(&self, after: DateTime<Utc>, now: DateTime<Utc>, limit: usize) -> Vec<(DateTime<Utc>, Window)> {
        let mut found: Vec<(DateTime<Utc>, Window)> = Vec::new();
        let mut tick = self.last(now, true);
        for _ in 0..MAX_TICKS {
            let Some(at) = tick.filter(|at| *at > after) else { break };
            let window = self.window(at);
            let is_full = found.len() == limit;
            match found.last_mut() {
                Some(known) if known.1 == window => known.0 = at,
                _ if is_full => break,
                _ => found.push((at, window)),
            }
            tick = self.last(at, false);
        }
        found.reverse();
        found
    }
}

/// The time zone of that name.
///
/// # Errors
/// There is none, in words.
pub fn parse_zone(name: &str) -> Result<Tz, String> {
    name.parse().map_err(|_| format!("`{name}` is no time zone: write `UTC` or `Europe/Berlin`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn rhythm(cron: &str, zone: &str, window: &str) -> Rhythm {
        Rhythm::new(cron, zone, WindowKind::parse(window).unwrap()).unwrap()
    }

    #[test]
    fn a_day_is_one_of_the_time_zone_even_when_clocks_change() {
        let berlin = rhythm("0 6 * * *", "Europe/Berlin", "day");
        let window = berlin.window(at("2026-03-30T04:00:00Z"));
        // the day of 23 hours
        assert_eq!((window.start, window.end), (at("2026-03-28T23:00:00Z"), at("2026-03-29T22:00:00Z")));
        assert_eq!(Window::from_key(&window.key()), Some(window));
        assert_eq!(berlin.next(at("2026-03-30T04:00:00Z")), Some(at("2026-03-31T04:00:00Z")));
    }

    #[test]
    fn every_window_is_due_once() {
        let hourly = rhythm("15 * * * *", "UTC", "day");
        let due = hourly.due(at("2026-03-01T12:00:00Z"), at("2026-03-04T00:20:00Z"), 100);
        let ticks: Vec<_> = due.iter().map(|(tick, _)| *tick).collect();
        assert_eq!(
            ticks,
            ["2026-03-01T12:15:00Z", "2026-03-02T00:15:00Z", "2026-03-03T00:15:00Z", "2026-03-04T00:15:00Z"].map(at)
        );
        let newest = hourly.due(at("2026-01-01T12:00:00Z"), at("2026-03-04T00:20:00Z"), 2);
        assert_eq!(newest.len(), 2);
        assert_eq!(newest[1].1.end, at("2026-03-04T00:00:00Z"));
    }

    #[test]
    fn since_last_leaves_no_gap() {
        let due = rhythm("0 8 * * MON-FRI", "UTC", "since-last").due(
            at("2026-03-05T09:00:00Z"),
            at("2026-03-09T08:00:00Z"),
            9,
        );
        assert_eq!(due[0].1, Window { start: at("2026-03-05T08:00:00Z"), end: at("2026-03-06T08:00:00Z") });
        assert_eq!(due[1].1, Window { start: at("2026-03-06T08:00:00Z"), end: at("2026-03-09T08:00:00Z") });
    }

    #[test]
    fn every_way_to_write_a_window() {
        let now = at("2026-03-04T10:30:00Z");
        let parse = |text: &str| {
            let window = Window::parse(text, now, Tz::UTC)?;
            Some(format!("{} {}", window.start.format("%m-%dT%H"), window.end.format("%m-%dT%H")))
        };
        assert_eq!(parse("yesterday").unwrap(), "03-03T00 03-04T00");
        assert_eq!(parse("today").unwrap(), "03-04T00 03-05T00");
        assert_eq!(parse("2026-02").unwrap(), "02-01T00 03-01T00");
        assert_eq!(parse("2026-02-03").unwrap(), "02-03T00 02-04T00");
        assert_eq!(parse("last-hour").unwrap(), "03-04T09 03-04T10");
        assert_eq!(parse("last-week").unwrap(), "02-23T00 03-02T00");
        assert_eq!(parse("last-month").unwrap(), "02-01T00 03-01T00");
        assert_eq!(parse("2026-03-01..2026-03-03T12:00:00Z").unwrap(), "03-01T00 03-03T12");
        for wrong in ["", "soon", "2026-13", "now..yesterday", ".."] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_no_rhythm_is_said_to_be_none() {
        assert!(Rhythm::new("* *", "UTC", WindowKind::Day).is_err());
        assert!(Rhythm::new("* * * * *", "Europe/Atlantis", WindowKind::Day).unwrap_err().contains("Europe/Atlantis"));
        for wrong in ["", "fortnight", "0h", "-1d"] {
            assert!(WindowKind::parse(wrong).is_err(), "{wrong}");
        }
    }
}
