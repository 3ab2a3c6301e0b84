//! Instants and spans of time: Trino's units, formats and epochs, and `ago`.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use arrow::array::{
    Array as _, ArrayRef, AsArray, Date32Array, Float64Array, Int64Array, IntervalMonthDayNanoArray, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{
    DataType, Date32Type, Float64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit,
    TimestampMicrosecondType,
};
use chrono::format::{Parsed, StrftimeItems};
use chrono::{DateTime, Datelike as _, Months, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, Volatility};
use milepost_schema::time;

use super::arguments::{array, integers, result, rows, texts};
use super::scalar::{Definition, Kind, instant_type};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
const WEEK: i64 = 7 * DAY;

#[rustfmt::skip]
pub(super) const FUNCTIONS: &[Definition] = &[
    Definition { name: "date_add", arguments: &[Kind::Text, Kind::Integer, Kind::DateOrInstant], required: 3, returns: |types| types.get(2).filter(|kind| **kind == DataType::Date32).cloned().unwrap_or_else(instant_type), volatility: Volatility::Immutable, body: date_add, call: "date_add('day', n, time)", meaning: "the time n units later; units are millisecond, second, minute, hour, day, week, month, quarter, year" },
    Definition { name: "date_diff", arguments: &[Kind::Text, Kind::Instant, Kind::Instant], required: 3, returns: |_| DataType::Int64, volatility: Volatility::Immutable, body: date_diff, call: "date_diff('hour', from, to)", meaning: "whole units between two times, cut towards zero" },
    Definition { name: "date_diff_boundaries", arguments: &[Kind::Text, Kind::Instant, Kind::Instant], required: 3, returns: |_| DataType::Int64, volatility: Volatility::Immutable, body: boundaries, call: "date_diff_boundaries('day', from, to)", meaning: "DuckDB's `date_diff`: how many starts of units lie between two times; of a week, seven starts of days" },
    Definition { name: "parse_time", arguments: &[Kind::Text, Kind::Text, Kind::Integer], required: 2, returns: |_| instant_type(), volatility: Volatility::Immutable, body: parse_time, call: "parse_time(text, '%Y-%m-%d')", meaning: "the instant that a text says in a format of strftime codes; null if it does not fit. What the format lacks is that of the first instant of 1970, or of the year that is the third argument" },
    Definition { name: "unix_time", arguments: &[Kind::Number], required: 1, returns: |_| instant_type(), volatility: Volatility::Immutable, body: unix_time, call: "unix_time(seconds)", meaning: "the instant so many seconds after 1970, with fractions" },
    Definition { name: "unix_seconds", arguments: &[Kind::Instant], required: 1, returns: |_| DataType::Float64, volatility: Volatility::Immutable, body: unix_seconds, call: "unix_seconds(time)", meaning: "seconds since 1970 as a double" },
    Definition { name: "to_milliseconds", arguments: &[Kind::Interval], required: 1, returns: |_| DataType::Int64, volatility: Volatility::Immutable, body: to_milliseconds, call: "to_milliseconds(interval)", meaning: "length of a span of days and less in milliseconds" },
    Definition { name: "interval_times", arguments: &[Kind::Integer, Kind::Interval], required: 2, returns: |_| DataType::Interval(IntervalUnit::MonthDayNano), volatility: Volatility::Immutable, body: interval_times, call: "interval_times(n, interval)", meaning: "n times a span" },
    // known once a query runs, the same for all its rows
    Definition { name: "ago", arguments: &[Kind::Text], required: 1, returns: |_| instant_type(), volatility: Volatility::Stable, body: ago, call: "ago('7d')", meaning: "the instant that long before now: s, m, h, d, w, such as `90m`, `7d`, `1d12h`" },
];

/// Formats that are not known before a query runs.
pub(super) const FORMATS: &[Definition] = &[Definition {
    name: "mysql_format",
    arguments: &[Kind::Instant, Kind::Text],
    required: 2,
    returns: |_| DataType::Utf8,
    volatility: Volatility::Immutable,
    body: mysql_format,
    call: "mysql_format(time, '%Y-%m-%d %H:%i')",
    meaning: "a time in a format of MySQL's codes, as Trino's `date_format` takes them",
}];

fn mysql_format(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (times, formats) = (instants(args, 0)?, texts(args, 1)?);
    let mut found = Vec::with_capacity(times.len());
    for row in 0..times.len() {
        let (Some(format), true) = (formats.get(row), times.is_valid(row)) else {
            found.push(None);
            continue;
        };
        let Some(codes) = crate::dialect::formats::of_mysql(format) else {
            return exec_err!("`{format}` has a code that has no counterpart here");
        };
        let time = DateTime::<Utc>::from_timestamp_micros(times.value(row));
        found.push(time.map(|time| time.format(&codes).to_string()));
    }
    result(args, Arc::new(StringArray::from(found)))
}

/// An instant in ISO 8601: a day, a time with `T` or a blank, fractions, an offset or UTC. Microseconds since 1970.
pub(super) fn parse_instant(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some(micros) = time::parse(text) {
        return Some(micros);
    }
    if let Ok(instant) = DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1)) {
        return Some(instant.timestamp_micros());
    }
    let text = text.strip_suffix('Z').unwrap_or(text);
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"] {
        if let Ok(instant) = NaiveDateTime::parse_from_str(text, format) {
            return Some(instant.and_utc().timestamp_micros());
        }
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(day.and_time(NaiveTime::MIN).and_utc().timestamp_micros())
}

/// What a format does not ask for is that of the first instant of `year`.
fn parse_in(text: &str, format: &str, year: i64) -> Option<i64> {
    let mut parsed = Parsed::new();
    let text = text.trim();
    // UTC, which chrono knows as an offset only where it is strict about nothing
    let utc = text.strip_suffix(['Z', 'z']).filter(|_| format.ends_with('z')).map(|time| format!("{time}+00:00"));
    chrono::format::parse(&mut parsed, utc.as_deref().unwrap_or(text), StrftimeItems::new(format)).ok()?;
    if parsed.timestamp().is_none() {
        complete(&mut parsed, year);
    }
    if parsed.offset().is_some() {
        return parsed.to_datetime().ok().map(|instant| instant.timestamp_micros());
    }
    parsed.to_naive_datetime_with_offset(0).ok().map(|instant| instant.and_utc().timestamp_micros())
}

/// Fills in what a day and a time need, if it was not written. What contradicts itself stays as it is.
fn complete(parsed: &mut Parsed, year: i64) {
    if parsed.to_naive_date().is_err() {
        let has_year = parsed.year().is_some() || parsed.year_mod_100().is_some();
        if !has_year {
            let _ = parsed.set_year(year);
        }
        if parsed.ordinal().is_none() {
            let _ = parsed.month().is_none().then(|| parsed.set_month(1));
            let _ = parsed.day().is_none().then(|| parsed.set_day(1));
        }
    }
    if parsed.to_naive_time().is_err() {
        if parsed.hour_mod_12().is_none() {
            let _ = parsed.set_hour(0);
        } else if parsed.hour_div_12().is_none() {
            let _ = parsed.set_ampm(false);
        }
        let _ = parsed.minute().is_none().then(|| parsed.set_minute(0));
    }
}

fn instants(args: &ScalarFunctionArgs, index: usize) -> Result<TimestampMicrosecondArray> {
    let array = array(args, index)?;
    match array.as_primitive_opt::<TimestampMicrosecondType>() {
        Some(instants) => Ok(instants.clone()),
        None => exec_err!("an argument is no instant"),
    }
}

fn instants_result(args: &ScalarFunctionArgs, found: TimestampMicrosecondArray) -> Result<ColumnarValue> {
    result(args, Arc::new(found.with_timezone("UTC")))
}

/// Length of a unit in microseconds, if all of its kind are as long.
pub(super) fn unit_micros(name: &str) -> Option<i64> {
    match unit(name)? {
        Unit::Micros(length) => Some(length),
        Unit::Months(_) => None,
    }
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Micros(i64),
    Months(i64),
}

fn unit(name: &str) -> Option<Unit> {
    Some(match name.to_ascii_lowercase().trim_end_matches('s') {
        "microsecond" => Unit::Micros(1),
        "millisecond" => Unit::Micros(1_000),
        "second" => Unit::Micros(SECOND),
        "minute" => Unit::Micros(60 * SECOND),
        "hour" => Unit::Micros(3_600 * SECOND),
        "day" => Unit::Micros(DAY),
        "week" => Unit::Micros(WEEK),
        "month" => Unit::Months(1),
        "quarter" => Unit::Months(3),
        "year" => Unit::Months(12),
        _ => return None,
    })
}

fn known_unit(name: Option<&str>) -> Result<Option<Unit>> {
    match name.map(|name| (name, unit(name))) {
        None => Ok(None),
        Some((_, Some(unit))) => Ok(Some(unit)),
        Some((name, None)) => {
            exec_err!("`{name}` is no unit of time: second, minute, hour, day, week, month, quarter, year")
        }
    }
}

fn add(micros: i64, count: i64, unit: Unit) -> Option<i64> {
    match unit {
        Unit::Micros(length) => micros.checked_add(count.checked_mul(length)?),
        Unit::Months(length) => {
            let instant = DateTime::<Utc>::from_timestamp_micros(micros)?;
            let months = count.checked_mul(length)?;
            let distance = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
            let moved =
                if months < 0 { instant.checked_sub_months(distance) } else { instant.checked_add_months(distance) };
            Some(moved?.timestamp_micros())
        }
    }
}

fn date_add(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (units, counts) = (texts(args, 0)?, integers(args, 1)?);
    let times = array(args, 2)?;
    if let Some(days) = times.as_primitive_opt::<Date32Type>() {
        let moved = (0..rows(args))
            .map(|row| {
                let Some(unit) = known_unit(units.get(row))? else { return Ok(None) };
                let day = days.iter().nth(row).flatten();
                let moved = || add(i64::from(day?) * DAY, counts.get(row)?, unit);
                Ok(moved().map(time::day_of))
            })
            .collect::<Result<Date32Array>>()?;
        return result(args, Arc::new(moved));
    }
    let times = instants(args, 2)?;
    let moved = times
        .iter()
        .enumerate()
        .map(|(row, micros)| {
            let Some(unit) = known_unit(units.get(row))? else { return Ok(None) };
            let moved = || add(micros?, counts.get(row)?, unit);
            Ok(moved())
        })
        .collect::<Result<TimestampMicrosecondArray>>()?;
    instants_result(args, moved)
}

fn between(args: &ScalarFunctionArgs, count: fn(i64, i64, Unit) -> Option<i64>) -> Result<ColumnarValue> {
    let units = texts(args, 0)?;
    let (from, to) = (instants(args, 1)?, instants(args, 2)?);
    let counts = from
        .iter()
        .zip(to.iter())
        .enumerate()
        .map(|(row, (from, to))| {
            let Some(unit) = known_unit(units.get(row))? else { return Ok(None) };
            let counted = || count(from?, to?, unit);
            Ok(counted())
        })
        .collect::<Result<Int64Array>>()?;
    result(args, Arc::new(counts))
}

fn months_since_zero(micros: i64) -> Option<i64> {
    let instant = DateTime::<Utc>::from_timestamp_micros(micros)?;
    Some(i64::from(instant.year()) * 12 + i64::from(instant.month0()))
}

fn date_diff(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    between(args, |from, to, unit| match unit {
        Unit::Micros(length) => Some(to.checked_sub(from)? / length),
        Unit::Months(length) => {
            let rough = months_since_zero(to)? - months_since_zero(from)?;
            // a month that is not over does not count
            let reached = add(from, rough, Unit::Months(1))?;
            let over = i64::from(rough > 0 && reached > to) - i64::from(rough < 0 && reached < to);
            Some((rough - over) / length)
        }
    })
}

fn boundaries(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    between(args, |from, to, unit| match unit {
        // weeks begin on no day of their own: they are seven midnights
        Unit::Micros(WEEK) => Some((to.div_euclid(DAY) - from.div_euclid(DAY)) / 7),
        Unit::Micros(length) => Some(to.div_euclid(length) - from.div_euclid(length)),
        Unit::Months(length) => {
            Some(months_since_zero(to)?.div_euclid(length) - months_since_zero(from)?.div_euclid(length))
        }
    })
}

fn parse_time(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (written, formats) = (texts(args, 0)?, texts(args, 1)?);
    let years = (args.args.len() > 2).then(|| integers(args, 2)).transpose()?;
    let year = |row| years.as_ref().and_then(|years| years.get(row)).unwrap_or(1970);
    let found = (0..rows(args)).map(|row| parse_in(written.get(row)?, formats.get(row)?, year(row))).collect();
    instants_result(args, found)
}

fn unix_time(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let seconds = array(args, 0)?;
    let Some(seconds) = seconds.as_primitive_opt::<Float64Type>() else {
        return exec_err!("the argument is no number");
    };
    let to_micros = |seconds: f64| {
        let micros = (seconds * 1e6).round();
        #[expect(clippy::cast_possible_truncation, reason = "casts of floats saturate, and no instant is that far off")]
        let micros = micros as i64;
        micros
    };
    instants_result(args, seconds.iter().map(|seconds| seconds.filter(|it| it.is_finite()).map(to_micros)).collect())
}

fn unix_seconds(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    #[expect(clippy::cast_precision_loss, reason = "microseconds of this era have 51 bits")]
    let seconds: Float64Array = instants(args, 0)?.iter().map(|micros| micros.map(|it| it as f64 / 1e6)).collect();
    result(args, Arc::new(seconds))
}

fn intervals(args: &ScalarFunctionArgs, index: usize) -> Result<IntervalMonthDayNanoArray> {
    match array(args, index)?.as_primitive_opt::<IntervalMonthDayNanoType>() {
        Some(intervals) => Ok(intervals.clone()),
        None => exec_err!("an argument is no interval"),
    }
}

fn to_milliseconds(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let length = |span: IntervalMonthDayNano| {
        // months have no length; Trino has another type for them
        (span.months == 0).then(|| i64::from(span.days) * 86_400_000 + span.nanoseconds / 1_000_000)
    };
    let lengths: Int64Array = intervals(args, 0)?.iter().map(|span| span.and_then(length)).collect();
    result(args, Arc::new(lengths))
}

fn interval_times(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let counts = integers(args, 0)?;
    let times = |row: usize, span: IntervalMonthDayNano| {
        let count = counts.get(row)?;
        let small = i32::try_from(count).ok();
        let part = |value: i32| if value == 0 { Some(0) } else { value.checked_mul(small?) };
        let nanoseconds = span.nanoseconds.checked_mul(count)?;
        Some(IntervalMonthDayNano::new(part(span.months)?, part(span.days)?, nanoseconds))
    };
    let spans: IntervalMonthDayNanoArray =
        intervals(args, 1)?.iter().enumerate().map(|(row, span)| span.and_then(|span| times(row, span))).collect();
    result(args, Arc::new(spans) as ArrayRef)
}

/// Seconds of `1d12h` and the like.
pub(super) fn span_seconds(text: &str) -> Option<i64> {
    let (mut total, mut number) = (0_i64, String::new());
    for character in text.trim().chars() {
        if character.is_ascii_digit() {
            number.push(character);
            continue;
        }
        let length = match character.to_ascii_lowercase() {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 7 * 86_400,
            _ => return None,
        };
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(length)?)?;
        number.clear();
    }
    (number.is_empty() && !text.trim().is_empty()).then_some(total)
}

fn ago(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let spans = texts(args, 0)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(now.as_micros()).unwrap_or(i64::MAX);
    let found = (0..rows(args))
        .map(|row| match spans.get(row).map(|text| (text, span_seconds(text))) {
            None => Ok(None),
            Some((_, Some(seconds))) => Ok(seconds.checked_mul(SECOND).and_then(|micros| now.checked_sub(micros))),
            Some((text, None)) => exec_err!("`{text}` is no span of time: write it as 90m, 7d or 1d12h"),
        })
        .collect::<Result<TimestampMicrosecondArray>>()?;
    instants_result(args, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_in_every_usual_form() {
        let noon = time::parse("2026-03-01T12:00:00Z");
        for text in [
            "2026-03-01T12:00:00Z",
            "2026-03-01T12:00:00.000Z",
            "2026-03-01T13:00:00+01:00",
            "2026-03-01 12:00:00",
            "2026-03-01T12:00",
            "2026-03-01 12:00:00.000000",
        ] {
            assert_eq!(parse_instant(text), noon, "{text}");
        }
        assert_eq!(parse_instant("2026-03-01"), time::parse("2026-03-01T00:00:00Z"));
        assert_eq!(parse_instant("yesterday"), None);
        assert_eq!(parse_in("2026/03/01", "%Y/%m/%d", 1970), time::parse("2026-03-01T00:00:00Z"));
    }

    #[test]
    fn spans_are_read() {
        assert_eq!(span_seconds("7d"), Some(604_800));
        assert_eq!(span_seconds("1d12h"), Some(129_600));
        for wrong in ["", "7", "d", "7x", "-7d", "99999999999999999999d"] {
            assert_eq!(span_seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn months_end_where_they_end() {
        let at = |text: &str| time::parse(text).unwrap();
        assert_eq!(add(at("2026-01-31T00:00:00Z"), 1, Unit::Months(1)), Some(at("2026-02-28T00:00:00Z")));
        assert_eq!(add(i64::MAX, 1, Unit::Micros(DAY)), None);
    }
}
