//! Says which column a value did not fit, where the engine only has the value: `date = 'banana'`, `CAST(event_name AS BIGINT)`.

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, ExprSchema as _};
use datafusion::logical_expr::{Between, BinaryExpr, Expr, LogicalPlan};

use crate::error::QueryError;
use crate::functions::{ROUNDED, ROUNDED_TO_EVEN};
use crate::typing::place;
use crate::wording::type_name;

/// Functions that make times of texts where they are given any.
const OF_TIMES: [&str; 4] = ["date_part", "date_trunc", "date_diff", "date_add"];

/// What a plan casts, and which texts it compares with columns.
#[derive(Debug, Default)]
pub(crate) struct Blame {
    /// The type by its name in SQL, and the column.
    casts: Vec<(String, Column)>,
    compared: Vec<(String, Column)>,
}

impl Blame {
    /// Of a plan as it was written, before the engine adds casts of its own.
    pub(crate) fn of(plan: &LogicalPlan) -> Self {
        let mut blame = Self::default();
        let _ = plan.apply_with_subqueries(|node| {
            let mut schema = DFSchema::empty();
            node.inputs().iter().for_each(|input| schema.merge(input.schema()));
            node.apply_expressions(|expr| {
                expr.apply(|part| {
                    blame.note(part, &schema);
                    Ok(TreeNodeRecursion::Continue)
                })
            })
        });
        blame
    }

    fn note(&mut self, expr: &Expr, schema: &DFSchema) {
        match expr {
            Expr::Cast(cast) => {
                let cast_from = match cast.expr.as_ref() {
                    Expr::ScalarFunction(call) if [ROUNDED, ROUNDED_TO_EVEN].contains(&call.func.name()) => {
                        call.args.first()
                    }
                    other => Some(other),
                };
                if let Some(Expr::Column(column)) = cast_from {
                    self.casts.push((type_name(cast.field.data_type()), column.clone()));
                }
            }
            Expr::BinaryExpr(BinaryExpr { left, right, .. }) => {
                self.compare(left, right, schema);
                self.compare(right, left, schema);
            }
            Expr::Between(Between { expr, low, high, .. }) => {
                self.compare(expr, low, schema);
                self.compare(expr, high, schema);
            }
            Expr::ScalarFunction(call) if OF_TIMES.contains(&call.name()) => {
                let texts = call.args.iter().filter_map(|argument| match argument {
                    Expr::Column(column) if schema.data_type(column).is_ok_and(DataType::is_string) => Some(column),
                    _ => None,
                });
                self.casts.extend(texts.map(|column| ("TIMESTAMP".to_owned(), column.clone())));
            }
            Expr::InList(list) => list.list.iter().for_each(|item| self.compare(&list.expr, item, schema)),
            _ => {}
        }
    }

    fn compare(&mut self, column: &Expr, other: &Expr, schema: &DFSchema) {
        if let (Expr::Column(column), Expr::Literal(value, _)) = (column, other)
            && value.data_type().is_numeric()
            && schema.data_type(column).is_ok_and(DataType::is_string)
        {
            // its texts are read as numbers
            self.casts.push((type_name(&value.data_type()), column.clone()));
        }
        if let (Expr::Column(column), Expr::Literal(value, _)) = (column, other)
            && let Some(text) = value.try_as_str().flatten()
            // a text is made nothing of beside another
            && schema.data_type(column).is_ok_and(|kind| !kind.is_string())
        {
            self.compared.push((text.to_owned(), column.clone()));
        }
    }

    /// The error with the column that its value was meant for, if there is one.
    pub(crate) fn explain(&self, error: QueryError) -> QueryError {
        let (QueryError::Wrong { message, position: None, .. } | QueryError::Failed { message }) = &error else {
            return error;
        };
        let Some((value, kind)) = misfit(message) else { return error };
        if let Some((_, column)) = self.compared.iter().find(|(text, _)| *text == value) {
            let message = format!("`{value}` is no {kind}, and it is compared with `{}`", column.name);
            let hint = match kind.as_str() {
                "DATE" => "write a day as '2026-03-01'",
                "TIMESTAMP" => "write an instant as '2026-03-01T12:00:00Z', or say ago('7d')",
                _ => "CAST(x AS VARCHAR) makes text of a column",
            };
            return QueryError::Wrong { message, position: place(column), hint: Some(hint.to_owned()) };
        }
        let mut casts = self.casts.iter().filter(|(to, _)| *to == kind);
        if let (Some((_, column)), None) = (casts.next(), casts.next()) {
            let message = format!("`{value}` in `{}` is no {kind}", column.name);
            let hint = format!("TRY_CAST({} AS {kind}) gives null for it", column.name);
            return QueryError::Wrong { message, position: place(column), hint: Some(hint) };
        }
        error
    }
}

/// A value and the type that it does not have.
fn misfit(message: &str) -> Option<(String, String)> {
    let (value, kind) = message.strip_prefix('`')?.rsplit_once("` is no ")?;
    let is_type = !kind.is_empty() && kind.chars().all(|letter| letter.is_ascii_uppercase() || letter == ' ');
    is_type.then(|| (value.to_owned(), kind.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_in_messages() {
        let found = |value: &str, kind: &str| Some((value.to_owned(), kind.to_owned()));
        assert_eq!(misfit("`a` is no b` is no DATE"), found("a` is no b", "DATE"));
        assert_eq!(misfit("`x` is no JSONPath of members"), None);
        assert_eq!(misfit("Divide by zero error"), None);
    }
}
