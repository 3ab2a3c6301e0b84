//! Partition columns of Athena tables that hold days, or parts of them, in whatever form their author chose.
//!
//! All are computed from the lake's partition `date`, so that files are left out by them.

/// How a day is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DayForm {
    /// As the column's name lets expect.
    #[default]
    Usual,
    /// `2026-03-01`
    Dashes,
    /// `2026/03/01`
    Slashes,
    /// `20260301`
    Digits,
    /// `01`
    TwoDigits,
    /// `2026/03/01/10`
    HourSlashes,
    /// `2026-03-01-10`
    HourDashes,
    /// A whole number.
    Number,
    /// A date.
    Date,
}

impl DayForm {
    const ALL: [Self; 9] = [
        Self::Usual,
        Self::Dashes,
        Self::Slashes,
        Self::Digits,
        Self::TwoDigits,
        Self::HourSlashes,
        Self::HourDashes,
        Self::Number,
        Self::Date,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Dashes => "dashes",
            Self::Slashes => "slashes",
            Self::Digits => "digits",
            Self::TwoDigits => "two",
            Self::HourSlashes => "hour_slashes",
            Self::HourDashes => "hour_dashes",
            Self::Number => "number",
            Self::Date => "date",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.name() == name)
    }

    /// The form of a day that a query compares the column with.
    pub(crate) fn of_literal(text: &str) -> Option<Self> {
        let text = text.trim_matches('%');
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let starts_with_year =
            |separator: char| text.split_once(separator).is_some_and(|(year, _)| year.len() == 4 && digits(year));
        let has_hour = text.len() == "2026-03-01-10".len() && text.get(11..).is_some_and(digits);
        match text {
            _ if has_hour && starts_with_year('/') => Some(Self::HourSlashes),
            _ if has_hour && starts_with_year('-') && text.as_bytes()[10] == b'-' => Some(Self::HourDashes),
            _ if starts_with_year('-') => Some(Self::Dashes),
            _ if starts_with_year('/') => Some(Self::Slashes),
            _ if text.len() == 8 && digits(text) => Some(Self::Digits),
            _ if text.len() <= 2 && digits(text) => Some(Self::TwoDigits),
            _ => None,
        }
    }

    /// What the column `name` is in this form.
    pub(super) fn sql(self, name: &str) -> String {
        let code = match part_of(name) {
            "year" => "%Y",
            "month" => "%m",
            "hour" if self == Self::Number => return "CAST(to_char(event_time, '%H') AS BIGINT)".to_owned(),
            "hour" => return "to_char(event_time, '%H')".to_owned(),
            "day" => "%d",
            _ => "%Y-%m-%d",
        };
        match self {
            Self::Usual if WITH_SLASHES.contains(&name) => "to_char(date, '%Y/%m/%d')".to_owned(),
            Self::Usual if name == "eventday" => "to_char(date, '%Y%m%d')".to_owned(),
            Self::Usual | Self::TwoDigits => format!("to_char(date, '{code}')"),
            Self::HourSlashes => "to_char(event_time, '%Y/%m/%d/%H')".to_owned(),
            Self::HourDashes => "to_char(event_time, '%Y-%m-%d-%H')".to_owned(),
            Self::Number => format!("CAST(to_char(date, '{code}') AS BIGINT)"),
            Self::Dashes => "to_char(date, '%Y-%m-%d')".to_owned(),
            Self::Slashes => "to_char(date, '%Y/%m/%d')".to_owned(),
            Self::Digits => "to_char(date, '%Y%m%d')".to_owned(),
            Self::Date => "date".to_owned(),
        }
    }
}

/// Columns of days that their authors write `2026/03/01`.
const WITH_SLASHES: [&str; 4] = ["timestamp", "datehour", "date_partition", "p_date"];

/// The part of a date that a column is named for, as `partition_year` is for the year; the name itself if it is for none.
pub(crate) fn part_of(name: &str) -> &str {
    let bare = ["partition_", "p_", "log_"].iter().find_map(|prefix| name.strip_prefix(prefix));
    let bare = bare.or_else(|| name.strip_suffix("_partition")).unwrap_or(name);
    if matches!(bare, "year" | "month" | "day" | "hour") { bare } else { name }
}

/// Whether a column of this name holds whole days in Athena tables.
pub(crate) fn is_day_column(name: &str) -> bool {
    const DAYS: [&str; 15] = [
        "eventday",
        "day",
        "date",
        "dt",
        "timestamp",
        "log_date",
        "date_partition",
        "p_date",
        "event_date",
        "eventdate",
        "log_day",
        "partition_date",
        "ds",
        "datestamp",
        "date_key",
    ];
    DAYS.contains(&name) || part_of(name) == "day"
}

/// Whether a column of this name holds a part of a day's date.
pub(crate) fn is_part_of_day(name: &str) -> bool {
    matches!(part_of(name), "year" | "month" | "hour")
}
