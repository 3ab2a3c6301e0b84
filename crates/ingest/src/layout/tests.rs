use super::*;

const KEY: &str = "p/AWSLogs/o-abc/111122223333/CloudTrail/eu-west-1/2026/03/02";

fn scope(accounts: &[&str], regions: &[&str], from: &str, to: &str) -> Scope {
    let texts = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    let instant = |day: &str| time::parse(day).or_else(|| time::parse(&format!("{day}T00:00:00Z")));
    Scope::new(&texts(accounts), &texts(regions), (instant(from), instant(to)), 3)
}

/// Parents of a folder, and itself.
fn ways(folder: &str) -> impl Iterator<Item = &str> {
    folder.match_indices('/').map(|(at, _)| &folder[..at]).chain([folder])
}

#[test]
fn keys_of_every_layout_say_account_and_region() {
    let expected = (Some("111122223333".to_owned()), Some("eu-west-1".to_owned()));
    assert_eq!(account_and_region("/x/AWSLogs/111122223333/CloudTrail/eu-west-1/2023/07/10/f.json.gz"), expected);
    assert_eq!(account_and_region("p/q/AWSLogs/o-abc123/111122223333/CloudTrail-Insight/eu-west-1/f"), expected);
    for none in ["/x/AWSLogs/111122223333/Config/eu-west-1/2023/f", "/else.json", "/x/AWSLogs/1/CloudTrail/f.json.gz"] {
        assert_eq!(account_and_region(none), (None, None));
    }
}

#[test]
fn what_may_hold_something_wanted_is_entered() {
    let day = |from: &str, to: &str| scope(&[], &[], from, to);
    for (scope, expected) in [
        (Scope::default(), true),
        (scope(&["111122223333"], &["eu-west-1"], "", ""), true),
        (scope(&["1"], &[], "", ""), false),
        (scope(&[], &["us-east-2"], "", ""), false),
        // an event of a global service, as it was delivered until 2021
        (scope(&[], &["us-east-1"], "", ""), true),
        (scope(&[], &["us-east-1"], "2026-01-01", ""), false),
        // the day of the folder is that of the delivery
        (day("2026-03-03T12:00:00Z", ""), true),
        (day("2026-03-04T00:00:00Z", ""), false),
        (day("", "2026-02-28T00:00:00Z"), true),
        (day("", "2026-02-27T00:00:01Z"), true),
        (day("", "2026-02-26T23:59:59Z"), false),
        (day("2025-01-01", "2025-02-01"), false),
        (day("2025-01-01", "2027-01-01"), true),
    ] {
        let entered = ways(KEY).all(|folder| scope.enters(folder));
        assert_eq!(entered, expected, "{scope:?}");
    }
}

#[test]
fn other_folders_are_always_entered() {
    let narrow = scope(&["999999999999"], &["eu-west-1"], "2026-03-02", "2026-03-03");
    for folder in [
        "logs/2020/01/01",
        "AWSLogs/notes/CloudTrail/us-east-2/2020",
        // results of a query hold records of any account
        "AWSLogs/111122223333/CloudTrail-Lake/Query/2020/01/01",
        "AWSLogs/111122223333/CloudTrail",
        "AWSLogs/999999999999/CloudTrail/eu-west-1/misc",
    ] {
        let expected = folder != "AWSLogs/111122223333/CloudTrail";
        assert_eq!(narrow.enters(folder), expected, "{folder}");
    }
}

#[test]
fn listing_goes_down_to_the_year_and_takes_its_days_at_once() {
    let march = scope(&[], &["eu-west-1"], "2026-03-02", "2026-04-01");
    let look = |at_most| Folder::Look { at_most };
    let below = |after: &str, before: &str| {
        let some = |text: &str| (!text.is_empty()).then(|| format!("AWSLogs/111122223333/CloudTrail/eu-west-1/{text}"));
        Folder::Below { after: some(after), before: some(before) }
    };
    for (folder, depth, expected) in [
        ("", 0, look(MAX_FOLDERS_ABOVE)),
        ("team", 1, look(MAX_FOLDERS_ABOVE)),
        ("team/a/b/c", 4, below("", "")),
        ("AWSLogs", 0, look(usize::MAX)),
        ("x/AWSLogs/o-abc1234567", 2, look(usize::MAX)),
        ("AWSLogs/111122223333", 1, look(usize::MAX)),
        ("AWSLogs/111122223333/CloudTrail", 2, look(usize::MAX)),
        ("AWSLogs/111122223333/CloudTrail-Lake", 2, below("", "")),
        ("AWSLogs/111122223333/Config", 2, Folder::OfAnotherService),
        ("AWSLogs/111122223333/CloudTrail/us-east-2", 3, Folder::OutOfScope),
        ("AWSLogs/111122223333/CloudTrail/eu-west-1", 3, look(usize::MAX)),
        ("AWSLogs/111122223333/CloudTrail/eu-west-1/2025", 4, Folder::OutOfScope),
        ("AWSLogs/111122223333/CloudTrail/eu-west-1/2026", 4, below("2026/03/01", "2026/04/030")),
        ("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/03", 0, below("2026/03/01", "")),
        ("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/04/03", 0, below("", "")),
        ("AWSLogs/111122223333/CloudTrail/eu-west-1/misc", 4, below("", "")),
    ] {
        assert_eq!(march.folder(folder, depth), expected, "{folder}");
    }
}
