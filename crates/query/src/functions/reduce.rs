//! Trino's `reduce(list, start, (state, element) -> …, state -> …)`: one value out of the elements of a list, in their order.
//!
//! All rows go on side by side: the first elements of all lists at once, then the second ones of those that have as many.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray as _, ListArray, UInt32Array, new_null_array};
use arrow::compute::{CastOptions, cast_with_options, concat, take, take_arrays};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{exec_datafusion_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, HigherOrderFunctionArgs, HigherOrderReturnFieldArgs, HigherOrderSignature, HigherOrderUDFImpl,
    LambdaArgument, LambdaParametersProgress, ValueOrLambda, Volatility,
};

use super::FunctionDoc;
use crate::typing::type_in_words;

pub(super) const DOC: FunctionDoc = FunctionDoc {
    call: "reduce(list, start, (state, element) -> …, state -> …)",
    meaning: "Trino's: goes through a list with a state that the first lambda computes anew for each element; what the second \
              makes of the last state",
};
/// How often digits of decimals grow until there are no more.
const MAX_TYPES: usize = 80;

/// `reduce(list, start, (state, element) -> …, state -> …)`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Reduce(HigherOrderSignature);

impl Reduce {
    pub(super) fn new() -> Self {
        let (value, lambda) = (ValueOrLambda::Value(()), ValueOrLambda::Lambda(()));
        let arguments = vec![value.clone(), value, lambda.clone(), lambda];
        Self(HigherOrderSignature::exact(arguments, Volatility::Immutable))
    }
}

impl HigherOrderUDFImpl for Reduce {
    fn name(&self) -> &'static str {
        "reduce"
    }

    fn signature(&self) -> &HigherOrderSignature {
        &self.0
    }

    fn coerce_value_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let [list, start] = given else { return wrong() };
        Ok(vec![as_list(list)?, start.clone()])
    }

    /// The state has the type that the first lambda gives of it, once that stays.
    fn lambda_parameters(
        &self,
        step: usize,
        fields: &[ValueOrLambda<FieldRef, Option<FieldRef>>],
    ) -> Result<LambdaParametersProgress> {
        let [
            ValueOrLambda::Value(list),
            ValueOrLambda::Value(start),
            ValueOrLambda::Lambda(next),
            ValueOrLambda::Lambda(last),
        ] = fields
        else {
            return wrong();
        };
        let DataType::List(element) = as_list(list.data_type())? else { return wrong() };
        let state = |kind: &DataType| Arc::new(Field::new("state", kind.clone(), true));
        let element = Arc::new(element.as_ref().clone().with_nullable(true));
        let Some(next) = next else {
            return Ok(LambdaParametersProgress::Partial(vec![Some(vec![state(start.data_type()), element]), None]));
        };
        // a sum of doubles that begins with 0 is a double; one of decimals gets more digits, until it has them all
        let state = state(next.data_type());
        let steps = if next.data_type().is_decimal() { MAX_TYPES } else { 2 };
        if step < steps && last.is_none() {
            return Ok(LambdaParametersProgress::Partial(vec![Some(vec![state, element]), None]));
        }
        Ok(LambdaParametersProgress::Complete(vec![vec![Arc::clone(&state), element], vec![state]]))
    }

    fn return_field_from_args(&self, args: HigherOrderReturnFieldArgs) -> Result<FieldRef> {
        match args.arg_fields.last() {
            Some(ValueOrLambda::Lambda(last)) => Ok(Arc::new(Field::new("", last.data_type().clone(), true))),
            _ => wrong(),
        }
    }

    fn invoke_with_args(&self, args: HigherOrderFunctionArgs) -> Result<ColumnarValue> {
        let [
            ValueOrLambda::Value(lists),
            ValueOrLambda::Value(start),
            ValueOrLambda::Lambda(next),
            ValueOrLambda::Lambda(last),
        ] = args.args.as_slice()
        else {
            return wrong();
        };
        let Some(ValueOrLambda::Lambda(state)) = args.arg_fields.get(2) else { return wrong() };
        let lists = lists.to_array(args.number_rows)?;
        let Some(lists) = lists.as_list_opt::<i32>() else { return wrong() };
        let start = strictly(&start.to_array(args.number_rows)?, state.data_type())?;
        let (states, rows) = states(lists, &start, next)?;
        if rows.is_empty() {
            return Ok(ColumnarValue::Array(new_null_array(args.return_type(), args.number_rows)));
        }
        let found = evaluate(last, &[&states], &rows)?;
        // rows of null lists have no state
        let mut places: Vec<Option<u32>> = vec![None; args.number_rows];
        for (at, row) in (0..).zip(rows.values()) {
            places[*row as usize] = Some(at);
        }
        Ok(ColumnarValue::Array(take(&found, &UInt32Array::from(places), None)?))
    }
}

fn as_list(kind: &DataType) -> Result<DataType> {
    match kind {
        DataType::List(_) => Ok(kind.clone()),
        DataType::LargeList(of) | DataType::FixedSizeList(of, _) | DataType::ListView(of) => {
            Ok(DataType::List(Arc::clone(of)))
        }
        DataType::Null => Ok(DataType::new_list(DataType::Null, true)),
        other => plan_err!("reduce goes through a list, and not through {}", type_in_words(other)),
    }
}

fn wrong<T>() -> Result<T> {
    plan_err!("reduce takes a list, a value and two lambdas: reduce(list, 0, (s, x) -> s + x, s -> s)")
}

/// The last states, and which rows they are of: those whose list is not null.
fn states(lists: &ListArray, start: &ArrayRef, next: &LambdaArgument) -> Result<(ArrayRef, UInt32Array)> {
    let rows = u32::try_from(lists.len()).map_err(|_| exec_datafusion_err!("too many rows at once"))?;
    let mut rows: Vec<u32> = (0..rows).filter(|row| lists.is_valid(*row as usize)).collect();
    let mut states = take(start, &UInt32Array::from(rows.clone()), None)?;
    let (mut done, mut rows_done) = (vec![states.slice(0, 0)], Vec::new());
    for at in 0.. {
        let goes_on = |row: u32| lists.value_length(row as usize) > at;
        let (going, ended): (Vec<(u32, &u32)>, Vec<_>) = (0..).zip(&rows).partition(|(_, row)| goes_on(**row));
        let places = |of: &[(u32, &u32)]| of.iter().map(|(place, _)| *place).collect::<Vec<u32>>();
        let (going, ended) = (places(&going), places(&ended));
        if !ended.is_empty() {
            rows_done.extend(ended.iter().map(|place| rows[*place as usize]));
            done.push(take(&states, &UInt32Array::from(ended), None)?);
            rows = going.iter().map(|place| rows[*place as usize]).collect();
            states = take(&states, &UInt32Array::from(going), None)?;
        }
        if rows.is_empty() {
            break;
        }
        let element = |row: &u32| u32::try_from(lists.value_offsets()[*row as usize] + at).ok();
        let elements = take(lists.values(), &rows.iter().map(element).collect::<UInt32Array>(), None)?;
        let computed = evaluate(next, &[&states, &elements], &UInt32Array::from(rows.clone()))?;
        states = strictly(&computed, start.data_type())?;
    }
    let done: Vec<&dyn Array> = done.iter().map(AsRef::as_ref).collect();
    Ok((concat(&done)?, rows_done.into()))
}

fn strictly(values: &ArrayRef, kind: &DataType) -> Result<ArrayRef> {
    Ok(cast_with_options(values, kind, &CastOptions { safe: false, ..CastOptions::default() })?)
}

/// What a lambda gives for some of the rows.
fn evaluate(lambda: &LambdaArgument, arguments: &[&ArrayRef], rows: &UInt32Array) -> Result<ArrayRef> {
    let given: Vec<_> = arguments.iter().map(|argument| || Ok(Arc::clone(argument))).collect();
    let given: Vec<&dyn Fn() -> Result<ArrayRef>> = given.iter().map(|argument| argument as _).collect();
    let around = |columns: &[ArrayRef]| Ok(take_arrays(columns, rows, None)?);
    lambda.evaluate(&given, around)?.into_array(rows.len())
}
