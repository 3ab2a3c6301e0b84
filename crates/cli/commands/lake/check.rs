//! `milepost lake check`: looks whether the lake is sound.

use std::io::Write as _;
use std::time::Instant;

use indicatif::{HumanBytes, HumanCount};
use milepost_lake::{CheckOptions, Checked, Lake, Severity};
use milepost_query::findings_answer;
use serde_json::json;

use crate::args::LakeCheckArgs;
use crate::commands::answer;
use crate::diagnostics::ExitStatus;
use crate::printer::{Destination, Printer};
use crate::settings::Settings;

pub(super) async fn run(args: &LakeCheckArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let started = Instant::now();
    let lake = Lake::open(&settings.lake, &settings.store).await?;
    let options = CheckOptions { is_deep: args.deep, threads: settings.threads };
    let checked = lake.check(options).await?;
    if settings.json(args.json) {
        let mut out = Destination::open(None)?;
        writeln!(out, "{}", serde_json::to_string_pretty(&as_json(&checked, started.elapsed().as_secs_f64()))?)?;
        out.finish()?;
    } else {
        let is_asked_for = args.output.format.is_some() || args.output.output.is_some();
        if is_asked_for || !checked.findings.is_empty() {
            answer::put(findings_answer(&checked.findings)?, settings, &args.output, printer).await?;
        }
        printer.say(&verdict(&checked));
    }
    Ok(if count(&checked, Severity::Error) == 0 { ExitStatus::Done } else { ExitStatus::Failed })
}

fn count(checked: &Checked, severity: Severity) -> usize {
    checked.findings.iter().filter(|finding| finding.severity == severity).count()
}

fn verdict(checked: &Checked) -> String {
    let (errors, warnings) = (count(checked, Severity::Error), count(checked, Severity::Warning));
    let (files, rows, bytes) = (HumanCount(checked.files), HumanCount(checked.rows), HumanBytes(checked.bytes));
    let looked = format!("{files} files, {rows} rows, {bytes}");
    match (errors, warnings) {
        (0, 0) => format!("the lake is sound: {looked}"),
        (0, warnings) => format!("the lake is sound, with {warnings} warnings: {looked}"),
        (errors, warnings) => format!("the lake is damaged, with {errors} errors and {warnings} warnings: {looked}"),
    }
}

fn as_json(checked: &Checked, seconds: f64) -> serde_json::Value {
    let findings = checked.findings.iter().map(|finding| {
        json!({
            "severity": finding.severity.name(), "table": finding.table.name(), "object": finding.object,
            "problem": finding.problem, "hint": finding.hint,
        })
    });
    json!({
        "sound": count(checked, Severity::Error) == 0,
        "errors": count(checked, Severity::Error),
        "warnings": count(checked, Severity::Warning),
        "notes": count(checked, Severity::Note),
        "files": checked.files,
        "rows": checked.rows,
        "bytes": checked.bytes,
        "seconds": seconds,
        "findings": findings.collect::<Vec<_>>(),
    })
}
