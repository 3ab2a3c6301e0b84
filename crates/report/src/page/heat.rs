//! A field an hour and weekday, the darker the more.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use milepost_query::Rows;

use super::Places;
use super::scale::{at, label};

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const LEFT: f64 = 40.0;
const TOP: f64 = 18.0;
const WIDTH: f64 = 32.0;
const HEIGHT: f64 = 24.0;

pub(super) fn draw(rows: &Rows, places: Places) -> Option<String> {
    let mut fields: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    for row in &rows.texts {
        let whole = |place: usize| row[place].as_ref()?.parse::<usize>().ok();
        let (Some(hour), Some(day), Some(number)) = (whole(places.x), whole(places.by?), places.number(row)) else {
            continue;
        };
        if hour < 24 && (1..=7).contains(&day) {
            *fields.entry((day - 1, hour)).or_default() += number;
        }
    }
    let most = fields.values().copied().fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let (width, height) = (LEFT + 24.0 * WIDTH + 2.0, TOP + 7.0 * HEIGHT + 2.0);
    let mut svg = format!("<svg viewBox=\"0 0 {} {}\" role=\"img\">\n", at(width), at(height));
    for hour in (0..24).step_by(3) {
        let _ = writeln!(svg, "<text x=\"{}\" y=\"12\">{hour:02}</text>", at(LEFT + f64::from(hour) * WIDTH));
    }
    for (day, name) in DAYS.iter().enumerate() {
        let top = TOP + day as f64 * HEIGHT;
        let _ = writeln!(svg, "<text class=\"label\" x=\"0\" y=\"{}\">{name}</text>", at(top + 16.0));
        for hour in 0..24 {
            let number = fields.get(&(day, hour)).copied().unwrap_or(0.0);
            let _ = writeln!(
                svg,
                "<rect class=\"cell\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill-opacity=\"{:.2}\">\
                 <title>{name} {hour:02}:00: {}</title></rect>",
                at(LEFT + hour as f64 * WIDTH),
                at(top),
                at(WIDTH - 2.0),
                at(HEIGHT - 2.0),
                number.max(0.0) / most,
                label(number)
            );
        }
    }
    svg.push_str("</svg>\n");
    Some(svg)
}
