//! Where a query names a column that is neither grouped nor aggregated: the engine only says which column of a table it is.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, Ident, OrderByKind, Query, Select, SelectItem, SetExpr, Statement, Value, Visit, Visitor,
};
use datafusion::sql::sqlparser::tokenizer::Span;

use crate::error::Position;

/// The place of the first use of `column` outside of what its select groups by and of aggregate functions.
///
/// The statement may be rewritten: names keep the places that they have in the query's text.
pub(super) fn place(statement: &Statement, column: &str, is_aggregate: &dyn Fn(&str) -> bool) -> Option<Position> {
    let mut search = Search { column, is_aggregate, star: None };
    match statement.visit(&mut search) {
        ControlFlow::Break(position) => Some(position),
        // only `*` can have it
        ControlFlow::Continue(()) => search.star,
    }
}

/// Goes through the selects of a statement.
struct Search<'a> {
    column: &'a str,
    is_aggregate: &'a dyn Fn(&str) -> bool,
    /// The first `*` of a select that groups.
    star: Option<Position>,
}

impl Visitor for Search<'_> {
    type Break = Position;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Position> {
        let keys = query.order_by.iter().filter_map(|order| match &order.kind {
            OrderByKind::Expressions(keys) => Some(keys),
            OrderByKind::All(_) => None,
        });
        let keys: Vec<&Expr> = keys.flatten().map(|key| &key.expr).collect();
        self.body(&query.body, &keys)
    }
}

impl Search<'_> {
    fn body(&mut self, body: &SetExpr, order: &[&Expr]) -> ControlFlow<Position> {
        match body {
            SetExpr::Select(select) => self.select(select, order),
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left, &[])?;
                self.body(right, &[])
            }
            // a query in parentheses is visited itself
            _ => ControlFlow::Continue(()),
        }
    }

    fn select(&mut self, select: &Select, order: &[&Expr]) -> ControlFlow<Position> {
        let Some(grouped) = grouped(select) else { return ControlFlow::Continue(()) };
        let mut outside = Outside { search: self, grouped: &grouped, depth: 0, has_aggregate: false, found: None };
        let items = select.projection.iter().filter_map(value);
        for expr in items.chain(&select.having).chain(order.iter().copied()) {
            let _ = expr.visit(&mut outside);
        }
        let Outside { has_aggregate, found, .. } = outside;
        if grouped.is_empty() && !has_aggregate && select.having.is_none() {
            return ControlFlow::Continue(());
        }
        self.star = self.star.or_else(|| select.projection.iter().find_map(star));
        found.map_or(ControlFlow::Continue(()), ControlFlow::Break)
    }
}

/// What a select groups by, as it is written in the select itself; nothing if all that is left groups.
fn grouped(select: &Select) -> Option<Vec<Expr>> {
    let GroupByExpr::Expressions(keys, _) = &select.group_by else { return None };
    let mut found = Vec::new();
    for key in keys {
        match key {
            Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                found.extend(sets.iter().flatten().cloned());
            }
            Expr::Tuple(keys) => found.extend(keys.iter().cloned()),
            key => found.push(key.clone()),
        }
    }
    let meant: Vec<Expr> = found.iter().filter_map(|key| item_of(key, select).cloned()).collect();
    found.extend(meant);
    Some(found)
}

/// The column of the answer that a number or an alias means.
fn item_of<'a>(key: &Expr, select: &'a Select) -> Option<&'a Expr> {
    match key {
        Expr::Value(number) => match &number.value {
            Value::Number(number, _) => {
                let at = number.to_string().parse::<usize>().ok()?.checked_sub(1)?;
                value(select.projection.get(at)?)
            }
            _ => None,
        },
        Expr::Identifier(name) => select.projection.iter().find_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } if alias.value.eq_ignore_ascii_case(&name.value) => Some(expr),
            _ => None,
        }),
        _ => None,
    }
}

fn value(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}

fn star(item: &SelectItem) -> Option<Position> {
    match item {
        SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) => {
            position(options.wildcard_token.0.span)
        }
        _ => None,
    }
}

/// Looks for the column in what is neither grouped nor aggregated.
struct Outside<'s, 'a> {
    search: &'s Search<'a>,
    grouped: &'s [Expr],
    /// How deep inside of an aggregate, of what is grouped or of another query it is.
    depth: usize,
    has_aggregate: bool,
    found: Option<Position>,
}

impl Outside<'_, '_> {
    fn is_closed(&mut self, expr: &Expr) -> bool {
        if let Expr::Function(function) = expr {
            let name = function.name.to_string().to_lowercase();
            let aggregates = function.over.is_none() && (self.search.is_aggregate)(&name);
            self.has_aggregate |= aggregates;
            return aggregates;
        }
        // numbers mean columns only where they are grouped by
        !matches!(expr, Expr::Value(_)) && self.grouped.iter().any(|key| is_same(key, expr))
    }

    fn is_it(&self, parts: &[Ident]) -> bool {
        parts.iter().any(|part| part.value.eq_ignore_ascii_case(self.search.column))
    }
}

impl Visitor for Outside<'_, '_> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if self.depth > 0 || self.is_closed(expr) {
            self.depth += 1;
            return ControlFlow::Continue(());
        }
        let parts = match expr {
            Expr::Identifier(name) => std::slice::from_ref(name),
            Expr::CompoundIdentifier(parts) => parts.as_slice(),
            _ => return ControlFlow::Continue(()),
        };
        if self.found.is_none() && self.is_it(parts) {
            self.found = parts.first().and_then(|first| position(first.span));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, _: &Expr) -> ControlFlow<()> {
        self.depth = self.depth.saturating_sub(1);
        ControlFlow::Continue(())
    }
}

fn is_same(one: &Expr, other: &Expr) -> bool {
    one == other || one.to_string().eq_ignore_ascii_case(&other.to_string())
}

fn position(span: Span) -> Option<Position> {
    // what a rewrite put there has no place
    (span.start.line > 0).then_some(Position { line: span.start.line, column: span.start.column })
}
