//! The rows of a query sorted by the columns that they are partitioned by, and else in the order that the query gives them.

use datafusion::error::DataFusionError;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{ExprFunctionExt as _, LogicalPlanBuilder, col, ident};

use crate::answer::Answer;
use crate::diagnosis::nearest;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::parameters::Parameters;

/// Column that keeps the order of the query; no query of a person has it.
const NUMBER: &str = "__milepost_row";

impl Engine {
    /// Runs one query that only reads; the columns `by` come first in the answer, which is sorted by them.
    ///
    /// # Errors
    /// As [`query`](Self::query), and [`QueryError::Wrong`] if the query does not give one of the columns, or gives no other.
    pub async fn partitioned(&self, sql: &str, parameters: &Parameters, by: &[String]) -> Result<Answer, QueryError> {
        let plan = self.plan(sql, parameters).await?;
        let names: Vec<String> = plan.schema().fields().iter().map(|field| field.name().clone()).collect();
        for name in by {
            if !names.contains(name) {
                let hint = match nearest(name, &names) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it gives: {}", names.join(", ")),
                };
                let message = format!("the query gives no column `{name}` to partition by");
                return Err(QueryError::Wrong { message, position: None, hint: Some(hint) });
            }
        }
        let rest: Vec<&String> = names.iter().filter(|name| !by.contains(name)).collect();
        if rest.is_empty() {
            let message = "no column is left to write beside those to partition by".to_owned();
            return Err(QueryError::Wrong { message, position: None, hint: None });
        }
        let columns = by.iter().chain(rest).map(|name| ident(name.as_str()));
        let sorted = || {
            let number = row_number().window_frame(all_rows()).build()?.alias(NUMBER);
            let mut order: Vec<_> = by.iter().map(|name| ident(name.as_str()).sort(true, true)).collect();
            order.push(col(NUMBER).sort(true, true));
            LogicalPlanBuilder::from(plan).window([number])?.sort(order)?.project(columns)?.build()
        };
        let sorted = sorted().map_err(|error: DataFusionError| self.wrong(&error))?;
        self.execute(sorted).await
    }
}

fn all_rows() -> datafusion::logical_expr::WindowFrame {
    datafusion::logical_expr::WindowFrame::new(None)
}
