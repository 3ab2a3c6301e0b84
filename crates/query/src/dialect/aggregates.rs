//! `listagg(x, ',') WITHIN GROUP (ORDER BY y)`, which is `string_agg(x, ',' ORDER BY y)` here, and aggregates that only have
//! another name, with DISTINCT and ORDER BY among their arguments.

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, Ident, ObjectName,
};

use super::build::text;

pub(super) fn rewrite(expr: &mut Expr) {
    let Expr::Function(function) = expr else { return };
    let name = function.name.to_string().to_lowercase();
    if name == "mode" && !function.within_group.is_empty() {
        of_order(function);
        return;
    }
    let is_listed = name == "listagg" || (name == "string_agg" && !function.within_group.is_empty());
    let FunctionArguments::List(list) = &mut function.args else { return };
    if !is_listed {
        return;
    }
    if list.args.len() == 1 {
        list.args.push(FunctionArg::Unnamed(FunctionArgExpr::Expr(text(""))));
    }
    // nothing overflows here
    list.clauses.retain(|clause| !matches!(clause, FunctionArgumentClause::OnOverflow(_)));
    if !function.within_group.is_empty() {
        list.clauses.push(FunctionArgumentClause::OrderBy(std::mem::take(&mut function.within_group)));
    }
    function.name = ObjectName::from(vec![Ident::new("string_agg")]);
}

/// `mode() WITHIN GROUP (ORDER BY x)` is `mode(x)`.
fn of_order(function: &mut Function) {
    if let FunctionArguments::List(list) = &mut function.args
        && list.args.is_empty()
        && let [key] = function.within_group.as_slice()
    {
        list.args.push(FunctionArg::Unnamed(FunctionArgExpr::Expr(key.expr.clone())));
        function.within_group.clear();
    }
}

/// Another name for what has DISTINCT or ORDER BY in it; calls without any are rewritten with all others.
pub(super) fn rename(expr: &mut Expr, is_trino: bool) {
    let Expr::Function(function) = expr else { return };
    let FunctionArguments::List(list) = &function.args else { return };
    if list.duplicate_treatment.is_none() && list.clauses.is_empty() {
        return;
    }
    let new = match function.name.to_string().to_lowercase().as_str() {
        "list" if !is_trino => "array_agg",
        "group_concat" if !is_trino && list.args.len() == 2 => "string_agg",
        "any_value" | "arbitrary" => "first_value",
        "first" if !is_trino => "first_value",
        "last" if !is_trino => "last_value",
        "every" if is_trino => "bool_and",
        "variance" => "var_samp",
        _ => return,
    };
    function.name = ObjectName::from(vec![Ident::new(new)]);
}
