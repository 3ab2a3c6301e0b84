//! `x[:2]` and `x[2:]`: ends that are left out. What a part of a text is, and what of a list, is told when types are known.

use datafusion::sql::sqlparser::ast::{AccessExpr, Expr, Subscript};

use super::build::number;

/// Puts the first and the last place where none is written.
pub(super) fn complete(expr: &mut Expr) {
    let Expr::CompoundFieldAccess { access_chain, .. } = expr else { return };
    for access in access_chain {
        if let AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, .. }) = access {
            lower_bound.get_or_insert_with(|| number(1));
            upper_bound.get_or_insert_with(|| number(-1));
        }
    }
}
