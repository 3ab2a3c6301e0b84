//! `milepost export`: the original records, as they were, or the lake's columns in another format.

use std::io::Write as _;
use std::time::Instant;

use anyhow::Context as _;
use futures::{StreamExt as _, pin_mut};
use milepost_lake::Lake;
use milepost_query::output::{Format, Layout};
use milepost_query::{Answer, Engine, EngineOptions, QueryError};
use milepost_schema::rebuild::Rebuilder;

use super::answer::{Target, put_limited};
use super::as_of;
use crate::args::ExportArgs;
use crate::diagnostics::{ExitStatus, WrongQuery};
use crate::limits::Limits;
use crate::printer::{Destination, Printer};
use crate::settings::Settings;

/// One thread reads the files in their order, so that the same lake gives the same bytes.
const READ_THREADS: usize = 1;

pub(crate) async fn run(args: &ExportArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let started = Instant::now();
    let limits = Limits { timeout: settings.timeout(args.timeout.as_deref())? };
    let memory_bytes = settings.query_memory_bytes(args.memory.as_deref())?;
    let lake = Lake::open(&settings.lake, &settings.store).await?;
    let options = EngineOptions { memory_bytes, ..EngineOptions::new(READ_THREADS) };
    let engine = Engine::open_with(&lake, as_of(&args.as_of)?, options).await?;
    let output = settings.output(args.output.as_deref())?;
    let filter = args.filter.as_deref();
    let wrong = |error| WrongQuery::new(error, filter.unwrap_or_default(), Some("--where"));
    let answer = engine.records(filter).await.map_err(wrong)?.on_a_task();
    // whatever the name of the file, what is not said to be otherwise is records
    let by_extension = output.as_deref().and_then(Format::from_extension);
    let format = args.format.or(by_extension).unwrap_or(Format::Ndjson);
    let records = match format {
        Format::Ndjson | Format::Json => {
            let mut destination = Destination::open_anywhere(output.as_deref(), &settings.store).await?;
            match limits.run_since(started, write(answer, format, &mut destination)).await {
                Ok(records) => {
                    destination.finish()?;
                    records
                }
                Err(error) => {
                    destination.discard();
                    return Err(said_of(error, wrong));
                }
            }
        }
        format => {
            let store = settings.store.clone();
            let target = Target { format, output: output.clone(), layout: Layout::default(), store, pages: false };
            put_limited(answer, &target, limits, started).await.map_err(|error| said_of(error, wrong))?.rows
        }
    };
    if output.is_some() {
        printer.say(&format!("{records} records"));
    }
    Ok(ExitStatus::Done)
}

/// An error of the query, pointing into the condition.
fn said_of(error: anyhow::Error, wrong: impl Fn(QueryError) -> WrongQuery) -> anyhow::Error {
    match error.downcast::<QueryError>() {
        Ok(error) => wrong(error).into(),
        Err(error) => error,
    }
}

/// Writes the records themselves: one a line, or one array of them.
async fn write(answer: Answer, format: Format, out: &mut Destination) -> anyhow::Result<u64> {
    let batches = answer.into_batches();
    pin_mut!(batches);
    let is_array = format == Format::Json;
    let (mut records, mut line) = (0_u64, String::new());
    let mut put = |text: &str| out.write_all(text.as_bytes()).context("cannot write the records");
    if is_array {
        put("[")?;
    }
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let rebuilder = Rebuilder::new(&batch)?;
        for row in 0..batch.num_rows() {
            line.clear();
            if is_array && records > 0 {
                line.push_str(",\n");
            }
            rebuilder.write(row, &mut line)?;
            if !is_array {
                line.push('\n');
            }
            put(&line)?;
            records += 1;
        }
    }
    if is_array {
        put("]\n")?;
    }
    Ok(records)
}
