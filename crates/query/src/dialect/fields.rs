//! Dots and subscripts: into JSON columns, behind function calls, behind subscripts.

use datafusion::sql::sqlparser::ast::{AccessExpr, Expr, Ident, Subscript, UnaryOperator, Value};

use super::build::{call, column_name, literal, text};
use super::json_names::JsonNames;

pub(super) fn rewrite(expr: &mut Expr, json: &JsonNames) {
    match expr {
        Expr::CompoundIdentifier(parts) => {
            if let Some(at) = json.position(parts).filter(|at| at + 1 < parts.len()) {
                let path = parts[at + 1..].iter().map(|part| member(&part.value)).collect::<String>();
                let column = column(&parts[..=at]);
                *expr = call("json_member", vec![column, text(format!("${path}"))]);
            }
        }
        Expr::CompoundFieldAccess { root, access_chain } => {
            join_dots(root, access_chain);
            if let Some(read) = into_json(root, access_chain, json) {
                *expr = read;
                return;
            }
            of_resource(root, access_chain);
            for access in access_chain.iter_mut() {
                if let AccessExpr::Dot(Expr::Identifier(name)) = access {
                    *access = AccessExpr::Subscript(Subscript::Index { index: text(folded(name)) });
                }
            }
            if access_chain.is_empty() {
                *expr = std::mem::replace(root.as_mut(), Expr::value(Value::Null));
            }
        }
        _ => {}
    }
}

/// `resources[1][2]`: Trino counts the fields of a row, too.
fn of_resource(root: &Expr, chain: &mut [AccessExpr]) {
    const FIELDS: [&str; 3] = ["arn", "accountid", "type"];
    if column_name(root).as_deref() != Some("resources") {
        return;
    }
    let [AccessExpr::Subscript(Subscript::Index { .. }), AccessExpr::Subscript(Subscript::Index { index }), ..] = chain
    else {
        return;
    };
    let Expr::Value(value) = &*index else { return };
    let Value::Number(number, _) = &value.value else { return };
    let position = number.to_string().parse::<usize>().ok().and_then(|position| position.checked_sub(1));
    if let Some(name) = position.and_then(|at| FIELDS.get(at)) {
        *index = text(*name);
    }
}

fn folded(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}

pub(super) fn column(parts: &[Ident]) -> Expr {
    match parts {
        [only] => Expr::Identifier(only.clone()),
        more => Expr::CompoundIdentifier(more.to_vec()),
    }
}

/// Makes one name of a column and the dots behind it.
fn join_dots(root: &mut Box<Expr>, chain: &mut Vec<AccessExpr>) {
    let mut parts = match root.as_ref() {
        Expr::Identifier(name) => vec![name.clone()],
        Expr::CompoundIdentifier(parts) => parts.clone(),
        _ => return,
    };
    let dots = chain.iter().take_while(|access| matches!(access, AccessExpr::Dot(Expr::Identifier(_)))).count();
    parts.extend(chain.drain(..dots).filter_map(|access| match access {
        AccessExpr::Dot(Expr::Identifier(name)) => Some(name),
        _ => None,
    }));
    **root = column(&parts);
}

/// One step of a JSONPath.
pub(super) fn member(name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|character| character.is_alphanumeric() || character == '_');
    if plain { format!(".{name}") } else { format!(".\"{name}\"") }
}

/// Dots and subscripts behind a JSON column, or behind a function that gives JSON.
fn into_json(root: &Expr, chain: &[AccessExpr], json: &JsonNames) -> Option<Expr> {
    let (base, mut path) = match root {
        Expr::Identifier(name) if json.position(std::slice::from_ref(name)).is_some() => (root.clone(), String::new()),
        Expr::CompoundIdentifier(parts) => {
            let last = parts.len().checked_sub(1)?;
            let at = json.position(parts)?;
            let path = parts[at + 1..].iter().map(|part| member(&part.value)).collect();
            (if at == last { root.clone() } else { column(&parts[..=at]) }, path)
        }
        // the inside was rewritten first
        Expr::Function(function) if function.name.to_string() == "json_member" => return continued(root, chain),
        other if super::types::is_json(other) => (other.clone(), String::new()),
        _ => return None,
    };
    for access in chain {
        path.push_str(&step(access)?);
    }
    Some(call("json_member", vec![base, text(format!("${path}"))]))
}

fn continued(root: &Expr, chain: &[AccessExpr]) -> Option<Expr> {
    let Expr::Function(function) = root else { return None };
    let arguments = super::functions::arguments(function)?;
    let [column, path] = arguments.as_slice() else { return None };
    let mut path = literal(path)?.to_owned();
    for access in chain {
        path.push_str(&step(access)?);
    }
    Some(call("json_member", vec![column.clone(), text(path)]))
}

fn step(access: &AccessExpr) -> Option<String> {
    match access {
        AccessExpr::Dot(Expr::Identifier(name)) => Some(member(&name.value)),
        AccessExpr::Subscript(Subscript::Index { index }) => match index {
            Expr::Value(value) => match &value.value {
                Value::Number(number, _) => Some(format!("[{number}]")),
                Value::SingleQuotedString(name) => Some(member(name)),
                _ => None,
            },
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => Some(format!("[-{expr}]")),
            _ => None,
        },
        _ => None,
    }
}
