//! Files that a killed run was writing. On a disk, a file is written under a name that ends in `#` and a number, and gets its
//! own name when it is complete; whoever lists the table does not see it before.

use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::Deleted;
use crate::error::LakeError;

/// Deletes what was last written to before `before_millis`, in milliseconds since 1970; with `is_dry_run`, only counts it.
pub(super) fn sweep(folder: &Path, before_millis: i64, is_dry_run: bool) -> Result<Deleted, LakeError> {
    let mut found = Deleted::default();
    sweep_folder(folder, before_millis, is_dry_run, &mut found)
        .map_err(|source| LakeError::Location { lake: folder.display().to_string(), source })?;
    Ok(found)
}

fn sweep_folder(folder: &Path, before_millis: i64, is_dry_run: bool, found: &mut Deleted) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sweep_folder(&entry.path(), before_millis, is_dry_run, found)?;
        } else if is_half_written(&entry) {
            sweep_file(&entry, before_millis, is_dry_run, found)?;
        }
    }
    Ok(())
}

fn sweep_file(entry: &DirEntry, before_millis: i64, is_dry_run: bool, found: &mut Deleted) -> io::Result<()> {
    let looked_at = match entry.metadata() {
        Ok(metadata) => metadata,
        // its writer has just given it its name
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let age = looked_at.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    if i64::try_from(age.as_millis()).unwrap_or(i64::MAX) >= before_millis {
        return Ok(());
    }
    if !is_dry_run {
        match fs::remove_file(entry.path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    found.files += 1;
    found.bytes += looked_at.len();
    Ok(())
}

/// `….parquet#1`, `….json#27`: nobody else names files of a table so.
fn is_half_written(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let Some((name, number)) = name.to_str().and_then(|name| name.rsplit_once('#')) else { return false };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number && [".parquet", ".json", ".crc"].iter().any(|extension| name.ends_with(extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_half_written_and_old_goes() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["a.parquet#1", "_delta_log/00000000000000000001.json#12", "a.parquet", "notes#1", "b.parquet#x"];
        fs::create_dir(folder.path().join("_delta_log")).unwrap();
        for name in names {
            fs::write(folder.path().join(name), b"four").unwrap();
        }
        assert_eq!(sweep(folder.path(), 0, false).unwrap(), Deleted::default());
        let expected = Deleted { files: 2, bytes: 8 };
        assert_eq!(sweep(folder.path(), i64::MAX, true).unwrap(), expected);
        assert_eq!(sweep(folder.path(), i64::MAX, false).unwrap(), expected);
        let left: Vec<_> = names.iter().filter(|name| folder.path().join(name).exists()).collect();
        assert_eq!(left, [&"a.parquet", &"notes#1", &"b.parquet#x"]);
    }
}
