//! An answer in the formats that were asked for, put where it belongs.

use std::fmt::Write as _;

use milepost_query::QueryError;
use milepost_query::output::{self, Format, Layout, printable};
use milepost_store::{Place, StoreError, StoreOptions};

use crate::page::Page;

/// The format that is a page and no table.
pub const HTML: &str = "html";

/// The bytes of an answer in a format: `html`, or the name of a [`Format`]. Markdown begins with the title and the notes.
///
/// # Errors
/// [`QueryError::Encode`]; [`QueryError::Failed`] for a name of no format.
pub async fn encode(page: &Page<'_>, format: &str, layout: Layout) -> Result<Vec<u8>, QueryError> {
    if format == HTML {
        return Ok(page.html().into_bytes());
    }
    let format: Format = format.parse().map_err(|message| QueryError::Failed { message })?;
    let mut bytes = match format {
        Format::Markdown => heading(page).into_bytes(),
        _ => Vec::new(),
    };
    output::write(page.rows.answer()?, format, layout, &mut bytes).await?;
    Ok(bytes)
}

fn heading(page: &Page<'_>) -> String {
    let mut out = format!("# {}\n\n{}\n\n", printable(&page.report.title), printable(&page.report.description));
    if let Some(window) = page.window {
        let time = |instant: chrono::DateTime<chrono::Utc>| instant.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let _ = writeln!(
            out,
            "From {} to {}, version {} of the lake.\n",
            time(window.start),
            time(window.end),
            page.seen.lake_version
        );
    }
    for note in page.notes {
        let _ = writeln!(out, "> {}\n", printable(note));
    }
    out
}

/// Puts an output under its name, all of it at once.
///
/// # Errors
/// The destination cannot be opened or written.
pub async fn put(destination: &str, name: &str, bytes: Vec<u8>, store: &StoreOptions) -> Result<(), StoreError> {
    Place::open(destination, store).await?.put(name, bytes).await
}

/// Deletes an output.
///
/// # Errors
/// The destination cannot be opened or written.
pub async fn delete(destination: &str, name: &str, store: &StoreOptions) -> Result<(), StoreError> {
    Place::open(destination, store).await?.delete(name).await
}
