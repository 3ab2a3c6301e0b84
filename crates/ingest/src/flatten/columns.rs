//! One Arrow builder per column, and how a JSON value is put into it.

use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, Date32Builder, ListBuilder, StringBuilder, StructBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{Array as _, ArrayRef, new_null_array};
use arrow_schema::DataType;
use milepost_schema::arrow::{RESOURCE_FIELDS, resource_element, resource_fields};
use milepost_schema::{Kind, time};

use super::values::{Written, boolean, unescape};
use crate::scan;

/// The builder of one column.
pub(super) enum Builder {
    Text(StringBuilder),
    Bool(BooleanBuilder),
    Time(TimestampMicrosecondBuilder),
    Day(Date32Builder),
    Resources(Box<ListBuilder<StructBuilder>>),
}

/// A column is given this part more memory than the last one needed, and this part less than the last one had.
const SPARE: usize = 8;

/// A JSON value, and what the scanner saw in it.
#[derive(Clone, Copy)]
pub(super) struct Scanned<'a> {
    pub(super) text: &'a str,
    /// White space lies between its tokens.
    pub(super) spaced: bool,
    /// A string in it holds escapes.
    pub(super) escaped: bool,
}

/// What became of a value: whether the column has it now, and whether the column alone gives it back.
type Appended = (bool, bool);
const NOT_APPENDED: Appended = (false, false);

impl Builder {
    pub(super) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text | Kind::Json => Self::Text(StringBuilder::new()),
            Kind::Bool | Kind::BoolText => Self::Bool(BooleanBuilder::new()),
            Kind::Time => Self::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            Kind::Date => Self::Day(Date32Builder::new()),
            Kind::Resources => {
                let elements = StructBuilder::from_fields(resource_fields(), 0);
                Self::Resources(Box::new(ListBuilder::new(elements).with_field(resource_element())))
            }
        }
    }

    /// Appends a JSON value if the column can hold it.
    pub(super) fn append(&mut self, kind: Kind, value: Scanned<'_>, scratch: &mut String) -> Appended {
        match self {
            Self::Text(builder) if kind == Kind::Json => append_json(builder, value),
            Self::Text(builder) => append_text(builder, value, scratch),
            Self::Bool(builder) => {
                let Some((truth, written)) = boolean(value.text) else { return NOT_APPENDED };
                builder.append_value(truth);
                (true, written == if kind == Kind::Bool { Written::Bare } else { Written::Quoted })
            }
            Self::Time(builder) => append_time(builder, value, scratch),
            Self::Day(_) => NOT_APPENDED,
            Self::Resources(builder) => append_resources(builder, value.text, scratch),
        }
    }

    /// Appends nulls until there are `rows` rows.
    ///
    /// Most columns are null in most rows. So a row leaves alone what it has no value for, and the next value, or the end of
    /// the batch, makes up for it.
    #[inline]
    pub(super) fn pad(&mut self, rows: usize) {
        // padding by nothing would still make room for nulls
        if let missing @ 1.. = rows.saturating_sub(self.len()) {
            self.append_nulls(missing);
        }
    }

    fn append_nulls(&mut self, missing: usize) {
        match self {
            Self::Text(builder) => builder.append_nulls(missing),
            Self::Bool(builder) => builder.append_nulls(missing),
            Self::Time(builder) => builder.append_nulls(missing),
            Self::Day(builder) => builder.append_nulls(missing),
            Self::Resources(builder) => (0..missing).for_each(|_| builder.append_null()),
        }
    }

    #[inline]
    fn len(&self) -> usize {
        match self {
            Self::Text(builder) => builder.len(),
            Self::Bool(builder) => builder.len(),
            Self::Time(builder) => builder.len(),
            Self::Day(builder) => builder.len(),
            Self::Resources(builder) => builder.len(),
        }
    }

    /// Appends plain text to a text column.
    pub(super) fn append_text(&mut self, text: &str) {
        if let Self::Text(builder) = self {
            builder.append_value(text);
        }
    }

    /// Appends an instant, in microseconds since 1970, to a time column.
    pub(super) fn append_time(&mut self, micros: i64) {
        if let Self::Time(builder) = self {
            builder.append_value(micros);
        }
    }

    /// Appends a day, counted from 1970, to a date column.
    pub(super) fn append_day(&mut self, day: i32) {
        if let Self::Day(builder) = self {
            builder.append_value(day);
        }
    }

    /// The text appended last, which must not have been null.
    pub(super) fn last_text(&self) -> Option<&str> {
        let Self::Text(builder) = self else { return None };
        let [.., start, end] = builder.offsets_slice() else { return None };
        let bytes = builder.values_slice().get(usize::try_from(*start).ok()?..usize::try_from(*end).ok()?)?;
        std::str::from_utf8(bytes).ok()
    }

    /// The instant appended last, which must not have been null.
    pub(super) fn last_time(&self) -> Option<i64> {
        let Self::Time(builder) = self else { return None };
        builder.values_slice().last().copied()
    }

    /// Takes the column with its `rows` rows. What comes out holds no more memory than its values need: it waits long to be
    /// written.
    pub(super) fn finish(&mut self, rows: usize, nulls: &mut NullTexts) -> ArrayRef {
        if let Self::Text(builder) = self
            && builder.is_empty()
        {
            return nulls.of(rows);
        }
        self.pad(rows);
        let mut array: ArrayRef = match self {
            Self::Text(builder) => {
                // the next batch is about as large, and growing towards it would copy it several times
                let rows = room(builder.len(), builder.offsets_capacity());
                let bytes = room(builder.values_slice().len(), builder.values_capacity());
                let array = builder.finish();
                *builder = StringBuilder::with_capacity(rows, bytes);
                Arc::new(array)
            }
            Self::Bool(builder) => Arc::new(builder.finish()),
            Self::Time(builder) => Arc::new(builder.finish()),
            Self::Day(builder) => Arc::new(builder.finish()),
            Self::Resources(builder) => ArrayBuilder::finish(builder.as_mut()),
        };
        array.shrink_to_fit();
        array
    }
}

/// Room for the next batch of a column that used `used` of `had`. Batches differ, so what one did not need is given up slowly.
fn room(used: usize, had: usize) -> usize {
    (used + used / SPARE).max(had - had / SPARE)
}

/// Texts that are all null.
///
/// A column without a value costs four bytes a row in offsets that are all zero, and of the hundred columns of a batch most
/// are such: together a fifth of all memory. They share their zeros.
#[derive(Debug, Default)]
pub(super) struct NullTexts(Option<ArrayRef>);

impl NullTexts {
    fn of(&mut self, rows: usize) -> ArrayRef {
        match &self.0 {
            Some(texts) if texts.len() >= rows => texts.slice(0, rows),
            _ => self.0.insert(new_null_array(&DataType::Utf8, rows)).slice(0, rows),
        }
    }
}

/// JSON `null` counts as no value; it stays in `extra`.
fn append_json(builder: &mut StringBuilder, value: Scanned<'_>) -> Appended {
    if value.text == "null" {
        return NOT_APPENDED;
    }
    if value.spaced {
        builder.append_value(scan::minify(value.text));
    } else {
        builder.append_value(value.text);
    }
    (true, true)
}

/// A string is taken as its text; a number or a boolean as it was written, which only `extra` can give back.
fn append_text(builder: &mut StringBuilder, value: Scanned<'_>, scratch: &mut String) -> Appended {
    match value.text.as_bytes() {
        [b'"', ..] => {
            let (text, faithful) = string_text(value, scratch);
            builder.append_value(text);
            (true, faithful)
        }
        [b'{' | b'[' | b'n', ..] => NOT_APPENDED,
        _ => {
            builder.append_value(value.text);
            (true, false)
        }
    }
}

fn append_time(builder: &mut TimestampMicrosecondBuilder, value: Scanned<'_>, scratch: &mut String) -> Appended {
    if !value.text.starts_with('"') {
        let Some(micros) = time::parse_epoch(value.text) else { return NOT_APPENDED };
        builder.append_value(micros);
        return (true, false);
    }
    let (text, faithful) = string_text(value, scratch);
    let Some((micros, is_canonical)) = time::parse_exactly(text) else { return NOT_APPENDED };
    builder.append_value(micros);
    (true, faithful && is_canonical)
}

/// The text of a JSON string, and whether it is exactly what was written.
fn string_text<'a>(value: Scanned<'a>, scratch: &'a mut String) -> (&'a str, bool) {
    let raw = value.text.get(1..value.text.len() - 1).unwrap_or_default();
    if !value.escaped {
        return (raw, true);
    }
    scratch.clear();
    let faithful = unescape(raw, scratch);
    (scratch.as_str(), faithful)
}

/// Appends an array of resource objects. Elements of another shape leave the column null.
fn append_resources(builder: &mut ListBuilder<StructBuilder>, value: &str, scratch: &mut String) -> Appended {
    let Some(elements) = resource_elements(value) else { return NOT_APPENDED };
    let mut all_faithful = true;
    for element in &elements {
        all_faithful &= append_resource(builder.values(), value, element, scratch);
    }
    builder.append(true);
    (true, all_faithful)
}

/// The members of each element, or `None` if the value is not an array of objects.
fn resource_elements(value: &str) -> Option<Vec<Vec<scan::Member>>> {
    let bytes = value.as_bytes();
    if bytes.first() != Some(&b'[') {
        return None;
    }
    let mut elements = Vec::new();
    let mut at = scan::skip_space(bytes, 1);
    while bytes.get(at) == Some(&b'{') {
        let mut members = Vec::with_capacity(4);
        at = scan::members(bytes, at, 0, &mut members).ok()?;
        elements.push(members);
        at = scan::skip_space(bytes, at);
        if bytes.get(at) == Some(&b',') {
            at = scan::skip_space(bytes, at + 1);
        }
    }
    (bytes.get(at) == Some(&b']')).then_some(elements)
}

/// Appends one resource; says whether the four fields alone give it back.
fn append_resource(builder: &mut StructBuilder, text: &str, members: &[scan::Member], scratch: &mut String) -> bool {
    let mut values: [Option<Scanned<'_>>; 4] = [None; 4];
    let mut faithful = true;
    for member in members {
        let key = &text[member.key.range()];
        let value = &text[member.value.range()];
        let exact = RESOURCE_FIELDS.iter().position(|(_, name)| *name == key);
        let field = exact.or_else(|| (key == "arn").then_some(0));
        match field {
            Some(at) if value.starts_with('"') => {
                faithful &= exact.is_some() && values[at].is_none();
                values[at] = Some(Scanned { text: value, spaced: false, escaped: member.value_escaped });
            }
            _ => faithful = false,
        }
    }
    for (at, value) in values.into_iter().enumerate() {
        let Some(field) = builder.field_builder::<StringBuilder>(at) else { continue };
        match value {
            Some(value) => {
                let (text, exact) = string_text(value, scratch);
                field.append_value(text);
                faithful &= exact;
            }
            None => field.append_null(),
        }
    }
    builder.append(true);
    faithful
}
