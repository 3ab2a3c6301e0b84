//! One commit: a line of JSON for each thing it did.

use std::collections::HashSet;

use bytes::Bytes;
use object_store::path::Path;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::{Part, Unknown};
use crate::filters::FilterPlaces;
use crate::log::raw_path;
use crate::partition::Partition;
use crate::snapshot::DataFile;
use crate::statistics::LogStatistics;

/// The newest protocol whose tables are read as if there were none.
pub(super) const READER_VERSION: i32 = 1;

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    add: Option<Add<'a>>,
    remove: Option<Remove>,
    protocol: Option<Protocol>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Add<'a> {
    path: String,
    partition_values: Values,
    size: u64,
    modification_time: i64,
    #[serde(borrow)]
    stats: Option<&'a RawValue>,
    #[serde(borrow)]
    tags: Option<Tags<'a>>,
    deletion_vector: Option<IgnoredAny>,
}

/// Of what writers noted of a file, the one thing that readers use. Its text needs no escapes; one that has some is not ours.
#[derive(Deserialize)]
struct Tags<'a> {
    #[serde(rename = "milepost.bloomFilters", borrow)]
    bloom_filters: Option<&'a RawValue>,
}

/// Members that a table does not have are passed over.
#[derive(Deserialize)]
struct Values {
    region: Option<String>,
    account: Option<String>,
    date: Option<String>,
}

#[derive(Deserialize)]
struct Remove {
    path: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Protocol {
    min_reader_version: i32,
}

/// Reads a commit.
pub(super) fn read(bytes: &Bytes) -> Result<Part, Unknown> {
    let mut part = Part::default();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let line: Line<'_> = serde_json::from_slice(line).map_err(|_| Unknown)?;
        if line.protocol.is_some_and(|protocol| protocol.min_reader_version > READER_VERSION) {
            return Err(Unknown);
        }
        part.removed.extend(line.remove.map(|remove| raw_path(&remove.path)));
        if let Some(add) = line.add {
            part.added.push(add.file(bytes)?);
        }
    }
    // a file that goes and comes in one commit is another look at the same file
    if !part.removed.is_empty() {
        let added: HashSet<&Path> = part.added.iter().map(|file| &file.path).collect();
        part.removed.retain(|path| !added.contains(path));
    }
    Ok(part)
}

impl Add<'_> {
    /// The file. Its statistics stay where they are in `bytes`, which holds the commit.
    fn file(self, bytes: &Bytes) -> Result<DataFile, Unknown> {
        if self.deletion_vector.is_some() {
            return Err(Unknown);
        }
        let statistics = self.stats.map(|text| LogStatistics::of_string(bytes.slice_ref(text.get().as_bytes())));
        let filters = self
            .tags
            .and_then(|tags| tags.bloom_filters)
            .map(|text| FilterPlaces::of(bytes.slice_ref(text.get().trim_matches('"').as_bytes())));
        Ok(DataFile {
            path: raw_path(&self.path),
            size_bytes: self.size,
            modified_millis: self.modification_time,
            partition: Partition::of_texts(
                self.partition_values.region,
                self.partition_values.account,
                self.partition_values.date,
            ),
            statistics: statistics.unwrap_or_default(),
            filters: filters.unwrap_or_default(),
        })
    }
}
