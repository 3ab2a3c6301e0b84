//! `milepost lake`: looks into the lake, and looks after it. One file a verb, but for the questions, which are SQL.

mod age;
mod check;
mod compact;
mod expire;
mod history;
mod journal;
mod vacuum;

use milepost_lake::{AsOf, Lake};
use milepost_query::{Engine, Parameter, Parameters, drifting_fields, lake_gaps, lake_info, lake_partitions};

use super::answer::{self, Question};
use super::as_of;
use crate::args::{
    LakeCommand, LakeCommandArgs, LakeFilesArgs, LakeInfoArgs, LakeRejectsArgs, LakeRunsArgs, OutputArgs,
};
use crate::diagnostics::ExitStatus;
use crate::printer::Printer;
use crate::settings::Settings;

const REJECTS: &str = "SELECT source_file, record_number, byte_offset, reason, raw, rejected_at
    FROM rejects
    WHERE contains(source_file, $source)
    ORDER BY source_file, record_number, byte_offset, reason";

const FILES: &str = "SELECT uri, carrier, size_bytes, modified, records_read AS read, records_written AS written,
        records_duplicate AS duplicate, records_rejected AS rejected, records_filtered AS filtered, note, taken_at, run_id
    FROM files
    WHERE contains(uri, $source) AND starts_with(run_id, $run)
    ORDER BY taken_at, uri";

const RUNS: &str = "SELECT started_at, command, outcome, date_part('epoch', finished_at - started_at) AS seconds,
        records_read AS read, records_written AS written, records_duplicate AS duplicate, records_rejected AS rejected,
        records_filtered AS filtered, version, run_id
    FROM runs
    ORDER BY started_at DESC, run_id
    LIMIT $limit";

pub(crate) async fn run(args: &LakeCommandArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match &args.command {
        LakeCommand::Info(args) => info(args, settings, printer).await,
        LakeCommand::Files(args) => files(args, settings, printer).await,
        LakeCommand::Rejects(args) => rejects(args, settings, printer).await,
        LakeCommand::Runs(args) => runs(args, settings, printer).await,
        LakeCommand::History(args) => history::run(args, settings, printer).await,
        LakeCommand::Compact(args) => compact::run(args, settings, printer).await,
        LakeCommand::Expire(args) => expire::run(args, settings, printer).await,
        LakeCommand::Vacuum(args) => vacuum::run(args, settings, printer).await,
        LakeCommand::Check(args) => check::run(args, settings, printer).await,
    }
}

async fn info(args: &LakeInfoArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let lake = Lake::open(&settings.lake, &settings.store).await?;
    let as_of = as_of(&args.as_of)?;
    let found = if args.fields {
        drifting_fields(&Engine::open(&lake, as_of, settings.threads).await?).await?
    } else if args.partitions {
        lake_partitions(&lake, as_of).await?
    } else if args.gaps {
        lake_gaps(&lake, as_of).await?
    } else {
        lake_info(&lake, as_of).await?
    };
    answer::put(found, settings, &args.output, printer).await?;
    Ok(ExitStatus::Done)
}

async fn files(args: &LakeFilesArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let parameters = [text("source", args.source.as_deref()), text("run", args.run.as_deref())].into();
    ask(FILES, &parameters, &args.output, settings, printer).await
}

async fn rejects(args: &LakeRejectsArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let parameters = [text("source", args.source.as_deref())].into();
    ask(REJECTS, &parameters, &args.output, settings, printer).await
}

async fn runs(args: &LakeRunsArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let parameters = [("limit".to_owned(), Parameter::Integer(Some(args.limit.into())))].into();
    ask(RUNS, &parameters, &args.output, settings, printer).await
}

fn text(name: &str, value: Option<&str>) -> (String, Parameter) {
    (name.to_owned(), Parameter::Text(Some(value.unwrap_or_default().to_owned())))
}

/// Asks one of the questions above.
async fn ask(
    sql: &str,
    parameters: &Parameters,
    output: &OutputArgs,
    settings: &Settings,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let engine =
        Engine::open(&Lake::open(&settings.lake, &settings.store).await?, AsOf::Newest, settings.threads).await?;
    answer::write(&engine, Question::new(sql, None, parameters), settings, output, printer).await?;
    Ok(ExitStatus::Done)
}
