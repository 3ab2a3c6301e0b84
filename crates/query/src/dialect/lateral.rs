//! `FROM t, LATERAL (SELECT f(t.x) AS a)`: a select without a FROM, which only computes columns of each row.

use datafusion::sql::sqlparser::ast::{Expr, GroupByExpr, Ident, Select, SelectItem, SetExpr, TableAlias, TableFactor};

/// Whether it is such a select.
pub(super) fn computes_columns(factor: &TableFactor) -> bool {
    columns(factor).is_some()
}

/// What such a select computes: names and values.
pub(super) type Columns = Vec<(String, Expr)>;

/// The alias of such a select and its columns.
pub(super) fn columns(factor: &TableFactor) -> Option<(Option<&TableAlias>, Columns)> {
    let TableFactor::Derived { lateral: true, subquery, alias, .. } = factor else { return None };
    let (None, None, None) = (&subquery.with, &subquery.order_by, &subquery.limit_clause) else { return None };
    let SetExpr::Select(select) = subquery.body.as_ref() else { return None };
    if !is_plain(select) {
        return None;
    }
    let named: &[_] = alias.as_ref().map_or(&[], |alias| &alias.columns);
    let mut columns = Columns::new();
    for (at, item) in select.projection.iter().enumerate() {
        let (expr, name) = match item {
            SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias)),
            SelectItem::UnnamedExpr(expr) => (expr, own_name(expr)),
            _ => return None,
        };
        let name = named.get(at).map(|column| &column.name).or(name)?;
        columns.push((name.value.clone(), expr.clone()));
    }
    Some((alias.as_ref(), columns))
}

/// Neither reads nor gathers nor leaves out.
fn is_plain(select: &Select) -> bool {
    let is_ungrouped = matches!(&select.group_by, GroupByExpr::Expressions(exprs, _) if exprs.is_empty());
    let is_whole = select.selection.is_none() && select.having.is_none() && select.distinct.is_none();
    select.from.is_empty() && is_ungrouped && is_whole
}

fn own_name(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Identifier(name) => Some(name),
        Expr::CompoundIdentifier(parts) => parts.last(),
        _ => None,
    }
}
