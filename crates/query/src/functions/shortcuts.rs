//! Functions that take a shorter way to the same answer where there is one.
//!
//! - Times in UTC are taken as times of no zone: hours and days are the same there, and finding them is a division, where with
//!   a zone its rules are asked for every time.
//! - The first part of a text is what is before the separator; the others need not be told apart.
//! - Patterns are replaced in one of neighbours that are the same: the records of a log file follow each other.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, StringArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::preimage::PreimageResult;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl};

use super::as_inner::as_inner;
use super::bounded::check;

type Run = fn(&Shortcut, ScalarFunctionArgs) -> Result<ColumnarValue>;

/// Functions and how they are run.
const SHORTCUTS: [(&str, Run); 4] =
    [("date_trunc", in_utc), ("date_part", in_utc), ("split_part", first_part), ("regexp_replace", each_other_text)];
const UTC: [&str; 2] = ["UTC", "+00:00"];

/// What takes the place of `func`, and makes at most `most_bytes` of values at once; `None` for a function without a shorter
/// way, or one that takes it already.
pub(crate) fn shortcut(func: &Arc<ScalarUDF>, most_bytes: usize) -> Option<Arc<ScalarUDF>> {
    let (_, run) = SHORTCUTS.iter().find(|(name, _)| *name == func.name())?;
    let is_one = func.inner().downcast_ref::<Shortcut>().is_some();
    (!is_one).then(|| Arc::new(ScalarUDF::new_from_impl(Shortcut { inner: Arc::clone(func), run: *run, most_bytes })))
}

/// A function that is run in another way.
#[derive(Debug)]
struct Shortcut {
    inner: Arc<ScalarUDF>,
    run: Run,
    most_bytes: usize,
}

impl PartialEq for Shortcut {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}

impl Eq for Shortcut {}

impl Hash for Shortcut {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

/// A function whose second argument is a time, and that says the same of it with and without the zone UTC.
fn in_utc(function: &Shortcut, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let plain = match args.args.as_slice() {
        [_, ColumnarValue::Array(times)] => without_zone(times.data_type()).map(|kind| of_type(times, &kind)),
        _ => None,
    };
    let Some(plain) = plain.transpose()? else { return function.inner.invoke_with_args(args) };
    let wanted = args.return_field.data_type().clone();
    if let Some(field) = args.arg_fields.get_mut(1) {
        *field = of_field(field, plain.data_type());
    }
    if let Some(kind) = without_zone(&wanted) {
        args.return_field = of_field(&args.return_field, &kind);
    }
    if let Some(argument) = args.args.get_mut(1) {
        *argument = ColumnarValue::Array(plain);
    }
    match function.inner.invoke_with_args(args)? {
        ColumnarValue::Array(made) if *made.data_type() != wanted => Ok(ColumnarValue::Array(of_type(&made, &wanted)?)),
        made => Ok(made),
    }
}

/// `split_part(text, separator, 1)`, of a separator of one character.
fn first_part(function: &Shortcut, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let wanted = match args.args.as_slice() {
        [
            ColumnarValue::Array(texts),
            ColumnarValue::Scalar(ScalarValue::Utf8(Some(separator))),
            ColumnarValue::Scalar(ScalarValue::Int64(Some(1))),
        ] => texts.as_string_opt::<i32>().zip(separator.parse::<char>().ok()),
        _ => None,
    };
    let Some((texts, separator)) = wanted else { return function.inner.invoke_with_args(args) };
    let before = |text| str::split_once(text, separator).map_or(text, |(before, _)| before);
    let parts: StringArray = texts.iter().map(|text| text.map(before)).collect();
    Ok(ColumnarValue::Array(Arc::new(parts)))
}

/// A function of texts and constants.
fn each_other_text(function: &Shortcut, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let texts = match args.args.split_first() {
        Some((ColumnarValue::Array(texts), rest)) if rest.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_))) => {
            texts.as_string_opt::<i32>().cloned()
        }
        _ => None,
    };
    let Some(texts) = texts else { return function.inner.invoke_with_args(args) };
    let (first, places) = without_neighbours(&texts);
    if first.len() * 2 > texts.len() {
        return function.inner.invoke_with_args(args);
    }
    args.number_rows = first.len();
    args.args[0] = ColumnarValue::Array(take(&texts, &first, None)?);
    let made = function.inner.invoke_with_args(args)?.into_array(first.len())?;
    if let Some(made) = made.as_string_opt::<i32>() {
        let lengths = places.values().iter().map(|place| made.value(*place as usize).len());
        check(function.inner.name(), lengths.fold(0, usize::saturating_add), function.most_bytes)?;
    }
    Ok(ColumnarValue::Array(take(&made, &places, None)?))
}

/// The rows whose text is not that of the row before, and for each row which of them has its text.
fn without_neighbours(texts: &StringArray) -> (UInt32Array, UInt32Array) {
    let mut first: Vec<u32> = Vec::new();
    let mut last = None;
    let places: Vec<u32> = (0_u32..)
        .zip(texts.iter())
        .map(|(row, text)| {
            if last != Some(text) {
                first.push(row);
                last = Some(text);
            }
            // fewer than there are rows
            u32::try_from(first.len()).unwrap_or(u32::MAX) - 1
        })
        .collect();
    (first.into(), places.into())
}

/// The type without its zone, if that is UTC.
fn without_zone(kind: &DataType) -> Option<DataType> {
    match kind {
        DataType::Timestamp(unit, Some(zone)) if UTC.contains(&zone.as_ref()) => Some(DataType::Timestamp(*unit, None)),
        _ => None,
    }
}

/// The same times with another zone, which for times without or in UTC are the same numbers.
fn of_type(times: &ArrayRef, kind: &DataType) -> Result<ArrayRef> {
    let data = times.to_data().into_builder().data_type(kind.clone()).build()?;
    Ok(arrow::array::make_array(data))
}

impl ScalarUDFImpl for Shortcut {
    as_inner!();

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        (self.run)(self, args)
    }

    fn simplify(&self, args: Vec<Expr>, context: &SimplifyContext) -> Result<ExprSimplifyResult> {
        self.inner.simplify(args, context)
    }

    fn preimage(&self, args: &[Expr], wanted: &Expr, context: &SimplifyContext) -> Result<PreimageResult> {
        self.inner.preimage(args, wanted, context)
    }
}

fn of_field(field: &FieldRef, kind: &DataType) -> FieldRef {
    Arc::new(Field::new(field.name(), kind.clone(), field.is_nullable()))
}

#[cfg(test)]
mod tests {
    use arrow::array::TimestampMicrosecondArray;
    use arrow::datatypes::TimeUnit;
    use datafusion::common::DFSchema;
    use datafusion::prelude::{SessionContext, col, lit};
    use proptest::prelude::*;

    use super::*;

    /// What an expression is in one column of values, and what it is by the shorter way.
    fn both(name: &str, args: Vec<Expr>, values: ArrayRef) -> (ArrayRef, ArrayRef) {
        let context = SessionContext::new();
        let fields = vec![Field::new("x", values.data_type().clone(), true)];
        let schema = arrow::datatypes::Schema::new(fields);
        let batch = arrow::array::RecordBatch::try_new(Arc::new(schema.clone()), vec![values]).unwrap();
        let schema = DFSchema::try_from(schema).unwrap();
        let func = context.state().scalar_functions().get(name).cloned().unwrap();
        let evaluated = |func: &ScalarUDF| {
            let expr = context.create_physical_expr(func.call(args.clone()), &schema).unwrap();
            expr.evaluate(&batch).unwrap().into_array(batch.num_rows()).unwrap()
        };
        let short = shortcut(&func, 1000).unwrap();
        assert!(shortcut(&short, 1000).is_none());
        (evaluated(&func), evaluated(&short))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn times_in_utc_are_taken_apart_alike(
            times in prop::collection::vec(prop::option::of(-4_000_000_000_000_000..8_000_000_000_000_000_i64), 1..50),
            unit in prop::sample::select(vec![
                "microsecond", "millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "dow",
                "doy", "epoch",
            ]),
            zone in prop::sample::select(vec![Some("UTC"), Some("+00:00"), Some("+02:00"), None]),
        ) {
            let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from(times).with_timezone_opt(zone));
            assert!(matches!(times.data_type(), DataType::Timestamp(TimeUnit::Microsecond, _)));
            for name in ["date_trunc", "date_part"] {
                if name == "date_part" || !["dow", "doy", "epoch"].contains(&unit) {
                    let (plain, short) = both(name, vec![lit(unit), col("x")], Arc::clone(&times));
                    prop_assert_eq!(&plain, &short);
                }
            }
        }

        #[test]
        fn neighbours_share_what_is_replaced(
            texts in prop::collection::vec((prop::option::of("[ab.]{0,3}"), 1..9_usize), 1..20),
            pattern in prop::sample::select(vec!["a", "(a)(.)", "^", "b*"]),
        ) {
            let texts = texts.into_iter().flat_map(|(text, times)| std::iter::repeat_n(text, times));
            let texts: ArrayRef = Arc::new(texts.collect::<StringArray>());
            let arguments = vec![col("x"), lit(pattern), lit("<$1>"), lit("g")];
            let (plain, short) = both("regexp_replace", arguments, texts);
            prop_assert_eq!(&plain, &short);
        }

        #[test]
        fn first_parts_are_the_same(
            texts in prop::collection::vec(prop::option::of("[a.é]{0,6}"), 1..50),
            separator in prop::sample::select(vec![".", "é", "a.", ""]),
            part in 1..3_i64,
        ) {
            let texts: ArrayRef = Arc::new(texts.into_iter().collect::<StringArray>());
            let (plain, short) = both("split_part", vec![col("x"), lit(separator), lit(part)], texts);
            prop_assert_eq!(&plain, &short);
        }
    }
}
