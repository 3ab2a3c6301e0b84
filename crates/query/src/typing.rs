//! Says which column has the wrong type, where DataFusion only says which types do not go together.

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::type_coercion::binary::BinaryTypeCoercer;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable as _, LogicalPlan};

use crate::error::{Position, QueryError};

/// The first comparison, sum or pattern of a plan whose sides do not go together.
pub(crate) fn clash(plan: &LogicalPlan) -> Option<QueryError> {
    let mut found = None;
    let _ = plan.apply_with_subqueries(|node| {
        let mut schema = DFSchema::empty();
        for input in node.inputs() {
            schema.merge(input.schema());
        }
        let walked = node.apply_expressions(|expr| {
            expr.apply(|part| {
                found = match part {
                    Expr::BinaryExpr(binary) => of(binary, &schema),
                    Expr::Like(like) => of_pattern(&like.expr, &schema),
                    _ => None,
                };
                Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        });
        Ok(match walked {
            Ok(_) if found.is_none() => TreeNodeRecursion::Continue,
            _ => TreeNodeRecursion::Stop,
        })
    });
    found
}

fn of(binary: &BinaryExpr, schema: &DFSchema) -> Option<QueryError> {
    let left = binary.left.get_type(schema).ok()?;
    let right = binary.right.get_type(schema).ok()?;
    BinaryTypeCoercer::new(&left, &binary.op, &right).get_input_types().err()?;
    let side = |expr: &Expr, kind: &DataType| match expr {
        Expr::Column(column) => format!("`{}`, which is {}", column.name, type_in_words(kind)),
        Expr::Literal(_, _) if matches!(kind, DataType::Interval(_)) => type_in_words(kind).to_owned(),
        Expr::Literal(value, _) => format!("{} ({})", value, type_in_words(kind)),
        _ => format!("a value that is {}", type_in_words(kind)),
    };
    let verb = if binary.op.is_numerical_operators() { "reckon" } else { "compare" };
    let (one, other) = (side(&binary.left, &left), side(&binary.right, &right));
    let message = format!("cannot {verb} {one}, with {other}: `{}` does not take them", binary.op);
    let hint = match (&left, &right) {
        (DataType::Boolean, other) | (other, DataType::Boolean) if other.is_string() => {
            "compare with true or false, without quotes"
        }
        (text, DataType::Interval(_)) | (DataType::Interval(_), text) if text.is_string() => {
            "from_iso8601_timestamp(x) makes an instant of text"
        }
        (DataType::List(_), _) | (_, DataType::List(_)) => {
            "x IN $name looks for x in a list, and so does array_has(list, x)"
        }
        (DataType::Timestamp(_, _), _) | (_, DataType::Timestamp(_, _)) => {
            "write an instant as '2026-03-01T12:00:00Z', or say ago('7d')"
        }
        _ => "CAST(x AS BIGINT) makes a number of text, CAST(x AS VARCHAR) text of a number",
    };
    let position = [&binary.left, &binary.right].into_iter().find_map(|side| match side.as_ref() {
        Expr::Column(column) => place(column),
        _ => None,
    });
    Some(QueryError::Wrong { message, position, hint: Some(hint.to_owned()) })
}

/// Patterns are for text.
fn of_pattern(expr: &Expr, schema: &DFSchema) -> Option<QueryError> {
    let kind = expr.get_type(schema).ok().filter(|kind| !kind.is_string() && !kind.is_null())?;
    let (name, position) = match expr {
        Expr::Column(column) => (format!("`{}`", column.name), place(column)),
        _ => ("the value".to_owned(), None),
    };
    let hint = match &kind {
        DataType::Struct(_) => "name one of its fields, such as useridentity.arn",
        DataType::List(_) => "any_match(list, x -> x.arn LIKE '…') asks for one of its elements",
        DataType::Map(_, _) => "ask for one of its values: element_at(map, 'name')",
        _ => "CAST(x AS VARCHAR) makes text of it",
    };
    let message = format!("{name} is {}, and LIKE is for text", type_in_words(&kind));
    Some(QueryError::Wrong { message, position, hint: Some(hint.to_owned()) })
}

pub(crate) fn place(column: &Column) -> Option<Position> {
    let start = column.spans.first()?.start;
    (start.line > 0).then_some(Position { line: start.line, column: start.column })
}

/// A type as a user would call it.
pub(crate) fn type_in_words(kind: &DataType) -> &'static str {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text",
        DataType::Boolean => "true or false",
        DataType::Timestamp(_, _) => "an instant",
        DataType::Date32 | DataType::Date64 => "a date",
        DataType::Interval(_) | DataType::Duration(_) => "a span of time",
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(_, _) => "a list",
        DataType::Struct(_) => "a struct",
        DataType::Map(_, _) => "a map",
        DataType::Null => "null",
        kind if kind.is_numeric() => "a number",
        _ => "of another type",
    }
}
