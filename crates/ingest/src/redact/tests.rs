use proptest::prelude::*;

use super::rewrite::Redacted;
use super::*;
use crate::scan;

fn rules(text: &str) -> Rules {
    Rules::parse(text, &|name| (name == "KEY").then(|| "a key of sixteen bytes".to_owned())).unwrap()
}

fn wrong(text: &str) -> String {
    Rules::parse(text, &|name| (name == "SHORT").then(|| "short".to_owned())).unwrap_err().to_string()
}

fn apply(rules: &Rules, record: &str) -> Option<Redacted> {
    let mut members = Vec::new();
    scan::members(record.as_bytes(), 0, 0, &mut members).unwrap();
    rules.apply(record, &members)
}

#[test]
fn what_rules_name_is_dropped_blanked_or_hashed() {
    let rules = rules(
        "key_env = 'KEY'\n[[rule]]\npath = '/responseElements/credentials/sessionToken'\naction = 'drop'\n\
         [[rule]]\ncolumn = 'source_ip_address'\naction = 'hash'\n\
         [[rule]]\npath = '/requestParameters/**/password'\naction = 'blank'\n\
         [[rule]]\npath = '/requestParameters/tags/*/value'\naction = 'drop'\n",
    );
    let record = r#"{"sourceIPAddress":"192.0.2.1","responseElements":{"credentials":{"sessionToken":"x","a":1E5}},
        "requestParameters":{"password":{"a":1},"deep":[{"password":"p","q":"p"}],"tags":[{"value":1,"key":"k"},{"value":2}]}}"#;
    let redacted = apply(&rules, record).unwrap();
    let hash = rules.hash("\"192.0.2.1\"");
    let expected = r#"{"sourceIPAddress":"HASH","responseElements":{"credentials":{"a":1E5}},"requestParameters":{"password":"","deep":[{"password":"","q":"p"}],"tags":[{"key":"k"},{}]}}"#;
    assert_eq!(redacted.text, expected.replace("HASH", &hash));
    let counts = r#"{"/responseElements/credentials/sessionToken":1,"/sourceIPAddress":1,"/requestParameters/**/password":2,"/requestParameters/tags/*/value":2}"#;
    assert_eq!(redacted.counts, counts);
    assert_eq!(redacted.members, ["sourceIPAddress"]);
    assert_eq!(apply(&rules, r#"{"eventName":"x"}"#), None);
}

#[test]
fn equal_values_have_equal_hashes_under_one_key() {
    let rules_of = |key: &'static str| {
        let text = "key_env = 'KEY'\n[[rule]]\npath = '/x'\naction = 'hash'";
        Rules::parse(text, &|_| Some(key.to_owned())).unwrap()
    };
    let (one, other) = (rules_of("0123456789abcdef"), rules_of("0123456789abcdeg"));
    assert_eq!(one.hash("\"a\\u0062\""), one.hash("\"ab\""));
    assert_eq!(one.hash("{\"a\": 1, \"b\":2}"), one.hash("{\"b\":2,\"a\":1}"));
    assert_ne!(one.hash("\"ab\""), one.hash("\"abc\""));
    assert_ne!(one.hash("\"ab\""), other.hash("\"ab\""));
    assert_eq!(one.hash("\"ab\"").len(), "hmac:".len() + 32);
    assert!(!format!("{one:?}").contains("0123456789"));
}

#[test]
fn names_with_slashes_escapes_and_dots_are_found() {
    let rules = rules("[[rule]]\npath = '/a.b/c~1d~0'\naction = 'drop'");
    assert_eq!(apply(&rules, r#"{"a.b":{"c/d~":1,"e":2}}"#).unwrap().text, r#"{"a.b":{"e":2}}"#);
    assert_eq!(apply(&rules, r#"{"\u0061.b":{"c\/d~":1}}"#).unwrap().counts, r#"{"/a.b/c~1d~0":1}"#);
}

#[test]
fn wrong_rules_are_named() {
    assert_eq!(
        wrong("[[rule]]\npath = 'x'\naction = 'drop'"),
        "rule 1: `x` is no JSON pointer: write /responseElements/credentials/sessionToken"
    );
    assert_eq!(wrong("[[rule]]\naction = 'drop'"), "rule 1: it needs either `path` or `column`");
    assert_eq!(
        wrong("[[rule]]\ncolumn = 'extra'\naction = 'drop'"),
        "rule 1: `extra` is no column that a member of the record fills"
    );
    assert_eq!(wrong("[[rule]]\npath = '/a/**'\naction = 'drop'"), "rule 1: `/a/**` ends with `**`: say which members");
    assert!(wrong("[[rule]]\npath = '/a'\naction = 'burn'").starts_with("line 3: unknown variant `burn`"));
    let hash = "[[rule]]\npath = '/a'\naction = 'hash'";
    assert_eq!(wrong(hash), "a rule hashes, so `key_env` must name a variable that holds the key");
    assert_eq!(
        wrong(&format!("key_env = 'NONE'\n{hash}")),
        "the variable `NONE`, which should hold the key, is not set"
    );
    assert_eq!(wrong(&format!("key_env = 'SHORT'\n{hash}")), "the key in `SHORT` is shorter than 16 bytes");
}

proptest! {
    #[test]
    fn what_is_left_is_valid_and_holds_nothing_of_what_was_named(keys in prop::collection::vec("[a-c]", 1..12)) {
        // members of random names, one of them to be dropped, at two levels
        let members: Vec<_> = keys.iter().map(|key| format!("\"{key}\":{{\"a\":[1,{{\"b\":2}}],\"{key}\":\"x\"}}")).collect();
        let record = format!("{{{}}}", members.join(" , "));
        let rules = rules("[[rule]]\npath = '/**/b'\naction = 'drop'");
        if let Some(redacted) = apply(&rules, &record) {
            let mut left = Vec::new();
            prop_assert!(scan::members(redacted.text.as_bytes(), 0, 0, &mut left).is_ok(), "{}", redacted.text);
            prop_assert!(!redacted.text.contains("\"b\":"), "{}", redacted.text);
        }
    }
}
