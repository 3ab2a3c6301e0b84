//! `milepost lake`: looks into the lake.

use milepost_lake::Lake;
use milepost_query::{Engine, Parameter, Parameters, drifting_fields, lake_info};

use super::answer::{self, Question};
use crate::args::{LakeCommand, LakeCommandArgs, LakeInfoArgs, LakeRejectsArgs};
use crate::diagnostics::ExitStatus;
use crate::printer::Printer;
use crate::settings::Settings;

const REJECTS: &str = "SELECT source_file, record_number, byte_offset, reason, raw, rejected_at
    FROM rejects
    WHERE contains(source_file, $source)
    ORDER BY source_file, record_number, byte_offset, reason";

pub(crate) async fn run(args: &LakeCommandArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match &args.command {
        LakeCommand::Info(args) => info(args, settings, printer).await,
        LakeCommand::Rejects(args) => rejects(args, settings, printer).await,
    }
}

async fn info(args: &LakeInfoArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let lake = Lake::open(&settings.lake, &settings.store).await?;
    let found = if args.fields {
        drifting_fields(&Engine::open(&lake, settings.threads).await?).await?
    } else {
        lake_info(&lake).await?
    };
    answer::put(found, settings.format()?, &args.output, printer).await?;
    Ok(ExitStatus::Done)
}

async fn rejects(args: &LakeRejectsArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let engine = Engine::open(&Lake::open(&settings.lake, &settings.store).await?, settings.threads).await?;
    let source = args.source.clone().unwrap_or_default();
    let parameters: Parameters = [("source".to_owned(), Parameter::Text(Some(source)))].into();
    let question = Question { sql: REJECTS, origin: None, parameters: &parameters, format: settings.format()? };
    answer::write(&engine, question, &args.output, printer).await?;
    Ok(ExitStatus::Done)
}
