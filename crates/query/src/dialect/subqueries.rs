//! Subqueries that DataFusion has no plan for, or a slow one, as others that say the same.
//!
//! - `x = ANY (SELECT …)` is `x IN (SELECT …)`, and `x <> ALL (SELECT …)` is `x NOT IN (SELECT …)`.
//! - `(a, b) IN (SELECT x, y …)` asks whether there is a row with both.
//! - What asks for the elements of a list of the row, `EXISTS (SELECT 1 FROM UNNEST(resources) AS t(r) WHERE r.type = 'x')`, is a
//!   lambda: `any_match(resources, r -> r.type = 'x')`.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Query, Select, SelectItem,
    SetExpr, Statement, TableAlias, TableAliasColumnDef, TableFactor, UnaryOperator, Value, VisitMut as _, VisitorMut,
};

use super::build::{binary, call, lambda, not, number, select_from};
use super::functions::{arguments, choice};

/// What the row with several values is called, and its columns.
const WANTED: &str = "milepost_wanted";

pub(super) fn rewrite(statement: &mut Statement) {
    struct Subqueries;
    impl VisitorMut for Subqueries {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            not_in(expr);
            ControlFlow::Continue(())
        }
        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            any_and_all(expr);
            if let Some(found) = of_list(expr).or_else(|| of_row(expr)) {
                *expr = found;
            }
            ControlFlow::Continue(())
        }
    }
    let _ = statement.visit(&mut Subqueries);
}

/// `NOT ((a, b) IN …)` is `(a, b) NOT IN …`.
fn not_in(expr: &mut Expr) {
    let Expr::UnaryOp { op: UnaryOperator::Not, expr: inner } = expr else { return };
    let mut inner = inner.as_ref();
    while let Expr::Nested(within) = inner {
        inner = within;
    }
    if let Expr::InSubquery { expr: tested, subquery, negated: false } = inner
        && matches!(tested.as_ref(), Expr::Tuple(_))
    {
        *expr = Expr::InSubquery { expr: tested.clone(), subquery: subquery.clone(), negated: true };
    }
}

fn any_and_all(expr: &mut Expr) {
    let (left, right, negated) = match expr {
        Expr::AnyOp { left, compare_op: BinaryOperator::Eq, right, .. } => (left, right, false),
        Expr::AllOp { left, compare_op: BinaryOperator::NotEq, right } => (left, right, true),
        _ => return,
    };
    if let Expr::Subquery(subquery) = right.as_ref() {
        *expr = Expr::InSubquery { expr: left.clone(), subquery: subquery.clone(), negated };
    }
}

/// `(a, b) IN (SELECT …)`: `EXISTS (SELECT 1 FROM (SELECT …) AS w(c1, c2) WHERE a = c1 AND b = c2)`.
fn of_row(expr: &Expr) -> Option<Expr> {
    // of a null in one of them, NOT IN knows nothing, and NOT EXISTS does
    let Expr::InSubquery { expr: tested, subquery, negated: false } = expr else { return None };
    let Expr::Tuple(values) = tested.as_ref() else { return None };
    let name = |at: usize| Ident::new(format!("{WANTED}_{at}"));
    let column = |at: usize| TableAliasColumnDef { name: name(at), data_type: None };
    let alias = TableAlias {
        explicit: true,
        name: Ident::new(WANTED),
        columns: (1..=values.len()).map(column).collect(),
        at: None,
    };
    let wanted = TableFactor::Derived { lateral: false, subquery: subquery.clone(), alias: Some(alias), sample: None };
    let mut query = select_from(vec![SelectItem::UnnamedExpr(number(1))], wanted);
    let same = (1..).zip(values).map(|(at, value)| {
        let column = Expr::CompoundIdentifier(vec![Ident::new(WANTED), name(at)]);
        binary(value.clone(), BinaryOperator::Eq, column)
    });
    if let SetExpr::Select(select) = query.body.as_mut() {
        select.selection = same.reduce(|one, other| binary(one, BinaryOperator::And, other));
    }
    Some(Expr::Exists { subquery: Box::new(query), negated: false })
}

/// What is asked for the elements of a list, without a query.
fn of_list(expr: &Expr) -> Option<Expr> {
    match expr {
        Expr::Exists { subquery, negated } => {
            let elements = Elements::of(subquery)?;
            let found = match &elements.condition {
                Some(condition) => elements.has(condition.clone()),
                None => binary(elements.count(), BinaryOperator::Gt, number(0)),
            };
            // nothing is unknown of what is not there
            let found = call("coalesce", vec![found, Expr::value(Value::Boolean(false))]);
            Some(if *negated { not(found) } else { found })
        }
        Expr::InSubquery { expr: tested, subquery, negated } => {
            let elements = Elements::of(subquery)?;
            let same = binary(elements.selected.clone()?, BinaryOperator::Eq, tested.as_ref().clone());
            let found = elements.has(match &elements.condition {
                Some(condition) => binary(condition.clone(), BinaryOperator::And, same),
                None => same,
            });
            let is_missing = Expr::IsNull(Box::new(elements.list));
            let found = choice(is_missing, Expr::value(Value::Boolean(false)), Some(found));
            Some(if *negated { not(found) } else { found })
        }
        Expr::Subquery(subquery) => {
            let elements = Elements::of(subquery)?;
            let Expr::Function(function) = elements.selected.as_ref()? else { return None };
            elements.aggregated(function)
        }
        _ => None,
    }
}

/// `SELECT selected FROM UNNEST(list) AS t(parameter) WHERE condition`.
struct Elements {
    list: Expr,
    parameter: Ident,
    selected: Option<Expr>,
    condition: Option<Expr>,
}

impl Elements {
    fn of(query: &Query) -> Option<Self> {
        let is_plain = query.with.is_none() && query.limit_clause.is_none() && query.fetch.is_none();
        let SetExpr::Select(select) = query.body.as_ref() else { return None };
        let [from] = select.from.as_slice() else { return None };
        let TableFactor::UNNEST { alias: Some(alias), array_exprs, with_offset: false, with_ordinality: false, .. } =
            &from.relation
        else {
            return None;
        };
        let ([list], [column]) = (array_exprs.as_slice(), alias.columns.as_slice()) else { return None };
        if !is_plain || !from.joins.is_empty() || !is_only_filtered(select) {
            return None;
        }
        let selected = match select.projection.as_slice() {
            [SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }] => Some(expr.clone()),
            _ => None,
        };
        let own = |expr: &Expr| without_table(expr, &alias.name, &column.name);
        Some(Self {
            list: list.clone(),
            parameter: column.name.clone(),
            selected: selected.as_ref().map(own),
            condition: select.selection.as_ref().map(own),
        })
    }

    fn has(&self, condition: Expr) -> Expr {
        call("array_any_match", vec![self.list.clone(), lambda(self.parameter.clone(), condition)])
    }

    /// The elements for which the condition is true.
    fn chosen(&self) -> Expr {
        match &self.condition {
            Some(condition) => {
                call("array_filter", vec![self.list.clone(), lambda(self.parameter.clone(), condition.clone())])
            }
            None => self.list.clone(),
        }
    }

    fn count(&self) -> Expr {
        call("coalesce", vec![call("cardinality", vec![self.chosen()]), number(0)])
    }

    /// `count(*)` and `array_agg(x)` of the elements.
    fn aggregated(&self, function: &Function) -> Option<Expr> {
        let is_plain = function.filter.is_none() && function.over.is_none() && function.within_group.is_empty();
        match (function.name.to_string().to_lowercase().as_str(), is_plain) {
            ("count", true) if is_of_rows(function) => Some(self.count()),
            ("array_agg", true) => {
                let [value] = <[Expr; 1]>::try_from(arguments(function)?).ok()?;
                let values = call("array_transform", vec![self.chosen(), lambda(self.parameter.clone(), value)]);
                // of no rows it is null
                Some(choice(binary(self.count(), BinaryOperator::Gt, number(0)), values, None))
            }
            _ => None,
        }
    }
}

/// Whether rows of a select are neither grouped nor counted nor told apart.
fn is_only_filtered(select: &Select) -> bool {
    use datafusion::sql::sqlparser::ast::GroupByExpr;
    let is_grouped =
        !matches!(&select.group_by, GroupByExpr::Expressions(by, more) if by.is_empty() && more.is_empty());
    !is_grouped
        && select.distinct.is_none()
        && select.having.is_none()
        && select.qualify.is_none()
        && select.top.is_none()
}

fn is_of_rows(function: &Function) -> bool {
    let FunctionArguments::List(list) = &function.args else { return false };
    matches!(list.args.as_slice(), [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)])
}

/// The expression with `r` for `t.r`.
fn without_table(expr: &Expr, table: &Ident, column: &Ident) -> Expr {
    struct Names<'a>(&'a str, &'a str);
    impl VisitorMut for Names<'_> {
        type Break = ();
        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            if let Expr::CompoundIdentifier(parts) = expr
                && let [first, second, ..] = parts.as_slice()
                && first.value.eq_ignore_ascii_case(self.0)
                && second.value.eq_ignore_ascii_case(self.1)
            {
                parts.remove(0);
                if let [only] = parts.as_slice() {
                    *expr = Expr::Identifier(only.clone());
                }
            }
            ControlFlow::Continue(())
        }
    }
    let mut expr = expr.clone();
    let _ = expr.visit(&mut Names(&table.value, &column.value));
    expr
}
