//! What lasts from one question to the next: the engine, the format, where answers go.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::time::{Instant, SystemTime};

use milepost_query::output::{Expanded, Format};
use milepost_query::{Answer, Ask, Engine, Names, Parameters};
use milepost_report::Catalogue;

use super::meta::{Meta, Switch};
use crate::commands::answer::{self, Question, Target};
use crate::commands::told::Told;
use crate::diagnostics::{ExitStatus, Hinted, WrongQuery};
use crate::limits::Limits;
use crate::printer::{Destination, Printer};
use crate::settings::Settings;

/// Whether there is more to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Continue,
    Quit,
}

/// What lasts from one question to the next.
pub(super) struct Session<'a> {
    engine: Engine,
    target: Target,
    settings: &'a Settings,
    printer: &'a Printer,
    pub(super) limits: Limits,
    pub(super) parameters: Parameters,
    pub(super) ask: Ask,
    /// Whether summaries are JSON on stderr.
    pub(super) json: bool,
    /// Whether several answers may come, and nobody is there who could be asked.
    pub(super) is_script: bool,
    /// Whether something is told after each query; nothing: if a person watches.
    timing: Option<bool>,
    answers: u64,
    /// The format that is used again after an answer has gone to a file.
    usual_format: Option<Format>,
}

impl<'a> Session<'a> {
    pub(super) fn new(engine: Engine, target: Target, settings: &'a Settings, printer: &'a Printer) -> Self {
        Self {
            engine,
            target,
            settings,
            printer,
            limits: Limits::default(),
            parameters: Parameters::new(),
            ask: Ask::Rows,
            json: false,
            is_script: false,
            timing: None,
            answers: 0,
            usual_format: None,
        }
    }

    pub(super) fn printer(&self) -> &'a Printer {
        self.printer
    }

    /// Shows long answers a page at a time.
    pub(super) fn set_pages(&mut self, pages: bool) {
        self.target.pages = pages;
    }

    /// Names for completion.
    pub(super) async fn names(&self) -> Names {
        self.engine.names().await
    }

    /// Names of the reports, as far as they can be read.
    pub(super) fn report_names(&self) -> Vec<String> {
        let catalogue = Catalogue::load(self.settings.reports(None).as_deref());
        catalogue.map(|catalogue| catalogue.iter().map(|report| report.name.clone()).collect()).unwrap_or_default()
    }

    /// What the user sees when the shell begins.
    pub(super) fn greeting(&self) -> String {
        let version = env!("CARGO_PKG_VERSION");
        format!("milepost {version}, lake {} at version {}; \\? for help", self.settings.lake, self.engine.version())
    }

    /// Runs one statement. Errors show the place in `shown`, which has the statement at the same place.
    pub(super) async fn ask(&mut self, sql: &str, shown: &str, origin: Option<&str>) -> anyhow::Result<()> {
        // values that are given to a script need not be for each of its statements
        let parameters = if self.is_script { self.used_parameters(sql) } else { self.parameters.clone() };
        let question = Question { ask: self.ask, limits: self.limits, ..Question::new(sql, origin, &parameters) };
        let asked = self.answer(question).await;
        asked.map_err(|error| match error.downcast::<WrongQuery>() {
            Ok(wrong) => wrong.shown_in(shown).into(),
            Err(error) => error,
        })
    }

    fn used_parameters(&self, sql: &str) -> Parameters {
        let pieces: Vec<&str> = milepost_query::pieces(sql).into_iter().map(|(range, _)| &sql[range]).collect();
        let marks = pieces.iter().filter(|piece| **piece == "?").count();
        let is_used = |name: &str| {
            let is_mark = name.parse::<usize>().is_ok_and(|number| (1..=marks).contains(&number));
            is_mark || pieces.iter().any(|piece| piece.strip_prefix('$') == Some(name))
        };
        self.parameters
            .iter()
            .filter(|(name, _)| is_used(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    async fn answer(&mut self, question: Question<'_>) -> anyhow::Result<()> {
        self.check_output()?;
        let told = answer::ask(&self.engine, question, &self.target).await?;
        self.tell(&told)
    }

    /// A second answer would take the place of the first in the file.
    fn check_output(&mut self) -> anyhow::Result<()> {
        if let Some(output) = self.target.output.as_ref().filter(|_| self.is_script && self.answers > 0) {
            return Err(Hinted {
                message: format!("there is more than one answer for `{}`", output.display()),
                hint: "\\o FILE before a query names a file for its answer".to_owned(),
                status: ExitStatus::WrongUsage,
            }
            .into());
        }
        Ok(())
    }

    fn tell(&mut self, told: &Told) -> anyhow::Result<()> {
        if !told.is_statement {
            self.answers += 1;
            if !self.is_script {
                // one answer went to a file; the next is shown again
                self.set_output(None)?;
            }
        }
        if self.json {
            self.printer.complain(&serde_json::to_string(told)?);
        } else if self.timing.unwrap_or_else(|| std::io::stderr().is_terminal()) {
            self.printer.say(&told.text());
        }
        Ok(())
    }

    /// Does what a command says.
    pub(super) async fn command(&mut self, command: Meta) -> anyhow::Result<Flow> {
        match command {
            Meta::Quit => return Ok(Flow::Quit),
            Meta::Help => print(&Meta::help())?,
            Meta::Describe(None) => self.show(self.engine.list_tables()?).await?,
            Meta::Describe(Some(table)) => self.show(self.engine.describe(&table).await?).await?,
            Meta::Functions(text) => self.list_functions(text.as_deref()).await?,
            Meta::Timing(on) => {
                let now = self.timing.unwrap_or_else(|| std::io::stderr().is_terminal());
                let on = on.unwrap_or(!now);
                self.timing = Some(on);
                self.printer.say(&format!("timing is {}", if on { "on" } else { "off" }));
            }
            Meta::Pager(on) => {
                self.target.pages = on.unwrap_or(!self.target.pages);
                self.printer.say(&format!("pager is {}", if self.target.pages { "on" } else { "off" }));
            }
            Meta::Expanded(switch) => self.set_expanded(switch),
            Meta::Format(name) => self.set_format(name.as_deref())?,
            Meta::Output(path) => self.set_output(path)?,
            Meta::Report(None) => self.list_reports()?,
            Meta::Report(Some((name, pairs))) => self.run_report(&name, pairs).await?,
        }
        Ok(Flow::Continue)
    }

    async fn show(&self, answer: Answer) -> anyhow::Result<()> {
        let target = Target { output: None, ..self.target.clone() };
        answer::put_limited(answer, &target, Limits::default(), Instant::now()).await?;
        Ok(())
    }

    async fn list_functions(&self, text: Option<&str>) -> anyhow::Result<()> {
        let text = text.unwrap_or_default().to_lowercase();
        let names = self.names().await.functions;
        let found: Vec<String> = names.into_iter().filter(|name| name.contains(&text)).collect();
        print(&(found.join("\n") + "\n"))
    }

    fn set_expanded(&mut self, switch: Option<Switch>) {
        let expanded = match switch {
            Some(Switch::On) => Expanded::Always,
            Some(Switch::Off) => Expanded::Never,
            Some(Switch::Auto) => Expanded::Auto,
            None if self.target.layout.expanded == Expanded::Always => Expanded::Never,
            None => Expanded::Always,
        };
        self.target.layout.expanded = expanded;
        let word = match expanded {
            Expanded::Always => "on",
            Expanded::Never => "off",
            Expanded::Auto => "used where lines would be too long",
        };
        self.printer.say(&format!("expanded mode is {word}"));
    }

    fn set_format(&mut self, name: Option<&str>) -> anyhow::Result<()> {
        if let Some(name) = name {
            let format = name.parse::<Format>().map_err(|error| Hinted {
                message: error,
                hint: format!("there are: {}", Format::ALL.map(Format::name).join(", ")),
                status: ExitStatus::WrongUsage,
            })?;
            self.target.format = answer::format(self.target.output.as_deref(), Some(format), None)?;
        }
        self.printer.say(&format!("format is {}", self.target.format));
        Ok(())
    }

    fn set_output(&mut self, path: Option<String>) -> anyhow::Result<()> {
        self.answers = 0;
        let path = path.map(std::path::PathBuf::from);
        if let Some(path) = &path {
            self.settings.check_outside(path)?;
            check_folder(path)?;
            let usual = self.usual_format.unwrap_or(self.target.format);
            self.target.format = answer::format(Some(path), None, Some(usual))?;
            self.usual_format = Some(usual);
        } else if let Some(usual) = self.usual_format.take() {
            self.target.format = usual;
        } else if self.target.format.is_binary() {
            self.target.format = Format::Table;
        }
        self.target.output = path;
        Ok(())
    }

    fn list_reports(&self) -> anyhow::Result<()> {
        let catalogue = Catalogue::load(self.settings.reports(None).as_deref())?;
        let width = catalogue.iter().map(|report| report.name.len()).max().unwrap_or(0);
        let lines = catalogue.iter().map(|report| format!("{:width$}  {}\n", report.name, report.title));
        print(&lines.collect::<String>())
    }

    async fn run_report(&mut self, name: &str, pairs: Vec<(String, String)>) -> anyhow::Result<()> {
        let catalogue = Catalogue::load(self.settings.reports(None).as_deref())?;
        let report = catalogue.get(name)?;
        let given = report.given(&pairs)?;
        let parameters = report.values(&given, SystemTime::now().into())?;
        let question = Question {
            ask: self.ask,
            limits: self.limits,
            ..Question::new(&report.sql, Some(&report.origin), &parameters)
        };
        self.answer(question).await
    }
}

/// Says at once that an answer cannot be put there, and not after the query that takes long.
fn check_folder(path: &Path) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Some(folder) = folder.filter(|folder| !answer::is_remote(path) && !folder.is_dir()) else { return Ok(()) };
    Err(Hinted {
        message: format!("cannot write `{}`: there is no folder `{}`", path.display(), folder.display()),
        hint: "make the folder, or name another one; the answer goes where it went before".to_owned(),
        status: ExitStatus::WrongUsage,
    }
    .into())
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut out = Destination::open(None)?;
    out.write_all(text.as_bytes())?;
    out.finish()
}
