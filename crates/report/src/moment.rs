//! Points in time as people write them, and spans.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use milepost_schema::time;

/// An instant: `now`, `today`, `yesterday`, a span such as `7d` (that long ago), a day, or an ISO 8601 instant. Days
/// begin at midnight UTC.
#[must_use]
pub fn parse_instant(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if text == "now" {
        return Some(now);
    }
    if let Some(span) = parse_span(text) {
        return now.checked_sub_signed(span);
    }
    if let Some(day) = parse_day(text, now) {
        return day.and_hms_opt(0, 0, 0).map(|midnight| midnight.and_utc());
    }
    time::parse(text).and_then(DateTime::from_timestamp_micros)
}

/// A day in UTC: `today`, `yesterday`, a span such as `7d` (that long ago), or `YYYY-MM-DD`.
#[must_use]
pub fn parse_day(text: &str, now: DateTime<Utc>) -> Option<NaiveDate> {
    let today = now.date_naive();
    match text.trim() {
        "today" => Some(today),
        "yesterday" => today.checked_sub_days(Days::new(1)),
        text => match parse_span(text) {
            Some(span) => now.checked_sub_signed(span).map(|instant| instant.date_naive()),
            None => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok(),
        },
    }
}

/// A span: a whole number and `s`, `m`, `h`, `d` or `w`.
#[must_use]
pub fn parse_span(text: &str) -> Option<TimeDelta> {
    let (number, unit) = text.trim().split_at_checked(text.trim().len().checked_sub(1)?)?;
    let number: i64 = number.parse().ok().filter(|number| *number >= 0)?;
    match unit {
        "s" => TimeDelta::try_seconds(number),
        "m" => TimeDelta::try_minutes(number),
        "h" => TimeDelta::try_hours(number),
        "d" => TimeDelta::try_days(number),
        "w" => TimeDelta::try_weeks(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_moment() {
        let now: DateTime<Utc> = "2026-11-21T12:34:56Z".parse().unwrap();
        let at = |text: &str| parse_instant(text, now).map(|instant| instant.to_rfc3339());
        assert_eq!(at("now").unwrap(), "2026-11-21T12:34:56+00:00");
        assert_eq!(at("today").unwrap(), "2026-11-21T00:00:00+00:00");
        assert_eq!(at("yesterday").unwrap(), "2026-11-20T00:00:00+00:00");
        assert_eq!(at("36h").unwrap(), "2026-11-20T00:34:56+00:00");
        assert_eq!(at("2w").unwrap(), "2026-11-07T12:34:56+00:00");
        assert_eq!(at("2026-01-02").unwrap(), "2026-01-02T00:00:00+00:00");
        assert_eq!(at("2026-01-02T03:04:05+01:00").unwrap(), "2026-01-02T02:04:05+00:00");
        for wrong in ["", "d", "-1d", "1.5h", "7 days", "tomorrowish", "2026-13-01", "99999999999999d", "é"] {
            assert_eq!(at(wrong), None, "{wrong}");
        }
    }
}
