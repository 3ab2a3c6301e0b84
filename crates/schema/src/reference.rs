//! The column reference of the docs, generated from the table of columns.

use std::fmt::Write as _;

use crate::columns::{COLUMNS, Group, Kind};

const SECTIONS: [(Group, &str); 7] = [
    (Group::Partition, "Partition columns"),
    (Group::TimeAndIds, "Time and ids"),
    (Group::What, "What happened"),
    (Group::Who, "Who did it"),
    (Group::FromWhere, "From where"),
    (Group::Nested, "Nested values"),
    (Group::Lineage, "Lineage"),
];

/// Markdown of the whole reference.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from(
        "# Columns of `events`\n\nGenerated from `crates/schema/src/columns.rs`; do not edit. Every column may be null: a member that a record \
         does not have, or has as JSON `null`, is null here, never `false` and never a placeholder.\n",
    );
    for (group, title) in SECTIONS {
        let _ = write!(out, "\n## {title}\n\n| column | type | in the record | meaning |\n|---|---|---|---|\n");
        for column in COLUMNS.iter().filter(|column| column.group == group) {
            let path = if column.path.is_empty() { "–".to_owned() } else { format!("`{}`", column.path.join(".")) };
            let _ = writeln!(out, "| `{}` | {} | {path} | {} |", column.name, sql_type(column.kind), column.doc);
        }
    }
    out
}

fn sql_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Json => "text (JSON)",
        Kind::Bool | Kind::BoolText => "boolean",
        Kind::Time => "timestamp (µs, UTC)",
        Kind::Resources => "list of `{arn, arn_prefix, account_id, type}`",
        Kind::Date => "date",
    }
}
