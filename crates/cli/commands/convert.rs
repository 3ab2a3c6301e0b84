//! `milepost convert`: from source objects to committed rows.
//!
//! Discovery lists what is there, the ledger says what is known, the pipeline reads the rest, the writer commits whenever
//! enough has gathered. A source is entered in the ledger only after its last row is committed; a run that dies in between
//! reads the source again, and its rows are recognised as delivered. So every record is in the lake once.

mod filter;
mod intake;
mod sources;
mod summary;
mod timings;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use milepost_ingest::pipeline::{
    self, DEFAULT_BATCH_BYTES, DEFAULT_BATCH_ROWS, DEFAULT_WINDOW_BYTES, MEMBER_MARK, PipelineError,
};
use milepost_ingest::{Carrier, Class, Discovery, Fetcher, Options, Piece, READER_VERSION, Rules, Source};
use milepost_lake::ledger::{Known, KnownFiles, Ledger, RunEntry};
use milepost_lake::{EventWriter, Lake, new_run_id};
use milepost_query::RowFilter;
use milepost_store::StoreOptions;
use milepost_timings::{Stage, Timings};

use crate::args::ConvertArgs;
use crate::diagnostics::{ExitStatus, Hinted};
use crate::printer::Printer;
use crate::progress::Progress;
use crate::settings::Settings;
pub(super) use filter::Filter;
use intake::Intake;
use sources::Sources;
pub(super) use summary::Summary;
use timings::StageSeconds;

/// Pieces read ahead of the writer, so that reading goes on while it commits.
const PIECES_AHEAD: usize = 8;
/// Rows wait to be committed in this many of [`MEMORY_PARTS`]. Besides them there are batches on their way, what the threads
/// read, and the files that are being written.
const ROWS_IN_MEMORY: usize = 11;
const MEMORY_PARTS: usize = 32;
/// A batch is at most this part of the memory, so that little memory is not used up by a few batches on their way.
const BATCHES_IN_MEMORY: usize = 128;
/// What reading threads hold of their texts is at most this part of the memory.
const WINDOWS_IN_MEMORY: usize = 8;
/// The least that a reading thread holds: shorter texts are read once.
const MIN_WINDOW_BYTES: usize = 1024 * 1024;

pub(crate) async fn run(args: &ConvertArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let job = Job {
        sources: &args.sources,
        lake: &settings.lake,
        memory_bytes: settings.memory_bytes(args.memory.as_deref())?,
        threads: settings.threads,
        filter: Filter::resolve(&settings.filter(&args.filter))?,
        salvage: settings.salvage(args.salvage),
        look_back_days: settings.look_back_days(args.look_back),
        store: settings.store.clone(),
        timings: args.timings.then(Timings::default),
        redact: settings.redact(args.redact.as_deref()).as_deref().map(RedactionFile::read).transpose()?,
    };
    let summary = convert(&job, printer).await?;
    if settings.json(args.json) {
        summary.print_json()?;
    } else {
        printer.say(&summary.text());
    }
    summary.status(&args.sources)
}

/// What to convert, and with what.
pub(super) struct Job<'a> {
    pub(super) sources: &'a [String],
    pub(super) lake: &'a str,
    pub(super) memory_bytes: usize,
    pub(super) threads: usize,
    pub(super) filter: Filter,
    pub(super) salvage: bool,
    /// Days behind the window in whose folders late deliveries are looked for.
    pub(super) look_back_days: u16,
    pub(super) redact: Option<RedactionFile>,
    pub(super) store: StoreOptions,
    /// Where the time is counted, if somebody wants to know.
    pub(super) timings: Option<Timings>,
}

/// Rules for what must not come into the lake, and the file they were read from.
pub(super) struct RedactionFile {
    path: String,
    rules: Arc<Rules>,
}

impl RedactionFile {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{name}`"))?;
        let rules = Rules::parse(&text, &|variable| std::env::var(variable).ok());
        let rules = rules.with_context(|| format!("the redaction rules in `{name}` cannot be used"))?;
        Ok(Self { path: name, rules: Arc::new(rules) })
    }
}

/// Converts, and says what happened.
pub(super) async fn convert(job: &Job<'_>, printer: &Printer) -> anyhow::Result<Summary> {
    let started = Instant::now();
    let started_micros = now_micros();
    // wrong conditions are found before anything is made
    let row_filter = job.filter.rows()?;
    let scope = job.filter.scope(job.look_back_days);
    let found = sources::find(job.sources, job.lake, scope, &job.store, printer).await?;
    timings::add(job.timings.as_ref(), Stage::List, started);
    let Discovery { sources, unreadable, left_out } = &found.discovery;
    if sources.is_empty() && unreadable.is_empty() && *left_out == 0 {
        return Err(nothing_there(job.sources));
    }
    let lake = Lake::open_or_create(job.lake, &job.store).await?;
    let run_id = new_run_id();
    let mut ledger = lake.ledger(&run_id).await?;
    let mut summary = Summary::new(lake.name(), &run_id, job.filter.text().is_some());
    let writer = lake.event_writer(&run_id).await?.with_timings(job.timings.clone());
    summary.folders_left_out = *left_out;
    let outcome = take_in(job, found, (writer, &mut ledger), row_filter, &mut summary, printer).await;
    summary.seconds = started.elapsed().as_secs_f64();
    summary.timings = job.timings.as_ref().map(StageSeconds::of);
    let word = match &outcome {
        Ok(()) if summary.is_complete() => "done",
        Ok(()) => "partial",
        Err(_) => "failed",
    };
    let entered = enter_run(&mut ledger, job, &summary, started_micros, word).await;
    // what went wrong first is what the user has to know
    outcome.and(entered)?;
    Ok(summary)
}

/// Reads what is new and commits it.
async fn take_in(
    job: &Job<'_>,
    found: Sources,
    (writer, ledger): (EventWriter, &mut Ledger),
    row_filter: Option<RowFilter>,
    summary: &mut Summary,
    printer: &Printer,
) -> anyhow::Result<()> {
    let started = Instant::now();
    let known = ledger.known(MEMBER_MARK).await?;
    let Sources { discovery, stores } = found;
    let (sources, unreadable) = select(discovery, &known, &job.filter, summary);
    timings::add(job.timings.as_ref(), Stage::List, started);
    let mut intake = Intake {
        sources: Arc::clone(&sources),
        writer,
        ledger,
        threads: job.threads,
        commit_bytes: job.memory_bytes / MEMORY_PARTS * ROWS_IN_MEMORY,
        waiting: Vec::new(),
        rejects: Vec::new(),
        reject_bytes: 0,
        counts: HashMap::new(),
        filter: job.filter.text(),
        row_filter,
        known_damage: None,
        known: &known,
        summary,
        timings: job.timings.as_ref(),
    };
    intake.unreadable(unreadable).await?;
    let mut progress = Progress::new(printer, sources.len(), sources.iter().map(|source| source.size).sum());
    let fetcher = sources::fetcher(&sources, stores, job.memory_bytes);
    let mut pieces = read(Arc::clone(&sources), fetcher, job);
    while let Some(piece) = pieces.recv().await {
        let piece = piece?;
        let done: Vec<_> = piece.finished.iter().filter(|outcome| !outcome.is_member).collect();
        let bytes = done.iter().map(|outcome| outcome.size).sum();
        let events = piece.batch.as_ref().map_or(0, |batch| batch.num_rows() as u64);
        progress.add(done.len(), bytes, events);
        intake.take(piece).await?;
    }
    intake.finish().await?;
    progress.finish();
    Ok(())
}

/// Leaves out what the ledger knows; gives the rest, and what is there but cannot be looked into.
fn select(
    discovery: Discovery,
    known: &KnownFiles,
    filter: &Filter,
    summary: &mut Summary,
) -> (Arc<Vec<Source>>, Vec<(String, String)>) {
    summary.files.found = (discovery.sources.len() + discovery.unreadable.len()) as u64;
    let Discovery { mut sources, unreadable, .. } = discovery;
    sources.retain_mut(|source| {
        let (uri, etag) = (source.uri(), known.etag(&source.etag.to_string()));
        let entry = known.get(&uri);
        let changed = entry.is_some_and(|entry| entry.size_bytes != source.size || entry.etag != etag);
        if changed {
            summary.add_changed(&uri);
        }
        let members = known.members(&uri).filter(|(_, entry)| entry.etag == etag);
        let (settled, open): (Vec<_>, Vec<_>) = members.partition(|(_, entry)| is_settled(entry, filter));
        match entry {
            Some(entry) if !changed && open.is_empty() && is_settled(entry, filter) => {
                summary.add_known(entry);
                false
            }
            _ => {
                let settled: HashSet<_> = settled.into_iter().map(|(uri, _)| uri.to_owned()).collect();
                source.settled = (!settled.is_empty()).then(|| Box::new(settled));
                true
            }
        }
    });
    (Arc::new(sources), unreadable)
}

/// Whether reading the object again would give nothing new: all of it was understood, or no newer version has come since;
/// and no filter left out what this run wants.
fn is_settled(entry: &Known, filter: &Filter) -> bool {
    let class = Carrier::named(&entry.carrier).map_or(Class::Other, Carrier::class);
    let is_understood = class != Class::Other && entry.rejected == 0;
    let has_all = entry.filtered == 0 || filter.wants_nothing_beyond(entry.filter.as_deref());
    has_all && (is_understood || entry.reader_version >= READER_VERSION)
}

/// Reads `sources` on threads of their own; pieces arrive in order.
fn read(
    sources: Arc<Vec<Source>>,
    fetcher: Option<Fetcher>,
    job: &Job<'_>,
) -> tokio::sync::mpsc::Receiver<Result<Piece, PipelineError>> {
    let batch_bytes = DEFAULT_BATCH_BYTES.min(job.memory_bytes / BATCHES_IN_MEMORY);
    let window_bytes = job.memory_bytes / WINDOWS_IN_MEMORY / job.threads.max(1);
    let options = Options {
        threads: job.threads,
        batch_rows: DEFAULT_BATCH_ROWS,
        batch_bytes,
        window_bytes: window_bytes.clamp(MIN_WINDOW_BYTES, DEFAULT_WINDOW_BYTES),
        salvage: job.salvage,
        rules: job.redact.as_ref().map(|redact| Arc::clone(&redact.rules)),
        fetcher,
        timings: job.timings.clone(),
    };
    let (send, receive) = tokio::sync::mpsc::channel(PIECES_AHEAD);
    std::thread::spawn(move || {
        for piece in pipeline::run(sources, options) {
            if send.blocking_send(piece).is_err() {
                return;
            }
        }
    });
    receive
}

async fn enter_run(
    ledger: &mut Ledger,
    job: &Job<'_>,
    summary: &Summary,
    started_micros: i64,
    outcome: &'static str,
) -> anyhow::Result<()> {
    let arguments = serde_json::json!({
        "sources": job.sources, "memory_bytes": job.memory_bytes, "threads": job.threads, "filter": job.filter,
        "salvage": job.salvage, "look_back_days": job.look_back_days, "redact": job.redact.as_ref().map(|redact| &redact.path),
    });
    let run = RunEntry {
        command: "convert".to_owned(),
        arguments: arguments.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_micros,
        outcome,
        read: summary.records.read,
        written: summary.records.written,
        duplicates: summary.records.duplicates,
        rejected: summary.records.rejected,
        filtered: summary.records.filtered,
        summary: serde_json::to_string(summary)?,
    };
    Ok(ledger.add_run(&run).await?)
}

fn nothing_there(sources: &[String]) -> anyhow::Error {
    let message = format!("there are no files in `{}`", sources.join("`, `"));
    let hint = "name a folder that holds CloudTrail log files, such as a copy of `AWSLogs/`".to_owned();
    Hinted { message, hint, status: ExitStatus::Failed }.into()
}

fn now_micros() -> i64 {
    let age = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(age.as_micros()).unwrap_or(i64::MAX)
}
