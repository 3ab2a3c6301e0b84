//! Seeded values that look like AWS's.

use fastrand::Rng;

/// A UUID, as in event and request ids.
pub(crate) fn uuid(rng: &mut Rng) -> String {
    let (high, low) = (rng.u64(..), rng.u64(..));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}

/// `length` upper-case letters and digits, as in keys and unique ids.
pub(crate) fn code(rng: &mut Rng, length: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    (0..length).map(|_| char::from(LETTERS[rng.usize(..LETTERS.len())])).collect()
}

/// An address of the ranges kept for documentation.
pub(crate) fn address(rng: &mut Rng) -> String {
    let range = ["192.0.2", "198.51.100", "203.0.113"][rng.usize(..3)];
    format!("{range}.{}", rng.u8(1..40))
}

/// One of `values`, each with its weight.
pub(crate) fn weighted<'a, T>(rng: &mut Rng, values: &'a [(u32, T)]) -> &'a T {
    let total: u32 = values.iter().map(|(weight, _)| weight).sum();
    let mut left = rng.u32(..total);
    for (weight, value) in values {
        if left < *weight {
            return value;
        }
        left -= weight;
    }
    &values[0].1
}
