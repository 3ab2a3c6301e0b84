//! Lines over time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use milepost_query::Rows;
use milepost_schema::time;

use super::gaps::{Line, Step, strokes};
use super::scale::{at, label, round_up};
use super::{Places, escaped};
use crate::chart::Gaps;

/// Lines that are drawn; what is in others is left to the table.
const MAX_LINES: usize = 8;
const LEFT: f64 = 56.0;
const TOP: f64 = 10.0;
const WIDTH: f64 = 820.0;
const HEIGHT: f64 = 200.0;
/// Lines across, beside the axis.
const STEPS: i32 = 4;

pub(super) fn draw(rows: &Rows, places: Places, gaps: Option<Gaps>) -> Option<String> {
    let (lines, times) = lines(rows, places);
    let (first, last) = (*times.first()?, *times.last()?);
    let step = Step::of(&times);
    let gaps = gaps.unwrap_or_else(|| usual_gaps(&lines));
    let most = round_up(lines.values().flat_map(BTreeMap::values).copied().fold(0.0, f64::max));
    let span = (last - first).max(1) as f64;
    let x = |micros: i64| LEFT + (micros - first) as f64 / span * WIDTH;
    let y = |number: f64| TOP + HEIGHT - number.max(0.0) / most * HEIGHT;
    let mut svg = format!("<svg viewBox=\"0 0 900 {}\" role=\"img\">\n", at(TOP + HEIGHT + 44.0));
    for step in 0..=STEPS {
        let number = most * f64::from(step) / f64::from(STEPS);
        let height = at(y(number));
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{height}\" y2=\"{height}\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            at(LEFT),
            at(LEFT + WIDTH),
            at(LEFT - 6.0),
            at(y(number) + 4.0),
            label(number)
        );
    }
    for (micros, anchor) in [(first, "start"), (first + (last - first) / 2, "middle"), (last, "end")] {
        let text = time::format_micros(micros);
        let text = text.get(..16).unwrap_or(&text).replace('T', " ");
        let height = at(TOP + HEIGHT + 16.0);
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{height}\" text-anchor=\"{anchor}\">{text}</text>", at(x(micros)));
    }
    let is_alone = lines.len() == 1;
    for (number, (name, line)) in lines.iter().enumerate() {
        for stroke in strokes(line, gaps, step, (first, last)) {
            let point = |(micros, value): &(i64, f64)| (at(x(*micros)), at(y(*value)));
            let points: Vec<(String, String)> = stroke.iter().map(point).collect();
            let _ = match points.as_slice() {
                // a line of one point would not be seen
                [(x, y)] => writeln!(svg, "<circle class=\"k{number}\" cx=\"{x}\" cy=\"{y}\" r=\"2.5\"/>"),
                points => {
                    let points: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
                    writeln!(svg, "<polyline class=\"line s{number}\" points=\"{}\"/>", points.join(" "))
                }
            };
        }
        if !is_alone {
            let left = LEFT + 100.0 * number as f64;
            let height = TOP + HEIGHT + 36.0;
            let _ = writeln!(
                svg,
                "<rect class=\"k{number}\" x=\"{}\" y=\"{}\" width=\"10\" height=\"10\"/><text class=\"label\" x=\"{}\" y=\"{}\">{}</text>",
                at(left),
                at(height - 9.0),
                at(left + 14.0),
                at(height),
                escaped(&name.chars().take(14).collect::<String>())
            );
        }
    }
    svg.push_str("</svg>\n");
    Some(svg)
}

/// Counts are zero where there is no row; of what is measured, nothing is known there.
fn usual_gaps(lines: &BTreeMap<String, Line>) -> Gaps {
    let is_count = |number: &f64| number.fract() == 0.0;
    if lines.values().flat_map(BTreeMap::values).all(is_count) { Gaps::Zero } else { Gaps::Break }
}

/// The lines with the most, by name, and the times of all.
fn lines(rows: &Rows, places: Places) -> (BTreeMap<String, Line>, BTreeSet<i64>) {
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    for row in &rows.texts {
        let (Some(number), Some(text)) = (places.number(row), &row[places.x]) else { continue };
        let day = || time::parse_day(text).map(|day| i64::from(day) * time::MICROS_PER_DAY);
        let Some(micros) = time::parse(text).or_else(day) else { continue };
        let name = places.by.map_or("", |by| row[by].as_deref().unwrap_or("(none)"));
        *lines.entry(name.to_owned()).or_default().entry(micros).or_default() += number;
    }
    let times = lines.values().flat_map(BTreeMap::keys).copied().collect();
    let mut sums: Vec<(f64, String)> =
        lines.iter().map(|(name, line)| (line.values().sum::<f64>(), name.clone())).collect();
    sums.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    for (_, name) in sums.iter().skip(MAX_LINES) {
        lines.remove(name);
    }
    (lines, times)
}

#[cfg(test)]
mod tests {
    use milepost_query::{Engine, Parameters};

    use super::*;

    /// The points of the strokes of a chart, as they stand in it.
    async fn drawn(rows: &str, gaps: Option<Gaps>) -> Vec<String> {
        let sql = format!("SELECT CAST(column1 AS TIMESTAMP) AS hour, column2 AS n FROM (VALUES {rows}) ORDER BY hour");
        let engine = Engine::empty().await.unwrap();
        let rows = Rows::collect(engine.query(&sql, &Parameters::new()).await.unwrap()).await.unwrap();
        let svg = draw(&rows, Places { x: 0, y: Some(1), by: None }, gaps).unwrap();
        let strokes = svg.lines().filter_map(|line| line.strip_prefix("<polyline class=\"line s0\" points=\""));
        strokes.map(|line| line.trim_end_matches("\"/>").to_owned()).collect()
    }

    #[tokio::test]
    async fn hours_without_events_are_no_slope() {
        let rows = "('2026-03-01T00:00:00', 10), ('2026-03-01T01:00:00', 10), ('2026-03-01T04:00:00', 5)";
        // an hour is a quarter of the width; zero is at the bottom
        let [count] = &drawn(rows, None).await[..] else { panic!("a line of counts is not interrupted") };
        assert_eq!(count, "56.0,10.0 261.0,10.0 466.0,210.0 671.0,210.0 876.0,110.0");
        let broken = drawn(rows, Some(Gaps::Break)).await;
        assert_eq!(broken, ["56.0,10.0 261.0,10.0"], "and a point for the other");
        let measured = rows.replace(", 5)", ", 5.5)").replace("10)", "10.0)");
        assert_eq!(drawn(&measured, None).await, ["56.0,10.0 261.0,10.0"]);
        let without_rhythm = rows.replace("T01:00:00", "T01:07:23");
        assert_eq!(drawn(&without_rhythm, None).await.len(), 1);
    }
}
