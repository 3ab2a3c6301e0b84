//! Lists for people: columns under each other, with a row of their names where a person reads them.

use std::io::IsTerminal as _;

/// The rows as lines, each column as wide as its widest cell. On a terminal, `names` stand above them.
pub(super) fn lines<const N: usize>(names: [&str; N], rows: Vec<[String; N]>) -> String {
    aligned(std::io::stdout().is_terminal().then_some(names), rows)
}

fn aligned<const N: usize>(names: Option<[&str; N]>, rows: Vec<[String; N]>) -> String {
    let names = names.filter(|_| !rows.is_empty()).map(|names| names.map(str::to_owned));
    let rows: Vec<[String; N]> = names.into_iter().chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let mut out = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_above_their_columns() {
        let rows = || vec![["ä", "1"].map(str::to_owned), ["long", ""].map(str::to_owned)];
        assert_eq!(aligned(None, rows()), "ä     1\nlong\n");
        assert_eq!(aligned(Some(["job", "n"]), rows()), "job   n\nä     1\nlong\n");
        assert_eq!(aligned(Some(["job", "n"]), Vec::new()), "", "names of nothing say nothing");
    }
}
