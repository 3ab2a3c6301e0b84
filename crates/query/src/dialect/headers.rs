//! Names of the columns of an answer, and what depends on them: a rewritten expression is called as it was written, a field
//! as in Trino and DuckDB by its own name, and nothing is called as something else.

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, Distinct, Expr, FunctionArgumentClause, FunctionArguments, Ident, LimitClause, OrderByExpr,
    OrderByKind, Query, Select, SelectItem, SetExpr, Statement, Value, VisitMut, VisitorMut, WindowType,
};

use super::build::{cast, number};

/// Gives columns without an alias one, before they are rewritten.
pub(super) fn keep(statement: &mut Statement) {
    struct Keep;
    impl VisitorMut for Keep {
        type Break = ();
        fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
            name_items(select);
            ControlFlow::Continue(())
        }
    }
    let _ = statement.visit(&mut Keep);
}

fn name_items(select: &mut Select) {
    let has_wildcard = select.projection.iter().any(|item| matches!(item, SelectItem::Wildcard(_)));
    let mut taken: HashSet<String> = select
        .projection
        .iter()
        .filter_map(|item| match item {
            SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.to_lowercase()),
            SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name.value.to_lowercase()),
            _ => None,
        })
        .collect();
    let mut seen = HashSet::new();
    for item in &mut select.projection {
        let SelectItem::UnnamedExpr(expr) = item else { continue };
        let wanted = match expr {
            Expr::Identifier(name) => {
                let name = name.value.to_lowercase();
                // the second of its name, or one that `*` has too
                let is_double = !seen.insert(name.clone()) || has_wildcard;
                if !is_double {
                    continue;
                }
                unique(&format!("{name}_1"), &mut taken)
            }
            Expr::CompoundIdentifier(parts) => match parts.last() {
                Some(last) => unique(&folded(last), &mut taken),
                None => continue,
            },
            _ => unique(&super::json_types::display(expr), &mut taken),
        };
        let expr = expr.clone();
        *item = SelectItem::ExprWithAlias { expr, alias: Ident::with_quote('"', wanted) };
    }
}

fn folded(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}

fn unique(name: &str, taken: &mut HashSet<String>) -> String {
    let mut found = name.to_owned();
    let mut count = 1;
    while !taken.insert(found.to_lowercase()) {
        found = format!("{name}_{count}");
        count += 1;
    }
    found
}

/// `FETCH FIRST n ROWS ONLY` is `LIMIT n`, whose number may be a parameter.
pub(super) fn limit(statement: &mut Statement) {
    struct Limit;
    impl VisitorMut for Limit {
        type Break = ();
        fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
            let plain = query.fetch.as_ref().is_some_and(|fetch| !fetch.percent && !fetch.with_ties);
            let offset = match &query.limit_clause {
                None => Some(None),
                Some(LimitClause::LimitOffset { limit: None, offset, limit_by }) if limit_by.is_empty() => {
                    Some(offset.clone())
                }
                Some(_) => None,
            };
            if let Some(offset) = offset.filter(|_| plain) {
                let quantity = query.fetch.take().and_then(|fetch| fetch.quantity);
                let limit = Some(quantity.unwrap_or_else(|| number(1)));
                query.limit_clause = Some(LimitClause::LimitOffset { limit, offset, limit_by: vec![] });
            }
            if let Some(LimitClause::LimitOffset { limit, offset, .. }) = &mut query.limit_clause {
                limit.iter_mut().chain(offset.iter_mut().map(|offset| &mut offset.value)).for_each(as_number);
            }
            ControlFlow::Continue(())
        }
    }
    let _ = statement.visit(&mut Limit);
}

/// What is given for `LIMIT $n` may be text: on the command line everything is.
fn as_number(expr: &mut Expr) {
    if matches!(expr, Expr::Value(value) if matches!(value.value, Value::Placeholder(_))) {
        let placeholder = std::mem::replace(expr, Expr::value(Value::Null));
        *expr = cast(placeholder, DataType::BigInt(None), CastKind::Cast);
    }
}

/// Nulls come last in Trino and DuckDB, whatever the direction.
pub(super) fn nulls_last(statement: &mut Statement) {
    struct Nulls;
    fn last(keys: &mut [OrderByExpr]) {
        for key in keys {
            key.options.nulls_first.get_or_insert(false);
        }
    }
    impl VisitorMut for Nulls {
        type Break = ();
        fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
            match query.order_by.as_mut().map(|order| &mut order.kind) {
                Some(OrderByKind::Expressions(keys)) => last(keys),
                Some(OrderByKind::All(options)) => {
                    options.nulls_first.get_or_insert(false);
                }
                None => {}
            }
            ControlFlow::Continue(())
        }
        fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            let Expr::Function(function) = expr else { return ControlFlow::Continue(()) };
            if let Some(WindowType::WindowSpec(window)) = &mut function.over {
                last(&mut window.order_by);
            }
            if let FunctionArguments::List(list) = &mut function.args {
                for clause in &mut list.clauses {
                    if let FunctionArgumentClause::OrderBy(keys) = clause {
                        last(keys);
                    }
                }
            }
            ControlFlow::Continue(())
        }
    }
    let _ = statement.visit(&mut Nulls);
}

/// `SELECT DISTINCT a.b … ORDER BY a.b` orders by the number of the column: DataFusion does not see that they are the same.
pub(super) fn distinct_order(statement: &mut Statement) {
    struct Order;
    impl VisitorMut for Order {
        type Break = ();
        fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
            let SetExpr::Select(select) = query.body.as_ref() else { return ControlFlow::Continue(()) };
            if !matches!(select.distinct, Some(Distinct::Distinct)) {
                return ControlFlow::Continue(());
            }
            let Some(order) = &mut query.order_by else { return ControlFlow::Continue(()) };
            let OrderByKind::Expressions(keys) = &mut order.kind else { return ControlFlow::Continue(()) };
            for key in keys {
                if let Some(at) = position(&key.expr, select) {
                    key.expr = number(at + 1);
                }
            }
            ControlFlow::Continue(())
        }
    }
    let _ = statement.visit(&mut Order);
}

fn position(key: &Expr, select: &Select) -> Option<usize> {
    if matches!(key, Expr::Identifier(_) | Expr::Value(_)) {
        return None;
    }
    let wanted = key.to_string();
    let all_before_are_columns =
        |at: usize| select.projection[..at].iter().all(|item| !matches!(item, SelectItem::Wildcard(_)));
    let found = select.projection.iter().position(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
            expr.to_string().eq_ignore_ascii_case(&wanted)
        }
        _ => false,
    });
    found.filter(|at| all_before_are_columns(*at))
}
