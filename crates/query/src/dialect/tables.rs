//! The tables of other tools that a query names, under whatever catalog and database.

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Ident, ObjectName, ObjectNamePart, Query, ShowStatementIn, Statement, TableAlias, TableFactor, VisitMut,
    VisitorMut, visit_relations,
};

use super::Dialect;
use crate::catalog::{COMPAT_SCHEMA, SCHEMA};
use crate::compat::{self, Hidden, Table};

/// What every name in a statement means.
pub(super) struct Names<'a> {
    forced: Option<Dialect>,
    known: &'a [String],
    /// Names that the query itself defines, with WITH.
    own: HashSet<String>,
}

impl<'a> Names<'a> {
    pub(super) fn of(statement: &mut Statement, forced: Option<Dialect>, known: &'a [String]) -> Self {
        struct Definitions(HashSet<String>);
        impl VisitorMut for Definitions {
            type Break = ();
            fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
                for definition in query.with.iter().flat_map(|with| &with.cte_tables) {
                    self.0.insert(definition.alias.name.value.to_lowercase());
                }
                ControlFlow::Continue(())
            }
        }
        let mut definitions = Definitions(HashSet::new());
        let _ = statement.visit(&mut definitions);
        Self { forced, known, own: definitions.0 }
    }

    /// The table of another tool that a name means.
    pub(super) fn table(&self, name: &ObjectName) -> Option<Table> {
        let parts: Vec<&Ident> = name.0.iter().filter_map(ObjectNamePart::as_ident).collect();
        let last = parts.last()?.value.to_lowercase();
        if parts.len() == 1 && self.own.contains(&last) {
            return None;
        }
        let found =
            compat::table_named(&last).or_else(|| compat::Table::ALL.into_iter().find(|table| table.name() == last));
        if let Some(table) = self.forced.map(Dialect::table) {
            // whoever says the dialect may call the table what he likes
            let is_ours = found.is_none() && self.known.contains(&last);
            let system = parts.iter().any(|part| part.value.eq_ignore_ascii_case("information_schema"));
            return table.filter(|_| !is_ours && !system);
        }
        found.or_else(|| self.by_database(&parts))
    }

    /// `cloudtrail_logs.organization_events`: the database says what the table is.
    fn by_database(&self, parts: &[&Ident]) -> Option<Table> {
        let [.., database, table] = parts else { return None };
        let is_ours = self.known.contains(&table.value.to_lowercase());
        compat::table_named(&database.value).filter(|named| *named == Table::Athena && !is_ours)
    }
}

/// The tables of other tools in a statement, each once.
pub(super) fn find(statement: &mut Statement, forced: Option<Dialect>, known: &[String]) -> Vec<Table> {
    let names = Names::of(statement, forced, known);
    let mut found = Vec::new();
    let _ = visit_relations(statement, |name| {
        found.extend(names.table(name).filter(|table| !found.contains(table)));
        ControlFlow::<()>::Continue(())
    });
    found
}

/// Puts the view with the hidden columns that the query names in place of each table.
pub(super) fn replace(
    statement: &mut Statement,
    forced: Option<Dialect>,
    known: &[String],
    hidden: &[(Table, Hidden)],
) {
    struct Replace<'a> {
        names: Names<'a>,
        hidden: &'a [(Table, Hidden)],
        /// Names of more than one part that were replaced.
        qualified: Vec<Vec<String>>,
    }
    impl VisitorMut for Replace<'_> {
        type Break = ();
        fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
            let TableFactor::Table { name, alias, args: None, .. } = factor else { return ControlFlow::Continue(()) };
            let Some(table) = self.names.table(name) else { return ControlFlow::Continue(()) };
            let parts: Vec<Ident> = name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
            let Some(last) = parts.last() else { return ControlFlow::Continue(()) };
            if parts.len() > 1 {
                self.qualified.push(parts.iter().map(|part| part.value.to_lowercase()).collect());
            }
            if alias.is_none() {
                // it is called so with any letters
                let name = Ident { value: last.value.to_lowercase(), ..last.clone() };
                *alias = Some(TableAlias { explicit: false, name, columns: vec![], at: None });
            }
            let of_table = self.hidden.iter().filter(|(of, _)| *of == table).map(|(_, hidden)| hidden.clone());
            let key = compat::key(table, &of_table.collect::<Vec<_>>());
            // with the place of the name, for what is said about it
            let view = Ident { value: key, quote_style: Some('"'), span: last.span };
            *name = ObjectName::from(vec![Ident::new(COMPAT_SCHEMA), view]);
            ControlFlow::Continue(())
        }
    }
    let names = Names::of(statement, forced, known);
    let mut replace = Replace { names, hidden, qualified: Vec::new() };
    let _ = statement.visit(&mut replace);
    shorten(statement, &replace.qualified);
}

/// `SHOW COLUMNS FROM events` is about the table that queries see, not the one of that name below it.
pub(super) fn show_columns(statement: &mut Statement) {
    if let Statement::ShowColumns { show_options, .. } = statement
        && let Some(ShowStatementIn { parent_name: Some(name), .. }) = &mut show_options.show_in
        && let [_] = name.0.as_slice()
    {
        name.0.insert(0, ObjectNamePart::Identifier(Ident::new(SCHEMA)));
    }
}

/// `database.table.column` is `table.column`, as the view is called by the table's name alone.
fn shorten(statement: &mut Statement, qualified: &[Vec<String>]) {
    use datafusion::sql::sqlparser::ast::{Expr, visit_expressions_mut};
    if qualified.is_empty() {
        return;
    }
    let _ = visit_expressions_mut(statement, |expr| {
        if let Expr::CompoundIdentifier(parts) = expr {
            let fits = |name: &&Vec<String>| {
                parts.len() > name.len()
                    && name.iter().zip(parts.iter()).all(|(name, part)| part.value.eq_ignore_ascii_case(name))
            };
            if let Some(name) = qualified.iter().find(fits) {
                parts.drain(..name.len() - 1);
            }
        }
        ControlFlow::<()>::Continue(())
    });
}
