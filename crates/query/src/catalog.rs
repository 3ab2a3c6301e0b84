//! The names that queries can use. Views are built when a query first needs one: a session opens without planning any.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use datafusion::catalog::view::ViewTable;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::prelude::SessionContext;

use crate::{actions, compat, services, views};

/// Schema of the tables and views that queries name.
pub(crate) const SCHEMA: &str = "public";
/// Schema of the lake's own `events`, below the views.
pub(crate) const LAKE_SCHEMA: &str = "lake";
/// Schema of the views that rewritten queries read, one for each set of hidden columns.
pub(crate) const COMPAT_SCHEMA: &str = "compat";

type Session = Box<dyn Fn() -> Option<SessionState> + Send + Sync>;

/// A schema of tables that are there and views that will be.
pub(crate) struct LazySchema {
    /// Names to list beside those of the tables.
    listed: Vec<&'static str>,
    /// The query behind a view.
    definition: fn(&str) -> Option<String>,
    tables: Mutex<HashMap<String, Arc<dyn TableProvider>>>,
    session: OnceLock<Session>,
}

impl LazySchema {
    /// The schema that queries see.
    pub(crate) fn public() -> Self {
        let listed = views::NAMES.iter().copied().chain(services::names());
        let listed = listed.chain([actions::TABLE]).chain(compat::Table::ALL.map(compat::Table::name)).collect();
        Self::new(listed, public_view)
    }

    /// The schema of the views that rewritten queries read.
    pub(crate) fn compat() -> Self {
        Self::new(Vec::new(), |key| {
            let (table, hidden) = compat::parse_key(key)?;
            Some(table.sql(&hidden, &events_below()))
        })
    }

    fn new(listed: Vec<&'static str>, definition: fn(&str) -> Option<String>) -> Self {
        Self { listed, definition, tables: Mutex::default(), session: OnceLock::new() }
    }

    /// The session that plans the views. It holds this schema, so it is not held in turn.
    pub(crate) fn plan_with(&self, context: &SessionContext) {
        let state = context.state_weak_ref();
        let _ = self.session.set(Box::new(move || state.upgrade().map(|state| state.read().clone())));
    }

    fn known(&self, name: &str) -> Option<Arc<dyn TableProvider>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn remember(&self, name: &str, table: Arc<dyn TableProvider>) -> Option<Arc<dyn TableProvider>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), table)
    }
}

fn events_below() -> String {
    format!("{LAKE_SCHEMA}.events")
}

fn public_view(name: &str) -> Option<String> {
    if let Some(definition) = views::definition(name, LAKE_SCHEMA).or_else(|| services::definition(name)) {
        return Some(definition);
    }
    compat::table_named(name)
        .or_else(|| compat::Table::ALL.into_iter().find(|table| table.name() == name))
        .map(|table| table.sql(&[], &events_below()))
}

impl fmt::Debug for LazySchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazySchema").field("listed", &self.listed).finish_non_exhaustive()
    }
}

#[async_trait]
impl SchemaProvider for LazySchema {
    fn table_names(&self) -> Vec<String> {
        let tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<String> = self.listed.iter().map(|name| (*name).to_owned()).collect();
        // views that a query named by an id of its own are not listed
        let is_listed = |name: &&String| (self.definition)(name).is_none();
        names.extend(tables.keys().filter(is_listed).filter(|name| !self.listed.contains(&name.as_str())).cloned());
        names.sort();
        names
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if let Some(table) = self.known(name) {
            return Ok(Some(table));
        }
        let table: Arc<dyn TableProvider> = if name == actions::TABLE && self.listed.contains(&name) {
            actions::table()?
        } else {
            let Some(definition) = (self.definition)(name) else { return Ok(None) };
            let Some(session) = self.session.get().and_then(|session| session()) else {
                return exec_err!("there is no session to plan `{name}` with");
            };
            let plan = views::planned(name, session.create_logical_plan(&definition).await?)?;
            Arc::new(ViewTable::new(plan, Some(definition)))
        };
        self.remember(name, Arc::clone(&table));
        Ok(Some(table))
    }

    fn register_table(&self, name: String, table: Arc<dyn TableProvider>) -> Result<Option<Arc<dyn TableProvider>>> {
        Ok(self.remember(&name, table))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.listed.contains(&name) || self.known(name).is_some() || (self.definition)(name).is_some()
    }
}
