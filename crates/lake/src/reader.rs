//! Reads byte ranges of a data file from its store, for the Parquet reader. Compressed columns are [unpacked](crate::unpacked)
//! on their way.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use crate::snapshot::DataFile;
use crate::unpacked::{Unpacked, unpack};

/// A data file that is being read. Clones know what one of them has found out.
#[derive(Debug, Clone)]
pub(crate) struct DataFileReader {
    store: Arc<dyn ObjectStore>,
    path: Path,
    size_bytes: u64,
    /// Its compressed columns, once the footer is read.
    unpacked: Arc<OnceLock<Option<Unpacked>>>,
}

impl DataFileReader {
    pub(crate) fn new(store: &Arc<dyn ObjectStore>, file: &DataFile) -> Self {
        Self {
            store: Arc::clone(store),
            path: file.path.clone(),
            size_bytes: file.size_bytes,
            unpacked: Arc::default(),
        }
    }

    /// The footer as it is stored.
    pub(crate) async fn footer(&mut self, options: Option<&ArrowReaderOptions>) -> Result<ParquetMetaData> {
        let mut reader = ParquetMetaDataReader::new();
        if let Some(options) = options {
            reader = reader
                .with_metadata_options(Some(options.metadata_options().clone()))
                .with_column_index_policy(options.column_index_policy())
                .with_offset_index_policy(options.offset_index_policy());
        }
        let size_bytes = self.size_bytes;
        reader.load_and_finish(self, size_bytes).await
    }

    /// Where the bytes are that seem to be at `range`.
    fn stored(&self, range: &Range<u64>) -> Range<u64> {
        let unpacked = self.unpacked.get().and_then(Option::as_ref);
        unpacked.and_then(|unpacked| unpacked.stored(range)).unwrap_or_else(|| range.clone())
    }

    /// What seems to be at `range`, of what is stored for it.
    fn shown(&self, range: &Range<u64>, stored: Bytes) -> Result<Bytes> {
        if range.start < self.size_bytes {
            return Ok(stored);
        }
        unpack(&stored, usize::try_from(range.end - range.start)?)
    }
}

fn failed(error: object_store::Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}

impl AsyncFileReader for DataFileReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        async move {
            let stored = self.store.get_range(&self.path, self.stored(&range)).await.map_err(failed)?;
            self.shown(&range, stored)
        }
        .boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<Bytes>>> {
        async move {
            let places: Vec<Range<u64>> = ranges.iter().map(|range| self.stored(range)).collect();
            let stored = self.store.get_ranges(&self.path, &places).await.map_err(failed)?;
            ranges.iter().zip(stored).map(|(range, stored)| self.shown(range, stored)).collect()
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>>> {
        async move {
            let footer = self.footer(options).await?;
            let (footer, unpacked) = Unpacked::show(footer, self.size_bytes)?;
            // of one file, it is the same every time
            let _ = self.unpacked.set(unpacked);
            Ok(Arc::new(footer))
        }
        .boxed()
    }
}
