//! Types as Trino writes them behind `AS` of a cast: `ARRAY(ROW(name VARCHAR, port BIGINT))`.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};

use super::scalar::instant_type;

/// Types in each other, at most; nobody writes more, and each takes a bit of the stack.
const MAX_DEPTH: usize = 32;
const MAX_DECIMAL: u8 = 38;
/// What types are called, for hints.
pub(crate) const TYPE_NAMES: [&str; 18] = [
    "array",
    "bigint",
    "boolean",
    "char",
    "date",
    "decimal",
    "double",
    "integer",
    "ipaddress",
    "json",
    "map",
    "real",
    "row",
    "smallint",
    "timestamp",
    "tinyint",
    "uuid",
    "varchar",
];

/// What a value is taken for.
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
    /// An object whose names are not known: what they are, and the values.
    Map(Box<Shape>, Box<Shape>),
    /// An object with these members, or an array of their values.
    Row(Vec<(String, Shape)>),
}

/// What is wrong with the text of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrongType {
    /// Where, in bytes of the text.
    pub(crate) at: usize,
    /// What is wrong there.
    pub(crate) reason: String,
}

impl Shape {
    /// Reads a type.
    ///
    /// # Errors
    /// It is none that values can be cast to.
    pub(crate) fn parse(text: &str) -> Result<Self, WrongType> {
        let mut rest = Rest { whole: text, text };
        let shape = rest.shape(0)?;
        if rest.text.trim().is_empty() { Ok(shape) } else { Err(rest.wrong("the type ends before this")) }
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

    /// Whether it is a list, a map or a row.
    pub(crate) fn is_nested(&self) -> bool {
        matches!(self, Self::List(_) | Self::Map(_, _) | Self::Row(_))
    }

    /// Whether it is a number or a boolean.
    pub(crate) fn is_number_or_boolean(&self) -> bool {
        matches!(self, Self::Scalar(kind) if kind.is_numeric() || *kind == DataType::Boolean)
    }

    /// The type of its values.
    pub(super) fn data_type(&self) -> DataType {
        match self {
            Self::Text | Self::Json => DataType::Utf8,
            Self::Scalar(kind) => kind.clone(),
            Self::List(element) => DataType::List(Arc::new(Field::new_list_field(element.data_type(), true))),
            Self::Map(key, value) => {
                let entries = Field::new("entries", DataType::Struct(Self::entries(key, value)), false);
                DataType::Map(Arc::new(entries), false)
            }
            Self::Row(fields) => DataType::Struct(Self::fields(fields)),
        }
    }

    /// The fields of a map's entries.
    pub(super) fn entries(key: &Self, value: &Self) -> Fields {
        let key = Field::new("key", key.data_type(), false);
        Fields::from(vec![key, Field::new("value", value.data_type(), true)])
    }

    /// The fields of a struct.
    pub(super) fn fields(fields: &[(String, Self)]) -> Fields {
        fields.iter().map(|(name, shape)| Field::new(name, shape.data_type(), true)).collect()
    }
}

/// What is still to be read of a type.
struct Rest<'a> {
    whole: &'a str,
    text: &'a str,
}

impl<'a> Rest<'a> {
    /// Something is wrong at the next word.
    fn wrong(&self, reason: impl Into<String>) -> WrongType {
        WrongType { at: self.whole.len() - self.text.trim_start().len(), reason: reason.into() }
    }

    fn shape(&mut self, depth: usize) -> Result<Shape, WrongType> {
        if depth > MAX_DEPTH {
            return Err(self.wrong(format!("there are more than {MAX_DEPTH} types in each other")));
        }
        let before = self.text;
        let Some(word) = self.word() else { return Err(self.wrong("a type is missing")) };
        match word.to_lowercase().as_str() {
            "array" => {
                let close = self.open("ARRAY(VARCHAR)")?;
                let element = self.shape(depth + 1)?;
                self.closes(close)?;
                Ok(Shape::List(Box::new(element)))
            }
            "map" => self.map(depth),
            "row" | "struct" => self.row(depth),
            name => self.scalar(name).map_err(|wrong| match wrong {
                Some(wrong) => wrong,
                None => {
                    self.text = before;
                    self.wrong(format!("there is no type `{word}`"))
                }
            }),
        }
    }

    fn map(&mut self, depth: usize) -> Result<Shape, WrongType> {
        let close = self.open("MAP(VARCHAR, VARCHAR)")?;
        let before = self.text;
        let key = self.shape(depth + 1)?;
        if key != Shape::Text && !key.is_number_or_boolean() {
            self.text = before;
            return Err(self.wrong("the keys of a MAP are text, numbers or booleans"));
        }
        if !self.takes(',') {
            return Err(self.wrong("a MAP has two types: MAP(VARCHAR, VARCHAR)"));
        }
        let value = self.shape(depth + 1)?;
        self.closes(close)?;
        Ok(Shape::Map(Box::new(key), Box::new(value)))
    }

    fn row(&mut self, depth: usize) -> Result<Shape, WrongType> {
        let close = self.open("ROW(name VARCHAR)")?;
        let mut fields = Vec::new();
        loop {
            let before = self.text;
            let field = match self.named(depth) {
                Ok(field) => field,
                // a type alone: by its place among the fields
                Err((wrong, is_named)) => {
                    self.text = before;
                    let alone = self.shape(depth + 1).map_err(|alone| if is_named { wrong.clone() } else { alone })?;
                    (format!("field{}", fields.len()), alone)
                }
            };
            fields.push(field);
            if self.takes(',') {
                continue;
            }
            self.closes(close)?;
            return Ok(Shape::Row(fields));
        }
    }

    /// A name and a type; with an error, whether a type is there behind a name.
    fn named(&mut self, depth: usize) -> Result<(String, Shape), (WrongType, bool)> {
        let Some(name) = self.name() else { return Err((self.wrong("a field is missing"), false)) };
        let has_type = self.takes(':') || self.text.trim_start().starts_with(|first: char| first.is_alphabetic());
        match self.shape(depth + 1) {
            Ok(shape) => Ok((name, shape)),
            Err(wrong) => Err((wrong, has_type)),
        }
    }

    /// A type of one word; without a reason, there is none of that name.
    fn scalar(&mut self, name: &str) -> Result<Shape, Option<WrongType>> {
        let before = self.text;
        let sizes = self.sizes().map_err(Some)?;
        let kind = match name {
            "varchar" | "char" | "string" | "text" | "uuid" | "ipaddress" => return Ok(Shape::Text),
            "json" => return Ok(Shape::Json),
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
                // the name is what it is read from
                let at = self.whole.len() - before.len() - name.len();
                decimal(&sizes).map_err(|reason| Some(WrongType { at, reason }))?
            }
            "date" => DataType::Date32,
            "timestamp" if self.skips("with") => {
                let zone = ["time", "zone"].iter().all(|word| self.skips(word));
                if !zone {
                    return Err(Some(self.wrong("it is called TIMESTAMP WITH TIME ZONE")));
                }
                instant_type()
            }
            "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, None),
            _ => return Err(None),
        };
        Ok(Shape::Scalar(kind))
    }

    /// Numbers in parentheses, if there are any.
    fn sizes(&mut self) -> Result<Vec<u32>, WrongType> {
        let mut sizes = Vec::new();
        if !self.takes('(') {
            return Ok(sizes);
        }
        loop {
            let before = self.text;
            match self.word().and_then(|word| word.parse().ok()) {
                Some(size) => sizes.push(size),
                None => {
                    self.text = before;
                    return Err(self.wrong("a number is missing"));
                }
            }
            if !self.takes(',') {
                self.closes(')')?;
                return Ok(sizes);
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

    fn word(&mut self) -> Option<&'a str> {
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
    fn open(&mut self, example: &str) -> Result<char, WrongType> {
        match self.takes('(') {
            true => Ok(')'),
            false if self.takes('<') => Ok('>'),
            false => Err(self.wrong(format!("it says not of what: {example}"))),
        }
    }

    fn closes(&mut self, close: char) -> Result<(), WrongType> {
        if self.takes(close) { Ok(()) } else { Err(self.wrong(format!("`{close}` or a comma is missing in the type"))) }
    }
}

/// `DECIMAL(digits, digits behind the point)`.
fn decimal(sizes: &[u32]) -> Result<DataType, String> {
    let digits = sizes.first().copied().unwrap_or(MAX_DECIMAL.into());
    let behind = sizes.get(1).copied().unwrap_or(0);
    match (u8::try_from(digits), i8::try_from(behind)) {
        (Ok(1..=MAX_DECIMAL), Ok(scale)) if behind <= digits => {
            Ok(DataType::Decimal128(u8::try_from(digits).unwrap_or(MAX_DECIMAL), scale))
        }
        (Ok(1..=MAX_DECIMAL), _) => Err(format!("a DECIMAL of {digits} digits has not {behind} behind the point")),
        _ => Err(format!("a DECIMAL has 1 to {MAX_DECIMAL} digits, not {digits}")),
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
        assert_eq!(Shape::parse("ARRAY(ROW(ipProtocol VARCHAR(16), \"fromPort\" BIGINT))"), Ok(list(row.clone())));
        assert_eq!(Shape::parse("array<struct<ipProtocol:string,\"fromPort\":bigint>>"), Ok(list(row)));
        assert_eq!(Shape::parse("ROW(varchar, a bigint)"), Ok(Shape::Row(vec![text("field0"), big("a")])));
        assert_eq!(
            Shape::parse("MAP(VARCHAR, ARRAY(JSON))"),
            Ok(Shape::Map(Box::new(Shape::Text), Box::new(list(Shape::Json))))
        );
        let time = |kind| Ok(Shape::Row(vec![("t".to_owned(), Shape::Scalar(kind))]));
        assert_eq!(Shape::parse("row(t timestamp(3) with time zone)"), time(instant_type()));
        assert_eq!(Shape::parse("row(t timestamp)"), time(DataType::Timestamp(TimeUnit::Microsecond, None)));
        let decimal = |digits, scale| Ok(Shape::Scalar(DataType::Decimal128(digits, scale)));
        assert_eq!(Shape::parse("DECIMAL(10, 2)"), decimal(10, 2));
        assert_eq!(Shape::parse("double precision"), Ok(Shape::Scalar(DataType::Float64)));
        let map = Shape::Map(Box::new(Shape::Scalar(DataType::Int64)), Box::new(Shape::Text));
        assert_eq!(Shape::parse("map(bigint, varchar)"), Ok(map));
        let row = Shape::Row(vec![("double".to_owned(), Shape::Text), ("field1".to_owned(), list(Shape::Json))]);
        assert_eq!(Shape::parse("row(double varchar, array(json))"), Ok(row));
        assert_eq!(Shape::parse("row(double precision)").map(|row| row.data_type()), {
            Ok(DataType::Struct(Fields::from(vec![Field::new("field0", DataType::Float64, true)])))
        });
    }

    #[test]
    fn what_is_wrong_with_a_type_is_said_where_it_is() {
        for (text, at, reason) in [
            ("", 0, "a type is missing"),
            ("array(row(a weird))", 12, "there is no type `weird`"),
            ("row(weird)", 4, "there is no type `weird`"),
            ("row(a varchar, b array(weird(3)))", 23, "there is no type `weird`"),
            ("row()", 4, "a type is missing"),
            ("array", 5, "it says not of what: ARRAY(VARCHAR)"),
            ("array(a b)", 6, "there is no type `a`"),
            ("array(varchar b)", 14, "`)` or a comma is missing in the type"),
            ("map(varchar)", 11, "a MAP has two types: MAP(VARCHAR, VARCHAR)"),
            ("map( array(json), varchar)", 5, "the keys of a MAP are text, numbers or booleans"),
            ("array(decimal(99))", 6, "a DECIMAL has 1 to 38 digits, not 99"),
            ("decimal(5, 6)", 0, "a DECIMAL of 5 digits has not 6 behind the point"),
            ("varchar(x)", 8, "a number is missing"),
            ("row(a varchar", 13, "`)` or a comma is missing in the type"),
            ("bigint x", 7, "the type ends before this"),
        ] {
            assert_eq!(Shape::parse(text), Err(WrongType { at, reason: reason.to_owned() }), "{text}");
        }
        assert!(Shape::parse(&("array(".repeat(1000) + "json" + &")".repeat(1000))).is_err());
    }
}
