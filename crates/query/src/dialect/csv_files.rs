//! `FROM 'owners.csv'` is `FROM read_csv('owners.csv')`, which keeps the zeros that ids begin with.

use std::ops::ControlFlow;

use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    FunctionArg, FunctionArgExpr, Ident, ObjectName, TableAlias, TableFactor, TableFunctionArgs, VisitMut as _,
    VisitorMut,
};

use super::build::text;
use super::sql_of;

/// Reads the files that stand for tables as calls would. A table that is called like a file is one of `known`.
pub(crate) fn as_calls(statement: &mut Statement, known: &[String]) {
    struct Calls<'a>(&'a [String]);
    impl VisitorMut for Calls<'_> {
        type Break = ();
        fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
            if let TableFactor::Table { name, alias, args: args @ None, .. } = factor
                && let Some(file) = csv_file(name)
                && !self.0.contains(&file.value)
            {
                // columns are still named after the file
                alias.get_or_insert_with(|| TableAlias {
                    explicit: false,
                    name: file.clone(),
                    columns: vec![],
                    at: None,
                });
                let path = FunctionArg::Unnamed(FunctionArgExpr::Expr(text(&file.value)));
                *args = Some(TableFunctionArgs { args: vec![path], settings: None });
                *name =
                    ObjectName::from(vec![Ident { value: "read_csv".to_owned(), quote_style: None, span: file.span }]);
            }
            ControlFlow::Continue(())
        }
    }
    if let Some(statement) = sql_of(statement) {
        let _ = statement.visit(&mut Calls(known));
    }
}

/// The name, if it is one quoted part that ends like a CSV file.
fn csv_file(name: &ObjectName) -> Option<Ident> {
    let [part] = name.0.as_slice() else { return None };
    let ident = part.as_ident().filter(|ident| ident.quote_style.is_some())?;
    ident.value.to_lowercase().ends_with(".csv").then(|| ident.clone())
}
