//! Data files on this machine's disk, read where they are asked for.
//!
//! A store hands each read to a thread for it and waits, which on a disk takes longer than the read: a scan of many small
//! files would do little else. What a scan reads here lies in the system's cache or on a disk that answers before another
//! thread would have been woken.

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use datafusion::common::exec_err;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{ParquetFileMetrics, ParquetFileReaderFactory};
use datafusion::error::Result;
use datafusion::object_store::Error as StoreError;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use milepost_lake::unpacked::{Unpacked, unpack};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use url::Url;

/// Bytes at the end of a file that are read first: the footer of a file with one row group takes half of them.
const TAIL_BYTES: u64 = 16 * 1024;

type Read<T> = parquet::errors::Result<T>;

/// Opens the data files of one table.
#[derive(Debug)]
pub(crate) struct LocalFiles {
    /// Folder of the table, as a URL: paths below it are encoded once more than the names on the disk.
    folder: Url,
}

/// One data file. It is opened when it is first read.
struct LocalFile {
    path: PathBuf,
    /// Its path below the table.
    name: String,
    size_bytes: u64,
    file: Option<File>,
    /// Its compressed columns, once the footer is read.
    unpacked: Option<Unpacked>,
    metrics: ParquetFileMetrics,
}

impl LocalFiles {
    /// `None` if the folder has no URL, as no folder of a lake has not.
    pub(crate) fn new(folder: &Path) -> Option<Self> {
        let folder = Url::from_directory_path(std::path::absolute(folder).ok()?).ok()?;
        Some(Self { folder })
    }

    /// Parts of the data file called `name`.
    ///
    /// # Errors
    /// It cannot be read there.
    pub(crate) fn read_ranges(&self, name: &str, ranges: &[Range<u64>]) -> io::Result<Vec<Bytes>> {
        let path = self.path(name).ok_or_else(|| io::Error::other("it has no path"))?;
        let file = File::open(path)?;
        let read = |range: &Range<u64>| {
            let length = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
            let mut bytes = vec![0; length];
            read_exact_at(&file, &mut bytes, range.start)?;
            Ok(Bytes::from(bytes))
        };
        ranges.iter().map(read).collect()
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        let mut url = self.folder.clone();
        url.path_segments_mut().ok()?.pop_if_empty().extend(name.split('/'));
        url.to_file_path().ok()
    }
}

impl ParquetFileReaderFactory for LocalFiles {
    fn create_reader(
        &self,
        partition_index: usize,
        file: PartitionedFile,
        _metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let name = file.object_meta.location.as_ref();
        let Some(path) = self.path(name) else { return exec_err!("`{name}` is no path") };
        Ok(Box::new(LocalFile {
            path,
            name: name.to_owned(),
            size_bytes: file.object_meta.size,
            file: None,
            unpacked: None,
            metrics: ParquetFileMetrics::new(partition_index, name, metrics),
        }))
    }
}

impl LocalFile {
    fn file(&mut self) -> io::Result<&File> {
        if self.file.is_none() {
            self.file = Some(File::open(&self.path)?);
        }
        self.file.as_ref().ok_or_else(|| io::Error::other("the file is not open"))
    }

    fn read(&mut self, range: Range<u64>) -> Read<Bytes> {
        let length = usize::try_from(range.end - range.start)?;
        let mut bytes = vec![0; length];
        let read = self.file().and_then(|file| read_exact_at(file, &mut bytes, range.start));
        read.map_err(|source| self.failed(source))?;
        Ok(bytes.into())
    }

    /// What seems to be at `range`: a column that is unpacked here, or what is there.
    fn part(&mut self, range: Range<u64>) -> Read<Bytes> {
        if range.start < self.size_bytes {
            self.count(&range);
            return self.read(range);
        }
        if self.unpacked.is_none() {
            // another reader of the same file had the footer
            self.metadata(None)?;
        }
        let stored = self.unpacked.as_ref().and_then(|unpacked| unpacked.stored(&range));
        let Some(stored) = stored else {
            return Err(ParquetError::General(format!(
                "`{}` has no bytes {} to {}",
                self.name, range.start, range.end
            )));
        };
        self.count(&stored);
        let packed = self.read(stored)?;
        unpack(&packed, usize::try_from(range.end - range.start)?).map_err(|error| self.named(&error))
    }

    /// An error that says which file it is about.
    fn named(&self, error: &ParquetError) -> ParquetError {
        ParquetError::General(format!("`{}`: {error}", self.name))
    }

    fn count(&self, read: &Range<u64>) {
        self.metrics.bytes_scanned.add(usize::try_from(read.end - read.start).unwrap_or(0));
    }

    /// As a store would say it, so that what is made of errors is the same for all.
    fn failed(&self, source: io::Error) -> ParquetError {
        let (path, is_gone) = (self.name.clone(), source.kind() == io::ErrorKind::NotFound);
        ParquetError::External(Box::new(match is_gone {
            true => StoreError::NotFound { path, source: Box::new(source) },
            false => StoreError::Generic { store: "LocalFileSystem", source: Box::new(source) },
        }))
    }

    fn metadata(&mut self, options: Option<&ArrowReaderOptions>) -> Read<ParquetMetaData> {
        let mut reader = ParquetMetaDataReader::new();
        if let Some(options) = options {
            reader = reader
                .with_column_index_policy(options.column_index_policy())
                .with_offset_index_policy(options.offset_index_policy())
                .with_metadata_options(Some(options.metadata_options().clone()));
        }
        let mut wanted = TAIL_BYTES.min(self.size_bytes);
        loop {
            let tail = self.read(self.size_bytes - wanted..self.size_bytes)?;
            match reader.try_parse_sized(&tail, self.size_bytes) {
                Ok(()) => return self.shown(reader.finish()?),
                Err(ParquetError::NeedMoreData(needed))
                    if wanted < needed as u64 && needed as u64 <= self.size_bytes =>
                {
                    wanted = needed as u64;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl LocalFile {
    /// What the footer says of columns that are unpacked here.
    fn shown(&mut self, footer: ParquetMetaData) -> Read<ParquetMetaData> {
        let (footer, unpacked) = Unpacked::show(footer, self.size_bytes).map_err(|error| self.named(&error))?;
        self.unpacked = unpacked;
        Ok(footer)
    }
}

impl AsyncFileReader for LocalFile {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Read<Bytes>> {
        ready(self.part(range)).boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Read<Vec<Bytes>>> {
        ready(ranges.into_iter().map(|range| self.part(range)).collect()).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Read<Arc<ParquetMetaData>>> {
        ready(self.metadata(options).map(Arc::new)).boxed()
    }
}

impl Drop for LocalFile {
    fn drop(&mut self) {
        self.metrics.scan_efficiency_ratio.add_part(self.metrics.bytes_scanned.value());
        self.metrics.scan_efficiency_ratio.set_total(usize::try_from(self.size_bytes).unwrap_or(usize::MAX));
    }
}

impl fmt::Debug for LocalFile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("LocalFile").field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, out: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, out: &mut [u8], offset: u64) -> io::Result<()> {
    use std::io::{Read as _, Seek as _};
    let mut file = file;
    file.seek(io::SeekFrom::Start(offset))?;
    file.read_exact(out)
}
