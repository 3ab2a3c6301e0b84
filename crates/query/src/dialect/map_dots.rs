//! Dots behind the maps of CloudTrail Lake: `requestParameters.bucketName` is the value of that key, capitals and all.

use datafusion::sql::sqlparser::ast::{AccessExpr, Expr, Ident, Subscript};

use super::build::{call, subscript, text};
use super::fields::{column, member};
use crate::compat::Table;

/// Makes subscripts of the dots; what comes behind the key is looked for in the JSON that its value is.
pub(super) fn rewrite(expr: &mut Expr, tables: &[Table]) {
    match expr {
        Expr::CompoundIdentifier(parts) => {
            let Some(at) = position(parts, tables) else { return };
            let (map, path) = parts.split_at(at + 1);
            let [key, inside @ ..] = path else { return };
            let value = subscript(column(map), text(&key.value));
            let path: String = inside.iter().map(|part| member(&part.value)).collect();
            *expr = if path.is_empty() { value } else { call("json_member", vec![value, text(format!("${path}"))]) };
        }
        Expr::CompoundFieldAccess { root, access_chain } => {
            let Expr::Identifier(name) = root.as_ref() else { return };
            if let Some(0) = position(std::slice::from_ref(name), tables)
                && let Some(access) = access_chain.first_mut()
                && let AccessExpr::Dot(Expr::Identifier(key)) = access
            {
                *access = AccessExpr::Subscript(Subscript::Index { index: text(&key.value) });
            }
        }
        _ => {}
    }
}

/// Which part of a name is a map.
fn position(parts: &[Ident], tables: &[Table]) -> Option<usize> {
    let columns = || tables.iter().flat_map(|table| table.columns());
    let names = |part: &Ident| columns().find(|column| column.name == part.value.to_lowercase());
    let first = parts.first()?;
    // behind the name of a table, if the first is no column itself
    let at = usize::from(names(first).is_none());
    names(parts.get(at)?)?.is_map().then_some(at)
}
