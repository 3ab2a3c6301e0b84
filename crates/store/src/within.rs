//! Whether one place lies in another, by whatever way it is named.

use std::path::{Path, PathBuf};

use crate::place::Place;

/// Whether `location` is `folder` or lies in it. Either is a path, a `file://` URL, or an address of an object store.
#[must_use]
pub fn is_within(location: &str, folder: &str) -> bool {
    match (Place::is_remote(location), Place::is_remote(folder)) {
        (true, true) => is_below(location.trim_end_matches('/'), folder.trim_end_matches('/')),
        (false, false) => {
            // where a path leads that cannot be made out is not known to be elsewhere
            let Ok(location) = std::path::absolute(path_of(location)) else { return true };
            let folder = Path::new(path_of(folder));
            let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
            settled(&location).starts_with(settled(&folder))
        }
        _ => false,
    }
}

fn is_below(key: &str, prefix: &str) -> bool {
    key.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn path_of(location: &str) -> &str {
    location.strip_prefix("file://").unwrap_or(location)
}

/// The path without links and dots, as far as it is there.
fn settled(path: &Path) -> PathBuf {
    let mut rest = Vec::new();
    let mut there = path;
    loop {
        if let Ok(mut found) = there.canonicalize() {
            for name in rest.iter().rev() {
                if name == ".." {
                    found.pop();
                } else {
                    found.push(name);
                }
            }
            return found;
        }
        let (Some(parent), Some(name)) = (there.parent(), there.components().next_back()) else {
            return path.to_path_buf();
        };
        rest.push(name.as_os_str().to_owned());
        there = parent;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_folder_is_known_by_every_way_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let lake = folder.path().join("lake");
        std::fs::create_dir(&lake).unwrap();
        std::os::unix::fs::symlink(&lake, folder.path().join("link")).unwrap();
        for (path, expected) in [
            ("lake", true),
            ("lake/events/x.parquet", true),
            ("link/x.parquet", true),
            ("other/../lake/x.parquet", true),
            ("lake2/x.parquet", false),
            ("x.parquet", false),
        ] {
            let path = folder.path().join(path).display().to_string();
            let lake = lake.display().to_string();
            assert_eq!(is_within(&path, &lake), expected, "{path}");
            assert_eq!(is_within(&format!("file://{path}"), &lake), expected, "{path}");
            assert!(!is_within(&path, "s3://bucket/lake"));
        }
    }

    #[test]
    fn keys_are_compared_by_whole_names() {
        for (address, expected) in [
            ("s3://bucket/lake/events/x.parquet", true),
            ("s3://bucket/lake/", true),
            ("s3://bucket/lake2/x", false),
            ("s3://other/lake/x", false),
        ] {
            assert_eq!(is_within(address, "s3://bucket/lake"), expected, "{address}");
        }
    }
}
