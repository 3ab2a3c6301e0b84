//! Fields of a struct of the query around: `EXISTS (SELECT … WHERE b.eventname = 'x' AND b.useridentity.arn = a.useridentity.arn)`.
//!
//! DataFusion finds columns of the query around by two parts of a name, but no more; behind them subscripts do what dots do.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, Query, SetExpr, Statement, Subscript, TableFactor, VisitMut, VisitorMut, visit_expressions_mut,
};

use super::build::text;

pub(super) fn rewrite(statement: &mut Statement) {
    struct Subqueries;
    impl VisitorMut for Subqueries {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            if let Expr::Exists { subquery, .. } | Expr::InSubquery { subquery, .. } | Expr::Subquery(subquery) = expr {
                subscripts(subquery);
            }
            ControlFlow::Continue(())
        }
    }
    let _ = statement.visit(&mut Subqueries);
}

fn subscripts(subquery: &mut Query) {
    let Some(own) = names(subquery) else { return };
    let _ = visit_expressions_mut(subquery, |expr| {
        if let Expr::CompoundIdentifier(parts) = expr
            && let [table, column, fields @ ..] = parts.as_slice()
            && !fields.is_empty()
            && !own.contains(&table.value.to_lowercase())
        {
            let field = |name: &str| AccessExpr::Subscript(Subscript::Index { index: text(name.to_lowercase()) });
            let access_chain = fields.iter().map(|name| field(&name.value)).collect();
            let root = Box::new(Expr::CompoundIdentifier(vec![table.clone(), column.clone()]));
            *expr = Expr::CompoundFieldAccess { root, access_chain };
        }
        ControlFlow::<()>::Continue(())
    });
}

/// What names in a subquery may begin with that are its own: its tables. `None` where more than tables is in its FROM, or
/// no table has a name, as columns without one may be meant then.
fn names(subquery: &Query) -> Option<Vec<String>> {
    let SetExpr::Select(select) = subquery.body.as_ref() else { return None };
    let factors = select
        .from
        .iter()
        .flat_map(|from| std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)));
    let mut names = Vec::new();
    for factor in factors {
        match factor {
            TableFactor::Table { alias: Some(alias), .. } | TableFactor::Derived { alias: Some(alias), .. } => {
                names.push(alias.name.value.to_lowercase());
            }
            TableFactor::Table { name, .. } => names.extend(name.0.iter().map(|part| part.to_string().to_lowercase())),
            _ => return None,
        }
    }
    Some(names)
}
