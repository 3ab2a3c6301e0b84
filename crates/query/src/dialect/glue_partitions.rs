//! Partition columns of tables that a Glue crawler made: `partition_0`, `partition_1`, … by the folders of CloudTrail's keys.
//!
//! `AWSLogs/ACCOUNT/CloudTrail/REGION/YEAR/MONTH/DAY`: where the crawler began decides what has number 0, and what the query
//! compares the columns with tells it: a year, a region or an account. Without any of these it is taken to have begun at
//! `AWSLogs/`.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, SelectItem, Statement, VisitMut, VisitorMut, visit_expressions, visit_expressions_mut,
};

use super::build::{column_name, literal};

/// What the folders are called, from the account on; the second is always the same.
const FOLDERS: [&str; 7] = ["account", "", "region", "year", "month", "day", "hour"];

/// Names the columns for what is in them.
pub(super) fn rewrite(statement: &mut Statement) {
    let mut account_at = None;
    let mut is_named = false;
    let _ = visit_expressions(statement, |expr| {
        is_named |= number(expr).is_some();
        let found = match expr {
            Expr::BinaryOp { left, right, .. } => place(left, right).or_else(|| place(right, left)),
            Expr::InList { expr, list, .. } => list.iter().find_map(|item| place(expr, item)),
            Expr::Between { expr, low, .. } => place(expr, low),
            _ => None,
        };
        account_at = account_at.or(found);
        ControlFlow::<()>::Continue(())
    });
    if is_named {
        keep_headers(statement);
        rename(statement, account_at.unwrap_or(0));
    }
}

/// Which number the account has, by one column and what it is compared with.
fn place(column: &Expr, value: &Expr) -> Option<i64> {
    let (number, text) = (number(column)?, literal(value)?);
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let folder = match text.len() {
        4 if digits && text.starts_with("20") => 3,
        12 if digits => 0,
        _ if text.matches('-').count() >= 2 && text.ends_with(|last: char| last.is_ascii_digit()) => 2,
        _ => return None,
    };
    Some(number - folder)
}

fn number(expr: &Expr) -> Option<i64> {
    column_name(expr)?.strip_prefix("partition_")?.parse().ok()
}

fn rename(statement: &mut Statement, account_at: i64) {
    let _ = visit_expressions_mut(statement, |expr| {
        if let Some(number) = number(expr)
            && let Ok(folder) = usize::try_from(number - account_at)
            && let Some(name) = FOLDERS.get(folder).filter(|name| !name.is_empty())
        {
            match expr {
                Expr::Identifier(old) => *old = Ident { value: (*name).to_owned(), ..old.clone() },
                Expr::CompoundIdentifier(parts) => {
                    if let Some(last) = parts.last_mut() {
                        last.value = (*name).to_owned();
                    }
                }
                _ => {}
            }
        }
        ControlFlow::<()>::Continue(())
    });
}

fn names_one(expr: &Expr) -> ControlFlow<()> {
    if number(expr).is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Columns of the answer are called as they were written.
fn keep_headers(statement: &mut Statement) {
    struct Keep;
    impl VisitorMut for Keep {
        type Break = ();
        fn pre_visit_select(&mut self, select: &mut datafusion::sql::sqlparser::ast::Select) -> ControlFlow<()> {
            for item in &mut select.projection {
                if let SelectItem::UnnamedExpr(expr) = item
                    && visit_expressions(expr, names_one).is_break()
                {
                    let name = column_name(expr).unwrap_or_else(|| expr.to_string());
                    *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::with_quote('"', name) };
                }
            }
            ControlFlow::Continue(())
        }
    }
    let _ = statement.visit(&mut Keep);
}
