//! A row as a block of lines, one a column that has a value: for rows wider than a terminal.

use std::io::Write;

use arrow::error::ArrowError;
use unicode_width::UnicodeWidthStr as _;

/// Width of the rule over a row, without its number.
const RULE: usize = 24;

/// Writes the row with that number, counted from 1. Columns without a value are left out.
pub(super) fn write_row(
    out: &mut impl Write,
    number: u64,
    names: &[String],
    cells: &[Option<String>],
) -> Result<(), ArrowError> {
    writeln!(out, "─[ row {number} ]{}", "─".repeat(RULE))?;
    let width = names.iter().map(|name| name.width()).max().unwrap_or(0);
    for (name, cell) in names.iter().zip(cells) {
        if let Some(cell) = cell {
            let padding = " ".repeat(width - name.width());
            writeln!(out, "{}", format!(" {name}{padding} │ {cell}").trim_end())?;
        }
    }
    Ok(())
}
