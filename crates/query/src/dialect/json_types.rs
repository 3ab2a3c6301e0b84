//! Types that only JSON is cast to, `ARRAY(JSON)`, `MAP(VARCHAR, VARCHAR)`, `ARRAY(ROW(a VARCHAR))`: a name on the way through
//! the parser, and the function that makes such a value.

use datafusion::sql::sqlparser::ast::{DataType, Expr, Value};
use datafusion::sql::sqlparser::tokenizer::TokenWithSpan;

use super::build::{call, text};
use crate::functions::Shape;

/// What such a name begins with; the type is behind it.
const PREFIX: &str = "milepost_json ";

/// The name that stands for the type that these tokens are.
pub(super) fn name(tokens: &[TokenWithSpan]) -> Option<String> {
    let written: String = tokens.iter().map(|token| token.token.to_string()).collect();
    Shape::parse(&written).map(|_| format!("{PREFIX}{written}"))
}

/// The type that a name stands for, as it was written.
fn written(data_type: &DataType) -> Option<&str> {
    let DataType::Custom(name, _) = data_type else { return None };
    name.0.last()?.as_ident()?.value.strip_prefix(PREFIX)
}

/// Makes a call of a cast to such a type. What is a list already stays one, if its elements are texts; other values that are
/// no text, by `is_nested`, are JSON first.
pub(super) fn rewrite(expr: &mut Expr, is_nested: impl Fn(&Expr) -> bool) -> bool {
    let Expr::Cast { expr: inner, data_type, .. } = expr else { return false };
    let Some(written) = written(data_type).map(str::to_owned) else { return false };
    let Some(shape) = Shape::parse(&written) else { return false };
    let of_texts = matches!(&shape, Shape::List(of) if matches!(of.as_ref(), Shape::Text | Shape::Json));
    let is_list = super::types::is_list(inner);
    let nested = is_list || is_nested(inner);
    let inner = std::mem::replace(inner.as_mut(), Expr::value(Value::Null));
    *expr = match &shape {
        _ if is_list && of_texts => inner,
        Shape::List(of) if **of == Shape::Json => call("json_array", vec![inner]),
        Shape::List(of) if **of == Shape::Text => call("json_texts", vec![inner]),
        Shape::Map(of) if matches!(of.as_ref(), Shape::Text | Shape::Json) => call("json_map", vec![inner]),
        _ if nested => call("json_cast", vec![call("to_json", vec![inner]), text(written)]),
        _ => call("json_cast", vec![inner, text(written)]),
    };
    true
}

/// Names of the fields that the elements of a list have which is cast from JSON.
pub(super) fn fields_of_elements(expr: &Expr) -> Option<Vec<String>> {
    match expr {
        Expr::Nested(inner) => fields_of_elements(inner),
        Expr::Cast { data_type, .. } => Shape::parse(written(data_type)?)?.fields_of_elements(),
        _ => None,
    }
}
