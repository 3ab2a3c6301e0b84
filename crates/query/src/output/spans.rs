//! Spans of time as ISO 8601 has them, for files that have no type for them: `P1Y2M3DT4H5M6.5S`.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit};
use arrow::error::ArrowError;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// Whether a value of this type is a span of months, days and parts of a day, or holds one.
pub(super) fn holds_spans(kind: &DataType) -> bool {
    match kind {
        DataType::Interval(_) => true,
        DataType::Struct(fields) => fields.iter().any(|field| holds_spans(field.data_type())),
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            holds_spans(field.data_type())
        }
        DataType::Map(entries, _) => holds_spans(entries.data_type()),
        _ => false,
    }
}

/// Each span as text.
pub(super) fn texts(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let spans = cast(array, &DataType::Interval(IntervalUnit::MonthDayNano))?;
    let spans = spans.as_primitive::<IntervalMonthDayNanoType>();
    Ok(Arc::new(spans.iter().map(|span| span.map(text)).collect::<StringArray>()))
}

fn text(span: IntervalMonthDayNano) -> String {
    let mut date = String::new();
    part(&mut date, i64::from(span.months / 12), 'Y');
    part(&mut date, i64::from(span.months % 12), 'M');
    part(&mut date, i64::from(span.days), 'D');
    let (seconds, nanos) = (span.nanoseconds / NANOS_PER_SECOND, span.nanoseconds % NANOS_PER_SECOND);
    let mut time = String::new();
    part(&mut time, seconds / 3600, 'H');
    part(&mut time, seconds / 60 % 60, 'M');
    if nanos == 0 {
        part(&mut time, seconds % 60, 'S');
    } else {
        let fraction = format!("{:09}", nanos.abs());
        let sign = if nanos < 0 { "-" } else { "" };
        let _ = write!(time, "{sign}{}.{}S", (seconds % 60).abs(), fraction.trim_end_matches('0'));
    }
    match (date.is_empty(), time.is_empty()) {
        (true, true) => "PT0S".to_owned(),
        (_, true) => format!("P{date}"),
        _ => format!("P{date}T{time}"),
    }
}

fn part(out: &mut String, count: i64, unit: char) {
    if count != 0 {
        let _ = write!(out, "{count}{unit}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_part_by_part() {
        let of = |months, days, nanos| text(IntervalMonthDayNano::new(months, days, nanos));
        assert_eq!(of(14, 3, (4 * 3600 + 5 * 60 + 6) * NANOS_PER_SECOND + 500_000_000), "P1Y2M3DT4H5M6.5S");
        assert_eq!(of(0, 0, 0), "PT0S");
        assert_eq!(of(0, -7, 0), "P-7D");
        assert_eq!(of(0, 0, -1_000), "PT-0.000001S");
        assert_eq!(of(-1, 0, 90 * NANOS_PER_SECOND), "P-1MT1M30S");
    }
}
