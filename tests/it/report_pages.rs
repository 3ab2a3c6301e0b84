//! Reports as pages: what a browser makes of them, and what hostile values do not.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::reports::fixture;

fn page(name: &str, file: &str) -> (PathBuf, String) {
    let context = fixture();
    context.write("pages/readme", "");
    context.run(&["report", "run", name, "--output", file]).ended_with(0);
    let path = context.path(file);
    let html = std::fs::read_to_string(&path).unwrap();
    (path, html)
}

/// The page after its script ran, and what the browser had to say; nothing if there is no browser.
fn browsed(path: &Path) -> Option<(String, String)> {
    let browser = std::env::var("MILEPOST_TEST_CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(&browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", path.display()))
        .output();
    let Ok(output) = output else {
        assert!(std::env::var_os("MILEPOST_TEST_CHROMIUM").is_none(), "{browser} cannot be started");
        println!("skipped: there is no {browser}");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Some((String::from_utf8_lossy(&output.stdout).into_owned(), said))
}

#[test]
fn a_page_stands_alone_and_says_what_it_saw() {
    let (_, html) = page("activity-over-time", "pages/time.html");
    assert!(html.contains("default-src 'none'; style-src 'sha256-"), "a strict policy");
    for outside in ["http://", "https://", "src=", "@import", " style=", "onclick"] {
        assert!(!html.contains(outside), "{outside}");
    }
    for part in ["<h1>Activity over time</h1>", "<polyline class=\"line s0\"", "lake version", "<td>012345678901</td>"]
    {
        assert!(html.contains(part), "{part}");
    }
    let again = page("activity-over-time", "pages/again.html").1;
    assert_eq!(html, again, "the same data gives the same page");
}

#[test]
fn charts_are_drawn_for_every_kind() {
    assert!(page("noisy-events", "pages/bars.html").1.matches("class=\"bar\"").count() == 20);
    assert!(page("activity-by-weekday-and-hour", "pages/heat.html").1.matches("class=\"cell\"").count() == 7 * 24);
    assert!(page("errors-over-time", "pages/lines.html").1.contains("class=\"k2\""));
}

#[test]
fn hostile_values_stay_text() {
    let (path, html) = page("user-agents", "pages/agents.html");
    assert!(html.contains("&lt;script&gt;alert(document.domain)&lt;/script&gt;&quot;&#39; onload=x"));
    assert_eq!(html.matches("<script>").count(), 1, "its own");
    let Some((dom, _)) = browsed(&path) else { return };
    assert_eq!(dom.matches("<script>").count(), 1);
    assert!(!dom.contains("<img") && !dom.contains("onload=\""));
}

#[test]
fn a_browser_shows_pages_without_complaint() {
    for name in ["user-agents", "errors-over-time", "activity-by-weekday-and-hour", "data-gaps"] {
        let (path, html) = page(name, &format!("pages/browsed-{name}.html"));
        let Some((dom, said)) = browsed(&path) else { return };
        for complaint in ["CONSOLE", "Refused", "Content Security Policy", "Uncaught"] {
            assert!(!said.contains(complaint), "{name}: {said}");
        }
        // only the script writes the number of rows
        let rows = html.matches("</tr>").count() - html.matches("<thead>").count() - newest_rows(&html);
        assert!(dom.contains(&format!("<output id=\"count\">{rows} rows</output>")), "{name}: {rows}");
    }
}

/// Rows of the table of newest events.
fn newest_rows(html: &str) -> usize {
    html.split("class=\"data\"").nth(1).unwrap().matches("</tr>").count() - 1
}
