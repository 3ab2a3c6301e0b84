//! What the keys say that CloudTrail writes: `…AWSLogs/[o-…/]ACCOUNT/CloudTrail…/REGION/YYYY/MM/DD/name`.
//!
//! From the folder alone it is seen that nothing below it is wanted: another account, another region, other days. The
//! folder's day is that of the delivery, which may come late, so some days behind the window are looked at too.

use milepost_schema::time;

/// Folders in which records of one account and one region are delivered. Others that begin like them, such as the results
/// of queries in `CloudTrail-Lake`, hold records of any.
const DELIVERED: [&str; 5] =
    ["CloudTrail", "CloudTrail-Insight", "CloudTrail-NetworkActivity", "CloudTrail-Aggregated", "CloudTrail-Digest"];
/// Regions that global services report. Up to [`LAST_DAY_OF_GLOBAL_EVENTS`] their events lie in the folders of any region.
const REGIONS_OF_GLOBAL_SERVICES: [&str; 4] = ["us-east-1", "us-gov-west-1", "cn-north-1", "cn-northwest-1"];
/// From the next day on, global services deliver to the region that they name.
const LAST_DAY_OF_GLOBAL_EVENTS: &str = "2021/11/22";
/// Digits of an account.
const ACCOUNT_DIGITS: usize = 12;
/// Levels above `AWSLogs` that are looked through for it.
const LEVELS_ABOVE: usize = 3;
/// A folder with more folders in it than this is no way to `AWSLogs`.
const MAX_FOLDERS_ABOVE: usize = 32;

/// What to list, as far as folders tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    accounts: Vec<String>,
    regions: Vec<String>,
    /// First and last day of delivery, as they stand in a key.
    first_day: Option<String>,
    last_day: Option<String>,
}

/// What to do with a folder of an object store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folder {
    /// Nothing in it is wanted.
    OutOfScope,
    /// It belongs to another service.
    OfAnotherService,
    /// Ask what folders are in it and decide on each of them; list all of it if there are more than `at_most`.
    Look {
        /// Most folders that are worth a decision each.
        at_most: usize,
    },
    /// List all keys below it.
    Below {
        /// Only those behind this one.
        after: Option<String>,
        /// Only those before this one.
        before: Option<String>,
    },
}

impl Scope {
    /// Records of these accounts and regions (any, if there are none) and of the time from `from` until before `to`, both in
    /// microseconds since 1970, which were delivered at most `look_back_days` after the day they happened.
    #[must_use]
    pub fn new(
        accounts: &[String],
        regions: &[String],
        (from, to): (Option<i64>, Option<i64>),
        look_back_days: u16,
    ) -> Self {
        let day = |day: i32| time::format_day(day).replace('-', "/");
        // clocks differ: a day before, too
        let first_day = from.map(|from| day(time::day_of(from) - 1));
        let last_day = to.map(|to| day(time::day_of(to - 1) + i32::from(look_back_days)));
        // events of global services may lie in any region's folder
        let is_global = regions.iter().any(|region| REGIONS_OF_GLOBAL_SERVICES.contains(&region.as_str()));
        let reaches_back = first_day.as_deref().is_none_or(|first| first <= LAST_DAY_OF_GLOBAL_EVENTS);
        let regions = if is_global && reaches_back { Vec::new() } else { regions.to_vec() };
        Self { accounts: accounts.to_vec(), regions, first_day, last_day }
    }

    /// Whether something wanted may lie in a folder or below it.
    #[must_use]
    pub fn enters(&self, folder: &str) -> bool {
        let Some(shape) = Shape::of(folder) else { return true };
        if !shape.service.is_some_and(|service| DELIVERED.contains(&service)) {
            return true;
        }
        let wants = |wanted: &[String], found: &str| wanted.is_empty() || wanted.iter().any(|one| one == found);
        wants(&self.accounts, shape.account)
            && shape.region.is_none_or(|region| wants(&self.regions, region))
            && shape.day.is_none_or(|day| self.has_day(day))
    }

    /// What to do with the folder `folder` of an object store, `depth` levels below what the user named.
    #[must_use]
    pub fn folder(&self, folder: &str, depth: usize) -> Folder {
        let below = Folder::Below { after: None, before: None };
        if !self.enters(folder) {
            return Folder::OutOfScope;
        }
        let is_above = !folder.split('/').any(|part| part == "AWSLogs");
        match Shape::of(folder) {
            None if is_above && depth < LEVELS_ABOVE => Folder::Look { at_most: MAX_FOLDERS_ABOVE },
            None if is_above => below,
            // AWSLogs itself, or an organization in it
            None if folder.rsplit('/').next().is_some_and(|name| name == "AWSLogs" || name.starts_with("o-")) => {
                Folder::Look { at_most: usize::MAX }
            }
            None => below,
            Some(Shape { service: Some(service), .. }) if !service.starts_with("CloudTrail") => {
                Folder::OfAnotherService
            }
            Some(Shape { service: Some(service), .. }) if !DELIVERED.contains(&service) => below,
            Some(Shape { day: Some(day), .. }) => self.days_below(folder, day),
            Some(Shape { region: Some(_), has_more: true, .. }) => below,
            Some(_) => Folder::Look { at_most: usize::MAX },
        }
    }

    /// The part of a year, month or day that is wanted.
    fn days_below(&self, folder: &str, day: &str) -> Folder {
        let key_of = |bound: &Option<String>| {
            let rest = bound.as_deref()?.strip_prefix(day).filter(|rest| rest.starts_with('/'))?;
            Some(format!("{folder}{rest}"))
        };
        // `0` comes right behind `/`, so what is before it is in the last day's folder or before that
        Folder::Below { after: key_of(&self.first_day), before: key_of(&self.last_day).map(|key| key + "0") }
    }

    /// Whether a year, month or day has wanted days.
    fn has_day(&self, day: &str) -> bool {
        let part = |bound: &'_ str| bound.get(..day.len()).unwrap_or(bound).to_owned();
        self.first_day.as_deref().is_none_or(|first| *day >= *part(first))
            && self.last_day.as_deref().is_none_or(|last| *day <= *part(last))
    }
}

/// Whether a folder holds the logs of another service.
#[must_use]
pub fn is_of_another_service(folder: &str) -> bool {
    Shape::of(folder).and_then(|shape| shape.service).is_some_and(|service| !service.starts_with("CloudTrail"))
}

/// What a folder below `AWSLogs` stands for.
struct Shape<'a> {
    account: &'a str,
    service: Option<&'a str>,
    region: Option<&'a str>,
    /// `YYYY`, `YYYY/MM` or `YYYY/MM/DD`.
    day: Option<&'a str>,
    /// There is something behind the region.
    has_more: bool,
}

impl<'a> Shape<'a> {
    /// `None` if the folder does not lie below an account's.
    fn of(folder: &'a str) -> Option<Self> {
        let rest = match folder.strip_prefix("AWSLogs/") {
            Some(rest) => rest,
            None => folder.split_once("/AWSLogs/")?.1,
        };
        let mut rest = rest.trim_end_matches('/');
        if rest.starts_with("o-") {
            take_part(&mut rest);
        }
        let account = take_part(&mut rest).filter(|part| is_number(part, ACCOUNT_DIGITS))?;
        let (service, region) = (take_part(&mut rest), take_part(&mut rest));
        Some(Self { account, service, region, day: day_at_start(rest), has_more: !rest.is_empty() })
    }
}

/// The first part of a path, which is taken from it.
fn take_part<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let (part, more) = rest.split_once('/').unwrap_or((rest, ""));
    *rest = more;
    (!part.is_empty()).then_some(part)
}

/// The year, with month and day as far as they are there.
fn day_at_start(path: &str) -> Option<&str> {
    let mut length = 0;
    for (part, digits) in path.split('/').zip([4, 2, 2]).take_while(|(part, digits)| is_number(part, *digits)) {
        length += part.len() + usize::from(digits == 2);
    }
    path.get(..length).filter(|day| !day.is_empty())
}

fn is_number(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Account and region in a key that CloudTrail wrote.
pub(crate) fn account_and_region(key: &str) -> (Option<String>, Option<String>) {
    let mut parts = key.split('/').skip_while(|part| *part != "AWSLogs").skip(1).peekable();
    parts.next_if(|part| part.starts_with("o-"));
    match (parts.next(), parts.next(), parts.next()) {
        // what follows the folder is a region only if something follows that
        (Some(account), Some(folder), Some(region)) if folder.starts_with("CloudTrail") && parts.next().is_some() => {
            (Some(account.to_owned()), Some(region.to_owned()))
        }
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests;
