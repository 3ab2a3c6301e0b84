//! Trino's `TRY(x)`: null where `x` would fail.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, Expr, Ident, ObjectName, Value, visit_expressions_mut,
};

use super::build::{call, nested};

/// The expression with its casts, days and divisions in forms that give null where they would fail.
pub(super) fn forgiving(mut expr: Expr) -> Expr {
    let _ = visit_expressions_mut(&mut expr, |part| {
        match part {
            Expr::Cast { kind, .. } => *kind = CastKind::TryCast,
            Expr::Function(function) => {
                if let Some(name) = forgiving_name(&function.name.to_string()) {
                    function.name = ObjectName::from(vec![Ident::new(name)]);
                }
            }
            Expr::BinaryOp { op: BinaryOperator::Divide | BinaryOperator::Modulo, left, right } => {
                let divisor = std::mem::replace(right.as_mut(), Expr::value(Value::Null));
                **right = match divisor {
                    Expr::Function(function) if function.name.to_string() == "nonzero" => Expr::Function(function),
                    other => call("nonzero", vec![nested(other), left.as_ref().clone()]),
                };
            }
            _ => {}
        }
        std::ops::ControlFlow::<()>::Continue(())
    });
    expr
}

fn forgiving_name(name: &str) -> Option<&'static str> {
    match name {
        "day_of" => Some("try_day_of"),
        "cast_as" => Some("try_cast_as"),
        "network" => Some("try_network"),
        "decode" => Some("try_decode"),
        _ => None,
    }
}
