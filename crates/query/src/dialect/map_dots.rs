//! Dots behind the maps of CloudTrail Lake, under whatever name: `requestParameters.bucketName` is the value of that key,
//! capitals and all.

use datafusion::sql::sqlparser::ast::{AccessExpr, Expr, Subscript};

use super::build::{call, subscript, text};
use super::fields::{column, member};
use super::json_names::JsonNames;

/// Makes subscripts of the dots; what comes behind the key is looked for in the JSON that its value is.
pub(super) fn rewrite(expr: &mut Expr, names: &JsonNames) {
    match expr {
        Expr::CompoundIdentifier(parts) => {
            let Some(at) = names.map_position(parts) else { return };
            let (map, path) = parts.split_at(at + 1);
            let [key, inside @ ..] = path else { return };
            let value = subscript(column(map), text(&key.value));
            let path: String = inside.iter().map(|part| member(&part.value)).collect();
            *expr = if path.is_empty() { value } else { call("json_member", vec![value, text(format!("${path}"))]) };
        }
        Expr::CompoundFieldAccess { root, access_chain } => {
            let Expr::Identifier(name) = root.as_ref() else { return };
            if let Some(0) = names.map_position(std::slice::from_ref(name))
                && let Some(access) = access_chain.first_mut()
                && let AccessExpr::Dot(Expr::Identifier(key)) = access
            {
                *access = AccessExpr::Subscript(Subscript::Index { index: text(&key.value) });
            }
        }
        _ => {}
    }
}
