//! Ages as people write them: `400d`, `12h`, `52w`, `2y`.

use std::time::Duration;

use crate::diagnostics::{ExitStatus, Hinted};

const HOUR_SECONDS: u64 = 60 * 60;
const DAY_SECONDS: u64 = 24 * HOUR_SECONDS;

/// An age of whole hours, days, weeks or years of 365 days.
pub(super) fn parse(text: &str) -> anyhow::Result<Duration> {
    read(text).ok_or_else(|| {
        wrong(format!("`--older-than {text}` is no age"), "write it as 12h, 400d, 52w, or 2y for twice 365 days")
    })
}

fn read(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "h" => HOUR_SECONDS,
        "d" => DAY_SECONDS,
        "w" => 7 * DAY_SECONDS,
        "y" => 365 * DAY_SECONDS,
        _ => return None,
    };
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // nothing is older than what fits in here
    let limit = 10_000 * 365 * DAY_SECONDS;
    number.parse::<u64>().ok()?.checked_mul(seconds).filter(|age| *age <= limit).map(Duration::from_secs)
}

pub(super) fn wrong(message: String, hint: &str) -> anyhow::Error {
    Hinted { message, hint: hint.to_owned(), status: ExitStatus::WrongUsage }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_units() {
        assert_eq!(read("400d"), Some(Duration::from_secs(400 * DAY_SECONDS)));
        assert_eq!(read("12h"), Some(Duration::from_secs(12 * HOUR_SECONDS)));
        assert_eq!(read("2y"), read("730d"));
        assert_eq!(read(" 1w "), read("7d"));
        for wrong in ["", "d", "7", "-1d", "+1d", "1.5d", "7 d", "7m", "99999999y", "99999999999999999999d", "é"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
