//! Tables for terminals. Column widths come from the first rows; later rows that are wider are cut.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::cells::{formatters, printable};
use super::{Encoder, Layout};

/// Rows that are looked at before the widths are fixed.
const SAMPLE_ROWS: usize = 1000;

pub(super) struct Table<W> {
    out: W,
    names: Vec<String>,
    right: Vec<bool>,
    layout: Layout,
    /// Rows held back until the widths are fixed.
    sample: Vec<Vec<String>>,
    widths: Option<Vec<usize>>,
}

impl<W: Write> Table<W> {
    pub(super) fn new(schema: &SchemaRef, layout: Layout, out: W) -> Self {
        let names = schema.fields().iter().map(|field| printable(field.name()).into_owned()).collect();
        let right = schema.fields().iter().map(|field| field.data_type().is_numeric()).collect();
        Self { out, names, right, layout, sample: Vec::new(), widths: None }
    }

    /// Fixes the widths, writes the head and the rows held back.
    fn begin(&mut self) -> Result<Vec<usize>, ArrowError> {
        let mut widths: Vec<usize> = self.names.iter().map(|name| name.width()).collect();
        for row in &self.sample {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        if let Some(most) = self.layout.max_cell_width {
            widths.iter_mut().for_each(|width| *width = (*width).min(most));
        }
        let line: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
        write_row(&mut self.out, &self.names, &widths, &vec![false; widths.len()])?;
        writeln!(self.out, "{}", line.join("┼"))?;
        for row in std::mem::take(&mut self.sample) {
            write_row(&mut self.out, &row, &widths, &self.right)?;
        }
        self.widths = Some(widths.clone());
        Ok(widths)
    }
}

impl<W: Write> Encoder for Table<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let formatters = formatters(batch)?;
        for row in 0..batch.num_rows() {
            let cells = formatters.iter().map(|formatter| {
                let cell = formatter.value(row).try_to_string()?;
                Ok(printable(&cell).into_owned())
            });
            let cells = cells.collect::<Result<Vec<_>, ArrowError>>()?;
            match &self.widths {
                Some(widths) => write_row(&mut self.out, &cells, widths, &self.right)?,
                None => {
                    self.sample.push(cells);
                    if self.sample.len() >= SAMPLE_ROWS {
                        self.begin()?;
                    }
                }
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), ArrowError> {
        if self.widths.is_none() {
            self.begin()?;
        }
        Ok(())
    }
}

fn write_row(out: &mut impl Write, cells: &[String], widths: &[usize], right: &[bool]) -> Result<(), ArrowError> {
    let mut line = String::new();
    for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
        if at > 0 {
            line.push('│');
        }
        let cell = cut(cell, *width);
        let padding = " ".repeat(width.saturating_sub(cell.width()));
        line.push(' ');
        if right[at] {
            line.push_str(&padding);
            line.push_str(&cell);
        } else {
            line.push_str(&cell);
            line.push_str(&padding);
        }
        line.push(' ');
    }
    writeln!(out, "{}", line.trim_end())?;
    Ok(())
}

fn cut(cell: &str, width: usize) -> String {
    if cell.width() <= width {
        return cell.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for char in cell.chars() {
        used += char.width().unwrap_or(0);
        if used > width.saturating_sub(1) {
            break;
        }
        out.push(char);
    }
    out.push('…');
    out
}
