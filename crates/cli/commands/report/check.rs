//! `milepost report new` and `milepost report check`.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::Context as _;
use milepost_query::Engine;
use milepost_report::{Catalogue, check_folder, skeleton};

use super::print;
use crate::args::{ReportCheckArgs, ReportNewArgs};
use crate::diagnostics::{ExitStatus, Hinted};
use crate::printer::Printer;
use crate::settings::Settings;

/// Folder of reports if nothing says one.
const DEFAULT_FOLDER: &str = "reports";

pub(super) fn new(args: &ReportNewArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let legal = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
    if args.name.is_empty() || !args.name.chars().all(legal) {
        let message = format!("`{}` cannot name a report", args.name);
        let hint = "use a-z, 0-9 and `-`".to_owned();
        return Err(Hinted { message, hint, status: ExitStatus::WrongUsage }.into());
    }
    let folder = settings.reports(args.reports.reports.as_deref()).unwrap_or_else(|| PathBuf::from(DEFAULT_FOLDER));
    fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    let path = folder.join(format!("{}.sql", args.name));
    let made = fs::OpenOptions::new().write(true).create_new(true).open(&path);
    let written = made.and_then(|mut file| std::io::Write::write_all(&mut file, skeleton(&args.name).as_bytes()));
    written.with_context(|| format!("cannot make `{}`", path.display()))?;
    if Catalogue::load(None)?.get(&args.name).is_ok() {
        printer.say(&format!(
            "`{}` is also a shipped report: where this folder is in force, yours goes before it",
            args.name
        ));
    }
    let (path, folder) = (path.display(), folder.display());
    printer.say(&format!("made {path}; `milepost report run {} --reports {folder}` runs it", args.name));
    Ok(ExitStatus::Done)
}

pub(super) async fn check(
    args: &ReportCheckArgs,
    settings: &Settings,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let Some(folder) = args.folder.clone().or_else(|| settings.reports(None)) else {
        let message = "there is no folder of reports to check".to_owned();
        let hint = "name it: milepost report check my-reports".to_owned();
        return Err(Hinted { message, hint, status: ExitStatus::WrongUsage }.into());
    };
    let engine = Engine::empty().await?;
    let (checked, problems) = check_folder(&folder, &engine, SystemTime::now().into()).await?;
    if settings.json(args.json) {
        print(&(serde_json::to_string_pretty(&problems)? + "\n"))?;
    } else {
        for problem in &problems {
            printer.complain(&format!("error: {problem}"));
        }
        printer.say(&format!("{checked} reports, {} problems", problems.len()));
    }
    Ok(if problems.is_empty() { ExitStatus::Done } else { ExitStatus::Failed })
}
