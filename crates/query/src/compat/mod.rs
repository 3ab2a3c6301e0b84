//! The tables of other tools, as views over the lake: the same columns under their names.
//!
//! Each has the columns that `SELECT *` shows there, and others that are there only for a query that names them: partition
//! columns, which every author calls differently, and hidden ones such as `"$path"`. A view is built when a query needs it.

mod athena;
mod days;
mod lake;
mod notebook;
mod tailpipe;

pub(crate) use days::{DayForm, is_day_column, is_part_of_day, part_of};

/// A column of a view.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// What it is, over the lake's own `events`.
    pub(crate) sql: &'static str,
}

impl Column {
    /// Whether it is a map of texts.
    pub(crate) fn is_map(&self) -> bool {
        self.sql.starts_with("json_map(")
    }

    /// Whether it is a struct, a list or a map, or the field of it is that these names lead to.
    pub(crate) fn is_nested_at(&self, path: &[String]) -> bool {
        let inside = path.iter().try_fold(self.sql, |sql, name| field(sql, name));
        inside.is_some_and(is_nested)
    }
}

fn is_nested(sql: &str) -> bool {
    ["struct_or_null(", "json_map("].iter().any(|call| sql.starts_with(call)) || sql.contains("_resources(resources)")
}

/// What a field is, of a struct that is put together: `struct_or_null('name', sql, …)`.
fn field<'a>(sql: &'a str, name: &str) -> Option<&'a str> {
    let inside = sql.strip_prefix("struct_or_null(")?.strip_suffix(')')?;
    let mut depth = 0_usize;
    let mut parts = inside.split(|character| {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0
    });
    while let (Some(found), Some(value)) = (parts.next(), parts.next()) {
        if found.trim().trim_matches('\'') == name {
            return Some(value.trim());
        }
    }
    None
}

const fn column(name: &'static str, sql: &'static str) -> Column {
    Column { name, sql }
}

/// Rows of another table that stand beside those of `events` for a query that names one of these columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Joined {
    columns: &'static [&'static str],
    /// How they are joined.
    sql: &'static str,
}

/// A table that queries were written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Table {
    /// `cloudtrail_logs` of Athena.
    Athena,
    /// An event data store of CloudTrail Lake.
    Lake,
    /// `aws_cloudtrail_log` of Tailpipe.
    Tailpipe,
    /// `cloudtrail_events`: flat columns, as DuckDB notebooks have them.
    Notebook,
}

impl Table {
    pub(crate) const ALL: [Self; 4] = [Self::Athena, Self::Lake, Self::Tailpipe, Self::Notebook];

    /// The name under which it is listed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Athena => "cloudtrail_logs",
            Self::Lake => "event_data_store",
            Self::Tailpipe => "aws_cloudtrail_log",
            Self::Notebook => "cloudtrail_events",
        }
    }

    /// What `SELECT *` shows.
    pub(crate) fn columns(self) -> &'static [Column] {
        match self {
            Self::Athena => athena::COLUMNS,
            Self::Lake => lake::COLUMNS,
            Self::Tailpipe => tailpipe::COLUMNS,
            Self::Notebook => notebook::COLUMNS,
        }
    }

    /// What is there for those who name it.
    fn hidden(self) -> &'static [Column] {
        match self {
            Self::Athena => athena::HIDDEN,
            Self::Lake => lake::HIDDEN,
            Self::Tailpipe => tailpipe::HIDDEN,
            Self::Notebook => notebook::HIDDEN,
        }
    }

    /// Columns that hold JSON text.
    pub(crate) fn json_columns(self) -> &'static [&'static str] {
        match self {
            Self::Athena => athena::JSON,
            Self::Lake => lake::JSON,
            Self::Tailpipe => tailpipe::JSON,
            Self::Notebook => notebook::JSON,
        }
    }

    /// Columns and fields that hold `true` or `false` as text.
    pub(crate) fn truths_as_text(self) -> &'static [&'static str] {
        match self {
            Self::Athena => {
                &["readonly", "mfaauthenticated", "sessioncredentialfromconsole", "managementevent", "assumedroot"]
            }
            Self::Lake => &["sessioncredentialfromconsole", "mfaauthenticated", "assumedroot"],
            Self::Tailpipe => &["mfa_authenticated"],
            Self::Notebook => &[],
        }
    }

    /// Columns that are true or false.
    pub(crate) fn truths(self) -> &'static [&'static str] {
        match self {
            Self::Athena => &[],
            Self::Lake => &["readonly", "managementevent"],
            Self::Tailpipe => &["read_only", "management_event", "session_credential_from_console"],
            Self::Notebook => &["readonly", "managementevent"],
        }
    }

    /// Whether a column has to be named to be there.
    pub(crate) fn is_hidden(self, name: &str) -> bool {
        let shown = self.columns().iter().any(|column| column.name == name);
        !shown && (self.hidden().iter().any(|column| column.name == name) || self.days_of(name))
    }

    fn days_of(self, name: &str) -> bool {
        self == Self::Athena && (is_day_column(name) || is_part_of_day(name))
    }

    /// The query behind the view with these hidden columns, over the lake's table `table`.
    pub(crate) fn sql(self, hidden: &[Hidden], table: &str) -> String {
        let shown = self.columns().iter().map(|column| format!("{} AS {}", column.sql, column.name));
        let named = hidden.iter().filter_map(|hidden| {
            let known =
                self.hidden().iter().find(|column| column.name == hidden.name).map(|column| column.sql.to_owned());
            let sql = known.or_else(|| self.days_of(&hidden.name).then(|| hidden.form.sql(&hidden.name)))?;
            Some(format!("{sql} AS \"{}\"", hidden.name))
        });
        let joined =
            self.joined().filter(|joined| hidden.iter().any(|hidden| joined.columns.contains(&hidden.name.as_str())));
        let columns = shown.chain(named).collect::<Vec<_>>().join(", ");
        format!("SELECT {columns} FROM {table} {}", joined.map_or("", |joined| joined.sql)).trim_end().to_owned()
    }

    /// What is joined for those of the hidden columns that `events` does not have.
    fn joined(self) -> Option<Joined> {
        (self == Self::Athena).then_some(athena::LEDGER)
    }
}

/// A hidden column that a query names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hidden {
    pub(crate) name: String,
    /// How the query writes days, for columns that are days.
    pub(crate) form: DayForm,
}

/// The name of the view of a table with these hidden columns; [`parse_key`] reads it.
pub(crate) fn key(table: Table, hidden: &[Hidden]) -> String {
    let hidden: Vec<String> = hidden.iter().map(|hidden| format!("{}:{}", hidden.name, hidden.form.name())).collect();
    format!("{} {}", table.name(), hidden.join(" ")).trim_end().to_owned()
}

/// The view that a name made by [`key`] means.
pub(crate) fn parse_key(key: &str) -> Option<(Table, Vec<Hidden>)> {
    let mut words = key.split(' ');
    let name = words.next()?;
    let table = Table::ALL.into_iter().find(|table| table.name() == name)?;
    let hidden = words.map(|word| {
        let (name, form) = word.rsplit_once(':')?;
        Some(Hidden { name: name.to_owned(), form: DayForm::parse(form)? })
    });
    Some((table, hidden.collect::<Option<_>>()?))
}

/// Names of the fields of the views' structs.
pub(crate) fn field_names() -> Vec<String> {
    let columns = Table::ALL.into_iter().flat_map(|table| table.columns().iter().chain(table.hidden()));
    let structs = columns.filter(|column| column.sql.starts_with("struct_or_null"));
    let quoted = structs.flat_map(|column| column.sql.split('\'').skip(1).step_by(2));
    let mut names: Vec<String> = quoted.filter(|name| !name.starts_with('$')).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

/// The table that a name in a query means, if it is one of another tool's.
pub(crate) fn table_named(name: &str) -> Option<Table> {
    let name = name.to_lowercase();
    let is_id = name.len() == 36 && name.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    let squeezed = name.replace(['_', '-', ' '], "");
    let says_store = squeezed.contains("eventdatastore")
        || squeezed.ends_with("storeid")
        || squeezed.starts_with("eds")
        || squeezed.ends_with("edsid");
    if name == "aws_cloudtrail_log" {
        Some(Table::Tailpipe)
    } else if name == "cloudtrail_events" {
        Some(Table::Notebook)
    } else if is_id || says_store {
        Some(Table::Lake)
    } else if name.starts_with("aws_cloudtrail_") {
        // Steampipe's, whose columns are not known here
        None
    } else if name.contains("cloudtrail") || name.contains("cloud_trail") || name.contains("cloud-trail") {
        Some(Table::Athena)
    } else {
        None
    }
}
