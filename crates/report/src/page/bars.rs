//! A bar a row, in the order of the answer.

use std::fmt::Write as _;

use milepost_query::Rows;

use super::scale::{at, label};
use super::{Places, escaped};

/// Bars that are drawn.
const MAX_BARS: usize = 20;
/// Height of one bar with the room around it.
const STEP: f64 = 20.0;
/// Room for names.
const LEFT: f64 = 260.0;
/// Longest bar.
const LENGTH: f64 = 540.0;
/// Longest name that fits, in characters.
const NAME_CHARS: usize = 40;

pub(super) fn draw(rows: &Rows, places: Places) -> Option<String> {
    let bars: Vec<(String, f64)> = rows
        .texts
        .iter()
        .filter_map(|row| Some((row[places.x].clone().unwrap_or_else(|| "(none)".to_owned()), places.number(row)?)))
        .take(MAX_BARS)
        .collect();
    let most = bars.iter().map(|(_, number)| *number).fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let height = STEP * bars.len() as f64 + 4.0;
    let mut svg = format!("<svg viewBox=\"0 0 900 {}\" role=\"img\">\n", at(height));
    for (number, (name, value)) in bars.iter().enumerate() {
        let top = STEP * number as f64 + 2.0;
        let middle = at(top + 12.0);
        let length = (value.max(0.0) / most * LENGTH).max(1.0);
        let short: String = match name.chars().count() > NAME_CHARS {
            true => name.chars().take(NAME_CHARS - 1).chain(['…']).collect(),
            false => name.clone(),
        };
        let _ = writeln!(
            svg,
            "<text class=\"label\" x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{}</text>\
             <rect class=\"bar\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"14\"><title>{}: {}</title></rect>\
             <text x=\"{}\" y=\"{middle}\">{}</text>",
            at(LEFT - 6.0),
            escaped(&short),
            at(LEFT),
            at(top + 1.0),
            at(length),
            escaped(name),
            label(*value),
            at(LEFT + length + 5.0),
            label(*value)
        );
    }
    svg.push_str("</svg>\n");
    Some(svg)
}
