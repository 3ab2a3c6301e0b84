//! How many bytes a call would make, told from its arguments. Sums saturate: what is too much is too much.

use arrow::array::{Array as _, ArrayRef, AsArray as _, Int64Array, LargeStringArray};
use arrow::compute::{cast, kernels::length::length};
use arrow::datatypes::{DataType, Int64Type, IntervalMonthDayNanoType, IntervalUnit, TimeUnit};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::arguments::rows;

/// Bytes that the values of a call take.
pub(super) type Size = fn(&ScalarFunctionArgs) -> Result<usize>;

/// Bytes of a number in a list, and of what a list keeps beside a text.
const WORD: usize = 8;
/// Bytes of a character, at most.
const CHARACTER: usize = 4;
const MICROS_PER_DAY: i64 = 86_400_000_000;
const DAYS_PER_MONTH: i64 = 30;

/// An argument: a value for all rows, or one for each.
struct Argument {
    array: ArrayRef,
    is_same: bool,
}

impl Argument {
    fn of(args: &ScalarFunctionArgs, index: usize) -> Result<Option<Self>> {
        Ok(match args.args.get(index) {
            Some(ColumnarValue::Scalar(value)) => Some(Self { array: value.to_array()?, is_same: true }),
            Some(ColumnarValue::Array(array)) => Some(Self { array: array.clone(), is_same: false }),
            None => None,
        })
    }

    fn with(&self, array: ArrayRef) -> Self {
        Self { array, is_same: self.is_same }
    }

    fn at(&self, row: usize) -> usize {
        if self.is_same { 0 } else { row }
    }
}

/// A whole number for each row; null is `None`.
struct Numbers {
    array: Int64Array,
    is_same: bool,
}

impl Numbers {
    fn of(argument: &Argument) -> Result<Self> {
        let array = cast(&argument.array, &DataType::Int64)?;
        Ok(Self { array: array.as_primitive::<Int64Type>().clone(), is_same: argument.is_same })
    }

    fn get(&self, row: usize) -> Option<i64> {
        let row = if self.is_same { 0 } else { row };
        self.array.is_valid(row).then(|| self.array.value(row))
    }

    fn count(&self, row: usize) -> usize {
        self.get(row).and_then(|count| usize::try_from(count).ok()).unwrap_or(0)
    }
}

/// Bytes of each value.
struct Widths {
    each: Option<Numbers>,
    /// If they are not looked at one by one.
    mean: usize,
}

impl Widths {
    fn of(argument: &Argument) -> Result<Self> {
        if argument.array.data_type().is_string() {
            let lengths = argument.with(length(argument.array.as_ref())?);
            return Ok(Self { each: Some(Numbers::of(&lengths)?), mean: 0 });
        }
        let bytes = argument.array.to_data().get_slice_memory_size().unwrap_or(0);
        Ok(Self { each: None, mean: bytes.div_ceil(argument.array.len().max(1)) })
    }

    fn get(&self, row: usize) -> usize {
        self.each.as_ref().map_or(self.mean, |each| each.count(row))
    }
}

fn widths(args: &ScalarFunctionArgs, index: usize) -> Result<Option<Widths>> {
    Argument::of(args, index)?.as_ref().map(Widths::of).transpose()
}

fn numbers(args: &ScalarFunctionArgs, index: usize) -> Result<Option<Numbers>> {
    Argument::of(args, index)?.as_ref().map(Numbers::of).transpose()
}

fn sum(args: &ScalarFunctionArgs, of_row: impl Fn(usize) -> usize) -> usize {
    (0..rows(args)).map(of_row).fold(0, usize::saturating_add)
}

/// `repeat(text, count)`.
pub(super) fn repeat(args: &ScalarFunctionArgs) -> Result<usize> {
    let (Some(texts), Some(counts)) = (widths(args, 0)?, numbers(args, 1)?) else { return Ok(0) };
    Ok(sum(args, |row| texts.get(row).saturating_mul(counts.count(row))))
}

/// `lpad(text, characters[, fill])`.
pub(super) fn pad(args: &ScalarFunctionArgs) -> Result<usize> {
    let (Some(texts), Some(counts)) = (widths(args, 0)?, numbers(args, 1)?) else { return Ok(0) };
    let is_ascii = |fill: &Argument| fill.array.as_string_opt::<i32>().is_some_and(|fill| fill.is_ascii());
    let of_character = Argument::of(args, 2)?.map_or(1, |fill| if is_ascii(&fill) { 1 } else { CHARACTER });
    Ok(sum(args, |row| counts.count(row).saturating_mul(of_character).saturating_add(texts.get(row))))
}

/// `concat(text, …)`.
pub(super) fn concat(args: &ScalarFunctionArgs) -> Result<usize> {
    let mut bytes = 0_usize;
    for index in 0..args.args.len() {
        if let Some(texts) = widths(args, index)? {
            bytes = bytes.saturating_add(sum(args, |row| texts.get(row)));
        }
    }
    Ok(bytes)
}

/// `concat_ws(separator, text, …)`.
pub(super) fn concat_ws(args: &ScalarFunctionArgs) -> Result<usize> {
    let Some(separators) = widths(args, 0)? else { return Ok(0) };
    let count = args.args.len().saturating_sub(2);
    Ok(concat(args)?.saturating_add(sum(args, |row| separators.get(row).saturating_mul(count))))
}

/// `replace(text, from, to)`: what it can be at most, and only if that is much, what it is.
pub(super) fn replace(args: &ScalarFunctionArgs) -> Result<usize> {
    const LITTLE: usize = 1 << 20;
    let (Some(texts), Some(from), Some(to)) = (widths(args, 0)?, widths(args, 1)?, widths(args, 2)?) else {
        return Ok(0);
    };
    let made = |row: usize, found: usize| texts.get(row).saturating_add(found.saturating_mul(to.get(row)));
    let at_most = |row: usize| match from.get(row) {
        0 => texts.get(row) + 1,
        bytes => texts.get(row) / bytes,
    };
    let bytes = sum(args, |row| made(row, at_most(row)));
    let (Some(written), Some(wanted)) = (Argument::of(args, 0)?, Argument::of(args, 1)?) else { return Ok(bytes) };
    if bytes < LITTLE {
        return Ok(bytes);
    }
    let (written_texts, wanted_texts) = (texts_of(&written)?, texts_of(&wanted)?);
    Ok(sum(args, |row| {
        let (text, from) = (written_texts.value(written.at(row)), wanted_texts.value(wanted.at(row)));
        made(row, if from.is_empty() { text.len() + 1 } else { text.matches(from).count() })
    }))
}

fn texts_of(argument: &Argument) -> Result<LargeStringArray> {
    Ok(cast(&argument.array, &DataType::LargeUtf8)?.as_string::<i64>().clone())
}

/// `regexp_replace(text, pattern, to[, flags])`: of the largest value, as if each character were replaced. Of a whole batch that
/// would say little.
pub(super) fn regexp_replace(args: &ScalarFunctionArgs) -> Result<usize> {
    let (Some(texts), Some(to)) = (widths(args, 0)?, widths(args, 2)?) else { return Ok(0) };
    let flags = Argument::of(args, 3)?;
    if flags.is_none() {
        // the first match alone
        return Ok(sum(args, |row| texts.get(row).saturating_add(to.get(row))));
    }
    let of_row = |row: usize| (texts.get(row) + 1).saturating_mul(to.get(row));
    Ok((0..rows(args)).map(of_row).max().unwrap_or(0))
}

/// `array_repeat(value, count)`.
pub(super) fn array_repeat(args: &ScalarFunctionArgs) -> Result<usize> {
    let (Some(values), Some(counts)) = (widths(args, 0)?, numbers(args, 1)?) else { return Ok(0) };
    Ok(sum(args, |row| values.get(row).saturating_add(WORD).saturating_mul(counts.count(row))))
}

/// `array_resize(list, count[, value])`.
pub(super) fn array_resize(args: &ScalarFunctionArgs) -> Result<usize> {
    let (Some(lists), Some(counts)) = (widths(args, 0)?, numbers(args, 1)?) else { return Ok(0) };
    let values = widths(args, 2)?;
    let of_value = |row: usize| values.as_ref().map_or(0, |values| values.get(row)) + WORD;
    Ok(sum(args, |row| of_value(row).saturating_mul(counts.count(row)).saturating_add(lists.get(row))))
}

/// `array_to_string(list, separator[, null])`.
pub(super) fn array_to_string(args: &ScalarFunctionArgs) -> Result<usize> {
    let Some(list) = Argument::of(args, 0)? else { return Ok(0) };
    let (DataType::List(_) | DataType::LargeList(_)) = list.array.data_type() else { return Ok(0) };
    let (counts, lists) = (Numbers::of(&list.with(length(list.array.as_ref())?))?, Widths::of(&list)?);
    let (separators, nulls) = (widths(args, 1)?, widths(args, 2)?);
    let width = |widths: &Option<Widths>, row: usize| widths.as_ref().map_or(0, |widths| widths.get(row));
    let between = |row: usize| width(&separators, row).saturating_add(width(&nulls, row));
    Ok(sum(args, |row| between(row).saturating_mul(counts.count(row)).saturating_add(lists.get(row))))
}

/// `range([first,] end[, step])` and `generate_series`, of numbers and of times.
pub(super) fn range(args: &ScalarFunctionArgs) -> Result<usize> {
    let Some(first) = Argument::of(args, 0)? else { return Ok(0) };
    let Some(end) = Argument::of(args, 1)? else {
        let ends = Numbers::of(&first)?;
        return Ok(sum(args, |row| ends.count(row).saturating_mul(WORD)));
    };
    let (firsts, ends) = (Numbers::of(&first.as_numbers()?)?, Numbers::of(&end.as_numbers()?)?);
    let steps = Argument::of(args, 2)?.map(|steps| steps.as_numbers()).transpose()?;
    let steps = steps.as_ref().map(Numbers::of).transpose()?;
    Ok(sum(args, |row| {
        let (Some(first), Some(end)) = (firsts.get(row), ends.get(row)) else { return 0 };
        let step = steps.as_ref().map_or(Some(1), |steps| steps.get(row)).unwrap_or(1);
        let span = i128::from(end) - i128::from(first);
        let count = if step == 0 { 0 } else { span / i128::from(step) };
        usize::try_from(count.max(0)).unwrap_or(usize::MAX).saturating_mul(WORD)
    }))
}

impl Argument {
    /// Times in microseconds, spans as well; numbers as they are.
    fn as_numbers(&self) -> Result<Self> {
        let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
        Ok(match self.array.data_type() {
            DataType::Interval(IntervalUnit::MonthDayNano) => {
                let spans = self.array.as_primitive::<IntervalMonthDayNanoType>();
                let in_micros = |span: arrow::datatypes::IntervalMonthDayNano| {
                    let days = i64::from(span.months) * DAYS_PER_MONTH + i64::from(span.days);
                    days.saturating_mul(MICROS_PER_DAY).saturating_add(span.nanoseconds / 1000)
                };
                self.with(std::sync::Arc::new(spans.unary::<_, Int64Type>(in_micros)))
            }
            DataType::Timestamp(_, _) | DataType::Date32 | DataType::Date64 => {
                self.with(cast(&cast(&self.array, &micros)?, &DataType::Int64)?)
            }
            _ => self.with(self.array.clone()),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray, StringViewArray};
    use arrow::datatypes::Field;
    use datafusion::common::ScalarValue;
    use datafusion::common::config::ConfigOptions;

    use super::*;

    fn args(args: Vec<ColumnarValue>, number_rows: usize) -> ScalarFunctionArgs {
        let return_field = Arc::new(Field::new("x", DataType::Utf8, true));
        ScalarFunctionArgs {
            args,
            arg_fields: vec![],
            number_rows,
            return_field,
            config_options: Arc::new(ConfigOptions::default()),
        }
    }

    fn same(value: impl Into<ScalarValue>) -> ColumnarValue {
        ColumnarValue::Scalar(value.into())
    }

    fn each(texts: &[&str]) -> ColumnarValue {
        ColumnarValue::Array(Arc::new(StringArray::from(texts.to_vec())))
    }

    #[test]
    fn texts_are_measured_without_being_made() {
        let huge = 2_000_000_000_i64;
        assert_eq!(repeat(&args(vec![same("ab"), same(huge)], 8192)).unwrap(), 4_000_000_000);
        let views = ColumnarValue::Array(Arc::new(StringViewArray::from(vec!["a", "bcd"])));
        let counts = ColumnarValue::Array(Arc::new(Int64Array::from(vec![Some(10), None])));
        assert_eq!(repeat(&args(vec![views, counts], 2)).unwrap(), 10);
        assert_eq!(repeat(&args(vec![same("ab"), same(-1_i64)], 1)).unwrap(), 0);
        assert_eq!(pad(&args(vec![each(&["a", "b"]), same(100_i64)], 2)).unwrap(), 202);
        assert_eq!(pad(&args(vec![each(&["a"]), same(100_i64), same("é")], 1)).unwrap(), 401);
        assert_eq!(concat(&args(vec![each(&["a", "bc"]), same("xyz")], 2)).unwrap(), 9);
        assert_eq!(concat_ws(&args(vec![same("--"), each(&["a", "bc"]), same("x")], 2)).unwrap(), 13);
    }

    #[test]
    fn what_is_replaced_is_counted_where_it_could_be_much() {
        let text = "a".repeat(1000) + &"b".repeat(1_000_000);
        let call = |from: &str, to: &str| replace(&args(vec![each(&[&text]), same(from), same(to)], 1)).unwrap();
        assert_eq!(call("a", &"x".repeat(100)), 1_001_000 + 100_000);
        assert_eq!(call("b", &"x".repeat(100)), 1_001_000 + 100_000_000);
        assert_eq!(call("", "xx"), 1_001_000 + 2_002_002);
    }

    #[test]
    fn lists_are_counted_by_their_ends_and_steps() {
        let of = |values: Vec<ColumnarValue>| range(&args(values, 1)).unwrap();
        assert_eq!(of(vec![same(100_i64)]), 800);
        assert_eq!(of(vec![same(10_i64), same(0_i64), same(-2_i64)]), 40);
        assert_eq!(of(vec![same(i64::MIN), same(i64::MAX), same(1_i64)]), usize::MAX);
        assert_eq!(of(vec![same(0_i64), same(9_i64), same(0_i64)]), 0);
        let day = ScalarValue::new_interval_mdn(0, 1, 0);
        assert_eq!(of(vec![same(ScalarValue::Date32(Some(0))), same(ScalarValue::Date32(Some(10))), same(day)]), 80);
        let second = ScalarValue::new_interval_mdn(0, 0, 1_000_000_000);
        let at = |micros| same(ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into())));
        assert_eq!(of(vec![at(0), at(60_000_000), same(second)]), 480);
        assert_eq!(array_repeat(&args(vec![same(7_i64), same(1_000_000_000_i64)], 1)).unwrap(), 16_000_000_000);
    }
}
