//! Which texts of a record name the folders it is kept in.
//!
//! A record that says its region or account itself lies in the partition of that name, unless the text cannot name one. So who
//! looks for such a text needs no other partition; whatever changes here must keep that true of lakes that there are.

/// Longest region or account that becomes a folder. Real ones have 12 to 25 bytes; the columns `aws_region` and
/// `recipient_account_id` keep whatever a record says.
const MAX_BYTES: usize = 64;
/// Values that AWS puts where there is no account.
const NO_ACCOUNT: [&str; 3] = ["", "ANONYMOUS_PRINCIPAL", "anonymous"];

/// Whether a text names a region's folder.
#[must_use]
pub fn is_region(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_BYTES
}

/// Whether a text names an account's folder.
#[must_use]
pub fn is_account(text: &str) -> bool {
    !NO_ACCOUNT.contains(&text) && text.len() <= MAX_BYTES
}
