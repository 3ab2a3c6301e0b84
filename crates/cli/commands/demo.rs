//! `milepost demo`: the one-minute tour on a generated archive.

use std::path::Path;

use anyhow::Context as _;
use milepost_lake::Lake;
use milepost_query::output::{self, Format, Layout};
use milepost_query::{Engine, Parameters};
use milepost_report::Catalogue;
use milepost_testkit::Archive;

use super::convert::{Job, convert};
use crate::args::DemoArgs;
use crate::diagnostics::ExitStatus;
use crate::printer::{Destination, Printer};
use crate::settings::threads;

/// Reports that the tour runs, with how many rows of each.
const REPORTS: [(&str, &str); 3] = [("activity-by-service", "8"), ("console-logins", "5"), ("denied-calls", "5")];
const MEMORY_BYTES: usize = 128 * 1000 * 1000;

pub(crate) async fn run(args: &DemoArgs, jobs: Option<u16>, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let (archive, lake) = (args.folder.join("archive"), args.folder.join("lake"));
    let (archive, lake) = (text(&archive)?, text(&lake)?);
    generate(&args.folder.join("archive"), printer)?;

    printer.say(&format!("\n$ milepost convert {archive} --lake {lake}"));
    let sources = [archive];
    let job = Job { sources: &sources, lake: &lake, memory_bytes: MEMORY_BYTES, threads: threads(jobs) };
    printer.say(&convert(&job, printer).await?.text());

    let catalogue = Catalogue::load(None)?;
    let engine = Engine::open(&Lake::open(&lake).await?, threads(jobs)).await?;
    for (name, limit) in REPORTS {
        printer.say(&format!("\n$ milepost report run {name} --param limit={limit} --lake {lake}"));
        let report = catalogue.get(name)?;
        let given = [("limit".to_owned(), limit.to_owned())].into();
        let values = report.values(&given, std::time::SystemTime::now().into())?;
        print(&engine, &report.sql, &values).await?;
    }
    printer.say(&format!(
        "\nWhat to try next:\n  \
         milepost report list\n  \
         milepost report run root-usage --lake {lake}\n  \
         milepost sql \"SELECT principal, count(*) AS n FROM events GROUP BY 1 ORDER BY n DESC LIMIT 5\" --lake {lake}\n  \
         milepost export --where \"event_name = 'StopLogging'\" --lake {lake}\n  \
         milepost convert /path/to/your/AWSLogs --lake my-lake"
    ));
    Ok(ExitStatus::Done)
}

fn generate(folder: &Path, printer: &Printer) -> anyhow::Result<()> {
    if folder.exists() {
        printer.say(&format!("The archive in {} is there already", folder.display()));
        return Ok(());
    }
    let written =
        Archive::default().write(folder).with_context(|| format!("cannot write the archive `{}`", folder.display()))?;
    printer.say(&format!(
        "Generated an organization's archive in {}: {} records in {} log files, {} of them delivered twice,\n\
         with digest files and files of other services beside them",
        folder.display(),
        written.records,
        written.log_files,
        written.duplicates
    ));
    Ok(())
}

async fn print(engine: &Engine, sql: &str, parameters: &Parameters) -> anyhow::Result<()> {
    let mut out = Destination::open(None)?;
    let layout = Layout { max_cell_width: Some(60) };
    output::write(engine.query(sql, parameters).await?, Format::Table, layout, &mut out).await?;
    out.finish()
}

fn text(path: &Path) -> anyhow::Result<String> {
    path.to_str().map(str::to_owned).with_context(|| format!("`{}` is not valid Unicode", path.display()))
}
