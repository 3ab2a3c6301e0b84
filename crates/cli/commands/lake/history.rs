//! `milepost lake history`: how a table came to be.

use milepost_lake::{Lake, TableName};
use milepost_query::lake_history;

use crate::args::LakeHistoryArgs;
use crate::commands::answer;
use crate::diagnostics::ExitStatus;
use crate::printer::Printer;
use crate::settings::Settings;

pub(super) async fn run(args: &LakeHistoryArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let lake = Lake::open(&settings.lake, &settings.store).await?;
    let table = TableName::ALL.into_iter().find(|table| table.name() == args.table).unwrap_or(TableName::Events);
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let found = lake_history(&lake, table, limit).await?;
    answer::put(found, settings, &args.output, printer).await?;
    Ok(ExitStatus::Done)
}
