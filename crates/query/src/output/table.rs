//! Tables for terminals. Column widths come from the first rows; later rows that are wider are cut. Rows that do not fit on
//! a line become blocks of lines, if the layout says so.

use std::io::Write;

use arrow::array::{Array as _, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::cells::{formatters, printable};
use super::{Encoder, Expanded, Layout, expanded};

/// Rows that are looked at before the widths are fixed.
const SAMPLE_ROWS: usize = 1000;

pub(super) struct Table<W> {
    out: W,
    names: Vec<String>,
    right: Vec<bool>,
    layout: Layout,
    /// Rows held back until the shape is fixed.
    sample: Vec<Row>,
    shape: Option<Shape>,
    /// Rows written so far.
    rows: u64,
}

/// Cells of a row; nothing for null.
type Row = Vec<Option<String>>;

#[derive(Debug, Clone)]
enum Shape {
    /// Columns of these widths.
    Columns(Vec<usize>),
    /// A block of lines a row.
    Blocks,
}

impl<W: Write> Table<W> {
    pub(super) fn new(schema: &SchemaRef, layout: Layout, out: W) -> Self {
        let names = schema.fields().iter().map(|field| printable(field.name()).into_owned()).collect();
        let right = schema.fields().iter().map(|field| field.data_type().is_numeric()).collect();
        let shape = (layout.expanded == Expanded::Always).then_some(Shape::Blocks);
        Self { out, names, right, layout, sample: Vec::new(), shape, rows: 0 }
    }

    /// Fixes the shape, writes the head and the rows held back.
    fn begin(&mut self) -> Result<(), ArrowError> {
        let shape = self.shape();
        if let Shape::Columns(widths) = &shape {
            let line: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
            let names: Row = self.names.iter().cloned().map(Some).collect();
            write_row(&mut self.out, &names, widths, &vec![false; widths.len()])?;
            writeln!(self.out, "{}", line.join("┼"))?;
        }
        self.shape = Some(shape);
        for row in std::mem::take(&mut self.sample) {
            self.write_row(&row)?;
        }
        Ok(())
    }

    fn shape(&self) -> Shape {
        let mut widths: Vec<usize> = self.names.iter().map(|name| name.width()).collect();
        for row in &self.sample {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.as_ref().map_or(0, |cell| cell.width()));
            }
        }
        // a column alone would not get wider lines
        if self.layout.expanded == Expanded::Auto && widths.len() > 1 && !self.sample.is_empty() {
            // a blank on either side of a cell, and a line between two
            let line: usize = widths.iter().map(|width| width + 3).sum();
            if self.layout.line_width.is_some_and(|most| line > most + 1) {
                return Shape::Blocks;
            }
        }
        if let Some(most) = self.layout.max_cell_width {
            widths.iter_mut().for_each(|width| *width = (*width).min(most));
        }
        Shape::Columns(widths)
    }

    fn write_row(&mut self, row: &Row) -> Result<(), ArrowError> {
        self.rows += 1;
        match &self.shape {
            Some(Shape::Columns(widths)) => write_row(&mut self.out, row, widths, &self.right),
            _ => expanded::write_row(&mut self.out, self.rows, &self.names, row),
        }
    }
}

impl<W: Write> Encoder for Table<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let formatters = formatters(batch)?;
        for row in 0..batch.num_rows() {
            let cells = formatters.iter().zip(batch.columns()).map(|(formatter, column)| {
                if column.is_null(row) {
                    return Ok(None);
                }
                let cell = formatter.value(row).try_to_string()?;
                Ok(Some(printable(&cell).into_owned()))
            });
            let cells = cells.collect::<Result<Row, ArrowError>>()?;
            if self.shape.is_some() {
                self.write_row(&cells)?;
                continue;
            }
            self.sample.push(cells);
            if self.sample.len() >= SAMPLE_ROWS {
                self.begin()?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), ArrowError> {
        if self.shape.is_none() {
            self.begin()?;
        }
        Ok(())
    }
}

fn write_row(
    out: &mut impl Write,
    cells: &[Option<String>],
    widths: &[usize],
    right: &[bool],
) -> Result<(), ArrowError> {
    let mut line = String::new();
    for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
        if at > 0 {
            line.push('│');
        }
        let cell = cut(cell.as_deref().unwrap_or_default(), *width);
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
