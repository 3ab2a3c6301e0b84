//! Names in quotes, whose capitals mean nothing in Trino and DuckDB: `"eventName"` is the column `eventname`.
//!
//! DataFusion takes names in quotes as they are. What the statement itself defines with capitals in quotes keeps them, as
//! columns of the answer are called so; every other name gets the letters that it has here.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem, SelectItemQualifiedWildcardKind,
    Statement, TableAlias, TableFactor, VisitMut as _, VisitorMut, visit_expressions_mut,
};

use crate::compat::Table;

/// Gives every name in quotes, and every other name of what is defined in quotes, the letters of what it means.
pub(super) fn fold(statement: &mut Statement, tables: &[Table]) {
    let mut names = Names { tables, defined: HashMap::new(), queries: HashSet::new(), types: HashSet::new() };
    let _ = statement.visit(&mut Definitions(&mut names));
    let _ = statement.visit(&mut Conditions(&names));
    let _ = statement.visit(&mut Fold(&names));
}

/// What a statement defines with capitals in quotes.
struct Names<'a> {
    tables: &'a [Table],
    /// Columns and tables, and how often.
    defined: HashMap<String, usize>,
    /// What WITH defines, with any letters.
    queries: HashSet<String>,
    /// Fields of rows that something is cast to.
    types: HashSet<String>,
}

fn has_capitals(name: &Ident) -> bool {
    name.quote_style.is_some() && name.value.chars().any(char::is_uppercase)
}

impl Names<'_> {
    fn define(&mut self, name: &Ident) {
        if has_capitals(name) {
            *self.defined.entry(name.value.clone()).or_default() += 1;
        }
    }

    fn define_alias(&mut self, alias: &TableAlias) {
        self.define(&alias.name);
        alias.columns.iter().for_each(|column| self.define(&column.name));
    }

    fn is_column(&self, name: &str) -> bool {
        self.tables
            .iter()
            .any(|table| table.columns().iter().any(|column| column.name == name) || table.is_hidden(name))
    }

    /// Whether names behind this one are names of members, whose capitals mean something.
    fn has_members(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        let is_map = |table: &Table| table.columns().iter().any(|column| column.name == name && column.is_map());
        self.tables.iter().any(|table| table.json_columns().contains(&name.as_str()) || is_map(table))
    }

    fn fold(&self, name: &mut Ident) {
        if self.defined.contains_key(&name.value) || self.types.contains(&name.value) {
            return;
        }
        let lower = name.value.to_lowercase();
        let mut meant = self.defined.keys().filter(|defined| defined.to_lowercase() == lower);
        match (meant.next(), meant.next()) {
            // a name with capitals that nothing here has, without them or with others
            (Some(only), None) if !self.is_column(&lower) => {
                name.value.clone_from(only);
                name.quote_style = Some('"');
            }
            _ if has_capitals(name) => name.value = lower,
            _ => {}
        }
    }

    /// The parts of a column's name, up to a column with members.
    fn fold_all(&self, parts: &mut [Ident]) {
        for part in parts {
            self.fold(part);
            if self.has_members(&part.value) {
                break;
            }
        }
    }

    /// The names of tables are those of other tools, unless WITH defines them.
    fn fold_relation(&self, name: &mut ObjectName) {
        if let [ObjectNamePart::Identifier(only)] = name.0.as_mut_slice()
            && self.queries.contains(&only.value.to_lowercase())
        {
            self.fold(only);
        }
    }
}

struct Definitions<'a, 'b>(&'a mut Names<'b>);

impl VisitorMut for Definitions<'_, '_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        for definition in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.0.queries.insert(definition.alias.name.value.to_lowercase());
            self.0.define_alias(&definition.alias);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { alias, .. } = item {
                self.0.define(alias);
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { alias: Some(alias), .. }
        | TableFactor::Derived { alias: Some(alias), .. }
        | TableFactor::UNNEST { alias: Some(alias), .. }
        | TableFactor::Function { alias: Some(alias), .. }
        | TableFactor::NestedJoin { alias: Some(alias), .. } = factor
        {
            self.0.define_alias(alias);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Cast { data_type, .. } = expr {
            // names of fields are between quotes there
            self.0.types.extend(data_type.to_string().split('"').map(str::to_owned));
        }
        ControlFlow::Continue(())
    }
}

/// In WHERE a name is never that of a column which the same select makes.
struct Conditions<'a, 'b>(&'a Names<'b>);

impl VisitorMut for Conditions<'_, '_> {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        let aliases = select.projection.iter().filter_map(|item| match item {
            SelectItem::ExprWithAlias { alias, .. } if self.0.defined.get(&alias.value) == Some(&1) => Some(alias),
            _ => None,
        });
        let own: HashSet<String> = aliases.map(|alias| alias.value.clone()).collect();
        let is_column = |name: &str| own.contains(name) && self.0.is_column(&name.to_lowercase());
        let mut lower = |expr: &mut Expr| {
            if let Expr::Identifier(name) = expr
                && has_capitals(name)
                && is_column(&name.value)
            {
                name.value = name.value.to_lowercase();
            }
            ControlFlow::<()>::Continue(())
        };
        if let Some(condition) = &mut select.selection {
            let _ = visit_expressions_mut(condition, &mut lower);
        }
        let _ = visit_expressions_mut(&mut select.projection, &mut lower);
        ControlFlow::Continue(())
    }
}

struct Fold<'a, 'b>(&'a Names<'b>);

impl VisitorMut for Fold<'_, '_> {
    type Break = ();

    fn pre_visit_relation(&mut self, name: &mut ObjectName) -> ControlFlow<()> {
        self.0.fold_relation(name);
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        for item in &mut select.projection {
            if let SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) = item {
                for part in &mut name.0 {
                    if let ObjectNamePart::Identifier(part) = part {
                        self.0.fold(part);
                    }
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(name) => self.0.fold(name),
            Expr::CompoundIdentifier(parts) => self.0.fold_all(parts),
            Expr::CompoundFieldAccess { root, access_chain } => {
                let has_members = match root.as_ref() {
                    Expr::Identifier(name) => self.0.has_members(&name.value),
                    Expr::CompoundIdentifier(parts) => parts.iter().any(|part| self.0.has_members(&part.value)),
                    _ => true,
                };
                for access in access_chain.iter_mut().filter(|_| !has_members) {
                    if let AccessExpr::Dot(Expr::Identifier(name)) = access {
                        self.0.fold(name);
                    }
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
