//! Types as Trino writes them, for what JSON is cast to: `ARRAY(ROW(name VARCHAR, port BIGINT))`.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};

use super::scalar::instant_type;

/// Types in each other, at most; nobody writes more, and each takes a bit of the stack.
const MAX_DEPTH: usize = 32;
const MAX_DECIMAL: u8 = 38;

/// What a JSON value is taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The text of a scalar, else JSON text.
    Text,
    /// JSON text.
    Json,
    /// A number, a boolean or a time.
    Scalar(DataType),
    /// An array.
    List(Box<Shape>),
    /// An object whose names are not known.
    Map(Box<Shape>),
    /// An object with these members, or an array of their values.
    Row(Vec<(String, Shape)>),
}

impl Shape {
    /// Reads a type; `None` if it is none that JSON can be cast to.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut rest = Rest { text };
        let shape = rest.shape(0)?;
        rest.text.trim().is_empty().then_some(shape)
    }

    /// Names of the fields that `UNNEST` makes columns of.
    pub(crate) fn fields_of_elements(&self) -> Option<Vec<String>> {
        match self {
            Self::List(element) => match element.as_ref() {
                Self::Row(fields) => Some(fields.iter().map(|(name, _)| name.clone()).collect()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The type of its values.
    pub(super) fn data_type(&self) -> DataType {
        match self {
            Self::Text | Self::Json => DataType::Utf8,
            Self::Scalar(kind) => kind.clone(),
            Self::List(element) => DataType::List(Arc::new(Field::new_list_field(element.data_type(), true))),
            Self::Map(value) => {
                let entries = Field::new("entries", DataType::Struct(Self::entries(value)), false);
                DataType::Map(Arc::new(entries), false)
            }
            Self::Row(fields) => DataType::Struct(Self::fields(fields)),
        }
    }

    /// The fields of a map's entries.
    pub(super) fn entries(value: &Self) -> Fields {
        let key = Field::new("key", DataType::Utf8, false);
        Fields::from(vec![key, Field::new("value", value.data_type(), true)])
    }

    /// The fields of a struct.
    pub(super) fn fields(fields: &[(String, Self)]) -> Fields {
        fields.iter().map(|(name, shape)| Field::new(name, shape.data_type(), true)).collect()
    }
}

/// What is still to be read of a type.
struct Rest<'a> {
    text: &'a str,
}

impl Rest<'_> {
    fn shape(&mut self, depth: usize) -> Option<Shape> {
        let name = self.word()?.to_lowercase();
        if depth > MAX_DEPTH {
            return None;
        }
        match name.as_str() {
            "array" => {
                let close = self.open()?;
                let element = self.shape(depth + 1)?;
                self.closes(close).then(|| Shape::List(Box::new(element)))
            }
            "map" => {
                let close = self.open()?;
                // names of members are text
                if self.shape(depth + 1)? != Shape::Text || !self.takes(',') {
                    return None;
                }
                let value = self.shape(depth + 1)?;
                self.closes(close).then(|| Shape::Map(Box::new(value)))
            }
            "row" | "struct" => self.row(depth),
            scalar => self.scalar(scalar),
        }
    }

    fn row(&mut self, depth: usize) -> Option<Shape> {
        let close = self.open()?;
        let mut fields = Vec::new();
        loop {
            let before = self.text;
            // a name and a type, or a type alone
            let named = self.name().and_then(|name| {
                let _ = self.takes(':');
                Some((name, self.shape(depth + 1)?))
            });
            let field = match named {
                Some(field) => field,
                None => {
                    self.text = before;
                    (format!("field{}", fields.len()), self.shape(depth + 1)?)
                }
            };
            fields.push(field);
            if self.closes(close) {
                return Some(Shape::Row(fields));
            }
            if !self.takes(',') {
                return None;
            }
        }
    }

    fn scalar(&mut self, name: &str) -> Option<Shape> {
        let sizes = self.sizes()?;
        let kind = match name {
            "varchar" | "char" | "string" | "text" | "uuid" | "ipaddress" => return Some(Shape::Text),
            "json" => return Some(Shape::Json),
            "boolean" | "bool" => DataType::Boolean,
            "tinyint" => DataType::Int8,
            "smallint" => DataType::Int16,
            "integer" | "int" => DataType::Int32,
            "bigint" => DataType::Int64,
            "real" | "float" => DataType::Float32,
            "double" => {
                self.skips("precision");
                DataType::Float64
            }
            "decimal" | "numeric" => {
                let digits = sizes.first().copied().filter(|digits| (1..=MAX_DECIMAL).contains(digits));
                let scale = i8::try_from(sizes.get(1).copied().unwrap_or(0)).ok()?;
                DataType::Decimal128(if sizes.is_empty() { MAX_DECIMAL } else { digits? }, scale)
            }
            "date" => DataType::Date32,
            "timestamp" if self.skips("with") => {
                ["time", "zone"].iter().all(|word| self.skips(word)).then(instant_type)?
            }
            "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, None),
            _ => return None,
        };
        Some(Shape::Scalar(kind))
    }

    /// Numbers in parentheses, if there are any.
    fn sizes(&mut self) -> Option<Vec<u8>> {
        let mut sizes = Vec::new();
        if !self.takes('(') {
            return Some(sizes);
        }
        loop {
            // a text may be longer than any number here
            sizes.push(self.word()?.parse::<u32>().ok()?.try_into().unwrap_or(u8::MAX));
            if self.takes(')') {
                return Some(sizes);
            }
            if !self.takes(',') {
                return None;
            }
        }
    }

    /// A name: in lower case as Trino's are, unless it is quoted.
    fn name(&mut self) -> Option<String> {
        if self.takes('"') {
            let (name, rest) = self.text.split_once('"')?;
            self.text = rest;
            return Some(name.to_owned());
        }
        self.word().map(str::to_lowercase)
    }

    fn word(&mut self) -> Option<&str> {
        let text = self.text.trim_start();
        let end = text.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        self.text = rest;
        (!word.is_empty()).then_some(word)
    }

    fn skips(&mut self, wanted: &str) -> bool {
        let before = self.text;
        let found = self.word().is_some_and(|word| word.eq_ignore_ascii_case(wanted));
        if !found {
            self.text = before;
        }
        found
    }

    fn takes(&mut self, wanted: char) -> bool {
        match self.text.trim_start().strip_prefix(wanted) {
            Some(rest) => {
                self.text = rest;
                true
            }
            None => false,
        }
    }

    /// What closes what opens here.
    fn open(&mut self) -> Option<char> {
        match self.takes('(') {
            true => Some(')'),
            false => self.takes('<').then_some('>'),
        }
    }

    fn closes(&mut self, close: char) -> bool {
        self.takes(close)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_trino_are_read() {
        let text = |name: &str| (name.to_owned(), Shape::Text);
        let big = |name: &str| (name.to_owned(), Shape::Scalar(DataType::Int64));
        let list = |of| Shape::List(Box::new(of));
        let row = Shape::Row(vec![text("ipprotocol"), big("fromPort")]);
        assert_eq!(Shape::parse("ARRAY(ROW(ipProtocol VARCHAR(16), \"fromPort\" BIGINT))"), Some(list(row.clone())));
        assert_eq!(Shape::parse("array<struct<ipProtocol:string,\"fromPort\":bigint>>"), Some(list(row)));
        assert_eq!(Shape::parse("ROW(varchar, a bigint)"), Some(Shape::Row(vec![text("field0"), big("a")])));
        assert_eq!(Shape::parse("MAP(VARCHAR, ARRAY(JSON))"), Some(Shape::Map(Box::new(list(Shape::Json)))));
        let time = |kind| Some(Shape::Row(vec![("t".to_owned(), Shape::Scalar(kind))]));
        assert_eq!(Shape::parse("row(t timestamp(3) with time zone)"), time(instant_type()));
        assert_eq!(Shape::parse("row(t timestamp)"), time(DataType::Timestamp(TimeUnit::Microsecond, None)));
        let decimal = |digits, scale| Some(Shape::Scalar(DataType::Decimal128(digits, scale)));
        assert_eq!(Shape::parse("DECIMAL(10, 2)"), decimal(10, 2));
        assert_eq!(Shape::parse("double precision"), Some(Shape::Scalar(DataType::Float64)));
        for none in [
            "",
            "row(a)",
            "row()",
            "array",
            "array(",
            "array(a b)",
            "map(bigint, varchar)",
            "decimal(99)",
            "row(a varchar",
        ] {
            assert_eq!(Shape::parse(none), None, "{none}");
        }
        assert_eq!(Shape::parse(&("array(".repeat(1000) + "json" + &")".repeat(1000))), None);
    }
}
