//! Fills the columns that no member fills: lineage, partition columns, and what a record does not say where it should.
//!
//! For each of region, account, time and id there is a chain of places to look. A value that does not come from the first,
//! the record's own member, leaves a note in `fallbacks`, which also keeps it out of the rebuilt record.

use milepost_schema::{partition, time};

use super::{Flattener, Origin, Positions, Record};
use crate::classify::Object;

/// The record's own member.
const OWN: &str = "";
/// Places that a value may come from, as `fallbacks` names them.
const PATH: &str = "path";
const ENVELOPE: &str = "envelope";

/// Looks at one place for a value.
type Look<'a> = &'a dyn Fn() -> Option<&'a str>;

impl Flattener {
    /// Fills the columns that no member fills.
    pub(super) fn derive(&mut self, record: Record<'_>, origin: &Origin) {
        let Positions { extra, fallbacks, redacted, source_file, .. } = self.positions;
        self.fallbacks.clear();
        self.id(record);
        self.time(record);
        self.region(record, origin);
        self.account(record, origin);
        if let Some(text) = self.extra.take() {
            self.columns[extra].pad(self.rows);
            self.columns[extra].append_text(text);
        }
        if !self.fallbacks.is_empty() {
            self.fallbacks.push('}');
            self.columns[fallbacks].pad(self.rows);
            self.columns[fallbacks].append_text(&self.fallbacks);
        }
        if let Some(taken) = record.redacted {
            self.column(redacted).append_text(&taken.counts);
        }
        self.column(source_file).append_text(&origin.source_file);
    }

    /// Aggregated events spell the name of their id differently.
    fn id(&mut self, record: Record<'_>) {
        let at = self.positions.event_id;
        if self.filled[at] || is_redacted(record, "eventID") {
            return;
        }
        if let Some(id) = member_text(record, "eventId") {
            self.column(at).append_text(id);
            self.note("event_id", "eventId");
        }
    }

    /// Aggregated events have a window instead of a time, some exports a member of their own.
    fn time(&mut self, record: Record<'_>) {
        let Positions { event_time: at, date, .. } = self.positions;
        if !self.filled[at]
            && !is_redacted(record, "eventTime")
            && let Some((micros, origin)) = time_elsewhere(record)
        {
            self.column(at).append_time(micros);
            self.note("event_time", origin);
        }
        if let Some(micros) = self.filled[at].then(|| self.columns[at].last_time()).flatten() {
            self.column(date).append_day(time::day_of(micros));
        }
    }

    fn region(&mut self, record: Record<'_>, origin: &Origin) {
        let mut value = std::mem::take(&mut self.scratch);
        let is_redacted = is_redacted(record, "awsRegion");
        let own = || self.text_in(self.positions.aws_region);
        let path = || origin.region.as_deref().filter(|_| !is_redacted);
        let envelope = || record.hints.region.filter(|_| !is_redacted);
        let found = first_usable(
            &[(&own as Look<'_>, OWN), (&path, PATH), (&envelope, ENVELOPE)],
            partition::is_region,
            &mut value,
        );
        self.fill(self.positions.region, "region", &value, found);
        self.scratch = value;
    }

    fn account(&mut self, record: Record<'_>, origin: &Origin) {
        let Positions { account, recipient_account, caller_account, issuer_account, caller_arn, .. } = self.positions;
        let mut value = std::mem::take(&mut self.scratch);
        let chain: [(Look<'_>, _); 7] = [
            (&|| self.text_in(recipient_account), OWN),
            (&|| self.text_in(caller_account), "userIdentity.accountId"),
            (&|| self.text_in(issuer_account), "sessionIssuer.accountId"),
            (&|| self.text_in(caller_arn).and_then(account_in_arn), "userIdentity.arn"),
            (&|| member_text(record, "accountId"), "accountId"),
            (&|| origin.account.as_deref(), PATH),
            (&|| record.hints.account, ENVELOPE),
        ];
        // what was taken out must not come back from elsewhere
        let places = if is_redacted(record, "recipientAccountId") { 1 } else { chain.len() };
        let found = first_usable(&chain[..places], partition::is_account, &mut value);
        self.fill(account, "account", &value, found);
        self.scratch = value;
    }

    /// Fills a partition column and notes where the value was `found`, if not in the record's own member.
    fn fill(&mut self, at: usize, name: &str, value: &str, found: Option<&'static str>) {
        let Some(origin) = found else { return };
        self.column(at).append_text(value);
        if origin != OWN {
            self.note(name, origin);
        }
    }

    fn text_in(&self, column: usize) -> Option<&str> {
        self.filled[column].then(|| self.columns[column].last_text()).flatten()
    }

    fn note(&mut self, column: &str, origin: &str) {
        self.fallbacks.push(if self.fallbacks.is_empty() { '{' } else { ',' });
        for part in ["\"", column, "\":\"", origin, "\""] {
            self.fallbacks.push_str(part);
        }
    }
}

/// Whether rules took this member out of the record, so that nothing else may say what it said.
fn is_redacted(record: Record<'_>, member: &str) -> bool {
    record.redacted.is_some_and(|redacted| redacted.members.iter().any(|taken| taken == member))
}

/// Puts the first of a chain that can name a folder into `out` and says where it came from.
///
/// Most records say what they should in the first place, so the others are only looked at after it.
fn first_usable(
    chain: &[(Look<'_>, &'static str)],
    is_usable: fn(&str) -> bool,
    out: &mut String,
) -> Option<&'static str> {
    out.clear();
    chain.iter().find_map(|(look, origin)| {
        out.push_str(look().filter(|text| is_usable(text))?);
        Some(*origin)
    })
}

/// When it happened, for a record whose own member does not say it.
fn time_elsewhere(record: Record<'_>) -> Option<(i64, &'static str)> {
    let window = member_json(record, "timeWindow").and_then(|window| {
        let mut members = Vec::new();
        crate::scan::members(window.as_bytes(), 0, 0, &mut members).ok()?;
        let end = Object { bytes: window.as_bytes(), members: &members }.value("windowEnd")?;
        time::parse(std::str::from_utf8(end).ok()?.trim_matches('"'))
    });
    let stamp = || member_text(record, "@timestamp").and_then(time::parse);
    window
        .map(|micros| (micros, "timeWindow.windowEnd"))
        .or_else(|| stamp().map(|micros| (micros, "@timestamp")))
        .or_else(|| record.hints.time.map(|micros| (micros, ENVELOPE)))
}

fn member_json<'a>(record: Record<'a>, name: &str) -> Option<&'a str> {
    let value = Object { bytes: record.text.as_bytes(), members: record.members }.value(name)?;
    std::str::from_utf8(value).ok()
}

/// The text of a member that is a string without escapes.
fn member_text<'a>(record: Record<'a>, name: &str) -> Option<&'a str> {
    let text = member_json(record, name)?.strip_prefix('"')?.strip_suffix('"')?;
    (!text.contains('\\')).then_some(text)
}

/// The account in an ARN, its fifth part.
fn account_in_arn(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.split(':').nth(3).filter(|account| !account.is_empty())
}
