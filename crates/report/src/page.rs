//! An answer as one HTML page that needs nothing else: no network, no other file, nothing that a value could start.
//!
//! Values come from logs, and strangers write logs. They reach the page through `escaped` only; and if one slipped through,
//! the page's policy lets no script run but the page's own, which is known by its hash.

mod bars;
mod gaps;
mod heat;
mod scale;
mod time;

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use milepost_query::Rows;
use milepost_query::output::{ColumnKind, printable};
use sha2::{Digest as _, Sha256};

use crate::chart::{Chart, ChartKind};
use crate::header::Report;
use crate::seen::Seen;
use crate::window::Window;

const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");
/// Rows that a page shows; more than that is for the other formats.
const MAX_ROWS: usize = 5_000;

/// What a page is about.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The report.
    pub report: &'a Report,
    /// Its parameters, those without a value left out.
    pub parameters: &'a [(String, String)],
    /// What was reported of, if it was a window.
    pub window: Option<Window>,
    /// What data was seen.
    pub seen: &'a Seen,
    /// What a reader has to know first: that something is missing, or was revised.
    pub notes: &'a [String],
    /// The answer.
    pub rows: &'a Rows,
}

impl Page<'_> {
    /// The page.
    #[must_use]
    pub fn html(&self) -> String {
        let mut out = String::with_capacity(16_384);
        self.head(&mut out);
        self.notes(&mut out);
        self.facts(&mut out);
        if let Some(chart) = &self.report.chart {
            self.chart(chart, &mut out);
        }
        self.table(&mut out);
        self.data(&mut out);
        let _ = write!(
            out,
            "<footer>Report <code>{}</code> by milepost {}</footer>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
            escaped(&self.report.name),
            env!("CARGO_PKG_VERSION")
        );
        out
    }

    fn head(&self, out: &mut String) {
        let policy = format!(
            "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
            hash(STYLE),
            hash(SCRIPT)
        );
        let title = escaped(&self.report.title);
        let _ = write!(
            out,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
             <body>\n<h1>{title}</h1>\n<p class=\"lead\">{}</p>\n",
            escaped(&self.report.description)
        );
    }

    fn notes(&self, out: &mut String) {
        for note in self.notes {
            let _ = writeln!(out, "<p class=\"note\">{}</p>", escaped(note));
        }
    }

    fn facts(&self, out: &mut String) {
        out.push_str("<dl class=\"facts\">\n");
        let mut fact = |name: &str, value: &str| {
            let _ = writeln!(out, "<div><dt>{}</dt><dd>{}</dd></div>", escaped(name), escaped(value));
        };
        if let Some(window) = self.window {
            let time = |instant: chrono::DateTime<chrono::Utc>| instant.format("%Y-%m-%d %H:%M:%S UTC").to_string();
            fact("from", &time(window.start));
            fact("to", &time(window.end));
        }
        let is_of_window = |name: &str| self.window.is_some() && matches!(name, "since" | "until");
        for (name, value) in self.parameters.iter().filter(|(name, _)| !is_of_window(name)) {
            fact(name, value);
        }
        fact("rows", &self.rows.texts.len().to_string());
        fact("lake version", &self.seen.lake_version.to_string());
        out.push_str("</dl>\n");
    }

    fn chart(&self, chart: &Chart, out: &mut String) {
        let column = |name: &String| self.rows.columns.iter().position(|column| column.name == *name);
        let Some(x) = column(&chart.x) else { return };
        let places = Places { x, y: chart.y.as_ref().and_then(column), by: chart.by.as_ref().and_then(column) };
        let drawn = match chart.kind {
            ChartKind::Time => time::draw(self.rows, places, chart.gaps),
            ChartKind::Bars => bars::draw(self.rows, places),
            ChartKind::Heat => heat::draw(self.rows, places),
        };
        if let Some(svg) = drawn {
            let what = chart.y.as_deref().unwrap_or("rows");
            let by = chart.by.as_ref().map(|by| format!(" and {by}")).unwrap_or_default();
            let caption = escaped(&format!("{what} by {}{by}", chart.x));
            let _ = write!(out, "<figure>\n<figcaption>{caption}</figcaption>\n{svg}</figure>\n");
        }
    }

    fn table(&self, out: &mut String) {
        let shown = self.rows.texts.len().min(MAX_ROWS);
        if shown < self.rows.texts.len() {
            let text =
                format!("The first {MAX_ROWS} of {} rows; the other formats have them all.", self.rows.texts.len());
            let _ = writeln!(out, "<p class=\"note\">{text}</p>");
        }
        out.push_str(
            "<p class=\"tools\"><label>Filter <input type=\"search\" id=\"filter\" autocomplete=\"off\"></label> \
             <output id=\"count\"></output></p>\n<div class=\"scroll\"><table id=\"rows\">\n<thead><tr>",
        );
        for column in &self.rows.columns {
            let kind = if column.kind == ColumnKind::Number { "number" } else { "text" };
            let _ = write!(
                out,
                "<th scope=\"col\" data-kind=\"{kind}\" class=\"{kind}\"><button type=\"button\">{}</button></th>",
                escaped(&column.name)
            );
        }
        out.push_str("</tr></thead>\n<tbody>\n");
        for row in &self.rows.texts[..shown] {
            out.push_str("<tr>");
            for (cell, column) in row.iter().zip(&self.rows.columns) {
                let class = if column.kind == ColumnKind::Number { " class=\"number\"" } else { "" };
                let _ = write!(out, "<td{class}>{}</td>", cell.as_deref().map(escaped).unwrap_or_default());
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</tbody>\n</table></div>\n");
        if shown == 0 {
            out.push_str("<p class=\"empty\">No rows.</p>\n");
        }
    }

    fn data(&self, out: &mut String) {
        let time = |instant: Option<chrono::DateTime<chrono::Utc>>| {
            instant.map_or("–".to_owned(), |instant| instant.format("%Y-%m-%d %H:%M:%S UTC").to_string())
        };
        let _ = write!(
            out,
            "<section><h2>Data</h2>\n<p>Version {} of the lake, with events from {} to {}. The newest of each account and \
             region:</p>\n<table class=\"data\">\n<thead><tr><th scope=\"col\">account</th><th scope=\"col\">region</th>\
             <th scope=\"col\">newest event</th></tr></thead>\n<tbody>\n",
            self.seen.lake_version,
            time(self.seen.first_event),
            time(self.seen.last_event)
        );
        for newest in &self.seen.newest {
            let name = |name: &Option<String>| escaped(name.as_deref().unwrap_or("–"));
            let (account, region) = (name(&newest.account), name(&newest.region));
            let _ =
                writeln!(out, "<tr><td>{account}</td><td>{region}</td><td>{}</td></tr>", time(Some(newest.event_time)));
        }
        out.push_str("</tbody>\n</table></section>\n");
    }
}

/// Columns of a chart, by their numbers.
#[derive(Debug, Clone, Copy)]
struct Places {
    x: usize,
    y: Option<usize>,
    by: Option<usize>,
}

impl Places {
    /// The number of a row; 1 if rows are counted, nothing if it has none.
    fn number(self, row: &[Option<String>]) -> Option<f64> {
        let Some(y) = self.y else { return Some(1.0) };
        row[y].as_ref()?.parse().ok().filter(|number: &f64| number.is_finite())
    }
}

/// Text that means nothing to HTML, in content and in attributes; control characters and what turns the direction of text
/// around are shown as escapes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in printable(text).chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_value_reaches_the_page_as_markup() {
        let hostile = "<script>alert('1')</script>\"&\u{202e}\u{1b}";
        assert_eq!(escaped(hostile), "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;\\u{202e}\\u001b");
    }
}
