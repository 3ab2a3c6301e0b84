//! Progress of long work: a bar on a terminal, a line now and then elsewhere.

use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};

use crate::printer::Printer;

/// Time between two lines where there is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(10);
/// Work shorter than this shows no bar.
const BAR_DELAY: Duration = Duration::from_millis(700);

/// Listing shorter than this shows nothing.
const LISTING_DELAY: Duration = Duration::from_secs(1);

/// Progress of a listing, of which nobody knows how long it takes.
pub(crate) struct ListingProgress<'a> {
    printer: &'a Printer,
    bar: Option<ProgressBar>,
    place: String,
    objects: usize,
    started: Instant,
    last_line: Instant,
}

impl<'a> ListingProgress<'a> {
    pub(crate) fn new(printer: &'a Printer, place: &str) -> Self {
        let now = Instant::now();
        Self { printer, bar: None, place: place.to_owned(), objects: 0, started: now, last_line: now }
    }

    /// Counts objects that were listed.
    pub(crate) fn add(&mut self, objects: usize) {
        self.objects += objects;
        let line = || format!("listing `{}`: {} objects", self.place, HumanCount(self.objects as u64));
        if self.printer.shows_progress() {
            if self.started.elapsed() >= LISTING_DELAY {
                self.bar.get_or_insert_with(ProgressBar::new_spinner).set_message(line());
            }
        } else if !self.printer.is_quiet() && self.last_line.elapsed() >= LINE_INTERVAL {
            self.last_line = Instant::now();
            self.printer.say(&line());
        }
    }

    /// Takes the line off the terminal.
    pub(crate) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Progress of work on data files.
pub(crate) struct FilesProgress<'a> {
    printer: &'a Printer,
    verb: &'static str,
    bar: Option<ProgressBar>,
    started: Instant,
    last_line: Instant,
}

impl<'a> FilesProgress<'a> {
    pub(crate) fn new(printer: &'a Printer, verb: &'static str) -> Self {
        let now = Instant::now();
        Self { printer, verb, bar: None, started: now, last_line: now }
    }

    /// Says how many of the files of a table are done.
    pub(crate) fn show(&mut self, table: &str, done: u64, all: u64) {
        if self.printer.shows_progress() {
            if self.bar.is_none() && self.started.elapsed() >= BAR_DELAY {
                let bar = ProgressBar::new(all);
                let template = "{msg} {bar:30} {human_pos}/{human_len} files  {eta} left";
                bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
                self.bar = Some(bar);
            }
            if let Some(bar) = &self.bar {
                bar.set_length(all);
                bar.set_position(done);
                bar.set_message(format!("{} `{table}`", self.verb));
            }
        } else if !self.printer.is_quiet() && self.last_line.elapsed() >= LINE_INTERVAL {
            self.last_line = Instant::now();
            self.printer.say(&format!("{} `{table}`: {}/{} files", self.verb, HumanCount(done), HumanCount(all)));
        }
    }

    /// Takes the bar off the terminal.
    pub(crate) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Progress of a conversion.
pub(crate) struct Progress<'a> {
    printer: &'a Printer,
    bar: Option<ProgressBar>,
    total_bytes: u64,
    total_files: usize,
    done_bytes: u64,
    done_files: usize,
    events: u64,
    started: Instant,
    last_line: Instant,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(printer: &'a Printer, total_files: usize, total_bytes: u64) -> Self {
        let now = Instant::now();
        Self {
            printer,
            bar: None,
            total_bytes,
            total_files,
            done_bytes: 0,
            done_files: 0,
            events: 0,
            started: now,
            last_line: now,
        }
    }

    /// Counts files and events that were read.
    pub(crate) fn add(&mut self, files: usize, bytes: u64, events: u64) {
        self.done_files += files;
        self.done_bytes += bytes;
        self.events += events;
        if self.printer.shows_progress() {
            self.show_bar();
        } else if !self.printer.is_quiet() && self.last_line.elapsed() >= LINE_INTERVAL {
            self.last_line = Instant::now();
            self.printer.say(&format!("converting: {}", self.line()));
        }
    }

    /// Takes the bar off the terminal.
    pub(crate) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn show_bar(&mut self) {
        if self.bar.is_none() && self.started.elapsed() >= BAR_DELAY {
            let bar = ProgressBar::new(self.total_bytes);
            let template = "{bar:30} {percent:>3}%  {msg}  {eta} left";
            bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bar = Some(bar);
        }
        if let Some(bar) = &self.bar {
            bar.set_position(self.done_bytes);
            bar.set_message(self.line());
        }
    }

    fn line(&self) -> String {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate"
        )]
        let rate = (self.events as f64 / self.started.elapsed().as_secs_f64().max(0.001)) as u64;
        format!(
            "{}/{} files, {} of {}, {} events, {} events/s",
            HumanCount(self.done_files as u64),
            HumanCount(self.total_files as u64),
            HumanBytes(self.done_bytes),
            HumanBytes(self.total_bytes),
            HumanCount(self.events),
            HumanCount(rate),
        )
    }
}
