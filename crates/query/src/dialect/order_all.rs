//! `ORDER BY ALL`: by every column of the answer, from the first one on.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Ident, OrderByExpr, OrderByKind, OrderByOptions, Query, Select, SelectItem, SetExpr, Statement, TableAlias,
    TableFactor, Values, VisitMut as _, VisitorMut, WildcardAdditionalOptions,
};

use super::build::{number, query_of, select_from};

/// Writes the numbers of the columns. Where `*` stands for columns, only the engine knows them, and it knows them of
/// a query that has nothing else.
pub(super) fn rewrite(statement: &mut Statement) {
    struct All;
    impl VisitorMut for All {
        type Break = ();
        fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
            if let Some(order) = &mut query.order_by
                && let OrderByKind::All(options) = order.kind
            {
                match columns(&query.body) {
                    Some(count) => order.kind = OrderByKind::Expressions(by_numbers(count, options)),
                    None if is_all_alone(&query.body) => {}
                    None => put_around(query),
                }
            }
            ControlFlow::Continue(())
        }
    }
    let _ = statement.visit(&mut All);
}

fn by_numbers(count: usize, options: OrderByOptions) -> Vec<OrderByExpr> {
    (1..=count).map(|at| OrderByExpr { expr: number(at), options, with_fill: None }).collect()
}

/// How many columns a query has, if it names each.
fn columns(body: &SetExpr) -> Option<usize> {
    match body {
        SetExpr::Select(select) => {
            let is_one =
                |item: &SelectItem| matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. });
            select.projection.iter().all(is_one).then_some(select.projection.len())
        }
        SetExpr::Query(query) => columns(&query.body),
        SetExpr::SetOperation { left, .. } => columns(left),
        SetExpr::Values(values) => values.rows.first().map(|row| row.len()),
        _ => None,
    }
}

/// Whether a query is `SELECT *` and no more.
fn is_all_alone(body: &SetExpr) -> bool {
    let is_star = |select: &Select| matches!(select.projection.as_slice(), [SelectItem::Wildcard(_)]);
    matches!(body, SetExpr::Select(select) if is_star(select))
}

/// `SELECT * FROM (…)`.
fn put_around(query: &mut Query) {
    let nothing = Values { explicit_row: false, value_keyword: false, rows: vec![] };
    let body = std::mem::replace(&mut query.body, Box::new(SetExpr::Values(nothing)));
    let alias = TableAlias { explicit: true, name: Ident::new("all_rows"), columns: vec![], at: None };
    let around =
        TableFactor::Derived { lateral: false, subquery: Box::new(query_of(body)), alias: Some(alias), sample: None };
    let star = SelectItem::Wildcard(WildcardAdditionalOptions::default());
    query.body = select_from(vec![star], around).body;
}
