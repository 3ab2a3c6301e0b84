//! Turns records into rows.
//!
//! A record arrives as spans in the text it was read in. Each known member is appended to the builder of its column;
//! whatever has no column, or a value that its column cannot give back to the letter, goes into `extra` under the same
//! path. `milepost_schema::rebuild` is the way back. Nothing is copied but the values themselves.

mod columns;
mod extra;
mod fallbacks;
mod values;

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;

use ahash::RandomState;
use arrow_array::{ArrayRef, BooleanArray, RecordBatch, UInt64Array};
use arrow_schema::{ArrowError, SchemaRef};
use milepost_schema::{
    ACCOUNT, COLUMNS, DATE, EVENT_ID, EVENT_TIME, EXTRA, FALLBACKS, Kind, REDACTED, REGION, SOURCE_FILE,
    arrow::rows_schema, column_index,
};

use crate::redact::Redacted;
use crate::scan::{self, Member};
use crate::tree::{Child, Object, TREE, Tree};
use columns::{Builder, NullTexts, Scanned};
use extra::Extra;
pub(crate) use values::unescape;

/// Where the records being flattened come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    /// Name of the source object, for `source_file`.
    pub(crate) source_file: String,
    /// Region in the object's key, for records that do not say theirs.
    pub(crate) region: Option<String>,
    /// Account in the object's key, for records that do not say theirs.
    pub(crate) account: Option<String>,
}

/// What lay around one record, for records that do not say it themselves.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Hints<'a> {
    /// Account that the envelope names.
    pub(crate) account: Option<&'a str>,
    /// Region that the envelope names.
    pub(crate) region: Option<&'a str>,
    /// Time that the envelope names, in microseconds since 1970.
    pub(crate) time: Option<i64>,
}

/// One record to be flattened.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    pub(crate) text: &'a str,
    /// Spans of its members in `text`.
    pub(crate) members: &'a [Member],
    /// Members of objects inside of it, where [`Member::inner`] says.
    pub(crate) nested: &'a [Member],
    pub(crate) hints: Hints<'a>,
    /// What was taken out of it.
    pub(crate) redacted: Option<&'a Redacted>,
}

/// Appends records to one set of builders until a batch is taken.
pub(crate) struct Flattener {
    schema: SchemaRef,
    columns: Vec<Builder>,
    nulls: NullTexts,
    positions: Positions,
    /// Columns that got a value in the row at hand.
    filled: Vec<bool>,
    /// What each member is of the objects that are open, innermost last.
    roles: Vec<Role>,
    extra: Extra,
    scratch: String,
    /// `fallbacks` of the row at hand, as it grows.
    fallbacks: String,
    /// Makes the fingerprints.
    state: RandomState,
    /// Of each row, the fingerprint of its record's text.
    fingerprints: Vec<u64>,
    rows: usize,
    bytes: usize,
    /// Rows that turned out to be no rows; cut out when the batch is taken.
    withdrawn: Vec<usize>,
}

/// Columns that are filled from elsewhere than their own member.
struct Positions {
    event_time: usize,
    event_id: usize,
    aws_region: usize,
    recipient_account: usize,
    caller_account: usize,
    caller_arn: usize,
    issuer_account: usize,
    extra: usize,
    fallbacks: usize,
    redacted: usize,
    source_file: usize,
    region: usize,
    account: usize,
    date: usize,
}

/// What a member of an open object is.
#[derive(Debug, Clone, Copy)]
enum Role {
    /// The one of this number in [`crate::tree::Object`].
    Known(u8),
    Unknown,
    /// A later member has the same name.
    Shadowed,
}

impl Flattener {
    /// Flatteners of one run share `state`, so that one text has one fingerprint.
    pub(crate) fn new(state: RandomState) -> Self {
        let at = |name: &str| column_index(name).unwrap_or(0);
        Self {
            schema: rows_schema(),
            columns: COLUMNS.iter().map(|column| Builder::new(column.kind)).collect(),
            nulls: NullTexts::default(),
            positions: Positions {
                event_time: at(EVENT_TIME),
                event_id: at(EVENT_ID),
                aws_region: at("aws_region"),
                recipient_account: at("recipient_account_id"),
                caller_account: at("user_identity_account_id"),
                caller_arn: at("user_identity_arn"),
                issuer_account: at("session_issuer_account_id"),
                extra: at(EXTRA),
                fallbacks: at(FALLBACKS),
                redacted: at(REDACTED),
                source_file: at(SOURCE_FILE),
                region: at(REGION),
                account: at(ACCOUNT),
                date: at(DATE),
            },
            filled: vec![false; COLUMNS.len()],
            roles: Vec::new(),
            extra: Extra::default(),
            scratch: String::new(),
            fallbacks: String::new(),
            state,
            fingerprints: Vec::new(),
            rows: 0,
            bytes: 0,
            withdrawn: Vec::new(),
        }
    }

    /// Rows appended since the last batch was taken.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of record text behind those rows.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Appends a record.
    ///
    /// # Errors
    /// The reason, if the record cannot become a row; no row is left behind then.
    pub(crate) fn push(&mut self, record: Record<'_>, origin: &Origin) -> Result<(), String> {
        let members = record.members;
        self.roles.clear();
        let outcome = self.object(Tree::ROOT, record, members);
        self.derive(record, origin);
        self.filled.fill(false);
        let text = match (members.first(), members.last()) {
            (Some(first), Some(last)) => &record.text[first.key.range().start..last.value.range().end],
            _ => "",
        };
        self.bytes += text.len();
        self.fingerprints.push(self.fingerprint(text));
        if outcome.is_err() {
            self.withdrawn.push(self.rows);
        }
        self.rows += 1;
        outcome
    }

    /// Takes the rows appended so far as one batch.
    ///
    /// # Errors
    /// Only if the builders disagree with the schema, which is a bug.
    pub(crate) fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        let rows = std::mem::take(&mut self.rows);
        let fingerprints: ArrayRef = Arc::new(UInt64Array::from(std::mem::take(&mut self.fingerprints)));
        let columns = self.columns.iter_mut().map(|column| column.finish(rows, &mut self.nulls));
        let arrays = columns.chain([fingerprints]).collect();
        let batch = RecordBatch::try_new(self.schema.clone(), arrays)?;
        self.bytes = 0;
        if self.withdrawn.is_empty() {
            return Ok(batch);
        }
        let mut keep = vec![true; rows];
        for row in self.withdrawn.drain(..) {
            keep[row] = false;
        }
        arrow_select::filter::filter_record_batch(&batch, &BooleanArray::from(keep))
    }

    fn fingerprint(&self, text: &str) -> u64 {
        let mut hasher = self.state.build_hasher();
        hasher.write(text.as_bytes());
        hasher.finish()
    }

    /// Files the `members` of one object inside of `record`.
    fn object(&mut self, object: usize, record: Record<'_>, members: &[Member]) -> Result<(), String> {
        let known = TREE.object(object);
        if are_known_once(members) {
            return members.iter().try_for_each(|member| match member.number {
                Some(number) => self.known(known.child(number), record, *member),
                None => Ok(()),
            });
        }
        let first = self.roles.len();
        let outcome = self.assign_roles(known, record.text, members);
        for (at, member) in (first..).zip(members) {
            match self.roles[at] {
                Role::Shadowed => {}
                Role::Unknown => self.leave_over(record.text, *member),
                Role::Known(number) => self.known(known.child(number), record, *member)?,
            }
        }
        self.roles.truncate(first);
        outcome
    }

    /// Files a known member.
    fn known(&mut self, what: Child, record: Record<'_>, member: Member) -> Result<(), String> {
        match what {
            Child::Column { index, kind } => {
                self.value(index, kind, record.text, member);
                Ok(())
            }
            Child::Object(inner) => self.inner_object(inner, record, member),
        }
    }

    /// Puts the value of a member into its column, and into `extra` what the column cannot give back.
    fn value(&mut self, index: usize, kind: Kind, text: &str, member: Member) {
        let column = &mut self.columns[index];
        column.pad(self.rows);
        let value = &text[member.value.range()];
        let scanned = Scanned { text: value, spaced: member.value_spaced, escaped: member.value_escaped };
        let (filled, faithful) = column.append(kind, scanned, &mut self.scratch);
        self.filled[index] = filled;
        if !faithful {
            self.leave_over(text, member);
        }
    }

    fn inner_object(&mut self, object: usize, record: Record<'_>, member: Member) -> Result<(), String> {
        let text = record.text;
        let mut scanned = Vec::new();
        let members = match record.nested.get(member.inner.range()) {
            Some(noted @ [_, ..]) => noted,
            // it was not read as a part of a record, or has no members
            _ => match scan::members(text.as_bytes(), member.value.range().start, 0, &mut scanned) {
                Ok(_) => scanned.as_slice(),
                Err(_) => &[],
            },
        };
        if members.is_empty() {
            self.leave_over(text, member);
            return Ok(());
        }
        self.extra.enter(&text[member.key.range()]);
        let outcome = self.object(object, record, members);
        self.extra.leave();
        outcome
    }

    /// Looks up what each of the `members` of one object is. Of members with one name, the last counts.
    fn assign_roles(&mut self, known: &Object, text: &str, members: &[Member]) -> Result<(), String> {
        let first = self.roles.len();
        // a bit for each known member
        let mut seen = 0_u64;
        let mut last_unknown: HashMap<Cow<'_, str>, usize> = HashMap::new();
        let mut outcome = Ok(());
        for (at, member) in (first..).zip(members) {
            let Some(name) = name_of(text, *member) else {
                self.roles.push(Role::Shadowed);
                outcome = Err("a member's name is not valid Unicode".to_owned());
                continue;
            };
            let (role, earlier) = match member.number.or_else(|| known.number(name.as_bytes())) {
                Some(number) => {
                    let bit = 1_u64 << number;
                    let earlier = (seen & bit != 0).then(|| self.last_known(first, number)).flatten();
                    seen |= bit;
                    (Role::Known(number), earlier)
                }
                None => (Role::Unknown, last_unknown.insert(name, at)),
            };
            if let Some(shadowed) = earlier.and_then(|earlier| self.roles.get_mut(earlier)) {
                *shadowed = Role::Shadowed;
            }
            self.roles.push(role);
        }
        outcome
    }

    /// Where, from `first` on, the member of this number was found last.
    fn last_known(&self, first: usize, number: u8) -> Option<usize> {
        let mut roles = self.roles[first..].iter();
        let last = roles.rposition(|role| matches!(role, Role::Known(known) if *known == number));
        last.map(|at| first + at)
    }

    fn leave_over(&mut self, text: &str, member: Member) {
        let value = &text[member.value.range()];
        let key = &text[member.key.range()];
        if member.value_spaced {
            self.extra.put(key, &scan::minify(value));
        } else {
            self.extra.put(key, value);
        }
    }

    /// A column, ready for its value in the row at hand.
    fn column(&mut self, index: usize) -> &mut Builder {
        let column = &mut self.columns[index];
        column.pad(self.rows);
        self.filled[index] = true;
        column
    }
}

/// Whether the scanner knew all of the members, each of another name.
fn are_known_once(members: &[Member]) -> bool {
    // a bit for each known member
    let mut seen = 0_u64;
    members.iter().all(|member| {
        let bit = member.number.map_or(0, |number| 1 << number);
        let is_first = bit & !seen != 0;
        seen |= bit;
        is_first
    })
}

/// The decoded name of a member, or `None` if it is not valid Unicode.
fn name_of(text: &str, member: Member) -> Option<Cow<'_, str>> {
    let raw = &text[member.key.range()];
    if !member.key_escaped {
        return Some(Cow::Borrowed(raw));
    }
    let mut name = String::with_capacity(raw.len());
    values::unescape(raw, &mut name).then_some(Cow::Owned(name))
}

#[cfg(test)]
mod tests;
