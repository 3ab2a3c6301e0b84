//! From the text of a query, written for any of the engines that hold CloudTrail, to a statement that DataFusion plans.
//!
//! `tokens` reads what no parser reads, `parser` parses, `tables` finds the tables of other tools and so the dialect, and the
//! rest rewrites the statement: never its text, so that errors point into what the user wrote. A query on milepost's own
//! tables is left as it is.

mod aggregates;
mod aliases;
mod build;
pub(crate) mod calls;
mod comparisons;
mod comprehensions;
mod constructs;
mod correlated;
mod csv_files;
mod duckdb;
mod fields;
pub(crate) mod formats;
mod functions;
mod globs;
mod glue_partitions;
mod headers;
mod hidden;
mod joins;
mod json_names;
mod json_types;
mod lambdas;
mod lateral;
pub(crate) mod list_parameters;
mod map_dots;
mod order_all;
mod parser;
mod parts_of_times;
mod patterns;
pub(crate) mod places;
mod quoted;
mod refusals;
mod shorthand;
mod similar;
mod slices;
mod snowflake;
mod sql_json;
mod subqueries;
mod tables;
mod texts;
mod tokens;
mod tries;
mod trino;
mod trino_lists;
mod types;
mod ungrouped;
mod unnest;

use std::fmt;
use std::ops::ControlFlow;
use std::str::FromStr;

use datafusion::common::{not_impl_err, plan_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{Statement as SqlStatement, TableFactor, Visit as _, Visitor, visit_relations};

use crate::compat::Table;
use crate::error::Position;
use crate::parameters::Parameters;
pub(crate) use csv_files::as_calls as csv_files_as_calls;

pub(crate) use constructs::CONSTRUCTS;
pub(crate) use places::{is_quoted_value, name_at, place_of_text};
pub(crate) use refusals::refusal;

/// What a query is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// milepost's own: DataFusion's SQL on `events` and the tables beside it.
    Milepost,
    /// Trino's SQL on a table of Athena.
    Athena,
    /// Trino's SQL on an event data store of CloudTrail Lake.
    Lake,
    /// DuckDB's SQL on Tailpipe's table.
    Tailpipe,
    /// DuckDB's SQL on flat columns.
    Duckdb,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Milepost, Self::Athena, Self::Lake, Self::Tailpipe, Self::Duckdb];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Milepost => "milepost",
            Self::Athena => "athena",
            Self::Lake => "lake",
            Self::Tailpipe => "tailpipe",
            Self::Duckdb => "duckdb",
        }
    }

    fn of(table: Table) -> Self {
        match table {
            Table::Athena => Self::Athena,
            Table::Lake => Self::Lake,
            Table::Tailpipe => Self::Tailpipe,
            Table::Notebook => Self::Duckdb,
        }
    }

    /// The table that queries in this dialect are about.
    fn table(self) -> Option<Table> {
        match self {
            Self::Milepost => None,
            Self::Athena => Some(Table::Athena),
            Self::Lake => Some(Table::Lake),
            Self::Tailpipe => Some(Table::Tailpipe),
            Self::Duckdb => Some(Table::Notebook),
        }
    }

    fn is_trino(self) -> bool {
        matches!(self, Self::Athena | Self::Lake)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Dialect {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name).ok_or_else(|| format!("`{name}` is no dialect"))
    }
}

/// Parses one query and rewrites what its dialect has in another way. `known` are the names that are tables here. Values of
/// lists that the query looks in are put beside the others in `parameters`, each for a placeholder of its own.
///
/// # Errors
/// It cannot be parsed, is more than one statement, or has partition columns of which nothing says what they are.
pub(crate) fn statement(
    sql: &str,
    forced: Option<Dialect>,
    known: &[String],
    parameters: &mut Parameters,
) -> Result<Statement> {
    let parsing = |error| DataFusionError::SQL(Box::new(error), None);
    let tokens = tokens::of(sql).map_err(parsing)?;
    let mut parser = DFParserBuilder::new(tokens).with_dialect(&parser::MilepostDialect).build()?;
    let mut statements = parser.parse_statements()?;
    let (Some(mut statement), true) = (statements.pop_front(), statements.is_empty()) else {
        return not_impl_err!("The context currently only supports a single SQL statement");
    };
    if let Some(inner) = sql_of(&mut statement) {
        refuse_samples(inner)?;
        json_types::check(inner)?;
        list_parameters::expand(inner, parameters);
        rewrite(inner, forced, known)?;
    }
    Ok(statement)
}

/// A sample that is asked for and not taken would be a wrong answer.
fn refuse_samples(statement: &SqlStatement) -> Result<()> {
    struct Samples;
    impl Visitor for Samples {
        type Break = ();
        fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
            match factor {
                TableFactor::Table { sample: Some(_), .. } | TableFactor::Derived { sample: Some(_), .. } => {
                    ControlFlow::Break(())
                }
                _ => ControlFlow::Continue(()),
            }
        }
    }
    match statement.visit(&mut Samples) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => {
            plan_err!("TABLESAMPLE is not there: WHERE random() < 0.1 takes about a tenth of the rows")
        }
    }
}

/// The files that a statement names as tables.
pub(crate) fn files(statement: &Statement) -> Vec<String> {
    let Statement::Statement(statement) = statement else { return Vec::new() };
    let mut found = Vec::new();
    let _ = visit_relations(statement, |name| {
        if let [part] = name.0.as_slice()
            && let Some(name) = part.as_ident().filter(|name| name.quote_style.is_some() && name.value.contains('.'))
        {
            found.push(name.value.clone());
        }
        ControlFlow::<()>::Continue(())
    });
    found
}

/// Where a query has the column that is neither in its GROUP BY nor in an aggregate function. `known` are the names that are
/// tables here.
pub(crate) fn place_of_ungrouped(
    sql: &str,
    forced: Option<Dialect>,
    known: &[String],
    column: &str,
    is_aggregate: &dyn Fn(&str) -> bool,
) -> Option<Position> {
    let mut statement = statement(sql, forced, known, &mut Parameters::new()).ok()?;
    ungrouped::place(sql_of(&mut statement)?, column, is_aggregate)
}

/// The statement itself, or the one that is to be explained.
fn sql_of(statement: &mut Statement) -> Option<&mut SqlStatement> {
    match statement {
        Statement::Statement(inner) => match inner.as_mut() {
            SqlStatement::Explain { statement, .. } => Some(statement.as_mut()),
            other => Some(other),
        },
        Statement::Explain(explain) => sql_of(&mut explain.statement),
        _ => None,
    }
}

fn rewrite(statement: &mut SqlStatement, forced: Option<Dialect>, known: &[String]) -> Result<()> {
    tables::show_columns(statement);
    let SqlStatement::Query(_) = statement else { return Ok(()) };
    shorthand::columns(statement);
    order_all::rewrite(statement);
    joins::with_sides(statement);
    let found = tables::find(statement, forced, known);
    let dialect = forced.or(found.first().map(|table| Dialect::of(*table))).unwrap_or(Dialect::Milepost);
    if dialect == Dialect::Milepost {
        own(statement);
        return Ok(());
    }
    let tables = if found.is_empty() { dialect.table().into_iter().collect() } else { found };
    let tables = tables.as_slice();
    quoted::fold(statement, tables);
    if tables.contains(&Table::Athena) {
        glue_partitions::rewrite(statement)?;
    }
    let names = tables::Names::of(statement, forced, known);
    if !dialect.is_trino() {
        aliases::resolve(statement, &names);
    }
    let hidden = hidden::named(statement, tables, &names);
    hidden::keep_out_of_wildcards(statement, &hidden, forced, known);
    headers::limit(statement);
    headers::nulls_last(statement);
    headers::distinct_order(statement);
    headers::keep(statement);
    shorthand::lists(statement);
    subqueries::rewrite(statement);
    lambdas::bind(statement);
    unnest::rewrite(statement, tables);
    tables::replace(statement, forced, known, &hidden);
    correlated::rewrite(statement);
    expressions(statement, dialect, tables);
    Ok(())
}

/// What DataFusion does not have, on milepost's own tables.
fn own(statement: &mut SqlStatement) {
    headers::limit(statement);
    headers::distinct_order(statement);
    headers::keep(statement);
    shorthand::lists(statement);
    subqueries::rewrite(statement);
    lambdas::bind(statement);
    unnest::rewrite(statement, &[]);
    json_names::visit(statement, &[], |expr, json| {
        fields::rewrite(expr, json);
        comparisons::complete_times(expr, &[]);
        comparisons::texts_of_times(expr, &[]);
        json_types::rewrite(expr);
        patterns::rewrite(expr, false);
        similar::rewrite(expr, false);
        comparisons::whole_division(expr);
        slices::complete(expr);
        snowflake::rewrite(expr, Dialect::Milepost);
        functions::rewrite_own(expr);
    });
}

/// Everything that concerns single expressions, from the inside out.
fn expressions(part: &mut SqlStatement, dialect: Dialect, tables: &[Table]) {
    json_names::visit(part, tables, |expr, json| {
        hidden::pad(expr, tables);
        map_dots::rewrite(expr, json);
        fields::rewrite(expr, json);
        comparisons::complete_times(expr, tables);
        comparisons::texts_of_times(expr, tables);
        types::rewrite(expr, dialect, tables, json);
        types::nested_values(expr, tables);
        patterns::rewrite(expr, true);
        similar::rewrite(expr, matches!(dialect, Dialect::Tailpipe | Dialect::Duckdb));
        slices::complete(expr);
        snowflake::rewrite(expr, dialect);
        functions::rewrite(expr, dialect);
        parts_of_times::rewrite(expr, dialect.is_trino());
        comparisons::rewrite(expr, dialect, tables);
        comparisons::whole_division(expr);
    });
}
