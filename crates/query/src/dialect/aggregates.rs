//! `listagg(x, ',') WITHIN GROUP (ORDER BY y)`, which is `string_agg(x, ',' ORDER BY y)` here.

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, Ident, ObjectName,
};

use super::build::text;

pub(super) fn rewrite(expr: &mut Expr) {
    let Expr::Function(function) = expr else { return };
    let name = function.name.to_string().to_lowercase();
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
