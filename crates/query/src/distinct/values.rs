//! The aggregate that stands in for `count(DISTINCT x)` and `array_agg(DISTINCT x)`.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{ScalarValue, internal_err};
use datafusion::error::Result;
use datafusion::logical_expr::expr::AggregateFunctionParams;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, Signature};

use super::groups::Pairs;
use super::one::OneGroup;
use super::texts::TextSet;

/// What becomes of the values of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Gives {
    Count,
    List,
}

/// The aggregate; `stands_for` says what it is called and what type it has.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct DistinctValues {
    gives: Gives,
    stands_for: Arc<AggregateUDF>,
}

impl DistinctValues {
    pub(super) fn new(gives: Gives, stands_for: Arc<AggregateUDF>) -> Self {
        Self { gives, stands_for }
    }

    fn pairs(&self, args: &AccumulatorArgs<'_>) -> Result<Pairs> {
        let [field] = args.expr_fields else { return internal_err!("{} takes one value", self.name()) };
        let keeps_nulls = self.gives == Gives::List && !args.ignore_nulls;
        Pairs::try_new(self.gives, field.data_type(), keeps_nulls)
    }
}

fn with_distinct(params: &AggregateFunctionParams) -> AggregateFunctionParams {
    AggregateFunctionParams { distinct: true, ..params.clone() }
}

impl AggregateUDFImpl for DistinctValues {
    fn name(&self) -> &str {
        match self.gives {
            Gives::Count => "count_distinct",
            Gives::List => "array_agg_distinct",
        }
    }

    /// As before, so that whoever asks for the column by its name finds it.
    fn schema_name(&self, params: &AggregateFunctionParams) -> Result<String> {
        self.stands_for.schema_name(&with_distinct(params))
    }

    fn human_display(&self, params: &AggregateFunctionParams) -> Result<String> {
        self.stands_for.human_display(&with_distinct(params))
    }

    fn display_name(&self, params: &AggregateFunctionParams) -> Result<String> {
        self.stands_for.display_name(&with_distinct(params))
    }

    fn signature(&self) -> &Signature {
        self.stands_for.signature()
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        self.stands_for.return_type(given)
    }

    fn return_field(&self, given: &[FieldRef]) -> Result<FieldRef> {
        self.stands_for.return_field(given)
    }

    fn is_nullable(&self) -> bool {
        self.stands_for.is_nullable()
    }

    fn default_value(&self, kind: &DataType) -> Result<ScalarValue> {
        self.stands_for.default_value(kind)
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    /// Both pass the values of each group on as a list.
    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let [field] = args.input_fields else { return internal_err!("{} takes one value", self.name()) };
        let item = Field::new_list_field(field.data_type().clone(), true);
        Ok(vec![Arc::new(Field::new_list(format!("{}[values]", args.name), item, true))])
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        match (self.gives, args.expr_fields) {
            (Gives::Count, [field]) if field.data_type().is_string() => Ok(Box::new(TextSet::new(field.data_type()))),
            _ => Ok(Box::new(OneGroup::new(self.pairs(&args)?))),
        }
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(self.pairs(&args)?))
    }
}
