//! Small numbers packed into bits: Parquet's hybrid of runs and packed groups, and its deltas.

/// Numbers in one packed group.
const GROUP: usize = 8;
/// Numbers in a block of deltas, and the miniblocks it is cut into.
const BLOCK: usize = 128;
const MINIBLOCKS: usize = 4;
const MINIBLOCK: usize = BLOCK / MINIBLOCKS;

/// Bits that the numbers up to `most` need.
pub(super) fn width_of(most: u32) -> u8 {
    // at most 32
    u8::try_from(u32::BITS - most.leading_zeros()).unwrap_or(32)
}

/// As [`width_of`].
fn width_of_long(most: u64) -> u8 {
    // at most 64
    u8::try_from(u64::BITS - most.leading_zeros()).unwrap_or(64)
}

/// Appends `values` of `width` bits each: what repeats as runs, the rest packed.
pub(super) fn hybrid(values: &[u32], width: u8, out: &mut Vec<u8>) {
    // values from `start` on wait to be packed, in whole groups, and a run begins where one would
    let (mut start, mut at) = (0, 0);
    while let Some(group) = values[at..].first_chunk::<GROUP>() {
        if *group != [group[0]; GROUP] {
            at += GROUP;
            continue;
        }
        let run = values[at..].iter().take_while(|value| **value == group[0]).count();
        packed(&values[start..at], width, out);
        repeated(group[0], run, width, out);
        at += run;
        start = at;
    }
    packed(&values[start..], width, out);
}

/// Appends a run of one value.
pub(super) fn repeated(value: u32, times: usize, width: u8, out: &mut Vec<u8>) {
    varint((times as u64) << 1, out);
    out.extend_from_slice(&value.to_le_bytes()[..usize::from(width).div_ceil(8)]);
}

fn packed(values: &[u32], width: u8, out: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    let groups = values.len().div_ceil(GROUP);
    varint((groups as u64) << 1 | 1, out);
    pack(values.iter().map(|value| u64::from(*value)), groups * GROUP, width, out);
}

/// Appends booleans, of which 1 is true, as PLAIN has them.
pub(super) fn plain(values: &[u32], out: &mut Vec<u8>) {
    pack(values.iter().map(|value| u64::from(*value)), values.len().next_multiple_of(8), 1, out);
}

/// Appends the bits of `values`, lowest first, and zeros until there are `count` of them. `count` is a multiple of eight.
fn pack(values: impl Iterator<Item = u64>, count: usize, width: u8, out: &mut Vec<u8>) {
    let width = u32::from(width);
    // eight numbers of any width are whole bytes
    let end = out.len() + count / 8 * width as usize;
    let (mut bits, mut used) = (0_u64, 0_u32);
    for value in values.take_while(|_| width > 0) {
        bits |= value << used;
        used += width;
        if used >= u64::BITS {
            out.extend_from_slice(&bits.to_le_bytes());
            used -= u64::BITS;
            // what did not fit
            bits = value.checked_shr(width - used).unwrap_or(0);
        }
    }
    out.extend_from_slice(&bits.to_le_bytes()[..used.div_ceil(8) as usize]);
    out.resize(end, 0);
}

/// Appends `values` as DELTA_BINARY_PACKED has them.
pub(super) fn deltas(values: &[i64], out: &mut Vec<u8>) {
    varint(BLOCK as u64, out);
    varint(MINIBLOCKS as u64, out);
    varint(values.len() as u64, out);
    zigzag(values.first().copied().unwrap_or(0), out);
    let all: Vec<i64> = values.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    for block in all.chunks(BLOCK) {
        let least = block.iter().copied().min().unwrap_or(0);
        zigzag(least, out);
        // differences wrap around, and readers add them up in the same way
        let above = |delta: &i64| delta.wrapping_sub(least).cast_unsigned();
        let widths: Vec<u8> =
            block.chunks(MINIBLOCK).map(|deltas| width_of_long(deltas.iter().map(above).max().unwrap_or(0))).collect();
        out.extend((0..MINIBLOCKS).map(|at| widths.get(at).copied().unwrap_or(0)));
        for (deltas, width) in block.chunks(MINIBLOCK).zip(widths) {
            pack(deltas.iter().map(above), MINIBLOCK, width, out);
        }
    }
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        // the low seven bits, and that more follow
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

fn zigzag(value: i64, out: &mut Vec<u8>) {
    varint((value.wrapping_shl(1) ^ (value >> 63)).cast_unsigned(), out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_short_and_groups_are_whole() {
        let mut out = Vec::new();
        hybrid(&[1; 100], 1, &mut out);
        assert_eq!(out, [200, 1, 1]);
        out.clear();
        hybrid(&[0, 1, 2, 3, 4, 5, 6, 7], 3, &mut out);
        assert_eq!(out, [3, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
        out.clear();
        // three numbers, five of a run that fill up their group, and the rest of the run
        hybrid(&[&[1, 2, 3][..], &[0; 13]].concat(), 2, &mut out);
        assert_eq!(out, [3, 0b0011_1001, 0, 16, 0]);
    }

    #[test]
    fn one_value_needs_no_bits() {
        let mut out = Vec::new();
        hybrid(&[0; 9], width_of(0), &mut out);
        assert_eq!(out, [18]);
        out.clear();
        hybrid(&[0; 3], width_of(0), &mut out);
        assert_eq!(out, [3]);
    }

    #[test]
    fn differences_of_any_size_are_packed() {
        let mut out = Vec::new();
        // differences of 1 and of 3 are 0 and 2 above the least
        deltas(&[5, 6, 9], &mut out);
        assert_eq!(out[..11], [128, 1, 4, 3, 10, 2, 2, 0, 0, 0, 0b1000]);
        assert_eq!(out.len(), 10 + MINIBLOCK * 2 / 8);
        out.clear();
        deltas(&[0, 1, i64::MIN + 1], &mut out);
        // the least difference takes ten bytes, and the other is 2⁶³ + 1 above it
        assert_eq!(out[15..19], [64, 0, 0, 0]);
        assert_eq!(out[19..], [vec![1, 0, 0, 0, 0, 0, 0, 128], vec![0; 8 * 31]].concat());
    }

    #[test]
    fn widths_hold_their_numbers() {
        let widths: Vec<u8> = [0, 1, 2, 3, 4, 255, 256, u32::MAX].into_iter().map(width_of).collect();
        assert_eq!(widths, [0, 1, 2, 2, 3, 8, 9, 32]);
    }
}
