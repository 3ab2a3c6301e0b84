//! Which names are JSON columns, and which are maps, at a place of a statement: those of the tables in FROM there, and what WITH and subqueries
//! call them. A name that is JSON in one query may be a struct or a text in the next one.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, Statement, TableAlias,
    TableFactor, TableWithJoins, VisitMut as _, VisitorMut,
};
use milepost_schema::{COLUMNS, Kind};

use super::build::column_name;
use super::types::is_json;
use crate::compat::{Table, parse_key};

/// Columns of a table or a query, in lower case.
#[derive(Debug, Default, Clone)]
struct Columns {
    json: HashSet<String>,
    /// Those of them that functions give: JSON by its type, where the tables' own are text.
    values: HashSet<String>,
    /// Maps of texts, as event data stores have them.
    maps: HashSet<String>,
    /// Known to be something else.
    other: HashSet<String>,
    /// In their order, as far as it is known.
    order: Vec<String>,
}

impl Columns {
    fn push(&mut self, name: String, is_json: bool, is_value: bool, is_map: bool) {
        if is_value {
            self.values.insert(name.clone());
        }
        if is_map {
            self.maps.insert(name.clone());
        }
        if is_json {
            self.json.insert(name.clone())
        } else {
            self.other.insert(name.clone())
        };
        self.order.push(name);
    }

    fn of(table: Table) -> Self {
        let json: HashSet<String> = table.json_columns().iter().map(|name| (*name).to_owned()).collect();
        let all = table.columns().iter().map(|column| column.name.to_owned());
        let maps = table.columns().iter().filter(|column| column.is_map()).map(|column| column.name.to_owned());
        Self { other: all.filter(|name| !json.contains(name)).collect(), maps: maps.collect(), json, ..Self::default() }
    }

    fn own() -> Self {
        let mut found = Self::default();
        for column in COLUMNS {
            found.push(column.name.to_owned(), column.kind == Kind::Json, false, false);
        }
        Self { order: Vec::new(), ..found }
    }

    /// With the names that an alias gives them.
    fn renamed(self, alias: &TableAlias) -> Self {
        if alias.columns.is_empty() {
            return self;
        }
        let mut found = Self::default();
        for (at, column) in alias.columns.iter().enumerate() {
            let old = self.order.get(at);
            let is_in = |names: &HashSet<String>| old.is_some_and(|old| names.contains(old));
            found.push(column.name.value.to_lowercase(), is_in(&self.json), is_in(&self.values), is_in(&self.maps));
        }
        found
    }

    fn extend(&mut self, more: &Self) {
        self.json.extend(more.json.iter().cloned());
        self.values.extend(more.values.iter().cloned());
        self.maps.extend(more.maps.iter().cloned());
        self.other.extend(more.other.iter().cloned());
    }
}

/// What one query sees.
#[derive(Debug, Default)]
struct Scope {
    /// Tables and subqueries by their names.
    relations: Vec<(String, Columns)>,
    /// What the query itself calls columns, for ORDER BY.
    own: Columns,
}

impl Scope {
    fn relation(&self, name: &str) -> Option<&Columns> {
        self.relations.iter().find(|(of, _)| of == name).map(|(_, columns)| columns)
    }

    /// Which part of a name is a JSON column; `None` if nothing here is called so, `Some(None)` if it is no JSON.
    fn find(&self, parts: &[String]) -> Option<Option<usize>> {
        let (first, second) = (parts.first()?, parts.get(1));
        if let (Some(columns), Some(second)) = (self.relation(first), second) {
            return Some(columns.json.contains(second).then_some(1));
        }
        if self.relations.iter().any(|(_, columns)| columns.other.contains(first)) {
            return Some(None);
        }
        if self.relations.iter().any(|(_, columns)| columns.json.contains(first)) || self.own.json.contains(first) {
            return Some(Some(0));
        }
        // behind the name of a schema
        let columns = self.relation(second?)?;
        Some(columns.json.contains(parts.get(2)?).then_some(2))
    }
}

impl Scope {
    /// Which part of a name is a map; `None` if nothing here is called so, `Some(None)` if it is no map.
    fn find_map(&self, parts: &[String]) -> Option<Option<usize>> {
        let (first, second) = (parts.first()?, parts.get(1));
        if let (Some(columns), Some(second)) = (self.relation(first), second) {
            return Some(columns.maps.contains(second).then_some(1));
        }
        let mut all = self.relations.iter().map(|(_, columns)| columns).chain([&self.own]);
        if all.any(|columns| columns.maps.contains(first)) {
            return Some(Some(0));
        }
        if self.relations.iter().any(|(_, columns)| columns.other.contains(first) || columns.json.contains(first)) {
            return Some(None);
        }
        let columns = self.relation(second?)?;
        Some(columns.maps.contains(parts.get(2)?).then_some(2))
    }

    /// Whether a column is JSON by its type; `None` if nothing here is called so.
    fn is_value(&self, parts: &[String]) -> Option<bool> {
        let has = |columns: &Columns, name| columns.json.contains(name) || columns.other.contains(name);
        match parts {
            [name] => {
                let mut named = self.relations.iter().filter(|(_, columns)| has(columns, name)).peekable();
                named.peek()?;
                Some(named.all(|(_, columns)| columns.values.contains(name)))
            }
            [relation, name] => self.relation(relation).map(|columns| columns.values.contains(name)),
            _ => None,
        }
    }
}

/// Calls `rewrite` on every expression of a statement, the inside first, with what is JSON there.
pub(super) fn visit(statement: &mut Statement, tables: &[Table], rewrite: impl FnMut(&mut Expr, &JsonNames)) {
    let mut everywhere = Columns::default();
    if tables.is_empty() {
        everywhere = Columns::own();
    }
    for table in tables {
        everywhere.extend(&Columns::of(*table));
    }
    let names = JsonNames { everywhere, defined: Vec::new(), scopes: Vec::new() };
    let _ = statement.visit(&mut Visit { names, rewrite });
}

/// The names at one place of a statement.
#[derive(Debug)]
pub(super) struct JsonNames {
    /// Columns of tables that are not known further.
    everywhere: Columns,
    /// What WITH defines, of each query around.
    defined: Vec<HashMap<String, Columns>>,
    scopes: Vec<Scope>,
}

impl JsonNames {
    /// Which part of a column's name is JSON that the rest leads into.
    pub(super) fn position(&self, parts: &[Ident]) -> Option<usize> {
        let parts: Vec<String> = parts.iter().map(|part| part.value.to_lowercase()).collect();
        self.scopes.iter().rev().find_map(|scope| scope.find(&parts)).flatten()
    }

    /// Which part of a column's name is a map that the rest is a key of.
    pub(super) fn map_position(&self, parts: &[Ident]) -> Option<usize> {
        let parts: Vec<String> = parts.iter().map(|part| part.value.to_lowercase()).collect();
        self.scopes.iter().rev().find_map(|scope| scope.find_map(&parts)).flatten()
    }

    /// Whether a column is JSON by its type, as a function gave it.
    pub(super) fn is_value(&self, expr: &Expr) -> bool {
        if let Expr::Nested(inner) = expr {
            return self.is_value(inner);
        }
        let parts = name_parts(expr);
        self.scopes.iter().rev().find_map(|scope| scope.is_value(&parts)).unwrap_or(false)
    }

    fn query(&mut self, query: &Query) -> Columns {
        self.define(query);
        let found = self.body(&query.body);
        self.defined.pop();
        found
    }

    /// Notes what WITH defines; whoever calls it takes it off again.
    fn define(&mut self, query: &Query) {
        self.defined.push(HashMap::new());
        for table in query.with.iter().flat_map(|with| &with.cte_tables) {
            let columns = self.query(&table.query).renamed(&table.alias);
            if let Some(defined) = self.defined.last_mut() {
                defined.insert(table.alias.name.value.to_lowercase(), columns);
            }
        }
    }

    fn body(&mut self, body: &SetExpr) -> Columns {
        match body {
            SetExpr::Select(select) => {
                let scope = self.scope(select);
                outputs(select, &scope)
            }
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation { left, .. } => self.body(left),
            _ => Columns::default(),
        }
    }

    fn scope(&mut self, select: &Select) -> Scope {
        let mut scope = Scope::default();
        for from in &select.from {
            self.add(from, &mut scope);
        }
        scope
    }

    fn add(&mut self, from: &TableWithJoins, scope: &mut Scope) {
        for factor in std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)) {
            match factor {
                TableFactor::Table { name, alias, .. } => {
                    let last = name.0.last().and_then(|part| part.as_ident()).map(|part| part.value.clone());
                    let last = last.unwrap_or_default();
                    let columns = self.table(&last, name.0.len() == 1);
                    let columns = alias.as_ref().map_or(columns.clone(), |alias| columns.renamed(alias));
                    let name = alias.as_ref().map_or(last, |alias| alias.name.value.clone());
                    scope.relations.push((name.to_lowercase(), columns));
                }
                TableFactor::Derived { subquery, alias, .. } => {
                    let columns = self.query(subquery);
                    let columns = alias.as_ref().map_or(columns.clone(), |alias| columns.renamed(alias));
                    let name = alias.as_ref().map(|alias| alias.name.value.to_lowercase());
                    scope.relations.push((name.unwrap_or_default(), columns));
                }
                TableFactor::NestedJoin { table_with_joins, .. } => self.add(table_with_joins, scope),
                _ => {}
            }
        }
    }

    fn table(&self, name: &str, is_alone: bool) -> Columns {
        let lower = name.to_lowercase();
        let defined = self.defined.iter().rev().find_map(|defined| defined.get(&lower));
        match (defined, parse_key(name)) {
            (Some(columns), _) if is_alone => columns.clone(),
            (_, Some((table, _))) => Columns::of(table),
            _ => self.everywhere.clone(),
        }
    }
}

/// The columns that a query gives.
fn outputs(select: &Select, scope: &Scope) -> Columns {
    let mut found = Columns::default();
    for item in &select.projection {
        match item {
            SelectItem::UnnamedExpr(expr) => {
                if let Some(name) = column_name(expr) {
                    found.push(name, gives_json(expr, scope), gives_value(expr, scope), gives_map(expr, scope));
                }
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                let (is_json, is_value) = (gives_json(expr, scope), gives_value(expr, scope));
                found.push(alias.value.to_lowercase(), is_json, is_value, gives_map(expr, scope));
            }
            SelectItem::Wildcard(_) => scope.relations.iter().for_each(|(_, columns)| found.extend(columns)),
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                let last = name.0.last().and_then(|part| part.as_ident()).map(|part| part.value.to_lowercase());
                if let Some(columns) = last.and_then(|name| scope.relation(&name)) {
                    found.extend(columns);
                }
            }
            _ => {}
        }
    }
    found
}

fn gives_json(expr: &Expr, scope: &Scope) -> bool {
    let parts = match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => name_parts(expr),
        Expr::Nested(inner) => return gives_json(inner, scope),
        other => return is_json(other),
    };
    // a column alone: what dots lead to is text
    scope.find(&parts).flatten() == Some(parts.len() - 1)
}

fn gives_value(expr: &Expr, scope: &Scope) -> bool {
    match expr {
        Expr::Nested(inner) => gives_value(inner, scope),
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => scope.is_value(&name_parts(expr)) == Some(true),
        other => is_json(other),
    }
}

fn gives_map(expr: &Expr, scope: &Scope) -> bool {
    match expr {
        Expr::Nested(inner) => gives_map(inner, scope),
        _ => {
            let parts = name_parts(expr);
            !parts.is_empty() && scope.find_map(&parts).flatten() == Some(parts.len() - 1)
        }
    }
}

/// The parts of a column's name, in lower case.
fn name_parts(expr: &Expr) -> Vec<String> {
    match expr {
        Expr::Identifier(name) => vec![name.value.to_lowercase()],
        Expr::CompoundIdentifier(parts) => parts.iter().map(|part| part.value.to_lowercase()).collect(),
        _ => Vec::new(),
    }
}

struct Visit<F> {
    names: JsonNames,
    rewrite: F,
}

impl<F: FnMut(&mut Expr, &JsonNames)> VisitorMut for Visit<F> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        self.names.define(query);
        // for ORDER BY
        let mut scope = Scope::default();
        if let SetExpr::Select(select) = query.body.as_ref() {
            scope = self.names.scope(select);
            scope.own = outputs(select, &scope);
        }
        self.names.scopes.push(scope);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.names.defined.pop();
        self.names.scopes.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        let mut scope = self.names.scope(select);
        // for HAVING
        scope.own = outputs(select, &scope);
        self.names.scopes.push(scope);
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, _: &mut Select) -> ControlFlow<()> {
        self.names.scopes.pop();
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        (self.rewrite)(expr, &self.names);
        ControlFlow::Continue(())
    }
}
