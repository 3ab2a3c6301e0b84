//! `milepost demo`: the one-minute tour on a generated archive.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use milepost_lake::{AsOf, Lake};
use milepost_query::Engine;
use milepost_query::output::{self, Format, Layout};
use milepost_report::Catalogue;
use milepost_store::StoreOptions;
use milepost_testkit::Archive;

use super::convert::{Filter, Job, convert};
use crate::args::DemoArgs;
use crate::diagnostics::ExitStatus;
use crate::printer::{Destination, Printer};
use crate::settings::{DEFAULT_LOOK_BACK_DAYS, threads};

/// Widest cell of the tour's tables: long enough for an ARN.
const CELL_WIDTH: usize = 60;
/// Reports that the tour runs, with how many rows of each.
const REPORTS: [(&str, &str); 3] = [("activity-by-service", "8"), ("console-logins", "5"), ("denied-calls", "5")];
const MEMORY_BYTES: usize = 128 * 1000 * 1000;

/// What the tour shows is its data, so all of it goes to stdout, in order.
pub(crate) async fn run(args: &DemoArgs, jobs: Option<u16>, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let mut out = Destination::open(None)?;
    let (archive, lake) = (text(&args.folder.join("archive"))?, text(&args.folder.join("lake"))?);
    generate(&args.folder.join("archive"), &mut out)?;

    writeln!(out, "\n$ milepost convert {archive} --lake {lake}")?;
    let sources = [archive];
    let job = Job {
        sources: &sources,
        lake: &lake,
        memory_bytes: MEMORY_BYTES,
        threads: threads(jobs),
        filter: Filter::default(),
        salvage: false,
        look_back_days: DEFAULT_LOOK_BACK_DAYS,
        redact: None,
        store: StoreOptions::default(),
        timings: None,
    };
    writeln!(out, "{}", convert(&job, printer).await?.text())?;

    let catalogue = Catalogue::load(None)?;
    let engine = Engine::open(&Lake::open(&lake, &StoreOptions::default()).await?, AsOf::Newest, threads(jobs)).await?;
    for (name, limit) in REPORTS {
        writeln!(out, "\n$ milepost report run {name} --param limit={limit} --lake {lake}")?;
        let report = catalogue.get(name)?;
        let given = [("limit".to_owned(), limit.to_owned())].into();
        let values = report.values(&given, std::time::SystemTime::now().into())?;
        let answer = engine.query(&report.sql, &values).await?;
        output::write(
            answer,
            Format::Table,
            Layout { max_cell_width: Some(CELL_WIDTH), ..Layout::default() },
            &mut out,
        )
        .await?;
    }
    writeln!(
        out,
        "\nWhat to try next:\n  \
         milepost report list\n  \
         milepost report run root-usage --lake {lake}\n  \
         milepost sql \"SELECT principal, count(*) AS n FROM events GROUP BY 1 ORDER BY n DESC LIMIT 5\" --lake {lake}\n  \
         milepost export --where \"event_name = 'StopLogging'\" --lake {lake}\n  \
         milepost convert /path/to/your/AWSLogs --lake my-lake"
    )?;
    out.finish()?;
    Ok(ExitStatus::Done)
}

fn generate(folder: &Path, out: &mut Destination) -> anyhow::Result<()> {
    if folder.exists() {
        return Ok(writeln!(out, "The archive in {} is there already", folder.display())?);
    }
    let written =
        Archive::default().write(folder).with_context(|| format!("cannot write the archive `{}`", folder.display()))?;
    writeln!(
        out,
        "Generated an organization's archive in {}: {} records in {} log files, {} of the\n\
         records delivered twice, with digest files and files of other services beside them",
        folder.display(),
        written.records,
        written.log_files,
        written.duplicates
    )?;
    Ok(())
}

fn text(path: &Path) -> anyhow::Result<String> {
    path.to_str().map(str::to_owned).with_context(|| format!("`{}` is not valid Unicode", path.display()))
}
