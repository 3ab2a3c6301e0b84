//! `milepost export`: the original records, as they were.

use std::io::Write as _;

use anyhow::Context as _;
use futures::{StreamExt as _, pin_mut};
use milepost_lake::Lake;
use milepost_query::Engine;
use milepost_schema::rebuild::Rebuilder;

use super::as_of;
use crate::args::ExportArgs;
use crate::diagnostics::{ExitStatus, WrongQuery};
use crate::printer::{Destination, Printer};
use crate::settings::Settings;

/// One thread reads the files in their order, so that the same lake gives the same bytes.
const READ_THREADS: usize = 1;

pub(crate) async fn run(args: &ExportArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let lake = Lake::open(&settings.lake, &settings.store).await?;
    let engine = Engine::open(&lake, as_of(&args.as_of)?, READ_THREADS).await?;
    let output = settings.output(args.output.as_deref());
    let mut destination = Destination::open_anywhere(output.as_deref(), &settings.store).await?;
    match write(&engine, args.filter.as_deref(), &mut destination).await {
        Ok(records) => {
            destination.finish()?;
            if output.is_some() {
                printer.say(&format!("{records} records"));
            }
            Ok(ExitStatus::Done)
        }
        Err(error) => {
            destination.discard();
            Err(error)
        }
    }
}

async fn write(engine: &Engine, filter: Option<&str>, out: &mut Destination) -> anyhow::Result<u64> {
    let wrong = |error| WrongQuery::new(error, filter.unwrap_or_default(), Some("--where"));
    let batches = engine.records(filter).await.map_err(wrong)?.into_batches();
    pin_mut!(batches);
    let (mut records, mut line) = (0, String::new());
    while let Some(batch) = batches.next().await {
        let batch = batch.map_err(wrong)?;
        let rebuilder = Rebuilder::new(&batch)?;
        for row in 0..batch.num_rows() {
            line.clear();
            rebuilder.write(row, &mut line)?;
            line.push('\n');
            out.write_all(line.as_bytes()).context("cannot write the records")?;
        }
        records += batch.num_rows() as u64;
    }
    Ok(records)
}
