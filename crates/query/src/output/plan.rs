//! The plan of a query for a reader: its lines as they are, under the name of each stage.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;

use super::Encoder;
use super::cells::{formatters, printable};

pub(super) struct Plan<W> {
    out: W,
}

impl<W: Write> Plan<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write> Encoder for Plan<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let formatters = formatters(batch)?;
        for row in 0..batch.num_rows() {
            for (at, formatter) in formatters.iter().enumerate() {
                let cell = formatter.value(row).try_to_string()?;
                let indent = if at == 0 { "" } else { "  " };
                for line in cell.lines() {
                    writeln!(self.out, "{indent}{}", printable(line))?;
                }
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), ArrowError> {
        Ok(())
    }
}
