//! Lists in FROM: `CROSS JOIN UNNEST(list) AS u(element)` and its kin.
//!
//! DataFusion cannot unnest what another table of the same FROM holds, but it can in a select list. So the table that holds
//! the list becomes a derived table of its columns and the element, and `u.element` becomes `element`. One column an
//! element, as queries on CloudTrail expect, though newer Trino makes one of each field.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, ExceptSelectItem, Expr, Ident, Join, JoinConstraint, JoinOperator, Query, Select, SelectItem,
    SetExpr, Statement, TableAlias, TableFactor, TableWithJoins, Value, VisitMut, VisitorMut,
    WildcardAdditionalOptions, visit_expressions_mut,
};

use milepost_schema::column_index;

use super::build::{call, literal, number, select_from, text};
use super::lateral::{self, Columns};
use crate::compat::Table;

/// What an alias of an UNNEST became: its columns, as they were and as they are.
type Renamed = HashMap<String, Vec<(String, String)>>;

pub(super) fn rewrite(statement: &mut Statement, tables: &[Table]) {
    let mut unnest = Unnest { tables, renamed: Renamed::new(), given: HashMap::new() };
    let _ = statement.visit(&mut unnest);
    if unnest.renamed.is_empty() {
        return;
    }
    let _ = visit_expressions_mut(statement, |expr| {
        rename(expr, &unnest.renamed);
        ControlFlow::<()>::Continue(())
    });
}

/// `u.c` and `u.c.field` without the `u`; `u` alone stays.
fn rename(expr: &mut Expr, renamed: &Renamed) {
    let Expr::CompoundIdentifier(parts) = expr else { return };
    let [table, column, rest @ ..] = parts.as_slice() else { return };
    let Some(columns) = renamed.get(&table.value.to_lowercase()) else { return };
    let Some((_, new)) = columns.iter().find(|(old, _)| column.value.eq_ignore_ascii_case(old)) else { return };
    let mut kept = vec![Ident { value: new.clone(), quote_style: Some('"'), span: column.span }];
    kept.extend(rest.iter().cloned());
    *expr = match kept.as_slice() {
        [only] => Expr::Identifier(only.clone()),
        _ => Expr::CompoundIdentifier(kept),
    };
}

struct Unnest<'a> {
    tables: &'a [Table],
    renamed: Renamed,
    /// Columns that queries of a WITH give beside those of their tables, because they unnest a list.
    given: HashMap<String, Vec<String>>,
}

impl VisitorMut for Unnest<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        for definition in query.with.iter().flat_map(|with| &with.cte_tables) {
            let given = unnested_with_all(&definition.query);
            self.given.insert(definition.alias.name.value.to_lowercase(), given);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        self.joins_of_commas(select);
        for from in &mut select.from {
            self.unnest_joins(from);
        }
        ControlFlow::Continue(())
    }
}

/// A list to unnest, taken out of a FROM.
struct List {
    exprs: Vec<Expr>,
    alias: Option<TableAlias>,
    with_ordinality: bool,
    keeps_rows_without: bool,
}

impl Unnest<'_> {
    /// `FROM a, UNNEST(a.list)` is `FROM a CROSS JOIN UNNEST(a.list)`.
    fn joins_of_commas(&self, select: &mut Select) {
        let mut at = 1;
        while at < select.from.len() {
            if !goes_by_row(&select.from[at].relation) {
                at += 1;
                continue;
            }
            let TableWithJoins { relation, joins } = select.from.remove(at);
            let cross = JoinOperator::CrossJoin(JoinConstraint::None);
            let before = &mut select.from[at - 1].joins;
            before.push(Join { relation, global: false, join_operator: cross });
            before.extend(joins);
        }
    }

    fn unnest_joins(&mut self, from: &mut TableWithJoins) {
        let mut at = 0;
        while at < from.joins.len() {
            let Some(keeps) = unnest_kind(&from.joins[at]) else {
                at += 1;
                continue;
            };
            let Join { relation, .. } = from.joins.remove(at);
            if let Some((alias, columns)) = lateral::columns(&relation) {
                let (target, alias) = (last_table(from), alias.map(|alias| alias.name.value.clone()));
                self.derive(target, alias, columns);
                continue;
            }
            let TableFactor::UNNEST { alias, array_exprs, with_ordinality, .. } = relation else { continue };
            let mut list = List { exprs: array_exprs, alias, with_ordinality, keeps_rows_without: keeps };
            // the names of lists that were unnested before are gone
            for expr in &mut list.exprs {
                let _ = visit_expressions_mut(expr, |part| {
                    rename(part, &self.renamed);
                    ControlFlow::<()>::Continue(())
                });
            }
            let holder = holder(from, &list.exprs);
            let target = match holder {
                Some(join) => &mut from.joins[join].relation,
                None => &mut from.relation,
            };
            let columns = self.columns(&list);
            let is_nameless = list.alias.as_ref().is_some_and(|alias| alias.columns.is_empty());
            let alias = list.alias.map(|alias| alias.name.value);
            self.derive(target, alias.clone(), columns);
            // DuckDB calls a column that nobody named so
            if let (true, Some(names)) =
                (is_nameless, alias.and_then(|alias| self.renamed.get_mut(&alias.to_lowercase())))
                && let [(_, new)] = names.as_slice()
            {
                names.push(("unnest".to_owned(), new.clone()));
            }
        }
    }

    /// Makes a derived table of `target` and further columns.
    fn derive(&mut self, target: &mut TableFactor, alias: Option<String>, columns: Columns) {
        let Some(name) = name_of(target) else { return };
        let alias = alias.unwrap_or_else(|| name.value.clone());
        let mut projection = vec![SelectItem::Wildcard(self.all_but(target, &columns))];
        let mut names = Vec::new();
        for (old, expr) in columns {
            let new = self.free_name(&alias, &old);
            projection.push(SelectItem::ExprWithAlias { expr, alias: Ident::with_quote('"', new.clone()) });
            names.push((old, new));
        }
        self.renamed.insert(alias.to_lowercase(), names);
        let inner =
            std::mem::replace(target, TableFactor::TableFunction { expr: Expr::value(Value::Null), alias: None });
        *target = TableFactor::Derived {
            lateral: false,
            subquery: Box::new(select_from(projection, inner)),
            alias: Some(TableAlias { explicit: true, name, columns: vec![], at: None }),
            sample: None,
        };
    }

    /// All columns but those that an earlier query of a WITH gave by the same names: the new ones are meant by them.
    fn all_but(&self, target: &TableFactor, columns: &Columns) -> WildcardAdditionalOptions {
        let TableFactor::Table { name, .. } = target else { return Default::default() };
        let given = self.given.get(&name.to_string().to_lowercase());
        let is_new = |name: &&String| columns.iter().any(|(new, _)| new.eq_ignore_ascii_case(name));
        let mut hidden = given.into_iter().flatten().filter(is_new).map(|name| Ident::with_quote('"', name.clone()));
        let Some(first_element) = hidden.next() else { return Default::default() };
        let opt_except = Some(ExceptSelectItem { first_element, additional_elements: hidden.collect() });
        WildcardAdditionalOptions { opt_except, ..Default::default() }
    }

    /// A name that the table has no column of.
    fn free_name(&self, alias: &str, name: &str) -> String {
        let name = name.to_lowercase();
        let is_own = self.tables.is_empty() && column_index(&name).is_some();
        let is_taken = self.tables.iter().any(|table| table.columns().iter().any(|column| column.name == name));
        let is_taken = is_taken || is_own;
        if is_taken { format!("{}_{name}", alias.to_lowercase()) } else { name }
    }

    /// The columns of the unnested lists, as their alias calls them.
    fn columns(&self, list: &List) -> Vec<(String, Expr)> {
        let mut named: Vec<String> =
            list.alias.iter().flat_map(|alias| &alias.columns).map(|column| column.name.value.clone()).collect();
        let mut columns = Vec::new();
        let ordinal = list.with_ordinality.then(|| if named.len() > 1 { named.pop() } else { None }).flatten();
        let alone = list.exprs.len() == 1;
        for (at, expr) in list.exprs.iter().enumerate() {
            if let Some(fields) = super::json_types::fields_of_elements(expr).filter(|_| alone)
                && (named.is_empty() || named.len() == fields.len())
            {
                let element = self.element(expr.clone(), list);
                let field = |name: &str| super::build::subscript(element.clone(), text(name));
                let names = if named.is_empty() { &fields } else { &named };
                columns.extend(names.iter().zip(&fields).map(|(name, of)| (name.clone(), field(of))));
                continue;
            }
            if alone && named.len() >= 2 && !list.with_ordinality && is_of_rows(expr) {
                // rows, whose fields are counted
                let element = self.element(expr.clone(), list);
                let field =
                    |(at, name): (i32, &String)| (name.clone(), super::build::subscript(element.clone(), number(at)));
                columns.extend((1..).zip(&named).map(field));
                continue;
            }
            if alone && named.len() == 2 && !list.with_ordinality {
                // a map: its keys, its values
                columns.push((named[0].clone(), self.element(call("map_keys", vec![expr.clone()]), list)));
                columns.push((named[1].clone(), self.element(call("map_values", vec![expr.clone()]), list)));
                continue;
            }
            if alone && named.len() > 2 {
                columns.extend(fields_of(&named, self.element(expr.clone(), list)));
                continue;
            }
            if alone && list.alias.is_none() && super::build::column_name(expr).as_deref() == Some("resources") {
                // each field is a column then
                let fields = fields_of_resources(self.tables.first().copied());
                let element = self.element(expr.clone(), list);
                let field = |name: &&str| ((*name).to_owned(), super::build::subscript(element.clone(), text(*name)));
                columns.extend(fields.iter().map(field));
                continue;
            }
            let default = list.alias.as_ref().map_or("element".to_owned(), |alias| alias.name.value.clone());
            columns.push((named.get(at).cloned().unwrap_or(default), self.element(expr.clone(), list)));
        }
        if let (true, Some(first)) = (list.with_ordinality, list.exprs.first()) {
            let count = call("cardinality", vec![first.clone()]);
            let numbers = call("unnest", vec![call("generate_series", vec![number(1), count])]);
            columns.push((ordinal.unwrap_or_else(|| "ordinality".to_owned()), numbers));
        }
        columns
    }

    fn element(&self, expr: Expr, list: &List) -> Expr {
        let expr = if list.keeps_rows_without { one_null_if_empty(expr) } else { expr };
        call("unnest", vec![expr])
    }
}

/// The names of the elements that a query unnests and gives along with all other columns.
fn unnested_with_all(query: &Query) -> Vec<String> {
    let SetExpr::Select(select) = query.body.as_ref() else { return Vec::new() };
    if !select.projection.iter().any(|item| matches!(item, SelectItem::Wildcard(_))) {
        return Vec::new();
    }
    let joined = select.from.iter().flat_map(|from| from.joins.iter().map(|join| &join.relation));
    let factors = select.from.iter().map(|from| &from.relation).chain(joined);
    let name = |factor: &TableFactor| match factor {
        TableFactor::UNNEST { alias: Some(alias), .. } if alias.columns.is_empty() => {
            Some(alias.name.value.to_lowercase())
        }
        _ => None,
    };
    factors.filter_map(name).collect()
}

/// Whether a list is one of rows, as far as it is told without its type.
fn is_of_rows(expr: &Expr) -> bool {
    let is_call = |expr: &Expr, names: &[&str]| matches!(expr, Expr::Function(function) if names.contains(&function.name.to_string().to_lowercase().as_str()));
    match expr {
        Expr::Array(list) => {
            list.elem.iter().all(|element| matches!(element, Expr::Tuple(_)) || is_call(element, &["row", "struct"]))
        }
        Expr::Nested(inner) => is_of_rows(inner),
        other => is_call(other, &["map_entries", "zip", "array_zip", "list_zip"]),
    }
}

/// One column of each field, as newer Trino has them, by the order of a resource's fields.
fn fields_of(named: &[String], element: Expr) -> Vec<(String, Expr)> {
    const FIELDS: [&str; 4] = ["arn", "accountid", "type", "arnprefix"];
    let field = |(name, field): (&String, &str)| (name.clone(), super::build::subscript(element.clone(), text(field)));
    named.iter().zip(FIELDS).map(field).collect()
}

/// What the fields of a resource are called.
fn fields_of_resources(table: Option<Table>) -> &'static [&'static str] {
    match table {
        Some(Table::Athena) => &["arn", "accountid", "type"],
        Some(Table::Lake) => &["arn", "accountid", "type", "arnprefix"],
        Some(Table::Tailpipe) => &["arn", "account_id", "type"],
        Some(Table::Notebook) => &[],
        None => &["arn", "account_id", "type", "arn_prefix"],
    }
}

/// `CASE WHEN cardinality(e) > 0 THEN e ELSE [NULL] END`.
fn one_null_if_empty(expr: Expr) -> Expr {
    let filled = super::build::binary(call("cardinality", vec![expr.clone()]), BinaryOperator::Gt, number(0));
    super::functions::choice(filled, expr, Some(call("make_array", vec![Expr::value(Value::Null)])))
}

/// The table that was named last; a lateral select may speak of all of them, and mostly there is one.
fn last_table(from: &mut TableWithJoins) -> &mut TableFactor {
    match from.joins.last_mut() {
        Some(join) => &mut join.relation,
        None => &mut from.relation,
    }
}

/// Whether it gives rows or columns to each row of the tables before it.
fn goes_by_row(factor: &TableFactor) -> bool {
    matches!(factor, TableFactor::UNNEST { .. }) || lateral::computes_columns(factor)
}

/// Whether a join unnests a list, and if so whether rows without elements stay.
fn unnest_kind(join: &Join) -> Option<bool> {
    if !goes_by_row(&join.relation) {
        return None;
    }
    let always = |constraint: &JoinConstraint| match constraint {
        JoinConstraint::None => true,
        JoinConstraint::On(Expr::Value(value)) => value.value == Value::Boolean(true),
        JoinConstraint::On(Expr::BinaryOp { left, op: BinaryOperator::Eq, right }) => {
            left == right && literal(left).is_none()
        }
        _ => false,
    };
    match &join.join_operator {
        JoinOperator::CrossJoin(_) => Some(false),
        JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) if always(constraint) => Some(false),
        JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) if always(constraint) => Some(true),
        _ => None,
    }
}

/// The join whose table holds the list, by the name before its column; `None` for the first table.
fn holder(from: &TableWithJoins, exprs: &[Expr]) -> Option<usize> {
    let mut named = Vec::new();
    for expr in exprs {
        let mut expr = expr.clone();
        let _ = visit_expressions_mut(&mut expr, |part| {
            if let Expr::CompoundIdentifier(parts) = part {
                named.extend(parts.first().map(|part| part.value.to_lowercase()));
            }
            ControlFlow::<()>::Continue(())
        });
    }
    from.joins
        .iter()
        .position(|join| name_of(&join.relation).is_some_and(|name| named.contains(&name.value.to_lowercase())))
}

/// What columns of a table are called by.
fn name_of(factor: &TableFactor) -> Option<Ident> {
    match factor {
        TableFactor::Table { name, alias, .. } => {
            alias.as_ref().map(|alias| alias.name.clone()).or_else(|| name.0.last()?.as_ident().cloned())
        }
        TableFactor::Derived { alias, .. } => {
            Some(alias.as_ref().map_or_else(|| Ident::new("unnested"), |alias| alias.name.clone()))
        }
        _ => None,
    }
}
