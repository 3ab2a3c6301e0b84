//! Columns that are there for those who name them: which ones a query names, and how it writes days.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    DataType, ExceptSelectItem, ExcludeSelectItem, Expr, Ident, ObjectName, Query, Select, SelectItem, Statement,
    TableFactor, Value, Visit, VisitMut, Visitor, VisitorMut, WildcardAdditionalOptions,
};

use super::Dialect;
use super::build::column_name;
use super::functions::arguments;
use super::tables::Names;
use crate::compat::{DayForm, Hidden, Table, is_day_column, is_part_of_day, part_of};

/// The hidden columns of `tables` that the statement names.
pub(super) fn named(statement: &Statement, tables: &[Table], names: &Names<'_>) -> Vec<(Table, Hidden)> {
    let mut found = Found { tables, names: Some(names), ..Found::default() };
    let _ = statement.visit(&mut found);
    let mut hidden = BTreeSet::new();
    for name in &found.named {
        if found.defined.contains(name) {
            continue;
        }
        // an alias of that name is meant, unless rows are chosen by it or values made of it, where no alias counts
        if found.aliases.contains(name) && !found.read.contains(name) {
            continue;
        }
        let form = found.forms.get(name).copied().unwrap_or_default();
        for table in tables.iter().filter(|table| table.is_hidden(name)) {
            hidden.insert((*table, Hidden { name: name.clone(), form }));
        }
    }
    hidden.into_iter().collect()
}

#[derive(Default)]
struct Found<'a> {
    tables: &'a [Table],
    /// Which names mean such a table; none while a part of a select is looked at.
    names: Option<&'a Names<'a>>,
    named: BTreeSet<String>,
    aliases: BTreeSet<String>,
    /// Named where no alias counts.
    read: BTreeSet<String>,
    /// Columns that an alias of a list or a subquery names.
    defined: BTreeSet<String>,
    forms: BTreeMap<String, DayForm>,
}

impl Visitor for Found<'_> {
    type Break = ();

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { alias, .. } = item {
                self.aliases.insert(alias.value.to_lowercase());
            }
        }
        if let Some(condition) = &select.selection {
            self.read.extend(self.named_in(condition));
        }
        // what a select makes of a table that is read right there, it makes of columns
        if self.reads_a_table(select) {
            for item in &select.projection {
                if let SelectItem::ExprWithAlias { expr, .. } | SelectItem::UnnamedExpr(expr) = item {
                    self.read.extend(self.named_in(expr));
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::UNNEST { alias: Some(alias), .. } | TableFactor::Derived { alias: Some(alias), .. } = factor
        {
            self.defined.extend(alias.columns.iter().map(|column| column.name.value.to_lowercase()));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(name) => self.note(&name.value),
            // behind the name of a table, not a field of a struct
            Expr::CompoundIdentifier(parts) => {
                let (first, second) = (parts.first(), parts.get(1));
                let is_column = |part: &Ident| {
                    let name = part.value.to_lowercase();
                    self.tables.iter().any(|table| table.columns().iter().any(|column| column.name == name))
                };
                if let (Some(first), Some(second)) = (first, second)
                    && !is_column(first)
                {
                    self.note(&second.value);
                }
                if let Some(first) = first {
                    self.note(&first.value);
                }
            }
            Expr::BinaryOp { left, right, .. } => {
                self.compare(left, right);
                self.compare(right, left);
            }
            Expr::Between { expr, low, high, .. } => {
                self.compare(expr, low);
                self.compare(expr, high);
            }
            Expr::InList { expr, list, .. } => list.iter().for_each(|item| self.compare(expr, item)),
            Expr::Like { expr, pattern, .. } => self.compare(expr, pattern),
            Expr::Function(function) => self.call(&function.name.to_string().to_lowercase(), arguments(function)),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Found<'_> {
    fn named_in(&self, expr: &Expr) -> BTreeSet<String> {
        let mut inside = Found { tables: self.tables, ..Found::default() };
        let _ = expr.visit(&mut inside);
        inside.named
    }

    /// Whether a table with hidden columns stands in the FROM of this select itself.
    fn reads_a_table(&self, select: &Select) -> bool {
        let joined = select.from.iter().flat_map(|from| from.joins.iter().map(|join| &join.relation));
        let mut factors = select.from.iter().map(|from| &from.relation).chain(joined);
        factors.any(|factor| match factor {
            TableFactor::Table { name, .. } => self.names.is_some_and(|names| names.table(name).is_some()),
            _ => false,
        })
    }

    fn note(&mut self, name: &str) {
        let name = name.to_lowercase();
        if self.tables.iter().any(|table| table.is_hidden(&name)) {
            self.named.insert(name);
        }
    }

    fn compare(&mut self, column: &Expr, other: &Expr) {
        let Some(name) = column_name(column).filter(|name| is_day_column(name) || is_part_of_day(name)) else { return };
        if let Some(form) = form_of(other) {
            self.forms.entry(name).or_insert(form);
        }
    }

    /// `parse(day, '%Y/%m/%d')` says how the day is written.
    fn call(&mut self, name: &str, arguments: Option<Vec<Expr>>) {
        let Some(arguments) = arguments else { return };
        let [column, format, ..] = arguments.as_slice() else { return };
        if matches!(name, "date_parse" | "parse_datetime" | "strptime" | "to_timestamp" | "to_date")
            && let (Some(column), Some(format)) = (column_name(column), super::build::literal(format))
            && is_day_column(&column)
        {
            let form = if format.contains('/') {
                DayForm::Slashes
            } else if format.contains('-') {
                DayForm::Dashes
            } else {
                DayForm::Digits
            };
            self.forms.entry(column).or_insert(form);
        }
    }
}

/// How a day is written, by what it is compared with.
fn form_of(other: &Expr) -> Option<DayForm> {
    match other {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => DayForm::of_literal(text),
            Value::Number(_, _) => Some(DayForm::Number),
            _ => None,
        },
        Expr::TypedString(typed) if typed.data_type == DataType::Date => Some(DayForm::Date),
        Expr::Cast { data_type: DataType::Date, .. } => Some(DayForm::Date),
        Expr::Cast { data_type, expr, .. } => match data_type {
            DataType::Int(_) | DataType::Integer(_) | DataType::BigInt(_) => Some(DayForm::Number),
            _ => form_of(expr),
        },
        Expr::Nested(inner) => form_of(inner),
        Expr::BinaryOp { left, .. } => form_of(left),
        Expr::Function(function) => {
            let name = function.name.to_string().to_lowercase();
            let arguments = arguments(function).unwrap_or_default();
            let format = arguments.get(1).and_then(super::build::literal);
            match (name.as_str(), format) {
                ("date_format" | "format_datetime" | "strftime" | "to_char", Some(format)) => Some(match format {
                    "%d" | "%m" | "%Y" | "%H" | "dd" | "MM" | "yyyy" | "HH" => DayForm::TwoDigits,
                    _ if format.contains('/') => DayForm::Slashes,
                    _ if format.contains('-') => DayForm::Dashes,
                    _ => DayForm::Digits,
                }),
                ("current_date" | "date" | "from_iso8601_date" | "today", _) => Some(DayForm::Date),
                ("date_add", _) => arguments.get(2).and_then(form_of),
                ("date_trunc", _) => Some(DayForm::Date),
                ("day" | "month" | "year" | "date_part", _) => Some(DayForm::Number),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Writes months, days and hours with two digits where they are compared as texts: some authors' partitions are `month=3`.
pub(super) fn pad(expr: &mut Expr, tables: &[Table]) {
    let is_part = |expr: &Expr| {
        column_name(expr).is_some_and(|name| {
            matches!(part_of(&name), "month" | "day" | "hour") && tables.iter().any(|table| table.is_hidden(&name))
        })
    };
    match expr {
        Expr::BinaryOp { left, right, .. } if is_part(left) => pad_literal(right),
        Expr::BinaryOp { left, right, .. } if is_part(right) => pad_literal(left),
        Expr::Between { expr, low, high, .. } if is_part(expr) => {
            pad_literal(low);
            pad_literal(high);
        }
        Expr::InList { expr, list, .. } if is_part(expr) => list.iter_mut().for_each(pad_literal),
        _ => {}
    }
}

fn pad_literal(expr: &mut Expr) {
    if let Expr::Value(value) = expr
        && let Value::SingleQuotedString(text) = &mut value.value
        && let [b'0'..=b'9'] = text.as_bytes()
    {
        text.insert(0, '0');
    }
}

/// Leaves the hidden columns out of `*`.
pub(super) fn keep_out_of_wildcards(
    statement: &mut Statement,
    hidden: &[(Table, Hidden)],
    forced: Option<Dialect>,
    known: &[String],
) {
    struct Except<'a> {
        names: Names<'a>,
        hidden: &'a [(Table, Hidden)],
        /// Queries around the place at hand.
        depth: usize,
    }
    impl VisitorMut for Except<'_> {
        type Break = ();
        fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
            self.depth += 1;
            ControlFlow::Continue(())
        }
        fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
            self.depth -= 1;
            ControlFlow::Continue(())
        }
        fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
            // what is around may name them: `WITH t AS (SELECT * FROM cloudtrail_logs) SELECT … FROM t WHERE year = …`
            if self.depth > 1 {
                return ControlFlow::Continue(());
            }
            let factors = select
                .from
                .iter()
                .flat_map(|from| std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)));
            let tables: Vec<Table> = factors
                .filter_map(|factor| match factor {
                    TableFactor::Table { name, .. } => self.names.table(name),
                    _ => None,
                })
                .collect();
            let mut columns: Vec<Ident> = self
                .hidden
                .iter()
                .filter(|(table, _)| tables.contains(table))
                .map(|(_, hidden)| Ident::with_quote('"', hidden.name.clone()))
                .collect();
            columns.dedup();
            let Some((first, rest)) = columns.split_first() else { return ControlFlow::Continue(()) };
            for item in &mut select.projection {
                if let SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) = item {
                    leave_out(options, first, rest);
                }
            }
            ControlFlow::Continue(())
        }
    }
    if hidden.is_empty() {
        return;
    }
    let names = Names::of(statement, forced, known);
    let _ = statement.visit(&mut Except { names, hidden, depth: 0 });
}

fn leave_out(options: &mut WildcardAdditionalOptions, first: &Ident, rest: &[Ident]) {
    let hidden = std::iter::once(first).chain(rest).cloned();
    match (&mut options.opt_except, &mut options.opt_exclude) {
        (Some(except), _) => except.additional_elements.extend(hidden),
        (None, Some(ExcludeSelectItem::Multiple(names))) => names.extend(hidden.map(ObjectName::from)),
        (None, Some(single @ ExcludeSelectItem::Single(_))) => {
            let ExcludeSelectItem::Single(name) = single.clone() else { return };
            *single = ExcludeSelectItem::Multiple(std::iter::once(name).chain(hidden.map(ObjectName::from)).collect());
        }
        (None, None) => {
            options.opt_except =
                Some(ExceptSelectItem { first_element: first.clone(), additional_elements: rest.to_vec() });
        }
    }
}
