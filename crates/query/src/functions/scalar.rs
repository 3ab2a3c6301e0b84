//! The one implementation of DataFusion's function trait that most functions share.

use std::hash::{Hash, Hasher};

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::typing::type_in_words;

/// What an argument is taken as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text in any of Arrow's forms.
    Text,
    /// A whole number.
    Integer,
    /// Any number, as a double.
    Number,
    /// An instant; text is read as one.
    Instant,
    /// A date stays a date, anything else is an instant.
    DateOrInstant,
    /// A span of time.
    Interval,
    /// Anything; the body looks.
    Any,
}

/// One function.
pub(super) struct Definition {
    pub(super) name: &'static str,
    /// Kinds of its arguments; what comes after the required ones may be left off.
    pub(super) arguments: &'static [Kind],
    pub(super) required: usize,
    pub(super) returns: fn(&[DataType]) -> DataType,
    pub(super) volatility: Volatility,
    pub(super) body: fn(&ScalarFunctionArgs) -> Result<ColumnarValue>,
    /// How it is called, for the reference.
    pub(super) call: &'static str,
    /// What it gives, for the reference.
    pub(super) meaning: &'static str,
}

/// A function that needs all its arguments and gives the same for the same.
pub(super) const fn define(
    name: &'static str,
    arguments: &'static [Kind],
    returns: fn(&[DataType]) -> DataType,
    body: fn(&ScalarFunctionArgs) -> Result<ColumnarValue>,
    call: &'static str,
    meaning: &'static str,
) -> Definition {
    let required = arguments.len();
    Definition { name, arguments, required, returns, volatility: Volatility::Immutable, body, call, meaning }
}

impl Definition {
    /// The same, which needs only its first `required` arguments.
    pub(super) const fn needing(self, required: usize) -> Self {
        Self { required, ..self }
    }
}

/// The type of every instant: microseconds, UTC.
pub(super) fn instant_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

pub(super) struct Function {
    definition: &'static Definition,
    signature: Signature,
}

impl Function {
    pub(super) fn new(definition: &'static Definition) -> Self {
        Self { definition, signature: Signature::user_defined(definition.volatility) }
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.definition.name)
    }
}

// names are unique, and nothing else tells two functions apart
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.definition.name == other.definition.name
    }
}
impl Eq for Function {}
impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.definition.name.hash(state);
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.definition.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok((self.definition.returns)(arguments))
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let wanted = self.definition.arguments;
        if given.len() < self.definition.required || given.len() > wanted.len() {
            return plan_err!("`{}` takes other arguments: {}", self.definition.name, self.definition.call);
        }
        given.iter().zip(wanted).map(|(given, wanted)| self.coerce(given, *wanted)).collect()
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        (self.definition.body)(&args)
    }
}

impl Function {
    fn coerce(&self, given: &DataType, wanted: Kind) -> Result<DataType> {
        let is_text = matches!(given, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null);
        let dictionary_of_text = matches!(given, DataType::Dictionary(_, value) if value.is_string());
        let is_instant = matches!(given, DataType::Timestamp(_, _));
        let is_date = matches!(given, DataType::Date32 | DataType::Date64);
        let coerced = match wanted {
            Kind::Any => Some(given.clone()),
            Kind::Text if is_text || dictionary_of_text || given.is_primitive() || *given == DataType::Boolean => {
                Some(DataType::Utf8)
            }
            Kind::Integer if given.is_numeric() || *given == DataType::Null => Some(DataType::Int64),
            Kind::Number if given.is_numeric() || *given == DataType::Null => Some(DataType::Float64),
            Kind::Instant if is_instant || is_date || is_text => Some(instant_type()),
            Kind::DateOrInstant if is_date => Some(DataType::Date32),
            Kind::DateOrInstant if is_instant || is_text => Some(instant_type()),
            Kind::Interval if matches!(given, DataType::Interval(_) | DataType::Duration(_) | DataType::Null) => {
                Some(DataType::Interval(arrow::datatypes::IntervalUnit::MonthDayNano))
            }
            _ => None,
        };
        match coerced {
            Some(coerced) => Ok(coerced),
            None => {
                let given = type_in_words(given);
                plan_err!("{} does not take a value that is {given}: {}", self.name(), self.definition.call)
            }
        }
    }
}
