//! All reports there are: the shipped ones, and those of a user's folder, which go before shipped ones of the same name.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use milepost_query::nearest;

use crate::header::{HeaderError, Report, more};
use crate::shipped::SHIPPED;

/// A report cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// There is none of that name.
    #[error("there is no report `{name}`")]
    Unknown {
        /// As the user wrote it.
        name: String,
        /// What to try.
        hint: String,
    },
    /// There is a file of that name, which is no report.
    #[error("{place}: {message}")]
    Broken {
        /// The file, and the line and column in it if they are known.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// A file's header is wrong.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A file or folder cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The file or folder.
        path: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

impl CatalogueError {
    /// The file that is wrong, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::Header(HeaderError::Wrong { origin, .. } | HeaderError::Missing { origin }) => Some(origin),
            Self::Read { path, .. } => Some(path),
            Self::Unknown { .. } | Self::Broken { .. } => None,
        }
    }

    /// The same error, for who asks for the report `name`, if its file is the one that is wrong.
    fn broken_as(&self, name: &str) -> Option<Self> {
        let file = self.file().filter(|file| Path::new(file).file_stem().is_some_and(|stem| stem == name))?;
        let (place, message) = match self {
            Self::Header(HeaderError::Wrong { faults, .. }) => {
                let first = faults.first()?;
                (format!("{file}:{}:{}", first.line, first.column), first.message.clone() + &more(faults))
            }
            Self::Header(HeaderError::Missing { .. }) => (format!("{file}:1"), "there is no header".to_owned()),
            Self::Read { source, .. } => (file.to_owned(), source.to_string()),
            Self::Unknown { .. } | Self::Broken { .. } => return None,
        };
        Some(Self::Broken { place, message })
    }
}

/// Reports by name.
#[derive(Debug, Default)]
pub struct Catalogue {
    reports: BTreeMap<String, Report>,
    broken: Vec<CatalogueError>,
}

impl Catalogue {
    /// The shipped reports, and those of `folder`. A file that is none does not keep the others away; it is among the
    /// [`broken`](Self::broken).
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn load(folder: Option<&Path>) -> Result<Self, CatalogueError> {
        let mut catalogue = Self::default();
        for text in SHIPPED {
            catalogue.add(Report::parse(text, "shipped")?);
        }
        if let Some(folder) = folder {
            catalogue.add_folder(folder)?;
        }
        Ok(catalogue)
    }

    fn add(&mut self, report: Report) {
        self.reports.insert(report.name.clone(), report);
    }

    /// Adds the reports of a folder.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn add_folder(&mut self, folder: &Path) -> Result<(), CatalogueError> {
        for path in files(folder)? {
            let parse = |text: String| Ok(Report::parse(&text, &path.display().to_string())?);
            match fs::read_to_string(&path).map_err(|source| unread(&path, source)).and_then(parse) {
                Ok(report) => self.add(report),
                Err(error) => self.broken.push(error),
            }
        }
        Ok(())
    }

    /// Files of the folder that are no reports, each with what is wrong.
    #[must_use]
    pub fn broken(&self) -> &[CatalogueError] {
        &self.broken
    }

    /// Every report, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Report> {
        self.reports.values()
    }

    /// The report called `name`.
    ///
    /// # Errors
    /// [`CatalogueError::Broken`] if the user's file of that name is no report, also where a shipped one has the name: who
    /// wrote the file means it. [`CatalogueError::Unknown`], with the nearest name, if there is none.
    pub fn get(&self, name: &str) -> Result<&Report, CatalogueError> {
        if let Some(broken) = self.broken.iter().find_map(|error| error.broken_as(name)) {
            return Err(broken);
        }
        self.reports.get(name).ok_or_else(|| {
            let names: Vec<String> = self.reports.keys().cloned().collect();
            let hint = match nearest(name, &names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`milepost report list` shows what there is".to_owned(),
            };
            CatalogueError::Unknown { name: name.to_owned(), hint }
        })
    }
}

/// Files of a folder that should be reports, sorted.
///
/// # Errors
/// [`CatalogueError::Read`] if the folder cannot be read.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, CatalogueError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|source| unread(folder, source))? {
        paths.push(entry.map_err(|source| unread(folder, source))?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
    paths.sort();
    Ok(paths)
}

fn unread(path: &Path, source: std::io::Error) -> CatalogueError {
    CatalogueError::Read { path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_queries_is_shipped() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../queries");
        let mut from_folder = Catalogue::default();
        from_folder.add_folder(&folder).unwrap();
        let shipped = Catalogue::load(None).unwrap();
        let names = |catalogue: &Catalogue| catalogue.reports.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&shipped), names(&from_folder));
        for report in from_folder.iter() {
            let file = Path::new(&report.origin).file_stem().unwrap().to_owned();
            assert_eq!(file, *report.name, "a file is called as its report");
        }
    }

    #[test]
    fn a_users_report_goes_before_a_shipped_one() {
        let folder = tempfile::tempdir().unwrap();
        let text = "-- name = \"root-usage\"\n-- title = \"Mine\"\n-- description = \"B\"\n-- columns = []\nSELECT 1";
        fs::write(folder.path().join("mine.sql"), text).unwrap();
        fs::write(folder.path().join("notes.txt"), "no report").unwrap();
        let catalogue = Catalogue::load(Some(folder.path())).unwrap();
        assert_eq!(catalogue.get("root-usage").unwrap().title, "Mine");
        let error = catalogue.get("rot-usage").unwrap_err();
        assert!(matches!(error, CatalogueError::Unknown { hint, .. } if hint == "did you mean `root-usage`?"));
    }

    #[test]
    fn who_asks_for_a_broken_file_is_told_what_is_wrong_with_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("mine.sql"), "-- name = \"mine\"\n-- colour = 1\nSELECT 1").unwrap();
        fs::write(folder.path().join("root-usage.sql"), "SELECT 1").unwrap();
        let catalogue = Catalogue::load(Some(folder.path())).unwrap();
        let error = |name: &str| catalogue.get(name).unwrap_err().to_string();
        assert!(error("mine").contains("mine.sql:2:4: unknown field `colour`"), "{}", error("mine"));
        assert!(
            error("root-usage").ends_with("root-usage.sql:1: there is no header"),
            "a shipped one does not stand in"
        );
        assert!(catalogue.get("console-logins").is_ok());
    }
}
