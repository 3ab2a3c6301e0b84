//! Markdown tables. Text from logs is escaped so that it stays text.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::Encoder;
use super::cells::{formatters, printable};

pub(super) struct Markdown<W> {
    out: W,
}

impl<W: Write> Markdown<W> {
    pub(super) fn new(schema: &SchemaRef, mut out: W) -> Result<Self, ArrowError> {
        let names: Vec<String> = schema.fields().iter().map(|field| escape(field.name())).collect();
        let rules: Vec<&str> =
            schema.fields().iter().map(|field| if field.data_type().is_numeric() { "---:" } else { "---" }).collect();
        writeln!(out, "| {} |", names.join(" | "))?;
        writeln!(out, "|{}|", rules.join("|"))?;
        Ok(Self { out })
    }
}

impl<W: Write> Encoder for Markdown<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let formatters = formatters(batch)?;
        for row in 0..batch.num_rows() {
            let cells = formatters.iter().map(|formatter| Ok(escape(&formatter.value(row).try_to_string()?)));
            let cells = cells.collect::<Result<Vec<_>, ArrowError>>()?;
            writeln!(self.out, "| {} |", cells.join(" | "))?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), ArrowError> {
        Ok(())
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in printable(text).chars() {
        match char {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '~' => {
                out.push('\\');
                out.push(char);
            }
            other => out.push(other),
        }
    }
    out
}
