//! Functions of our own: what queries on CloudTrail need and DataFusion does not have, or has with another meaning.
//!
//! A function is a line of a table: its name, the kinds of its arguments, the type of its result, and a body that works on
//! whole batches. Text is taken in any of Arrow's forms, null gives null, and malformed values give null, never an error.

mod arguments;
mod as_inner;
mod bounded;
mod by_type;
mod bytes;
mod calendar;
mod callers;
mod checksum;
mod globs;
mod greatest;
mod instants;
mod iso_time;
mod joined_texts;
mod json;
mod json_cast;
mod json_documents;
mod json_index;
mod json_members;
mod json_operators;
mod json_path;
mod json_scalars;
mod json_search;
mod json_wildcards;
mod map_shapes;
mod maps;
mod matches;
mod network;
mod number_format;
mod numeric_histogram;
mod percentile;
mod pieces;
mod prefixes;
mod reduce;
mod rounded;
mod same_value;
mod scalar;
mod shape;
mod shortcuts;
mod sizes;
mod soundex;
mod sql_json;
mod struct_or_null;
mod structs;
mod substrings;
mod texts;
mod urls;
mod value_cast;
mod wall_time;
mod woven;

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{AggregateUDF, Expr, HigherOrderUDF, ScalarUDF};
use datafusion::prelude::SessionContext;

pub(crate) use self::by_type::{DUCKDB_TEXT, TEXTS_OF_CASTS, TRINO_TEXT};
pub(crate) use self::callers::CALLERS;
pub(crate) use self::iso_time::instants_with_prefix;
#[cfg(test)]
pub(crate) use self::json_documents::tests as json_calls;
pub(crate) use self::json_operators::shared as shared_json;
pub(crate) use self::matches::{is_like, is_match};
pub(crate) use self::number_format::Place;
pub(crate) use self::same_value::same_value;
use self::scalar::Definition;
pub(crate) use self::shape::{Shape, TYPE_NAMES, WrongType};
pub(crate) use self::shortcuts::shortcut;
pub(crate) use self::sql_json::is_path;
pub(crate) use self::struct_or_null::STRUCT_OR_NULL;
pub(crate) use self::texts::ARN_PARTS;

/// Name of the function that casts to whole numbers go through in Trino's dialects.
pub(crate) const ROUNDED: &str = "rounded";
/// Name of the one that they go through in DuckDB's.
pub(crate) const ROUNDED_TO_EVEN: &str = "rounded_to_even";
/// Name of the function that writes an instant as CloudTrail does.
pub(crate) const ISO_TIME: &str = "iso_time";

/// Whether a text is a way into JSON that `json_extract` takes.
pub(crate) fn is_json_path(text: &str) -> bool {
    json_path::parse(text).is_some()
}

/// Whether a text is a way into JSON that leads to several values, with stars in it.
pub(crate) fn leads_to_several(path: &str) -> bool {
    json_wildcards::is_several(path)
}

/// What DuckDB calls a type.
pub(crate) fn type_name(kind: &DataType) -> String {
    structs::type_name(kind)
}

/// Length of a unit of time in microseconds, if all of its kind are as long.
pub(crate) fn unit_micros(name: &str) -> Option<i64> {
    instants::unit_micros(name)
}

/// Whether a text is a network.
pub(crate) fn is_network(text: &str) -> bool {
    network::Network::parse(text).is_some()
}

/// Whether a text is a network, or several with commas between them.
pub(crate) fn are_networks(text: &str) -> bool {
    text.split(',').all(is_network)
}

/// Whether a text is a span of time that `ago` reads.
pub(crate) fn is_span(text: &str) -> bool {
    instants::span_seconds(text).is_some()
}

/// Whether a text is an instant that `from_iso8601_timestamp` reads.
pub(crate) fn is_instant(text: &str) -> bool {
    instants::parse_instant(text).is_some()
}

fn definitions() -> impl Iterator<Item = &'static Definition> {
    [
        json::FUNCTIONS,
        json_search::FUNCTIONS,
        json_wildcards::FUNCTIONS,
        instants::FUNCTIONS,
        network::FUNCTIONS,
        texts::FUNCTIONS,
        urls::FUNCTIONS,
        instants::FORMATS,
        calendar::FUNCTIONS,
        pieces::FUNCTIONS,
        substrings::FUNCTIONS,
        number_format::FUNCTIONS,
        bytes::FUNCTIONS,
        prefixes::FUNCTIONS,
        sql_json::FUNCTIONS,
        soundex::FUNCTIONS,
        globs::FUNCTIONS,
        woven::FUNCTIONS,
    ]
    .into_iter()
    .flatten()
}

/// A call of one of the functions that are lines of a table.
///
/// # Errors
/// There is none of this name.
pub(crate) fn call(name: &str, arguments: Vec<Expr>) -> Result<Expr> {
    match definitions().find(|definition| definition.name == name) {
        Some(definition) => Ok(ScalarUDF::new_from_impl(scalar::Function::new(definition)).call(arguments)),
        None => internal_err!("there is no function {name}"),
    }
}

/// Makes the functions known to `context`. Those of other crates that have the same name are replaced.
pub(crate) fn register(context: &SessionContext) {
    for definition in definitions() {
        context.register_udf(ScalarUDF::new_from_impl(scalar::Function::new(definition)));
    }
    context.register_udf(ScalarUDF::new_from_impl(iso_time::IsoTime::new()));
    context.register_udf(ScalarUDF::new_from_impl(iso_time::FromIso8601::new()));
    context.register_udf(ScalarUDF::new_from_impl(iso_time::ClockOf::new()));
    for function in calendar::DayOf::both() {
        context.register_udf(ScalarUDF::new_from_impl(function));
    }
    context.register_udf(ScalarUDF::new_from_impl(struct_or_null::StructOrNull::new()));
    for renaming in structs::RENAMINGS {
        context.register_udf(ScalarUDF::new_from_impl(structs::RenamedResources::new(renaming)));
    }
    context.register_udf(ScalarUDF::new_from_impl(structs::ResourceArns::new()));
    context.register_udf(ScalarUDF::new_from_impl(structs::ToJson::new()));
    context.register_udf(ScalarUDF::new_from_impl(structs::TypeName::new()));
    context.register_udf(ScalarUDF::new_from_impl(structs::EventJson::new()));
    context.register_udf(ScalarUDF::new_from_impl(json_cast::JsonCast::new()));
    for function in value_cast::CastAs::both() {
        context.register_udf(ScalarUDF::new_from_impl(function));
    }
    for function in rounded::Rounded::both() {
        context.register_udf(ScalarUDF::new_from_impl(function));
    }
    context.register_udf(ScalarUDF::new_from_impl(wall_time::WallTime::new()));
    for function in greatest::OrNull::both() {
        context.register_udf(ScalarUDF::new_from_impl(function));
    }
    for function in map_shapes::MapShape::both() {
        context.register_udf(ScalarUDF::new_from_impl(function));
    }
    context.register_higher_order_function(Arc::new(HigherOrderUDF::new_from_impl(reduce::Reduce::new())));
    context.register_udaf(AggregateUDF::new_from_impl(numeric_histogram::NumericHistogram::new()));
    context.register_udaf(AggregateUDF::new_from_impl(checksum::Checksum::new()));
    context.register_udaf(AggregateUDF::new_from_impl(percentile::ApproxPercentile::new()));
    for kept in [maps::Kept::Count, maps::Kept::Most, maps::Kept::Value, maps::Kept::All] {
        context.register_udaf(AggregateUDF::new_from_impl(maps::ToMap::new(kept)));
    }
}

/// Makes what stands for other calls known to `context`, with the rule that puts those in its place. No call makes more than
/// `most_bytes` at once.
///
/// # Errors
/// None of a user's making.
pub(crate) fn register_stand_ins(context: &mut SessionContext, most_bytes: usize) -> Result<()> {
    for stand_in in by_type::ByType::all() {
        FunctionRegistry::register_udf(context, Arc::new(ScalarUDF::new_from_impl(stand_in)))?;
    }
    context.register_function_rewrite(Arc::new(by_type::PutAside))?;
    // behind the other, which may put such a call in the place of its own
    context.register_function_rewrite(Arc::new(bounded::BoundSizes { most_bytes }))
}

/// A function as the reference lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FunctionDoc {
    /// How it is called.
    pub(crate) call: &'static str,
    /// What it gives.
    pub(crate) meaning: &'static str,
}

/// The functions of our own, for the reference.
#[must_use]
pub(crate) fn reference() -> Vec<FunctionDoc> {
    let mut all: Vec<FunctionDoc> = definitions()
        .map(|definition| FunctionDoc { call: definition.call, meaning: definition.meaning })
        .chain(iso_time::DOCS.iter().copied())
        .chain(calendar::DOCS.iter().copied())
        .chain(structs::DOCS.iter().copied())
        .chain(maps::DOCS.iter().copied())
        .chain(json_cast::DOCS.iter().copied())
        .chain(by_type::DOCS.iter().copied())
        .chain(greatest::DOCS.iter().copied())
        .chain(map_shapes::DOCS.iter().copied())
        .chain(value_cast::DOCS.iter().copied())
        .chain([reduce::DOC, numeric_histogram::DOC, checksum::DOC, percentile::DOC])
        .collect();
    all.sort_by_key(|doc| doc.call);
    all
}
