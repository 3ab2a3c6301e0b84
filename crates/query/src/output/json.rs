//! JSON: one array of objects, or one object a line. Nulls are written, so every object has every column.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::json::writer::{JsonArray, LineDelimited, Writer, WriterBuilder};

use super::Encoder;

pub(super) struct Array<W: Write>(Writer<W, JsonArray>);

impl<W: Write> Array<W> {
    pub(super) fn new(out: W) -> Self {
        Self(WriterBuilder::new().with_explicit_nulls(true).build(out))
    }
}

impl<W: Write> Encoder for Array<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        self.0.write(batch)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ArrowError> {
        self.0.finish()?;
        writeln!(self.0.get_mut())?;
        Ok(())
    }
}

pub(super) struct Lines<W: Write>(Writer<W, LineDelimited>);

impl<W: Write> Lines<W> {
    pub(super) fn new(out: W) -> Self {
        Self(WriterBuilder::new().with_explicit_nulls(true).build(out))
    }
}

impl<W: Write> Encoder for Lines<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        self.0.write(batch)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ArrowError> {
        self.0.finish()
    }
}
