//! Which rows have a value, as pages say it before their values.

use parquet::schema::types::ColumnDescPtr;

use super::{bits, count};

/// The levels of a column without lists: `present` says for each row whether it has a value, or nothing if `values`, of so many
/// `rows`, says it all.
pub(super) fn flat(present: &[u32], values: usize, rows: usize, column: &ColumnDescPtr) -> Vec<u8> {
    let mut page = Vec::new();
    if column.max_def_level() > 0 {
        behind_length(&mut page, |page| match values {
            0 => bits::repeated(0, rows, 1, page),
            all if all == rows => bits::repeated(1, rows, 1, page),
            _ => bits::hybrid(present, 1, page),
        });
    }
    page
}

/// Appends levels up to `most`.
pub(super) fn append(levels: &[u32], most: u32, page: &mut Vec<u8>) {
    behind_length(page, |page| bits::hybrid(levels, bits::width_of(most), page));
}

/// Appends what `write` does, behind the number of its bytes.
fn behind_length(page: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = page.len();
    page.extend_from_slice(&[0; 4]);
    write(page);
    let length = count(page.len() - start - 4);
    page[start..start + 4].copy_from_slice(&length.to_le_bytes());
}
