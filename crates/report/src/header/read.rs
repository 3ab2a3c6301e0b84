//! Reads a header part by part, so that all that is wrong with it is found at once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error, ValueDeserializer};

use super::text::{HeaderText, Place, Step};
use super::{HeaderFault, Report, is_name};
use crate::parameter::{ParameterHeader, ParameterType};

/// Keys of a header.
const KEYS: [&str; 9] = ["name", "title", "description", "tags", "columns", "params", "chart", "alert", "schedule"];
/// Those that no header may be without.
const NEEDED: [&str; 4] = ["name", "title", "description", "columns"];

/// What could be read of a header.
#[derive(Debug)]
pub(crate) struct Header {
    /// The report as far as it could be read.
    pub(crate) report: Report,
    /// What is wrong, in the order of the file, and then what is missing.
    pub(crate) faults: Vec<HeaderFault>,
    /// Whether its parameters and columns are right, so that its query can be looked at.
    pub(crate) is_askable: bool,
    /// What is there and could not be read.
    pub(crate) unread: Unread,
}

/// Keys of a header's sections that are there and could not be read. What is wrong with them is told; that they are not in
/// what was read must not be taken for that they are not there.
#[derive(Debug, Default)]
pub(crate) struct Unread(BTreeSet<(String, Option<String>)>);

impl Unread {
    fn add(&mut self, section: &str, key: Option<String>) {
        self.0.insert((section.to_owned(), key));
    }

    /// Whether something of the section could not be read.
    pub(crate) fn has_in(&self, section: &str) -> bool {
        self.0.iter().any(|(found, _)| found == section)
    }

    /// Whether that key of the section could not be read.
    pub(crate) fn has(&self, section: &str, key: &str) -> bool {
        self.0.contains(&(section.to_owned(), Some(key.to_owned())))
    }
}

/// Reads the header of a file; nothing if there is none.
pub(crate) fn read(text: &str, origin: &str) -> Option<Header> {
    let header = HeaderText::of(text)?;
    let (root, errors) = DeTable::parse_recoverable(header.toml());
    let mut reader = Reader {
        header: &header,
        faults: Vec::new(),
        missing: Vec::new(),
        has_columns: false,
        unread: Unread::default(),
    };
    errors.iter().for_each(|error| reader.error(error));
    let mut report = nameless(text, origin);
    // what follows a mistake of the syntax may be read as something else than was meant
    let is_toml = reader.faults.is_empty();
    if is_toml {
        reader.report(root.into_inner(), &mut report);
        reader.check(&report);
    }
    let Reader { mut faults, missing, unread, .. } = reader;
    faults.sort_by_key(HeaderFault::place);
    // what is there and wrong may be why something is missing
    faults.extend(missing);
    let of_query = |fault: &HeaderFault| fault.is_of_query;
    let is_askable = is_toml && !faults.iter().any(of_query);
    Some(Header { report, faults, is_askable, unread })
}

fn nameless(text: &str, origin: &str) -> Report {
    Report {
        name: String::new(),
        title: String::new(),
        description: String::new(),
        tags: Vec::new(),
        columns: Vec::new(),
        parameters: BTreeMap::new(),
        chart: None,
        alert: None,
        schedule: None,
        origin: origin.to_owned(),
        sql: text.to_owned(),
    }
}

struct Reader<'a> {
    header: &'a HeaderText,
    faults: Vec<HeaderFault>,
    /// Parts that are not there.
    missing: Vec<HeaderFault>,
    /// Whether it is known which columns there are.
    has_columns: bool,
    unread: Unread,
}

impl Reader<'_> {
    fn fault(&mut self, (line, column): Place, message: String, is_of_query: bool) {
        self.faults.push(HeaderFault { line, column, message, is_of_query });
    }

    fn error(&mut self, error: &Error) {
        let place = self.header.place(error.span().map_or(0, |span| span.start));
        self.fault(place, error.message().to_owned(), false);
    }

    fn report(&mut self, root: DeTable<'_>, report: &mut Report) {
        let mut missing = NEEDED.to_vec();
        for (key, value) in root {
            missing.retain(|needed| needed != key.get_ref());
            match key.get_ref().as_ref() {
                "name" => report.name = self.part("name", value, false).unwrap_or_default(),
                "title" => report.title = self.part("title", value, false).unwrap_or_default(),
                "description" => report.description = self.part("description", value, false).unwrap_or_default(),
                "tags" => report.tags = self.part("tags", value, false).unwrap_or_default(),
                "columns" => {
                    let columns = self.part("columns", value, true);
                    self.has_columns = columns.is_some();
                    report.columns = columns.unwrap_or_default();
                }
                "params" => self.parameters(value, report),
                "chart" => report.chart = self.part("chart", value, false),
                "alert" => report.alert = self.part("alert", value, false),
                "schedule" => report.schedule = self.part("schedule", value, false),
                unknown => {
                    let message = format!("unknown field `{unknown}`, expected one of `{}`", KEYS.join("`, `"));
                    self.fault(self.header.place(key.span().start), message, false);
                }
            }
        }
        for name in missing {
            let message = format!("missing field `{name}`");
            self.missing.push(HeaderFault { line: 1, column: 1, message, is_of_query: name == "columns" });
        }
    }

    fn parameters(&mut self, value: Spanned<DeValue<'_>>, report: &mut Report) {
        let span = value.span();
        let DeValue::Table(table) = value.into_inner() else {
            let message = "`params` has a section for each parameter: `[params.NAME]`".to_owned();
            return self.fault(self.header.place(span.start), message, true);
        };
        for (name, value) in table {
            // one that is wrong is still there for the query to name
            let unread = || ParameterHeader { kind: ParameterType::Text, default: None, description: String::new() };
            let header = self.part("params", value, true).unwrap_or_else(unread);
            report.parameters.insert(name.get_ref().clone().into_owned(), header);
        }
    }

    /// Reads the part called `section`. What is wrong in it is noted and taken out, so that the rest of it is looked at too.
    fn part<'de, T: Deserialize<'de>>(
        &mut self,
        section: &str,
        value: Spanned<DeValue<'de>>,
        is_of_query: bool,
    ) -> Option<T> {
        let mut value = value;
        let mut taken: Vec<String> = Vec::new();
        loop {
            let error = match T::deserialize(ValueDeserializer::from(value.clone())) {
                Ok(read) => return Some(read),
                Err(error) => error,
            };
            let message = error.message();
            if taken.iter().any(|key| message == format!("missing field `{key}`")) {
                // it is there, and wrong
                return None;
            }
            let span = error.span().unwrap_or_else(|| value.span());
            self.fault(self.header.place(span.start), message.to_owned(), is_of_query);
            let key = take_out(&mut value, &span);
            self.unread.add(section, key.clone());
            taken.push(key?);
        }
    }

    /// What the types alone do not say.
    fn check(&mut self, report: &Report) {
        let mut found: Vec<(Vec<Step<'_>>, String)> = Vec::new();
        if !report.name.is_empty() && !is_name(&report.name) {
            let message = format!("the name `{}` may only have a-z, 0-9 and `-`", report.name);
            found.push((vec![Step::Key("name")], message));
        }
        let columns = self.has_columns.then_some(report.columns.as_slice());
        let section = |name, path: &[Step<'static>]| [&[Step::Key(name)], path].concat();
        if let Some(chart) = &report.chart {
            let faults = chart.faults(columns, &self.unread).into_iter();
            found.extend(faults.map(|(key, message)| (section("chart", &[Step::Key(key)]), message)));
        }
        if let Some(alert) = &report.alert {
            let faults = alert.faults(columns).into_iter();
            found.extend(faults.map(|(path, message)| (section("alert", &path), message)));
        }
        if let Some(schedule) = &report.schedule {
            let faults = schedule.faults(&self.unread).into_iter();
            found.extend(faults.map(|(path, message)| (section("schedule", &path), message)));
        }
        for (path, message) in found {
            self.fault(self.header.find(&path), message, false);
        }
    }
}

/// Takes the member out of a table that holds the place of an error; gives its name. The same error would end every further
/// attempt.
fn take_out(value: &mut Spanned<DeValue<'_>>, error: &Range<usize>) -> Option<String> {
    let DeValue::Table(table) = value.get_mut() else { return None };
    let holds = |span: Range<usize>| span.start <= error.start && error.end <= span.end;
    let found = table.iter().find(|(key, value)| holds(key.span()) || holds(value.span()));
    let key = found.map(|(key, _)| key.clone())?;
    table.remove(&key);
    Some(key.into_inner().into_owned())
}

#[cfg(test)]
mod tests;
