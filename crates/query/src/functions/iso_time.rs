//! Instants as CloudTrail writes them, and back.
//!
//! Athena's `eventtime` is text, ours an instant. `iso_time` makes the text, and tells DataFusion which instants lie behind a
//! comparison with a text, so that files are left out as they are for `event_time` itself. `from_iso8601_timestamp` of such a
//! text is the instant again, without any text in between.

use std::sync::Arc;

use arrow::array::{AsArray, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use datafusion::common::{ScalarValue, internal_err};
use datafusion::error::Result;
use datafusion::logical_expr::interval_arithmetic::Interval;
use datafusion::logical_expr::preimage::PreimageResult;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use milepost_schema::time;

use super::arguments::{array, result, rows, texts};
use super::instants::parse_instant;
use super::scalar::instant_type;
use super::{FunctionDoc, ISO_TIME};

const SECOND: i64 = 1_000_000;
/// 0001-01-01 and 9999-12-31T23:59:59, between which the text has always the same length.
const FIRST_SECOND: i64 = -62_135_596_800;
const LAST_SECOND: i64 = 253_402_300_799;

pub(super) const DOCS: [FunctionDoc; 2] = [
    FunctionDoc { call: "iso_time(instant)", meaning: "an instant as CloudTrail writes it, `2026-03-01T12:00:00Z`" },
    FunctionDoc {
        call: "from_iso8601_timestamp(text)",
        meaning: "the instant that an ISO 8601 text says, in UTC; null if it is none",
    },
];

/// `iso_time(instant)`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct IsoTime(Signature);

impl IsoTime {
    pub(super) fn new() -> Self {
        Self(Signature::new(TypeSignature::Exact(vec![instant_type()]), Volatility::Immutable))
    }
}

impl ScalarUDFImpl for IsoTime {
    fn name(&self) -> &str {
        ISO_TIME
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let instants = array(&args, 0)?;
        let Some(instants) = instants.as_primitive_opt::<TimestampMicrosecondType>() else {
            return internal_err!("the argument of {ISO_TIME} is no instant");
        };
        let texts: StringArray = instants.iter().map(|micros| micros.map(whole_second)).collect();
        result(&args, Arc::new(texts))
    }

    /// The texts are in the order of the instants, so a comparison of texts is one of instants.
    fn preimage(&self, args: &[Expr], literal: &Expr, _: &SimplifyContext) -> Result<PreimageResult> {
        let ([instant], Some(text)) = (args, literal_text(literal)) else { return Ok(PreimageResult::None) };
        let Some((from, until)) = instants_of(text) else { return Ok(PreimageResult::None) };
        let bound = |second: i64| ScalarValue::TimestampMicrosecond(Some(second * SECOND), Some("UTC".into()));
        let interval = Interval::try_new(bound(from), bound(until))?;
        Ok(PreimageResult::Range { expr: instant.clone(), interval: Box::new(interval) })
    }
}

fn whole_second(micros: i64) -> String {
    time::format_micros(micros.div_euclid(SECOND) * SECOND)
}

fn literal_text(literal: &Expr) -> Option<&str> {
    match literal {
        Expr::Literal(value, _) => value.try_as_str().flatten(),
        Expr::Cast(cast) => literal_text(&cast.expr),
        _ => None,
    }
}

/// The second whose text is `text`, up to the next; or an empty span before the first second whose text is greater.
fn instants_of(text: &str) -> Option<(i64, i64)> {
    let (mut low, mut high) = (FIRST_SECOND, LAST_SECOND);
    let written = |second: i64| time::format_micros(second * SECOND);
    if written(low).as_str() >= text || written(high).as_str() < text {
        return None;
    }
    // the text of `low` is less, that of `high` is not
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if written(middle).as_str() < text { low = middle } else { high = middle }
    }
    Some((high, if written(high) == text { high + 1 } else { high }))
}

/// The instants whose text begins with `prefix`, in microseconds: the first, and the first behind them.
pub(crate) fn instants_with_prefix(prefix: &str) -> Option<(i64, i64)> {
    // texts that begin alike lie between the beginning and the one with the next last character
    let last = prefix.bytes().last().filter(u8::is_ascii)?;
    let next = format!("{}{}", &prefix[..prefix.len() - 1], char::from(last + 1));
    let ((first, _), (behind, _)) = (instants_of(prefix)?, instants_of(&next)?);
    Some((first * SECOND, behind * SECOND))
}

/// `from_iso8601_timestamp(text)`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct FromIso8601(Signature);

impl FromIso8601 {
    pub(super) fn new() -> Self {
        Self(Signature::user_defined(Volatility::Immutable))
    }
}

impl ScalarUDFImpl for FromIso8601 {
    fn name(&self) -> &'static str {
        "from_iso8601_timestamp"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(instant_type())
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            // an instant is taken too: queries wrap columns of both kinds
            [DataType::Timestamp(_, _) | DataType::Date32] => Ok(vec![instant_type()]),
            [given] if given.is_string() || given.is_null() => Ok(vec![DataType::Utf8]),
            _ => datafusion::common::plan_err!("from_iso8601_timestamp takes one text"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if let Some(ColumnarValue::Array(instants)) = args.args.first()
            && *instants.data_type() == instant_type()
        {
            return Ok(ColumnarValue::Array(Arc::clone(instants)));
        }
        if let Some(ColumnarValue::Scalar(instant @ ScalarValue::TimestampMicrosecond(_, _))) = args.args.first() {
            return Ok(ColumnarValue::Scalar(instant.clone()));
        }
        let written = texts(&args, 0)?;
        let instants: TimestampMicrosecondArray =
            (0..rows(&args)).map(|row| parse_instant(written.get(row)?)).collect();
        result(&args, Arc::new(instants.with_timezone("UTC")))
    }

    fn simplify(&self, args: Vec<Expr>, _: &SimplifyContext) -> Result<ExprSimplifyResult> {
        if let [Expr::ScalarFunction(call)] = args.as_slice()
            && call.func.name() == ISO_TIME
            && let [instant] = call.args.as_slice()
        {
            return Ok(ExprSimplifyResult::Simplified(instant.clone()));
        }
        Ok(ExprSimplifyResult::Original(args))
    }
}

/// `clock_of(text)`: what the clock shows in a text, whatever zone it names, as if that were UTC.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ClockOf(FromIso8601);

impl ClockOf {
    pub(super) fn new() -> Self {
        Self(FromIso8601::new())
    }
}

impl ScalarUDFImpl for ClockOf {
    fn name(&self) -> &'static str {
        "clock_of"
    }

    fn signature(&self) -> &Signature {
        self.0.signature()
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        self.0.return_type(given)
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        self.0.coerce_types(given)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if args.args.first().is_some_and(|argument| !argument.data_type().is_string()) {
            return self.0.invoke_with_args(args);
        }
        let written = texts(&args, 0)?;
        let clock = |row| {
            let text = written.get(row)?;
            parse_instant(text)?.checked_add(offset_of(text))
        };
        let shown: TimestampMicrosecondArray = (0..rows(&args)).map(clock).collect();
        result(&args, Arc::new(shown.with_timezone("UTC")))
    }

    /// Times of records are in UTC, so that files are left out by them.
    fn simplify(&self, args: Vec<Expr>, context: &SimplifyContext) -> Result<ExprSimplifyResult> {
        self.0.simplify(args, context)
    }
}

/// Microseconds that the clock is before UTC in a text that ends with an offset: `…T10:00:00+02:00`, `+0200`, `+02`.
fn offset_of(text: &str) -> i64 {
    let text = text.trim();
    let Some((_, clock)) = text.split_once(['T', ' ']) else { return 0 };
    let Some(at) = clock.rfind(['+', '-']) else { return 0 };
    let digits: String = clock[at + 1..].chars().filter(char::is_ascii_digit).collect();
    let number = |range: std::ops::Range<usize>| digits.get(range).and_then(|digits| digits.parse::<i64>().ok());
    let minutes = number(0..2).unwrap_or(0) * 60 + number(2..4).unwrap_or(0);
    let micros = minutes * 60 * SECOND;
    if clock[at..].starts_with('-') { -micros } else { micros }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read_in_any_form() {
        let hours = |text: &str| offset_of(text) as f64 / (3600 * SECOND) as f64;
        for (text, expected) in [
            ("2024-01-01T10:00:00+02:00", 2.0),
            ("2024-01-01 10:00:00.5-0530", -5.5),
            ("2024-01-01 10:00:00+02", 2.0),
            ("2024-01-01T10:00:00Z", 0.0),
            ("2024-01-01", 0.0),
        ] {
            assert!((hours(text) - expected).abs() < f64::EPSILON, "{text}");
        }
    }

    #[test]
    fn a_text_is_compared_as_the_instants_behind_it() {
        let second = |text: &str| time::parse(text).unwrap() / SECOND;
        let noon = second("2026-03-01T12:00:00Z");
        let day = second("2026-03-01T00:00:00Z");
        assert_eq!(instants_of("2026-03-01T12:00:00Z"), Some((noon, noon + 1)));
        assert_eq!(instants_of("2026-03-01"), Some((day, day)));
        assert_eq!(instants_of("2026-03-01 12:00:00"), Some((day, day)));
        assert_eq!(instants_of("2026-03-01T12:00:00.000Z"), Some((noon, noon)));
        assert_eq!(instants_of("2026-02-28T24:00:00Z"), Some((day, day)));
        assert_eq!(instants_of(""), None);
        assert_eq!(instants_of("zzz"), None);
        let (from, until) = instants_with_prefix("2026-03-01T1").unwrap();
        assert_eq!((from, until), (second("2026-03-01T10:00:00Z") * SECOND, second("2026-03-01T20:00:00Z") * SECOND));
        assert_eq!(instants_with_prefix(""), None);
        assert_eq!(instants_with_prefix("é"), None);
    }
}
