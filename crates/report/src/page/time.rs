//! Lines over time.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use milepost_query::Rows;
use milepost_schema::time;

use super::scale::{at, label, round_up};
use super::{Places, escaped};

/// Lines that are drawn; what is in others is left to the table.
const MAX_LINES: usize = 8;
const LEFT: f64 = 56.0;
const TOP: f64 = 10.0;
const WIDTH: f64 = 820.0;
const HEIGHT: f64 = 200.0;
/// Lines across, beside the axis.
const STEPS: i32 = 4;

/// Points of a line, by time in microseconds.
type Line = BTreeMap<i64, f64>;

pub(super) fn draw(rows: &Rows, places: Places) -> Option<String> {
    let lines = lines(rows, places);
    let times = || lines.values().flat_map(BTreeMap::keys).copied();
    let (first, last) = (times().min()?, times().max()?);
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
        let points: Vec<String> =
            line.iter().map(|(micros, value)| format!("{},{}", at(x(*micros)), at(y(*value)))).collect();
        let _ = writeln!(svg, "<polyline class=\"line s{number}\" points=\"{}\"/>", points.join(" "));
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

/// The lines with the most, by name.
fn lines(rows: &Rows, places: Places) -> BTreeMap<String, Line> {
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    for row in &rows.texts {
        let (Some(number), Some(text)) = (places.number(row), &row[places.x]) else { continue };
        let day = || time::parse_day(text).map(|day| i64::from(day) * time::MICROS_PER_DAY);
        let Some(micros) = time::parse(text).or_else(day) else { continue };
        let name = places.by.map_or("", |by| row[by].as_deref().unwrap_or("(none)"));
        *lines.entry(name.to_owned()).or_default().entry(micros).or_default() += number;
    }
    let mut sums: Vec<(f64, String)> =
        lines.iter().map(|(name, line)| (line.values().sum::<f64>(), name.clone())).collect();
    sums.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    for (_, name) in sums.iter().skip(MAX_LINES) {
        lines.remove(name);
    }
    lines
}
