//! A partition of `events` and the folder it lies in.

use std::collections::HashMap;
use std::fmt::Write as _;

use milepost_schema::{ACCOUNT, DATE, REGION, time};

/// What Hive, Spark and Delta name the folder of a null.
const NULL_FOLDER: &str = "__HIVE_DEFAULT_PARTITION__";

/// Region, account and UTC day; `None` where a record has no such value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Partition {
    /// Region of the records.
    pub region: Option<String>,
    /// Account that received the records.
    pub account: Option<String>,
    /// UTC day of the records, counted from 1970.
    pub day: Option<i32>,
}

impl Partition {
    /// The folder below the table: `region=…/account=…/date=…`, each value percent-encoded where it must be.
    #[must_use]
    pub fn folder(&self) -> String {
        let day = self.day.map(time::format_day);
        let mut out = String::new();
        for (name, value) in [(REGION, &self.region), (ACCOUNT, &self.account), (DATE, &day)] {
            if !out.is_empty() {
                out.push('/');
            }
            out.push_str(name);
            out.push('=');
            match value {
                Some(value) => encode(value, &mut out),
                None => out.push_str(NULL_FOLDER),
            }
        }
        out
    }

    /// The values as the transaction log holds them.
    pub(crate) fn values(&self) -> HashMap<String, Option<String>> {
        HashMap::from([
            (REGION.to_owned(), self.region.clone()),
            (ACCOUNT.to_owned(), self.account.clone()),
            (DATE.to_owned(), self.day.map(time::format_day)),
        ])
    }

    /// The partition with these values in the transaction log, where a text without letters stands for none.
    pub(crate) fn of_texts(region: Option<String>, account: Option<String>, date: Option<String>) -> Self {
        let filled = |text: &String| !text.is_empty();
        let day = date.as_deref().and_then(time::parse_day);
        Self { region: region.filter(filled), account: account.filter(filled), day }
    }

    /// The partition with these values in the transaction log.
    pub(crate) fn from_values(values: &HashMap<String, Option<String>>) -> Self {
        let value = |name: &str| values.get(name).cloned().flatten();
        Self::of_texts(value(REGION), value(ACCOUNT), value(DATE))
    }
}

/// Letters, digits, `-`, `_` and inner dots stay; every other byte becomes `%XX`, so no value can leave its folder.
fn encode(value: &str, out: &mut String) {
    for (at, byte) in value.bytes().enumerate() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || (byte == b'.' && at > 0) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_those_that_hive_readers_expect() {
        let partition = Partition {
            region: Some("us-east-1".to_owned()),
            account: Some("012345678901".to_owned()),
            day: Some(19_548),
        };
        assert_eq!(partition.folder(), "region=us-east-1/account=012345678901/date=2023-07-10");
        assert_eq!(Partition::from_values(&partition.values()), partition);
        let none = Partition { region: None, account: None, day: None };
        assert_eq!(none.folder(), format!("region={NULL_FOLDER}/account={NULL_FOLDER}/date={NULL_FOLDER}"));
        assert_eq!(Partition::from_values(&none.values()), none);
    }

    #[test]
    fn no_value_leaves_its_folder() {
        let folder = |region: &str| Partition { region: Some(region.to_owned()), account: None, day: None }.folder();
        assert!(folder("../../etc").starts_with("region=%2E.%2F..%2Fetc/account="));
        assert!(folder("a/b=c d%").starts_with("region=a%2Fb%3Dc%20d%25/account="));
    }
}
