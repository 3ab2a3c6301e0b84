//! Calls whose meaning follows from the types of their arguments, which nobody knows while the statement is rewritten.
//!
//! The rewritten statement has a stand-in; when the plan is analysed, before types are made to fit, the stand-in gives way to
//! calls that DataFusion knows. So nothing of it is left when conditions are looked at that leave files out.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, IntervalMonthDayNano};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, ScalarValue, internal_err, plan_err};
use datafusion::error::Result;
use datafusion::functions::expr_fn as scalar;
use datafusion::functions_nested::expr_fn as nested;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable as _, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility, cast, lit,
};

use super::FunctionDoc;
use super::scalar::instant_type;

#[rustfmt::skip]
pub(super) const DOCS: [FunctionDoc; 13] = [
    FunctionDoc { call: "element_of(x, key)", meaning: "Trino's `element_at` with a key that differs from row to row" },
    FunctionDoc { call: "element_count(x)", meaning: "Snowflake's `array_size`: elements of a list, a map or a JSON array; null for other JSON" },
    FunctionDoc { call: "either_holds(x, y)", meaning: "`array_contains` in any order: whether one of the two is a list, or a JSON array, that has the other" },
    FunctionDoc { call: "size_of(x)", meaning: "DuckDB's `length`: characters of a text, elements of a list" },
    FunctionDoc { call: "quotient(x, y)", meaning: "DuckDB's `/`: a double, of whole numbers too" },
    FunctionDoc { call: "nonzero(x, dividend)", meaning: "null for a zero that the dividend cannot be divided by; `x` otherwise" },
    FunctionDoc { call: "reversed(x)", meaning: "Trino's `reverse`: a text or a list from its end" },
    FunctionDoc { call: "texts_joined(separator, x)", meaning: "Trino's `concat_ws`: the elements of a list, or a text" },
    FunctionDoc { call: "holds(x, part)", meaning: "Trino's `contains`: whether a list has an element, or a network an address" },
    FunctionDoc { call: "start_of(unit, time)", meaning: "Trino's `date_trunc`: a date of a date, an instant of an instant" },
    FunctionDoc { call: "trino_text(x)", meaning: "what `CAST(x AS VARCHAR)` makes text of in Trino: of times `2026-03-01 12:00:00.000`" },
    FunctionDoc { call: "duckdb_text(x)", meaning: "what `x::VARCHAR` makes text of in DuckDB: of times `2026-03-01 12:00:00`" },
    FunctionDoc { call: "series(first, last)", meaning: "Trino's `sequence`: whole numbers, or days" },
];

/// What texts are made of, in the two ways of writing times.
pub(crate) const TRINO_TEXT: &str = "trino_text";
pub(crate) const DUCKDB_TEXT: &str = "duckdb_text";
/// How times are written by them.
pub(crate) const TEXTS_OF_CASTS: [&str; 2] = ["%Y-%m-%d %H:%M:%S%.3f", "%Y-%m-%d %H:%M:%S%.f"];

/// A stand-in.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ByType {
    name: &'static str,
    arguments: usize,
    signature: Signature,
}

impl ByType {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        const NAMES: [(&str, usize); 13] = [
            (TRINO_TEXT, 1),
            (DUCKDB_TEXT, 1),
            ("nonzero", 2),
            ("reversed", 1),
            ("texts_joined", 2),
            ("holds", 2),
            ("start_of", 2),
            ("series", 2),
            ("quotient", 2),
            ("element_of", 2),
            ("size_of", 1),
            ("element_count", 1),
            ("either_holds", 2),
        ];
        NAMES.into_iter().map(|(name, arguments)| Self {
            name,
            arguments,
            signature: Signature::user_defined(Volatility::Immutable),
        })
    }
}

impl ScalarUDFImpl for ByType {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        if let ("quotient", [one, other]) = (self.name, given) {
            check_quotient(one, other)?;
        }
        if given.len() == self.arguments {
            return Ok(given.to_vec());
        }
        plan_err!("{} takes {} values", self.name, self.arguments)
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        let (Some(first), Some(last)) = (given.first(), given.last()) else {
            return plan_err!("{} takes {} values", self.name, self.arguments);
        };
        Ok(match self.name {
            "reversed" if !is_list(first) => DataType::Utf8,
            TRINO_TEXT | DUCKDB_TEXT if matches!(first, DataType::Timestamp(_, _)) => DataType::Utf8,
            "texts_joined" => DataType::Utf8,
            "holds" | "either_holds" => DataType::Boolean,
            "size_of" | "element_count" => DataType::Int64,
            "element_of" => element(first)?,
            "quotient" if !is_span(first) => DataType::Float64,
            "start_of" => match last {
                DataType::Date32 | DataType::Date64 => DataType::Date32,
                DataType::Timestamp(_, _) => last.clone(),
                _ => instant_type(),
            },
            "series" => DataType::List(Arc::new(Field::new_list_field(element_of_series(first), true))),
            _ => first.clone(),
        })
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        internal_err!("{} is put aside while the query is planned", self.name)
    }
}

fn is_list(kind: &DataType) -> bool {
    matches!(kind, DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(_, _))
}

/// What is in a list, or what the values of a map are.
fn element(kind: &DataType) -> Result<DataType> {
    match kind {
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            Ok(field.data_type().clone())
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) if fields.len() == 2 => Ok(fields[1].data_type().clone()),
            _ => plan_err!("`element_at` takes a list or a map"),
        },
        DataType::Null => Ok(DataType::Null),
        other => plan_err!("`element_at` takes a list or a map, and not {}", crate::typing::type_in_words(other)),
    }
}

fn is_span(kind: &DataType) -> bool {
    matches!(kind, DataType::Interval(_) | DataType::Duration(_))
}

/// Numbers are divided, and spans of time by them.
fn check_quotient(one: &DataType, other: &DataType) -> Result<()> {
    let is_number = |kind: &DataType| kind.is_numeric() || kind.is_null();
    if (is_number(one) || is_span(one)) && is_number(other) {
        return Ok(());
    }
    plan_err!("Cannot coerce arithmetic expression {one} / {other} to valid types")
}

fn element_of_series(first: &DataType) -> DataType {
    match first {
        DataType::Date32 | DataType::Date64 => DataType::Date32,
        DataType::Timestamp(_, _) => first.clone(),
        _ => DataType::Int64,
    }
}

/// Puts in the place of each stand-in what its arguments ask for.
#[derive(Debug)]
pub(super) struct PutAside;

impl FunctionRewrite for PutAside {
    fn name(&self) -> &'static str {
        "put_aside_stand_ins"
    }

    fn rewrite(&self, expr: Expr, schema: &DFSchema, _: &ConfigOptions) -> Result<Transformed<Expr>> {
        let Expr::ScalarFunction(call) = &expr else { return Ok(Transformed::no(expr)) };
        let Some(stand_in) = call.func.inner().downcast_ref::<ByType>() else { return Ok(Transformed::no(expr)) };
        let types = call.args.iter().map(|argument| argument.get_type(schema)).collect::<Result<Vec<_>>>()?;
        let wanted = stand_in.return_type(&types)?;
        let chosen = chosen(stand_in.name, call.args.clone(), &types)?;
        // what it is must be what it was planned to be
        let is_another = chosen.get_type(schema).is_ok_and(|kind| kind != wanted);
        Ok(Transformed::yes(if is_another { cast(chosen, wanted) } else { chosen }))
    }
}

fn chosen(name: &str, arguments: Vec<Expr>, types: &[DataType]) -> Result<Expr> {
    match (name, arguments.as_slice(), types) {
        // a double that is divided by zero is infinite, and no error
        ("nonzero", [x, _], [kind, of]) if kind.is_numeric() && !kind.is_floating() && !of.is_floating() => {
            Ok(scalar::nullif(x.clone(), lit(ScalarValue::new_zero(kind)?)))
        }
        ("nonzero", [x, _], _) => Ok(x.clone()),
        (TRINO_TEXT | DUCKDB_TEXT, [x], [DataType::Timestamp(_, _)]) => {
            let [of_trino, of_duckdb] = TEXTS_OF_CASTS;
            Ok(scalar::to_char(x.clone(), lit(if name == TRINO_TEXT { of_trino } else { of_duckdb })))
        }
        (TRINO_TEXT | DUCKDB_TEXT, [x], _) => Ok(x.clone()),
        ("reversed", [x], [kind]) if is_list(kind) => Ok(nested::array_reverse(x.clone())),
        ("reversed", [x], _) => Ok(scalar::reverse(x.clone())),
        ("texts_joined", [separator, x], [_, kind]) if is_list(kind) => {
            Ok(nested::array_to_string(x.clone(), separator.clone()))
        }
        ("texts_joined", [separator, x], _) => Ok(scalar::concat_ws(separator.clone(), vec![x.clone()])),
        ("holds", [network, address], [whole, DataType::Binary]) if whole.is_string() => {
            super::call("cidr_contains", vec![network.clone(), address.clone()])
        }
        ("holds", [list, item], _) => Ok(nested::array_has(list.clone(), item.clone())),
        ("start_of", [unit, time], _) => Ok(scalar::date_trunc(unit.clone(), time.clone())),
        ("series", [first, last], [kind, _]) if !kind.is_integer() && !kind.is_null() => {
            let day = ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano::new(0, 1, 0)));
            Ok(nested::gen_series(first.clone(), last.clone(), lit(day)))
        }
        ("size_of", [x], [kind]) if is_list(kind) => Ok(nested::array_length(x.clone())),
        ("size_of", [x], _) => Ok(datafusion::functions::expr_fn::character_length(x.clone())),
        ("element_count", [x], [kind]) if is_list(kind) => Ok(nested::array_length(x.clone())),
        ("element_count", [x], [DataType::Map(_, _)]) => Ok(nested::cardinality(x.clone())),
        ("element_count", [x], _) => super::call("json_array_length", vec![x.clone()]),
        ("either_holds", [one, other], [kind, of]) => holding(one, other, kind, of),
        ("element_of", [map, key], [DataType::Map(_, _), _]) => {
            Ok(nested::array_element(nested::map_extract(map.clone(), key.clone()), lit(1_i64)))
        }
        ("element_of", [list, at], _) => Ok(nested::array_element(list.clone(), at.clone())),
        ("quotient", [x, y], [kind, _]) if is_span(kind) => Ok(x.clone() / y.clone()),
        ("quotient", [x, y], [kind, by]) => {
            let double = |value: &Expr, kind: &DataType| match kind {
                DataType::Float64 => value.clone(),
                _ => cast(value.clone(), DataType::Float64),
            };
            Ok(double(x, kind) / double(y, by))
        }
        ("series", [first, last], _) => Ok(nested::gen_series(first.clone(), last.clone(), lit(1_i64))),
        _ => internal_err!("{name} has other arguments"),
    }
}

/// Whether the one of two values that is a list has the other: engines do not agree which comes first.
fn holding(one: &Expr, other: &Expr, kind: &DataType, of: &DataType) -> Result<Expr> {
    let is_of = |list: &DataType, item: &DataType| element(list).is_ok_and(|found| found == *item);
    let is_second = is_list(of) && (!is_list(kind) || (is_of(of, kind) && !is_of(kind, of)));
    let (list, item) = if is_second { (other, one) } else { (one, other) };
    if is_list(kind) || is_list(of) || !(kind.is_string() && of.is_string()) {
        return Ok(nested::array_has(list.clone(), item.clone()));
    }
    // arrays of JSON are text; a constant is what is looked for, and else the first
    let is_constant = |expr: &Expr| matches!(expr, Expr::Literal(_, _));
    let (json, item) = if is_constant(other) && !is_constant(one) { (one, other) } else { (other, one) };
    super::call("json_array_contains", vec![json.clone(), item.clone()])
}
