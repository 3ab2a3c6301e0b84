//! Values for the `$name` placeholders of a query. They are bound to the plan, never pasted into text.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::datatypes::DataType;
use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::logical_expr::LogicalPlan;

use crate::dialect::list_parameters::list_of;
use crate::error::QueryError;

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameter {
    /// Text, or null.
    Text(Option<String>),
    /// A whole number, or null.
    Integer(Option<i64>),
    /// True or false, or null.
    Boolean(Option<bool>),
    /// An instant in microseconds since 1970, or null.
    Timestamp(Option<i64>),
    /// A day counted from 1970, or null.
    Date(Option<i32>),
    /// A span of time in microseconds, or null.
    Duration(Option<i64>),
    /// Texts, or null: `account IN $accounts`, `array_has($accounts, account)`.
    List(Option<Vec<String>>),
}

/// Values by name, without the `$`.
pub type Parameters = BTreeMap<String, Parameter>;

/// # Errors
/// [`QueryError::UnusedParameter`] if a value is given that the query has no placeholder for.
pub(crate) fn check_all_used(plan: &LogicalPlan, parameters: &Parameters) -> Result<(), QueryError> {
    if parameters.is_empty() {
        return Ok(());
    }
    let used = plan.get_parameter_names().unwrap_or_default();
    let used: BTreeSet<&str> = used.iter().map(|name| list_of(name.trim_start_matches('$'))).collect();
    match parameters.keys().map(|name| list_of(name)).find(|name| !used.contains(name)) {
        Some(name) => Err(QueryError::UnusedParameter {
            name: name.to_owned(),
            used: used.into_iter().map(str::to_owned).collect(),
        }),
        None => Ok(()),
    }
}

/// The values as the query needs them: text that is compared with true or false says which of them.
///
/// # Errors
/// [`QueryError::Wrong`] if it says neither.
pub(crate) fn typed(plan: &LogicalPlan, mut parameters: Parameters) -> Result<Parameters, QueryError> {
    if parameters.is_empty() {
        return Ok(parameters);
    }
    for (name, kind) in plan.get_parameter_types().unwrap_or_default() {
        let name = name.trim_start_matches('$');
        if let (Some(DataType::Boolean), Some(Parameter::Text(Some(text)))) = (kind, parameters.get(name)) {
            let truth = truth(name, text)?;
            parameters.insert(name.to_owned(), truth);
        }
    }
    Ok(parameters)
}

fn truth(name: &str, text: &str) -> Result<Parameter, QueryError> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(Parameter::Boolean(Some(true))),
        "false" => Ok(Parameter::Boolean(Some(false))),
        _ => Err(QueryError::Wrong {
            message: format!("`{text}` is neither true nor false, and `${name}` is compared with a column that is"),
            position: None,
            hint: Some(format!("--param {name}=true")),
        }),
    }
}

pub(crate) fn to_datafusion(parameters: &Parameters) -> ParamValues {
    let values: HashMap<String, ScalarAndMetadata> =
        parameters.iter().map(|(name, value)| (name.clone(), ScalarAndMetadata::from(scalar(value)))).collect();
    ParamValues::Map(values)
}

fn scalar(value: &Parameter) -> ScalarValue {
    match value {
        Parameter::Text(text) => ScalarValue::Utf8(text.clone()),
        Parameter::Integer(number) => ScalarValue::Int64(*number),
        Parameter::Boolean(truth) => ScalarValue::Boolean(*truth),
        Parameter::Timestamp(micros) => ScalarValue::TimestampMicrosecond(*micros, Some("UTC".into())),
        Parameter::Date(days) => ScalarValue::Date32(*days),
        Parameter::Duration(micros) => ScalarValue::DurationMicrosecond(*micros),
        Parameter::List(None) => ScalarValue::new_null_list(DataType::Utf8, true, 1),
        Parameter::List(Some(texts)) => {
            let texts: Vec<ScalarValue> = texts.iter().map(|text| ScalarValue::Utf8(Some(text.clone()))).collect();
            ScalarValue::List(ScalarValue::new_list_nullable(&texts, &DataType::Utf8))
        }
    }
}
