//! `milepost schedule history`: the runs of reports, from the lake's `runs`.

use milepost_lake::{AsOf, Lake};
use milepost_query::{Engine, Parameter, Parameters};

use super::super::answer::{self, Question};
use crate::args::ScheduleHistoryArgs;
use crate::diagnostics::ExitStatus;
use crate::printer::Printer;
use crate::settings::Settings;

const SQL: &str = "SELECT
  started_at,
  json_get_str(arguments, 'job') AS job,
  json_get_str(arguments, 'report') AS report,
  json_get_str(arguments, 'window_start') AS window_start,
  json_get_str(arguments, 'window_end') AS window_end,
  json_get_str(summary, 'outcome') AS outcome,
  json_get_int(summary, 'rows') AS rows,
  json_get_int(summary, 'told') AS told,
  json_get_int(summary, 'seen', 'lake_version') AS lake_version,
  json_get_str(summary, 'error') AS error,
  json_as_text(summary, 'notes') AS notes
FROM runs
WHERE command = 'report' AND ($job IS NULL OR json_get_str(arguments, 'job') = $job)
ORDER BY started_at DESC, job
LIMIT $limit";

pub(super) async fn history(
    args: &ScheduleHistoryArgs,
    settings: &Settings,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let lake = Lake::open(&settings.lake, &settings.store).await?;
    let engine = Engine::open(&lake, AsOf::Newest, settings.threads).await?;
    let parameters: Parameters = [
        ("job".to_owned(), Parameter::Text(args.job.clone())),
        ("limit".to_owned(), Parameter::Integer(Some(i64::from(args.limit)))),
    ]
    .into();
    answer::write(&engine, Question::new(SQL, None, &parameters), settings, &args.output, printer).await?;
    Ok(ExitStatus::Done)
}
