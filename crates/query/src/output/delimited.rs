//! CSV and TSV, quoted as RFC 4180 has it.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::csv::{Writer, WriterBuilder};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use super::{Encoder, Layout, formulas};

pub(super) struct Delimited<W: Write> {
    writer: Writer<W>,
    escape_formulas: bool,
}

impl<W: Write> Delimited<W> {
    pub(super) fn new(schema: &SchemaRef, delimiter: u8, layout: Layout, out: W) -> Result<Self, ArrowError> {
        let mut writer = WriterBuilder::new().with_delimiter(delimiter).with_header(true).build(out);
        // an answer without rows still has its header
        writer.write(&RecordBatch::new_empty(SchemaRef::clone(schema)))?;
        Ok(Self { writer, escape_formulas: layout.escape_formulas })
    }
}

impl<W: Write> Encoder for Delimited<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        if self.escape_formulas { self.writer.write(&formulas::escaped(batch)?) } else { self.writer.write(batch) }
    }

    fn finish(self: Box<Self>) -> Result<(), ArrowError> {
        Ok(())
    }
}
