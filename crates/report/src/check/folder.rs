//! Checks all reports of a folder, and what they have to do with each other.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use milepost_query::Engine;

use super::{Problem, check};
use crate::catalogue::{CatalogueError, files};

/// Everything that is wrong with the reports of a folder, by file and line, and the number of files; `engine` need not hold any
/// rows.
///
/// # Errors
/// The folder cannot be read.
pub async fn check_folder(
    folder: &Path,
    engine: &Engine,
    now: DateTime<Utc>,
) -> Result<(usize, Vec<Problem>), CatalogueError> {
    let files = files(folder)?;
    let mut problems = Vec::new();
    // file by name of the report
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    // line and file by name of the job
    let mut jobs: BTreeMap<String, String> = BTreeMap::new();
    for path in &files {
        let file = path.display().to_string();
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                problems.push(Problem::at(&file, None, format!("it cannot be read: {error}"), None));
                continue;
            }
        };
        let checked = check(&text, &file, engine, now).await;
        problems.extend(checked.problems);
        let Some((name, place)) = checked.name else { continue };
        if path.file_stem().is_none_or(|stem| stem != name.as_str()) {
            let message = format!("the file is not called as its report, `{name}`");
            problems.push(Problem::at(&file, Some(place), message, None));
        }
        if let Some(other) = names.insert(name.clone(), file.clone()) {
            let message = format!("the report `{name}` is in `{other}` too; only one of them can be run");
            problems.push(Problem::at(&file, Some(place), message, None));
            // its schedule is not looked at either
            continue;
        }
        let Some((job, place)) = checked.job else { continue };
        match jobs.get(&job) {
            Some(before) => {
                let message = format!("the job `{job}` is there already, {before}");
                problems.push(Problem::at(&file, Some(place), message, None));
            }
            None => drop(jobs.insert(job, format!("at line {} of `{file}`", place.0))),
        }
    }
    problems.sort_by(|one, other| (&one.file, one.line, one.column).cmp(&(&other.file, other.line, other.column)));
    Ok((files.len(), problems))
}
