//! Reads `--as-of`: a version of `events`, or a time.

use std::time::SystemTime;

use milepost_lake::AsOf;
use milepost_report::moment;

use crate::args::AsOfArgs;
use crate::diagnostics::{ExitStatus, Hinted};

/// The state of the lake that was asked for.
pub(super) fn as_of(args: &AsOfArgs) -> anyhow::Result<AsOf> {
    let Some(text) = args.as_of.as_deref().map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(AsOf::Newest);
    };
    if let Ok(version) = text.parse() {
        return Ok(AsOf::Version(version));
    }
    match moment::parse_instant(text, SystemTime::now().into()) {
        Some(instant) => Ok(AsOf::Instant(instant.timestamp_micros())),
        None => Err(Hinted {
            message: format!("`--as-of {text}` is no version and no time"),
            hint: "write it as 12 (`milepost lake history` lists the versions), 2026-03-01, 2026-03-01T12:00:00Z, or 7d for that long ago"
                .to_owned(),
            status: ExitStatus::WrongUsage,
        }
        .into()),
    }
}
