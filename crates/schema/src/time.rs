//! Instants as CloudTrail and its carriers write them.
//!
//! [`parse`] reads every form seen in records; [`format_micros`] writes the one canonical form. A reader that must give the
//! original text back compares the two and keeps the text where they differ.

use chrono::{DateTime, NaiveDate, NaiveDateTime};

const MICROS_PER_SECOND: i64 = 1_000_000;
/// Microseconds in one day.
pub const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// The years 1 to 9999: what four digits can write, and what every reader of the lake can read.
const YEARS: std::ops::Range<i64> = -62_135_596_800 * MICROS_PER_SECOND..253_402_300_800 * MICROS_PER_SECOND;

/// Microseconds since 1970 of an instant written as text, or `None` if it is not an instant.
///
/// Reads `2023-07-10T11:42:31Z` with any fraction and any offset, the same with a blank for the `T` or without a zone
/// (taken as UTC), ISO basic `20131102T010628Z`, and ten or thirteen digits of seconds or milliseconds since 1970.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    canonical(text.as_bytes()).or_else(|| parse_other(text)).filter(|micros| YEARS.contains(micros))
}

/// As [`parse`], and whether [`format_micros`] gives `text` back for the instant.
#[must_use]
pub fn parse_exactly(text: &str) -> Option<(i64, bool)> {
    if let Some(micros) = canonical(text.as_bytes()).filter(|micros| YEARS.contains(micros)) {
        return Some((micros, true));
    }
    parse(text).map(|micros| (micros, format_micros(micros) == text))
}

/// Microseconds since 1970 of an instant written as a number: seconds, milliseconds or microseconds since 1970, told apart
/// by their size, with any fraction.
#[must_use]
pub fn parse_epoch(text: &str) -> Option<i64> {
    /// Below: seconds, up to the year 5138.
    const MILLIS_FROM: i64 = 100_000_000_000;
    /// Below: milliseconds.
    const MICROS_FROM: i64 = MILLIS_FROM * 1000;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let number: i64 = whole.parse().ok().filter(|number| *number >= 0)?;
    let (unit, digits) = match number {
        ..MILLIS_FROM => (MICROS_PER_SECOND, 6),
        MILLIS_FROM..MICROS_FROM => (1000, 3),
        _ => (1, 0),
    };
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<6}").get(..digits)?.parse().unwrap_or(0);
    number.checked_mul(unit)?.checked_add(fraction).filter(|micros| YEARS.contains(micros))
}

/// `YYYY-MM-DDTHH:MM:SSZ` and nothing else: the form of every record a trail delivers.
fn canonical(text: &[u8]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, b'Z'] = text else {
        return None;
    };
    let two = |tens: &u8, ones: &u8| -> Option<u32> {
        (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
    };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    let (hour, minute, second) = (two(h1, h2)?, two(n1, n2)?, two(s1, s2)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = i64::from(hour * 3600 + minute * 60 + second);
    let days = days_of(year, two(m1, m2)?, two(d1, d2)?)?;
    Some(days * MICROS_PER_DAY + seconds * MICROS_PER_SECOND)
}

/// Days since 1970 of a date in the years up to 9999; `None` if there is no such date.
fn days_of(year: u32, month: u32, day: u32) -> Option<i64> {
    const LENGTHS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    /// Days from the first of March of the year 0 to 1970.
    const BEFORE_1970: i64 = 719_468;
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = LENGTHS.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    if day == 0 || day > length + u32::from(is_leap && month == 2) {
        return None;
    }
    // years that begin in March end with the day that may be missing; January of the year 0 lies before all of them
    let (year, month) = if month > 2 { (i64::from(year), month - 3) } else { (i64::from(year) - 1, month + 9) };
    let of_years = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(of_years + i64::from((153 * month + 2) / 5 + day - 1) - BEFORE_1970)
}

fn days_since_1970(date: NaiveDate) -> i32 {
    date.to_epoch_days()
}

fn parse_other(text: &str) -> Option<i64> {
    const ZONED: [&str; 3] = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z", "%Y%m%dT%H%M%S%#z"];
    const UTC: [&str; 5] = [
        "%Y-%m-%dT%H:%M:%S%.fZ",
        "%Y-%m-%d %H:%M:%S%.fZ",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y%m%dT%H%M%SZ",
    ];
    if matches!(text.len(), 10 | 13) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return parse_epoch(text);
    }
    let zoned = ZONED.iter().find_map(|format| DateTime::parse_from_str(text, format).ok());
    if let Some(instant) = zoned {
        return Some(instant.timestamp_micros());
    }
    let utc = UTC.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    utc.map(|instant| instant.and_utc().timestamp_micros())
}

/// Canonical text of an instant: UTC, with 0, 3 or 6 digits of fraction, as few as it needs.
#[must_use]
pub fn format_micros(micros: i64) -> String {
    let Some(instant) = DateTime::from_timestamp_micros(micros) else {
        return String::new();
    };
    let fraction = micros.rem_euclid(MICROS_PER_SECOND);
    let format = match fraction {
        0 => "%Y-%m-%dT%H:%M:%SZ",
        f if f % 1000 == 0 => "%Y-%m-%dT%H:%M:%S%.3fZ",
        _ => "%Y-%m-%dT%H:%M:%S%.6fZ",
    };
    instant.format(format).to_string()
}

/// Days since 1970 of the UTC day an instant falls on.
#[must_use]
pub fn day_of(micros: i64) -> i32 {
    i32::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or(0)
}

/// `YYYY-MM-DD` of a day counted from 1970.
#[must_use]
pub fn format_day(days: i32) -> String {
    NaiveDate::from_epoch_days(days).map(|date| date.format("%Y-%m-%d").to_string()).unwrap_or_default()
}

/// Days since 1970 of a day written `YYYY-MM-DD`.
#[must_use]
pub fn parse_day(text: &str) -> Option<i32> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(days_since_1970)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_form_is_read() {
        let expected = 1_688_989_351_000_000;
        for text in [
            "2023-07-10T11:42:31Z",
            "2023-07-10T12:42:31+01:00",
            "2023-07-10 11:42:31",
            "2023-07-10T11:42:31.000Z",
            "20230710T114231Z",
            "2023-07-10 11:42:31.000",
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        assert_eq!(format_micros(expected), "2023-07-10T11:42:31Z");
    }

    #[test]
    fn numbers_are_seconds_or_parts_of_them() {
        let expected = 1_688_989_351_000_000;
        for text in ["1688989351", "1688989351.0", "1688989351000", "1688989351000000", "1688989351000.0"] {
            assert_eq!(parse_epoch(text), Some(expected), "{text}");
        }
        assert_eq!(parse_epoch("1688989351.25"), Some(expected + 250_000));
        assert_eq!(parse_epoch("1688989351000.5"), Some(expected + 500));
        assert_eq!(parse("1688989351"), Some(expected));
        for text in ["", "-1", "1e9", "1.x", "99999999999999999999", "9223372036854775807"] {
            assert_eq!(parse_epoch(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_an_instant_is_none() {
        for text in [
            "",
            "yesterday",
            "2023-13-10T11:42:31Z",
            "2023-07-10T24:00:00Z",
            "2023-07-10",
            "+10000-01-01T00:00:00Z",
            "0000-01-01T00:00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn fractions_keep_the_digits_they_need() {
        for text in ["2023-07-10T11:42:31.500Z", "1969-12-31T23:59:59.999999Z", "2023-07-10T11:42:31Z"] {
            assert_eq!(parse_exactly(text), parse(text).map(|micros| (micros, true)), "{text}");
        }
        assert!(parse_exactly("2023-07-10T11:42:31.5Z").is_some_and(|(_, is_exact)| !is_exact));
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (year, month, day) in (0..10_000).flat_map(|year| (0..14).map(move |month| (year, month, 1 + year % 31))) {
            let date = NaiveDate::from_ymd_opt(i32::try_from(year).unwrap(), month, day);
            assert_eq!(
                days_of(year, month, day),
                date.map(|date| i64::from(days_since_1970(date))),
                "{year} {month} {day}"
            );
        }
        for (year, day) in [(1900, 28), (2000, 29), (2023, 28), (2024, 29), (2100, 28)] {
            assert!(days_of(year, 2, day).is_some() && days_of(year, 2, day + 1).is_none(), "{year}");
        }
        assert_eq!(days_of(2024, 5, 0), None);
    }

    #[test]
    fn days_before_1970_round_down() {
        assert_eq!(day_of(-1), -1);
        assert_eq!(format_day(day_of(-1)), "1969-12-31");
        assert_eq!(parse_day("1969-12-31"), Some(-1));
    }
}
