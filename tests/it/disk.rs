//! Disks that are full, and lakes that may not be written to: a clear error, and a lake that is as it was.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::compact::is_sound;
use crate::context::{Context, files_below, shared};

/// A user without any rights, if the tests run as one who may do everything.
const NOBODY: u32 = 65_534;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn rows(context: &Context) -> Value {
    context.run(&["sql", "SELECT count(*) AS n FROM events", "-F", "json"]).ended_with(0).json()[0]["n"].clone()
}

/// Runs the binary where no file can become larger than so many blocks of 512 bytes.
fn with_quota(context: &Context, blocks: u32, arguments: &[&str]) -> Output {
    let quota = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &quota, "sh", env!("CARGO_BIN_EXE_milepost")]).args(arguments).current_dir(context.path(""));
    command.output().unwrap()
}

#[test]
fn a_full_disk_is_an_error_and_the_next_run_goes_on() {
    let context = Context::new();
    let archive = shared().context.path("archive").display().to_string();
    let convert = ["convert", archive.as_str(), "--memory", "16MB"];
    // at one size the first table cannot be made, at another the first file not be written, at the last some can
    for blocks in [1, 8, 40, 80] {
        let output = with_quota(&context, blocks, &convert);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains("error: cannot "), "{stderr}");
        assert!(stderr.contains("File too large"), "{stderr}");
        assert!(stderr.contains("hint: what was committed stays; make room"), "{stderr}");
    }
    context.run(&convert).ended_with(0);
    assert_eq!(rows(&context), (shared().written.records - shared().written.duplicates) as u64);
    is_sound(&context);
    let before = rows(&context);
    let output = with_quota(&context, 8, &["lake", "compact"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert_eq!(rows(&context), before);
    is_sound(&context);
}

/// The binary where everybody finds it, run as somebody who is not root.
fn as_nobody(context: &Context, arguments: &[&str]) -> Output {
    let binary = context.path("milepost");
    if !binary.exists() {
        fs::copy(env!("CARGO_BIN_EXE_milepost"), &binary).unwrap();
        fs::set_permissions(context.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = Command::new(binary);
    command.args(arguments).current_dir(context.path(""));
    // root may write anywhere
    if fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0) {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.output().unwrap()
}

/// Takes or gives the right to write to a folder and everything in it.
fn set_writable(folder: &Path, is_writable: bool) {
    let mut paths = files_below(folder);
    let mut folders: Vec<_> = paths.iter().flat_map(|path| path.ancestors().skip(1).map(Path::to_path_buf)).collect();
    folders.retain(|path| path.starts_with(folder));
    paths.extend(folders);
    for path in paths {
        let mode = if path.is_dir() { 0o555 } else { 0o444 } | if is_writable { 0o200 } else { 0 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
}

#[test]
fn a_lake_that_may_not_be_written_to_can_be_read() {
    let context = Context::new();
    let record = |id: u32| crate::context::log(&[crate::time_travel::record(id, "2026-03-01", "eu-west-1")]);
    context.write("a.json", record(1));
    context.write("b.json", record(2));
    context.run(&["convert", "a.json"]).ended_with(0);
    set_writable(&context.path("lake"), false);
    for arguments in [
        &["convert", "b.json"][..],
        &["lake", "compact"],
        &["lake", "expire", "--older-than", "1d"],
        &["lake", "vacuum", "--older-than", "1h"],
    ] {
        let output = as_nobody(&context, arguments);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.contains("Permission denied"), "{arguments:?}: {stderr}");
        assert!(stderr.contains("hint: look who owns the folder"), "{arguments:?}: {stderr}");
    }
    for arguments in [
        &["sql", "SELECT event_id FROM events"][..],
        &["export"],
        &["lake", "info"],
        &["lake", "history"],
        &["lake", "check"],
    ] {
        let output = as_nobody(&context, arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    }
    set_writable(&context.path("lake"), true);
    assert_eq!(rows(&context), 1);
    is_sound(&context);
}

#[test]
fn a_lake_that_may_not_be_read_says_so() {
    let context = Context::new();
    context.write("a.json", crate::context::log(&[crate::time_travel::record(1, "2026-03-01", "eu-west-1")]));
    context.run(&["convert", "a.json"]).ended_with(0);
    let events = context.path("lake/events");
    fs::set_permissions(&events, fs::Permissions::from_mode(0o000)).unwrap();
    let output = as_nobody(&context, &["sql", "SELECT 1 FROM events"]);
    fs::set_permissions(&events, fs::Permissions::from_mode(0o755)).unwrap();
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.starts_with("error: cannot look into `./lake`\n") && stderr.contains("Permission denied"),
        "{stderr}"
    );
}

#[test]
fn an_answer_that_does_not_fit_says_where_there_should_be_room() {
    let context = &shared().context;
    for (query, format) in [("SELECT * FROM events", "csv"), ("SELECT 1 AS n", "csv"), ("SELECT 1 AS n", "table")] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_milepost"));
        command.args(["sql", query, "-F", format]).current_dir(context.path("")).stdout(full);
        let output = command.output().unwrap();
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.starts_with("error: cannot write the answer\n"), "{stderr}");
        assert!(stderr.contains("hint: make room where the answer goes"), "{stderr}");
        assert!(!stderr.contains("committed"), "{stderr}");
    }
}
