//! `action_catalog`: which actions the documented services log, and which they say they do not.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringArray};
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::error::Result;

/// Name of the table.
pub(crate) const TABLE: &str = "action_catalog";

/// One line an action, `service,api,event_source,action,logged,note`; no cell has a comma or quotes.
const CATALOG: &str = include_str!("../data/action_catalog.csv");

/// One action of a documented service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Action {
    pub(crate) service: &'static str,
    pub(crate) api: &'static str,
    /// Not every page names it.
    pub(crate) event_source: Option<&'static str>,
    pub(crate) action: &'static str,
    pub(crate) is_logged: bool,
    pub(crate) note: Option<&'static str>,
}

/// The actions, in the order of the catalogue.
pub(crate) fn all() -> impl Iterator<Item = Action> {
    CATALOG.lines().skip(1).filter_map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let [service, api, event_source, action, logged, note] = cells.as_slice() else { return None };
        let some = |cell: &'static str| Some(cell).filter(|cell| !cell.is_empty());
        let (event_source, note) = (some(event_source), some(note));
        Some(Action { service, api, event_source, action, is_logged: *logged == "true", note })
    })
}

/// The table.
pub(crate) fn table() -> Result<Arc<dyn TableProvider>> {
    let texts =
        |value: fn(Action) -> Option<&'static str>| Arc::new(all().map(value).collect::<StringArray>()) as ArrayRef;
    let logged: BooleanArray = all().map(|action| Some(action.is_logged)).collect();
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("service", texts(|action| Some(action.service)), true),
        ("api", texts(|action| Some(action.api)), true),
        ("event_source", texts(|action| action.event_source), true),
        ("action", texts(|action| Some(action.action)), true),
        ("logged", Arc::new(logged), true),
        ("note", texts(|action| action.note), true),
    ])?;
    Ok(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_an_action() {
        assert_eq!(all().count(), CATALOG.lines().count() - 1);
        assert!(all().all(|action| action.event_source.is_none_or(|source| source.ends_with(".amazonaws.com"))));
    }
}
