//! Under which names a statement has JSON columns: those of its tables, and what WITH and subqueries call them.

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Query, Select, SelectItem, TableFactor, Visit, Visitor};
use milepost_schema::{COLUMNS, Kind, column_index};

use super::build::column_name;
use super::types::is_json;
use crate::compat::Table;

/// Names of JSON columns, in lower case.
#[derive(Debug, Default)]
pub(super) struct JsonNames {
    names: HashSet<String>,
    /// Names of tables, which no column is meant by.
    tables: HashSet<String>,
    /// Columns that keep their meaning, whatever an alias says.
    taken: HashSet<String>,
}

impl JsonNames {
    /// Those of a statement on `tables`, or on milepost's own.
    pub(super) fn of<V: Visit>(statement: &V, tables: &[Table]) -> Self {
        let mut found = Self::default();
        if tables.is_empty() {
            let own = COLUMNS.iter().filter(|column| column.kind == Kind::Json);
            found.names.extend(own.map(|column| column.name.to_owned()));
        }
        for table in tables {
            found.names.extend(table.json_columns().iter().map(|name| (*name).to_owned()));
            found.taken.extend(table.columns().iter().map(|column| column.name.to_owned()));
        }
        let _ = statement.visit(&mut found);
        found.names.retain(|name| !found.tables.contains(name));
        found
    }

    pub(super) fn contain(&self, name: &str) -> bool {
        self.names.contains(&name.to_lowercase())
    }

    fn is_json(&self, expr: &Expr) -> bool {
        // a column alone: what dots lead to is text
        let is_path = match expr {
            Expr::CompoundIdentifier(parts) => {
                parts.iter().take(parts.len().saturating_sub(1)).any(|part| self.contain(&part.value))
            }
            _ => false,
        };
        is_json(expr) || (!is_path && column_name(expr).is_some_and(|name| self.names.contains(&name)))
    }
}

impl Visitor for JsonNames {
    type Break = ();

    // what is defined first is seen first, so an alias of an alias is found
    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { expr, alias } = item
                && self.is_json(expr)
            {
                let name = alias.value.to_lowercase();
                let is_taken = self.taken.contains(&name) || column_index(&name).is_some();
                if !is_taken {
                    self.names.insert(name);
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let defined = query.with.iter().flat_map(|with| &with.cte_tables);
        self.tables.extend(defined.map(|table| table.alias.name.value.to_lowercase()));
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { alias: Some(alias), .. } | TableFactor::Derived { alias: Some(alias), .. } = factor
        {
            self.tables.insert(alias.name.value.to_lowercase());
        }
        ControlFlow::Continue(())
    }
}
