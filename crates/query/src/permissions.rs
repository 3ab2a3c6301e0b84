//! Which statements may run: those that only read; with leave, also those that name files. The lake is never written to.

use datafusion::common::TableReference;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{DdlStatement, LogicalPlan};
use datafusion::prelude::SQLOptions;
use milepost_store::is_within;

use crate::error::QueryError;

const NEEDS_LEAVE: &str = "--allow-files lets SQL read and write files and define tables of its own";
const ONLY_READS: &str = "only SELECT, EXPLAIN, SHOW and DESCRIBE run here";
const NOT_EVEN_WITH_LEAVE: &str = "beside SELECT, EXPLAIN, SHOW and DESCRIBE, these run: CREATE EXTERNAL TABLE, CREATE \
    TABLE … AS, CREATE VIEW, DROP TABLE, DROP VIEW, COPY … TO";

/// What statements of one engine may do.
#[derive(Debug)]
pub(crate) struct Permissions {
    /// Whether files may be named.
    pub(crate) files: bool,
    /// Place in which nothing is written.
    pub(crate) protected: Option<String>,
    /// Names that no statement defines anew or drops.
    pub(crate) names: Vec<String>,
}

impl Permissions {
    /// # Errors
    /// [`QueryError::NotReadOnly`], if the statement does what it may not.
    pub(crate) fn verify(&self, plan: &LogicalPlan) -> Result<(), QueryError> {
        if !self.files {
            return verify_read_only(plan);
        }
        let mut refused = None;
        let visited = plan.apply_with_subqueries(|node| {
            refused = self.refusal(node);
            Ok(if refused.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        });
        visited.map_err(|error| not_read_only(&error, NOT_EVEN_WITH_LEAVE))?;
        match refused {
            Some(message) => Err(QueryError::NotReadOnly { message, hint: NOT_EVEN_WITH_LEAVE }),
            None => Ok(()),
        }
    }

    fn refusal(&self, node: &LogicalPlan) -> Option<String> {
        match node {
            LogicalPlan::Ddl(statement) => self.ddl_refusal(statement),
            LogicalPlan::Dml(statement) => {
                Some(format!("{} into `{}` is not supported", statement.op, statement.table_name.table()))
            }
            LogicalPlan::Copy(copy) => self
                .is_protected(&copy.output_url)
                .then(|| format!("`{}` is in the lake, which SQL does not write to", copy.output_url)),
            LogicalPlan::Statement(statement) => Some(format!("{} is not supported", statement.name())),
            _ => None,
        }
    }

    fn ddl_refusal(&self, statement: &DdlStatement) -> Option<String> {
        let name: &TableReference = match statement {
            DdlStatement::CreateExternalTable(table) => &table.name,
            DdlStatement::CreateMemoryTable(table) => &table.name,
            DdlStatement::CreateView(view) => &view.name,
            DdlStatement::DropTable(table) => &table.name,
            DdlStatement::DropView(view) => &view.name,
            other => return Some(format!("{} is not supported", other.name())),
        };
        let is_ours = name.schema().is_some() || self.names.iter().any(|ours| ours == name.table());
        is_ours.then(|| format!("`{name}` belongs to the lake; choose a name of your own"))
    }

    fn is_protected(&self, location: &str) -> bool {
        self.protected.as_deref().is_some_and(|folder| is_within(location, folder))
    }
}

fn verify_read_only(plan: &LogicalPlan) -> Result<(), QueryError> {
    let read_only = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    let hint = match plan {
        LogicalPlan::Copy(_)
        | LogicalPlan::Ddl(
            DdlStatement::CreateExternalTable(_)
            | DdlStatement::CreateMemoryTable(_)
            | DdlStatement::CreateView(_)
            | DdlStatement::DropTable(_)
            | DdlStatement::DropView(_),
        ) => NEEDS_LEAVE,
        _ => ONLY_READS,
    };
    read_only.verify_plan(plan).map_err(|error| not_read_only(&error, hint))
}

fn not_read_only(error: &DataFusionError, hint: &'static str) -> QueryError {
    let message = error.find_root().strip_backtrace();
    let message = message.trim_start_matches("Error during planning: ").to_owned();
    QueryError::NotReadOnly { message, hint }
}
