//! Where the shell keeps what was typed: the folder that the system has for the state of programs.

use std::env;
use std::path::PathBuf;

/// Lines that are kept.
pub(super) const MAX_ENTRIES: usize = 2000;

/// The file with the history; nothing if the user has no home, or wants none (`MILEPOST_HISTORY=`).
pub(super) fn file() -> Option<PathBuf> {
    if let Some(path) = env::var_os("MILEPOST_HISTORY") {
        return (!path.is_empty()).then(|| PathBuf::from(path));
    }
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    // a relative path in these would make a folder wherever the user happens to be
    let state = set("XDG_STATE_HOME").filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(set("HOME")?.join(".local/state")))?;
    Some(state.join("milepost/history"))
}
