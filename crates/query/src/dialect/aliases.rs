//! Columns of a select that others of it, and its WHERE, name: `SELECT upper(x) AS y … WHERE y = 'A'`.
//!
//! DuckDB takes them for what they were made of, unless a table has a column of the name. What columns a table has must be
//! known for that; where it is not, names are left alone.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Query, Select, SelectItem, SetExpr, Statement, TableAlias, TableFactor, VisitMut, VisitorMut,
    visit_expressions,
};

use super::build::{column_name, nested};
use super::tables::Names;
use crate::compat::Table;

/// Most parts that aliases may add to one select. `a + a AS b, b + b AS c, …` doubles with each column; beyond this, names are
/// left alone, and are columns that do not exist.
const MAX_PARTS: usize = 20_000;

/// Puts what they were made of in the places of such names.
pub(super) fn resolve(statement: &mut Statement, names: &Names<'_>) {
    let mut aliases = Aliases { names, defined: HashMap::new() };
    let _ = statement.visit(&mut aliases);
}

/// Columns of the tables in a FROM.
#[derive(Debug, Default, Clone)]
struct Columns {
    tables: Vec<Table>,
    named: HashSet<String>,
}

impl Columns {
    fn has(&self, name: &str) -> bool {
        let is_of = |table: &Table| table.is_hidden(name) || table.columns().iter().any(|column| column.name == name);
        self.named.contains(name) || self.tables.iter().any(is_of)
    }

    fn extend(&mut self, more: Self) {
        self.tables.extend(more.tables);
        self.named.extend(more.named);
    }

    fn named(names: impl Iterator<Item = String>) -> Self {
        Self { named: names.collect(), ..Self::default() }
    }
}

struct Aliases<'a> {
    names: &'a Names<'a>,
    /// Columns of the queries of a WITH; `None` for those that are not known.
    defined: HashMap<String, Option<Columns>>,
}

impl VisitorMut for Aliases<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        for definition in query.with.iter().flat_map(|with| &with.cte_tables) {
            let columns = self.of_query(&definition.query, Some(&definition.alias));
            self.defined.insert(definition.alias.name.value.to_lowercase(), columns);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        if let Some(columns) = self.of_from(select) {
            resolve_in(select, &columns);
        }
        ControlFlow::Continue(())
    }
}

impl Aliases<'_> {
    /// The columns that a select can name, if all are known.
    fn of_from(&self, select: &Select) -> Option<Columns> {
        let mut found = Columns::default();
        for from in &select.from {
            found.extend(self.of_factor(&from.relation)?);
            for join in &from.joins {
                found.extend(self.of_factor(&join.relation)?);
            }
        }
        Some(found)
    }

    fn of_factor(&self, factor: &TableFactor) -> Option<Columns> {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                if let Some(table) = self.names.table(name) {
                    return Some(renamed(Columns { tables: vec![table], ..Columns::default() }, alias.as_ref()));
                }
                let [part] = name.0.as_slice() else { return None };
                let defined = self.defined.get(&part.as_ident()?.value.to_lowercase())?.clone()?;
                Some(renamed(defined, alias.as_ref()))
            }
            TableFactor::Derived { subquery, alias, .. } => self.of_query(subquery, alias.as_ref()),
            TableFactor::UNNEST { alias: Some(alias), .. } => {
                let columns = alias.columns.iter().map(|column| column.name.value.to_lowercase());
                Some(Columns::named(columns.chain([alias.name.value.to_lowercase(), "unnest".to_owned()])))
            }
            _ => None,
        }
    }

    fn of_query(&self, query: &Query, alias: Option<&TableAlias>) -> Option<Columns> {
        if let Some(alias) = alias.filter(|alias| !alias.columns.is_empty()) {
            return Some(renamed(Columns::default(), Some(alias)));
        }
        self.of_body(&query.body)
    }

    fn of_body(&self, body: &SetExpr) -> Option<Columns> {
        let select = match body {
            SetExpr::Select(select) => select,
            SetExpr::Query(query) => return self.of_query(query, None),
            SetExpr::SetOperation { left, .. } => return self.of_body(left),
            _ => return None,
        };
        let mut found = Columns::default();
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) => found.named.extend(column_name(expr)),
                SelectItem::ExprWithAlias { alias, .. } => {
                    found.named.insert(alias.value.to_lowercase());
                }
                _ => found.extend(self.of_from(select)?),
            }
        }
        Some(found)
    }
}

/// With the names that an alias gives to columns.
fn renamed(columns: Columns, alias: Option<&TableAlias>) -> Columns {
    match alias {
        Some(alias) if !alias.columns.is_empty() => {
            Columns::named(alias.columns.iter().map(|column| column.name.value.to_lowercase()))
        }
        _ => columns,
    }
}

fn resolve_in(select: &mut Select, columns: &Columns) {
    let mut known = Known { made_of: HashMap::new(), parts_left: MAX_PARTS };
    for item in &mut select.projection {
        match item {
            SelectItem::UnnamedExpr(expr) => known.put_into(expr),
            SelectItem::ExprWithAlias { expr, alias } => {
                known.put_into(expr);
                let name = alias.value.to_lowercase();
                if !columns.has(&name) {
                    known.made_of.insert(name, (expr.clone(), parts(expr)));
                }
            }
            _ => {}
        }
    }
    if let Some(condition) = &mut select.selection {
        known.put_into(condition);
    }
}

/// Expressions by the name of their column, with the number of their parts.
struct Known {
    made_of: HashMap<String, (Expr, usize)>,
    parts_left: usize,
}

impl Known {
    /// Puts what is known by a name in its place; queries inside have names of their own.
    fn put_into(&mut self, expr: &mut Expr) {
        if !self.made_of.is_empty() {
            let _ = expr.visit(&mut PutIn { known: self, depth: 0 });
        }
    }

    fn take(&mut self, name: &str) -> Option<Expr> {
        let (expr, parts) = self.made_of.get(&name.to_lowercase())?;
        self.parts_left = self.parts_left.checked_sub(*parts)?;
        Some(expr.clone())
    }
}

struct PutIn<'a> {
    known: &'a mut Known,
    depth: usize,
}

impl VisitorMut for PutIn<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if self.depth == 0
            && let Expr::Identifier(name) = expr
            && let Some(made_of) = self.known.take(&name.value)
        {
            *expr = nested(made_of);
        }
        ControlFlow::Continue(())
    }
}

/// The number of expressions in one.
fn parts(expr: &Expr) -> usize {
    let mut parts = 0;
    let _ = visit_expressions(expr, |_| {
        parts += 1;
        ControlFlow::<()>::Continue(())
    });
    parts
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::dialect::GenericDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    use super::*;

    fn resolved(sql: &str) -> String {
        let mut statement = Parser::parse_sql(&GenericDialect {}, sql).unwrap().remove(0);
        let Statement::Query(query) = &mut statement else { panic!("a query") };
        let SetExpr::Select(select) = query.body.as_mut() else { panic!("a select") };
        resolve_in(select, &Columns::named(["x".to_owned()].into_iter()));
        statement.to_string()
    }

    #[test]
    fn a_name_stands_for_what_it_was_made_of_unless_a_column_has_it() {
        assert_eq!(resolved("SELECT 1 AS x, x AS y, y FROM t"), "SELECT 1 AS x, x AS y, x FROM t");
    }

    #[test]
    fn columns_that_double_end_in_a_name_that_is_not_known() {
        let doubled: Vec<String> = (1..40).map(|at| format!("a{0} + a{0} AS a{at}", at - 1)).collect();
        let sql = format!("SELECT x AS a0, {} FROM t", doubled.join(", "));
        let resolved = resolved(&sql);
        assert!(resolved.len() < 40 * MAX_PARTS && resolved.ends_with("a38 + a38 AS a39 FROM t"), "{}", resolved.len());
    }
}
