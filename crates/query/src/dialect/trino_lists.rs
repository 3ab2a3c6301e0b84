//! Functions of Trino on lists, maps and networks.

use datafusion::sql::sqlparser::ast::{BinaryOperator, CastKind, DataType, Expr, Function, Value};

use super::build::{self, binary, literal, number, subscript, text};
use super::functions::{choice, renamed};
use super::{lambdas, types};

/// The call in DataFusion's words; `None` if it is none of lists, maps and networks.
pub(super) fn call(name: &str, count: usize, next: &mut impl FnMut() -> Expr, function: &Function) -> Option<Expr> {
    let rename = |to: &str, arguments: Vec<Expr>| Some(renamed(function, to, arguments));
    match (name, count) {
        ("element_at", 2) => {
            let (root, index) = (next(), next());
            // keys that are columns are looked for row by row
            Some(if is_constant(&index) {
                subscript(root, index)
            } else {
                build::call("element_of", vec![root, index])
            })
        }
        ("contains", 2) => {
            let (whole, part) = (next(), next());
            // a network is a text, a list never is
            let is_network = literal(&whole).is_some() || types::is_network(&whole);
            Some(build::call(if is_network { "cidr_contains" } else { "holds" }, vec![whole, part]))
        }
        ("slice", 3) => {
            let (list, start, length) = (next(), next(), next());
            let end = binary(binary(start.clone(), BinaryOperator::Plus, length), BinaryOperator::Minus, number(1));
            Some(build::call("array_slice", vec![list, start, end]))
        }
        ("array_join", 2) => rename("array_to_string", vec![next(), next()]),
        ("array_join", 3) => rename("array_to_string", vec![next(), next(), next()]),
        ("arrays_overlap", 2) => rename("array_has_any", vec![next(), next()]),
        ("array_position", 2) => {
            let (list, item) = (next(), next());
            Some(position(list, item))
        }
        ("array_sort", 1) => rename("array_sort", vec![next(), text("ASC"), text("NULLS LAST")]),
        ("repeat", 2) => rename("array_repeat", vec![next(), next()]),
        ("sequence", 2) => rename("series", vec![next(), next()]),
        ("sequence", 3) => rename("generate_series", vec![next(), next(), next()]),
        ("zip", 2..) => rename("arrays_zip", (0..count).map(|_| next()).collect()),
        ("find_first", 2) => Some(subscript(build::call("array_filter", vec![next(), next()]), number(1))),
        ("split", 3) => rename("split_at_most", vec![next(), next(), next()]),
        ("split", 2) => rename("string_to_array", vec![next(), next()]),
        ("transform", 2) => rename("array_transform", vec![next(), next()]),
        ("filter", 2) => rename("array_filter", vec![next(), next()]),
        ("any_match", 2) => rename("array_any_match", vec![next(), next()]),
        ("all_match" | "none_match", 2) => {
            let (list, lambda) = (next(), next());
            lambdas::matches(list, lambda, name == "all_match")
        }
        ("zip_with", 3) => {
            let lists = build::call("arrays_zip", vec![next(), next()]);
            Some(build::call("array_transform", vec![lists, lambdas::of_pair(next(), ["1", "2"])?]))
        }
        ("map_filter", 2) => {
            let pairs = build::call("map_entries", vec![next()]);
            let kept = build::call("array_filter", vec![pairs, lambdas::of_pair(next(), ["key", "value"])?]);
            Some(build::call("map_from_entries", vec![kept]))
        }
        ("transform_keys" | "transform_values", 2) => {
            let (map, lambda) = (next(), lambdas::of_pair(next(), ["key", "value"])?);
            Some(transformed_map(map, lambda, name == "transform_keys"))
        }
        ("cardinality", 1) => Some(build::call("cardinality", vec![next()])),
        _ => None,
    }
}

fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } => is_constant(inner),
        other => matches!(other, Expr::Value(_)),
    }
}

/// Where a list has a value, from 1; 0 if it has not, null if there is no list or no value.
fn position(list: Expr, item: Expr) -> Expr {
    let is_there = |expr: &Expr| Expr::IsNotNull(Box::new(build::nested(expr.clone())));
    let both = binary(is_there(&list), BinaryOperator::And, is_there(&item));
    let found = build::call("coalesce", vec![build::call("array_position", vec![list, item]), number(0)]);
    choice(both, build::cast(found, DataType::BigInt(None), CastKind::Cast), Some(Expr::value(Value::Null)))
}

/// A map with other keys or other values: its pairs, made anew.
fn transformed_map(map: Expr, lambda: Expr, keys: bool) -> Expr {
    let Expr::Lambda(mut lambda) = lambda else { return lambda };
    let side = |name: &str| subscript(Expr::Identifier(lambdas::pair()), text(name));
    let new = lambda.body.as_ref().clone();
    let (key, value) = if keys { (new, side("value")) } else { (side("key"), new) };
    *lambda.body = build::call("named_struct", vec![text("key"), key, text("value"), value]);
    let pairs = build::call("map_entries", vec![map]);
    build::call("map_from_entries", vec![build::call("array_transform", vec![pairs, Expr::Lambda(lambda)])])
}
