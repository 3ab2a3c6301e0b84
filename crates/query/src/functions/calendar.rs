//! Days, texts and spans of times as their zone has them: what rewritten queries of other engines call.

use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::array::{Array as _, ArrayRef, AsArray, StringArray, TimestampMicrosecondArray};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{
    DataType, Float64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, TimeUnit, TimestampMicrosecondType,
};
use chrono::{DateTime, Offset as _};
use datafusion::common::{exec_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility, cast as cast_expr,
    try_cast as try_cast_expr,
};

use super::FunctionDoc;
use super::arguments::{array, each_text, result};
use super::instants::parse_instant;
use super::scalar::{Definition, Kind, instant_type};

/// 2000-01-01 and 2000-01-03, a Monday, in microseconds since 1970.
const FIRST_OF_MONTH: i64 = 946_684_800_000_000;
const MONDAY: i64 = 946_857_600_000_000;
const NANOSECONDS_OF_DAY: i128 = 86_400_000_000_000;

#[rustfmt::skip]
pub(super) const FUNCTIONS: &[Definition] = &[
    Definition { name: "iso8601_text", arguments: &[Kind::Any], required: 1, returns: |_| DataType::Utf8, volatility: Volatility::Immutable, body: iso8601_text, call: "iso8601_text(time)", meaning: "a time in ISO 8601 with the offset of its zone, `Z` for none; a date without a time" },
    Definition { name: "bucket_origin", arguments: &[Kind::Interval], required: 1, returns: |_| instant_type(), volatility: Volatility::Immutable, body: bucket_origin, call: "bucket_origin(interval)", meaning: "what DuckDB's `time_bucket` counts spans from: a Monday, or the first of a month for spans of months" },
    Definition { name: "human_readable_seconds", arguments: &[Kind::Number], required: 1, returns: |_| DataType::Utf8, volatility: Volatility::Immutable, body: human_readable_seconds, call: "human_readable_seconds(seconds)", meaning: "a number of seconds in words, `1 hour, 2 minutes, 42 seconds`" },
];

pub(super) const DOCS: [FunctionDoc; 1] = [FunctionDoc {
    call: "day_of(time)",
    meaning: "the day of a time in its own zone; of a text, the day that its time has in UTC; `try_day_of` gives null for what is none",
}];

fn human_readable_seconds(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let seconds = array(args, 0)?;
    let Some(seconds) = seconds.as_primitive_opt::<Float64Type>() else {
        return exec_err!("the argument is no number");
    };
    each_text(args, |row| {
        (seconds.is_valid(row) && seconds.value(row).is_finite()).then(|| in_words(seconds.value(row)))
    })
}

/// Weeks, days, hours, minutes and seconds, those of which there are any.
fn in_words(seconds: f64) -> String {
    const UNITS: [(u64, &str); 5] =
        [(604_800, "week"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of floats saturate")]
    let mut rest = seconds.abs().round() as u64;
    let sign = if seconds < 0.0 && rest > 0 { "-" } else { "" };
    let mut words = Vec::new();
    for (length, name) in UNITS {
        let count = rest / length;
        rest %= length;
        if count > 0 || (words.is_empty() && length == 1) {
            words.push(format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        }
    }
    format!("{sign}{}", words.join(", "))
}

fn iso8601_text(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let given = array(args, 0)?;
    let written: ArrayRef = match given.data_type() {
        DataType::Date32 | DataType::Date64 => cast(&cast(&given, &DataType::Date32)?, &DataType::Utf8)?,
        DataType::Timestamp(_, zone) => Arc::new(in_zone(&given, zone.clone())?),
        _ => {
            let given = cast(&given, &DataType::Utf8)?;
            let instants: TimestampMicrosecondArray =
                given.as_string::<i32>().iter().map(|text| parse_instant(text?)).collect();
            Arc::new(in_zone(&(Arc::new(instants) as ArrayRef), None)?)
        }
    };
    result(args, written)
}

/// The texts of instants in a zone; without one they are in UTC.
fn in_zone(times: &ArrayRef, zone: Option<Arc<str>>) -> Result<StringArray> {
    let written_in: Tz = zone.as_deref().unwrap_or("UTC").parse()?;
    let times = cast(times, &DataType::Timestamp(TimeUnit::Microsecond, zone))?;
    let text = |micros: i64| {
        let time = DateTime::from_timestamp_micros(micros)?.with_timezone(&written_in);
        let is_utc = time.offset().fix().local_minus_utc() == 0;
        let format = if is_utc { "%Y-%m-%dT%H:%M:%S%.3fZ" } else { "%Y-%m-%dT%H:%M:%S%.3f%:z" };
        Some(time.format(format).to_string())
    };
    Ok(times.as_primitive::<TimestampMicrosecondType>().iter().map(|micros| text(micros?)).collect())
}

fn bucket_origin(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let widths = array(args, 0)?;
    let Some(widths) = widths.as_primitive_opt::<IntervalMonthDayNanoType>() else {
        return exec_err!("an argument is no interval");
    };
    let origins = widths.iter().map(|width| width.map(origin).transpose()).collect::<Result<Vec<_>>>()?;
    result(args, Arc::new(TimestampMicrosecondArray::from(origins).with_timezone("UTC")))
}

fn origin(width: IntervalMonthDayNano) -> Result<i64> {
    let length = i128::from(width.days) * NANOSECONDS_OF_DAY + i128::from(width.nanoseconds);
    match (width.months, length) {
        (1.., 0) => Ok(FIRST_OF_MONTH),
        (0, 1..) => Ok(MONDAY),
        (0, _) | (i32::MIN..0, 0) => exec_err!("a bucket's width has to be more than nothing"),
        _ => exec_err!("a bucket's width is months, or days and less, not both"),
    }
}

/// `day_of(time)`: a cast to a date, of a text by way of its time. `try_day_of` gives null where it would fail.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct DayOf {
    signature: Signature,
    tries: bool,
}

impl DayOf {
    pub(super) fn both() -> [Self; 2] {
        [false, true].map(|tries| Self { signature: Signature::user_defined(Volatility::Immutable), tries })
    }
}

const WALL_TIME: DataType = DataType::Timestamp(TimeUnit::Nanosecond, None);

impl ScalarUDFImpl for DayOf {
    fn name(&self) -> &'static str {
        if self.tries { "try_day_of" } else { "day_of" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Date32)
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [time @ (DataType::Timestamp(_, _) | DataType::Date32 | DataType::Date64)] => Ok(vec![time.clone()]),
            [DataType::Dictionary(_, value)] if value.is_string() => Ok(vec![DataType::Utf8]),
            [text] if text.is_string() || text.is_null() => Ok(vec![DataType::Utf8]),
            _ => plan_err!("only a time, a date or a text has a day"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let given = array(&args, 0)?;
        let options = CastOptions { safe: self.tries, ..CastOptions::default() };
        let is_text = given.data_type().is_string();
        let time = if is_text { cast_with_options(&given, &WALL_TIME, &options)? } else { given };
        result(&args, cast_with_options(&time, &DataType::Date32, &options)?)
    }

    /// As casts, which DataFusion sees through.
    fn simplify(&self, args: Vec<Expr>, context: &SimplifyContext) -> Result<ExprSimplifyResult> {
        let [given] = args.as_slice() else { return Ok(ExprSimplifyResult::Original(args)) };
        let is_text = context.get_data_type(given)?.is_string();
        let convert = if self.tries { try_cast_expr } else { cast_expr };
        let time = if is_text { convert(given.clone(), WALL_TIME) } else { given.clone() };
        Ok(ExprSimplifyResult::Simplified(convert(time, DataType::Date32)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_begin_by_what_they_are_made_of() {
        let begins = |months, days, nanoseconds| origin(IntervalMonthDayNano::new(months, days, nanoseconds)).ok();
        assert_eq!(begins(1, 0, 0), Some(FIRST_OF_MONTH));
        assert_eq!(begins(0, 7, 0), Some(MONDAY));
        assert_eq!(begins(0, 0, 1), Some(MONDAY));
        for (months, days, nanoseconds) in [(0, 0, 0), (0, -1, 0), (-1, 0, 0), (1, 1, 0), (0, -1, 3_600)] {
            assert_eq!(begins(months, days, nanoseconds), None, "{months} {days} {nanoseconds}");
        }
    }
}
