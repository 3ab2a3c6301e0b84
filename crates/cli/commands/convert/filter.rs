//! Which records are taken, and how the ledger remembers it.
//!
//! A file of which records were filtered is not done: a later run with another filter may want them. So the filter goes into
//! the file's entry, and the file is left alone only by runs that want nothing more.

use std::time::SystemTime;

use milepost_ingest::Scope;
use milepost_query::{Conditions, RowFilter};
use milepost_report::moment;
use milepost_schema::time;
use serde::{Deserialize, Serialize};

use crate::args::FilterArgs;
use crate::diagnostics::{ExitStatus, Hinted, WrongQuery};

/// The conditions of one run, in a form that can be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::commands) struct Filter {
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    accounts: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    regions: Vec<String>,
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    condition: Option<String>,
}

impl Filter {
    pub(super) fn resolve(args: &FilterArgs) -> anyhow::Result<Self> {
        let instant = |flag: &str, text: &Option<String>| match text.as_deref().filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => match moment::parse_instant(text, SystemTime::now().into()) {
                Some(instant) => Ok(Some(time::format_micros(instant.timestamp_micros()))),
                None => Err(Hinted {
                    message: format!("`--{flag} {text}` is no time"),
                    hint: "write it as 2026-03-01, 2026-03-01T12:00:00Z, yesterday, or 7d for that long ago".to_owned(),
                    status: ExitStatus::WrongUsage,
                }),
            },
        };
        let sorted = |values: &[String]| {
            let mut values: Vec<_> = values.iter().filter(|value| !value.is_empty()).cloned().collect();
            values.sort();
            values.dedup();
            values
        };
        let (from, to) = (instant("from", &args.from)?, instant("to", &args.to)?);
        let micros = |text: &Option<String>| text.as_deref().and_then(time::parse);
        if let (Some(first), Some(last)) = (micros(&from), micros(&to))
            && first >= last
        {
            return Err(Hinted {
                message: "there is no time between --from and --to".to_owned(),
                hint: "--from is the earlier one; the time of --to itself is not wanted any more".to_owned(),
                status: ExitStatus::WrongUsage,
            }
            .into());
        }
        Ok(Self {
            from,
            to,
            accounts: sorted(&args.accounts),
            regions: sorted(&args.regions),
            condition: args.condition.clone().filter(|condition| !condition.trim().is_empty()),
        })
    }

    /// What leaves rows out, or `None` if all are wanted.
    pub(super) fn rows(&self) -> anyhow::Result<Option<RowFilter>> {
        let conditions = Conditions {
            from: self.from.as_deref().and_then(time::parse),
            to: self.to.as_deref().and_then(time::parse),
            accounts: self.accounts.clone(),
            regions: self.regions.clone(),
            sql: self.condition.clone(),
        };
        if conditions.is_empty() {
            return Ok(None);
        }
        let text = self.condition.as_deref().unwrap_or_default();
        let filter = RowFilter::new(&conditions).map_err(|error| {
            let error = WrongQuery::new(error, text, Some("--where"));
            anyhow::Error::from(error)
        })?;
        Ok(Some(filter))
    }

    /// What sources may hold such records, as far as their folders tell.
    pub(super) fn scope(&self, look_back_days: u16) -> Scope {
        let micros = |text: &Option<String>| text.as_deref().and_then(time::parse);
        Scope::new(&self.accounts, &self.regions, (micros(&self.from), micros(&self.to)), look_back_days)
    }

    /// How the ledger keeps it; `None` if all records are wanted.
    pub(super) fn text(&self) -> Option<String> {
        (*self != Self::default()).then(|| serde_json::to_string(self).unwrap_or_default())
    }

    /// Whether a run with the filter `earlier`, as the ledger keeps it, took every record that this one wants.
    pub(super) fn wants_nothing_beyond(&self, earlier: Option<&str>) -> bool {
        let Some(earlier) = earlier else { return true };
        let Ok(earlier) = serde_json::from_str::<Self>(earlier) else { return false };
        let micros = |text: &Option<String>| text.as_deref().and_then(time::parse);
        let from = micros(&earlier.from).is_none_or(|there| micros(&self.from).is_some_and(|here| here >= there));
        let to = micros(&earlier.to).is_none_or(|there| micros(&self.to).is_some_and(|here| here <= there));
        let within = |here: &[String], there: &[String]| {
            there.is_empty() || (!here.is_empty() && here.iter().all(|value| there.contains(value)))
        };
        let same = earlier.condition.is_none() || earlier.condition == self.condition;
        from && to && within(&self.accounts, &earlier.accounts) && within(&self.regions, &earlier.regions) && same
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(from: &str, to: &str, accounts: &[&str], condition: &str) -> Filter {
        let some = |text: &str| Some(text.to_owned());
        let accounts = accounts.iter().map(|account| (*account).to_owned()).collect();
        Filter::resolve(&FilterArgs {
            from: some(from),
            to: some(to),
            accounts,
            condition: some(condition),
            ..FilterArgs::default()
        })
        .unwrap()
    }

    #[test]
    fn a_filter_is_kept_and_compared() {
        let all = Filter::default();
        let march = filter("2026-03-01", "2026-04-01", &[], "");
        let week = filter("2026-03-02T00:00:00+01:00", "2026-03-08", &[], "");
        let one = filter("2026-03-01", "2026-04-01", &["1", "2", "1"], "");
        let writes = filter("2026-03-01", "2026-04-01", &[], "NOT read_only");
        assert_eq!(all.text(), None);
        assert_eq!(
            one.text().unwrap(),
            r#"{"from":"2026-03-01T00:00:00Z","to":"2026-04-01T00:00:00Z","accounts":["1","2"]}"#
        );
        let within = |here: &Filter, there: &Filter| here.wants_nothing_beyond(there.text().as_deref());
        for narrow in [&march, &week, &one, &writes] {
            assert!(within(narrow, &all) && within(narrow, narrow) && within(narrow, &march));
            assert!(!within(&all, narrow));
        }
        assert!(!within(&march, &week) && !within(&march, &one) && !within(&march, &writes) && !within(&week, &writes));
        assert!(!all.wants_nothing_beyond(Some("{\"newer\":1}")));
        let wrong = FilterArgs { from: Some("someday".to_owned()), ..FilterArgs::default() };
        assert_eq!(Filter::resolve(&wrong).unwrap_err().to_string(), "`--from someday` is no time");
    }
}
