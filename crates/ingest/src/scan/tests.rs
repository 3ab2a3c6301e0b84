use proptest::prelude::*;

use super::*;

/// Whether the scanner takes the whole of `text` as one value.
fn accepts(text: &[u8]) -> bool {
    let mut bytes = text.to_vec();
    bytes.push(b' ');
    let start = skip_space(&bytes, 0);
    match value(&bytes, start, 0) {
        Ok(found) => skip_space(&bytes, found.end) == bytes.len(),
        Err(_) => false,
    }
}

fn serde_accepts(text: &[u8]) -> bool {
    serde_json::from_slice::<&serde_json::value::RawValue>(text).is_ok()
}

fn json_like() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"\"",
        "\"\\u00e9\"",
        "\"\\\"\"",
        "\"\\",
        "\"",
        "1",
        "-0",
        "01",
        "1.5e-3",
        "1e",
        ".5",
        "true",
        "null",
        "false",
        "NaN",
        " ",
        "\n",
        "\t",
        "é",
        "\u{1}",
        "nul",
    ]);
    prop::collection::vec(token, 0..14).prop_map(|tokens| tokens.concat())
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".*".prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map(".{0,6}", inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Knows every object that lies in known ones, down to a depth.
#[derive(Clone, Copy)]
struct Down(usize);

/// The names whose heads are known, by their number.
const NAMES: [(&str, &str); 4] = [("a", "\"a\":"), ("x", "\"x\":"), ("y", "\"y\":"), ("", "\"\":")];
const OTHER: u8 = 9;

impl Known for Down {
    fn index(self) -> usize {
        self.0
    }

    fn number(self, name: &[u8]) -> Option<u8> {
        let known = (0..).zip(NAMES).find(|(_, (known, _))| known.as_bytes() == name);
        Some(known.map_or(OTHER, |(number, _)| number))
    }

    fn head(self, number: u8) -> Option<&'static [u8]> {
        NAMES.get(usize::from(number)).map(|(_, head)| head.as_bytes())
    }

    fn inner(self, _: u8) -> Option<Self> {
        self.0.checked_sub(1).map(Down)
    }
}

/// Scans with and without notes of what is inside; gives both ends or errors.
fn both_ways(bytes: &[u8], depth: usize) -> (Scan<usize>, Scan<usize>) {
    let (mut plain, mut notes) = (Vec::new(), Notes::default());
    let end = members(bytes, 0, 0, &mut plain);
    let mut noting = Ok(0);
    // from the second time on it is known what comes behind what
    for _ in 0..3 {
        notes.clear();
        noting = record(bytes, 0, 0, Down(depth), &mut notes);
        if noting.is_ok() {
            check_notes(bytes, (&plain, &notes.members), &notes.nested);
            check_numbers(bytes, &notes);
        } else {
            assert_eq!(noting, end);
        }
    }
    (end, noting)
}

/// Holds numbers to names.
fn check_numbers(bytes: &[u8], notes: &Notes) {
    for member in notes.members.iter().chain(&notes.nested) {
        let name = &bytes[member.key.range()];
        assert_eq!(member.number, if member.key_escaped { None } else { Down(0).number(name) });
    }
}

/// Holds members with notes against members without, and what is noted against what a scan of the value finds.
fn check_notes(bytes: &[u8], (plain, noting): (&[Member], &[Member]), nested: &[Member]) {
    let spans = |member: &Member| {
        let Member { key, value, key_escaped, value_spaced, value_escaped, .. } = *member;
        (key, value, key_escaped, value_spaced, value_escaped)
    };
    assert_eq!(plain.iter().map(spans).collect::<Vec<_>>(), noting.iter().map(spans).collect::<Vec<_>>());
    for member in noting {
        let inner = &nested[member.inner.range()];
        if !inner.is_empty() {
            let mut found = Vec::new();
            assert_eq!(members(bytes, member.value.range().start, 0, &mut found), Ok(member.value.range().end));
            check_notes(bytes, (&found, inner), nested);
        }
    }
}

proptest! {
    #[test]
    fn agrees_with_serde_json_on_anything_json_like(text in json_like()) {
        prop_assert_eq!(accepts(text.as_bytes()), serde_accepts(text.as_bytes()), "{}", text);
    }

    #[test]
    fn never_panics_on_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = accepts(&bytes);
        let _ = balanced_end(&bytes, 0);
        let (plain, noting) = both_ways(&bytes, 3);
        prop_assert_eq!(plain, noting);
    }

    #[test]
    fn noting_what_is_inside_changes_neither_the_end_nor_the_error(text in json_like(), depth in 0_usize..4) {
        for text in [text.clone(), format!("{{\"a\":{{{text}")] {
            let (plain, noting) = both_ways(text.as_bytes(), depth);
            prop_assert_eq!(plain, noting, "{}", text);
        }
    }

    #[test]
    fn what_is_noted_is_what_a_scan_of_it_finds(json in json_value(), depth in 0_usize..4, pretty in any::<bool>()) {
        let object = serde_json::json!({"x": json, "y": {"z": json}});
        let text = if pretty { serde_json::to_string_pretty(&object).unwrap() } else { object.to_string() };
        prop_assert_eq!(both_ways(text.as_bytes(), depth), (Ok(text.len()), Ok(text.len())));
    }

    #[test]
    fn every_prefix_of_valid_json_is_unfinished(json in json_value(), cut in any::<prop::sample::Index>()) {
        let text = format!("[{json}]");
        let cut = cut.index(text.len());
        let bytes = &text.as_bytes()[..cut];
        prop_assert_eq!(value(bytes, 0, 0).err(), Some(ScanError::End));
    }

    #[test]
    fn minify_gives_the_compact_text_back(json in json_value()) {
        let pretty = serde_json::to_string_pretty(&json).unwrap();
        prop_assert_eq!(minify(&pretty), serde_json::to_string(&json).unwrap());
    }

    #[test]
    fn members_are_those_that_serde_json_finds(json in json_value()) {
        let text = serde_json::json!({"x": json, "y": 1}).to_string();
        let mut found = Vec::new();
        prop_assert_eq!(members(text.as_bytes(), 0, 0, &mut found), Ok(text.len()));
        let x = &text[found[0].value.range()];
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(x).unwrap(), json);
        prop_assert_eq!(&text[found[1].key.range()], "y");
    }
}

#[test]
fn nesting_is_bounded_and_costs_no_stack() {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(accepts(deep(MAX_DEPTH).as_bytes()));
    let too_deep = deep(MAX_DEPTH + 1);
    assert_eq!(value(too_deep.as_bytes(), 0, 0).err(), Some(ScanError::Depth { at: MAX_DEPTH }));
    assert!(!accepts("[".repeat(3_000_000).as_bytes()));
}

#[test]
fn errors_point_at_the_byte() {
    let at = |text: &str| match value(text.as_bytes(), 0, 0) {
        Err(ScanError::Syntax { at, .. }) => Some(at),
        _ => None,
    };
    assert_eq!(at("[1,NaN]"), Some(3));
    assert_eq!(at("{\"a\" 1}"), Some(5));
    assert_eq!(at("\"a\u{1}\""), Some(2));
    assert_eq!(at("[\"\\x\"]"), Some(3));
}

#[test]
fn a_broken_element_ends_at_its_brackets() {
    let text = br#"{"a":NaN,"b":"}]"},{"c":1}]"#;
    assert_eq!(balanced_end(text, 0), Some(18));
    assert_eq!(balanced_end(b"nope,{}", 0), Some(4));
    assert_eq!(balanced_end(b"nope]", 0), Some(4));
    assert_eq!(balanced_end(br#"{"a":"#, 0), None);
}

#[test]
fn members_in_another_order_than_the_last_time_are_found() {
    let mut notes = Notes::default();
    let texts = [
        r#"{"a":1,"x":2,"y":3}"#,
        r#"{"a":1,"y":3}"#,
        r#"{"y":3,"x":"2","a":1,"b":0}"#,
        "{ \"y\" : 3, \"x\":2 }",
        r#"{"\u0061":1,"xx":2,"x":3,"x":4}"#,
        r#"{"a":1,"x":2,"y":3}"#,
    ];
    for text in texts {
        notes.clear();
        assert_eq!(record(text.as_bytes(), 0, 0, Down(0), &mut notes), Ok(text.len()));
        let mut plain = Vec::new();
        assert_eq!(members(text.as_bytes(), 0, 0, &mut plain), Ok(text.len()));
        check_notes(text.as_bytes(), (&plain, &notes.members), &notes.nested);
        check_numbers(text.as_bytes(), &notes);
    }
}
