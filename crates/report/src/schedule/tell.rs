//! Tells the rows of a window that are news, to each receiver those that it was not told.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use futures::{StreamExt as _, stream};

use super::execute::full_text;
use crate::alert::{AlertRow, news};
use crate::delivery::{AT_ONCE, Delivery, MAX_ROWS, Message, ToldRow};
use crate::job::Job;
use crate::run::Ran;
use crate::state::Memory;
use crate::window::Window;

/// What messages are about.
pub(super) struct Telling<'a> {
    pub(super) job: &'a Job,
    pub(super) window: Window,
    pub(super) ran: &'a Ran,
    pub(super) outputs: &'a [String],
}

/// What became of the messages of a window.
#[derive(Default)]
pub(super) struct Told {
    /// Most rows that one receiver was told.
    pub(super) rows: usize,
    /// Why others were not told.
    pub(super) errors: Vec<String>,
}

/// Tells the rows that are news, to each receiver those that it was not told. That one cannot be told keeps no other from it;
/// the next attempt tells only those that were not.
pub(super) async fn tell(telling: &Telling<'_>, memory: &Memory) -> Told {
    let mut all = Told::default();
    let job = telling.job;
    let Some(rule) = job.report.alert.as_ref().filter(|_| !job.deliver.is_empty()) else { return all };
    let found = match rule.apply(&telling.ran.rows) {
        Ok(found) => found,
        Err(error) => return Told { errors: vec![error], ..all },
    };
    let mut keys = BTreeSet::new();
    // who is in the list twice is told once
    let receivers = job.deliver.iter().filter(|delivery| keys.insert(delivery.key()));
    let each: Vec<_> = receivers.map(|delivery| tell_one(telling, memory, delivery, &found)).collect();
    // one that does not answer keeps no other waiting
    let each: Vec<_> = stream::iter(each).buffered(AT_ONCE).collect().await;
    for told in each {
        match told {
            Ok(rows) => all.rows = all.rows.max(rows),
            Err(error) => all.errors.push(error),
        }
    }
    all
}

async fn tell_one(
    telling: &Telling<'_>,
    memory: &Memory,
    delivery: &Delivery,
    found: &[AlertRow],
) -> Result<usize, String> {
    let receiver = delivery.key();
    let mut told = memory.told(&receiver).await.map_err(|error| full_text(&error))?;
    let fresh = news(found.to_vec(), &told.iter().cloned().collect::<BTreeSet<_>>());
    if fresh.is_empty() {
        return Ok(0);
    }
    let rows: Vec<usize> = fresh.iter().map(|row| row.row).collect();
    delivery.send(&telling.message(&rows)).await?;
    told.extend(fresh.into_iter().map(|row| row.digest));
    memory.tell(&receiver, &told).await.map_err(|error| full_text(&error))?;
    Ok(rows.len())
}

impl Telling<'_> {
    /// The message about these rows of the answer.
    fn message(&self, rows: &[usize]) -> Message {
        let time = |instant: DateTime<Utc>| instant.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let (report, answer) = (&self.job.report, &self.ran.rows);
        let told = |row: &usize| {
            let cells = answer.columns.iter().zip(&answer.texts[*row]);
            ToldRow(cells.map(|(column, cell)| (column.name.clone(), cell.clone())).collect())
        };
        Message {
            job: self.job.name.clone(),
            report: report.name.clone(),
            title: report.title.clone(),
            when: report.alert.as_ref().map(|rule| rule.when.clone()).unwrap_or_default(),
            window_start: Some(time(self.window.start)),
            window_end: Some(time(self.window.end)),
            lake_version: self.ran.seen.lake_version,
            new_rows: rows.len(),
            rows_shown: rows.len().min(MAX_ROWS),
            truncated: rows.len() > MAX_ROWS,
            rows: rows.iter().take(MAX_ROWS).map(told).collect(),
            outputs: self.outputs.to_vec(),
            test: false,
        }
    }
}
