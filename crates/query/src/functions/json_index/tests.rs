//! The index against the functions that read each text anew.

use super::*;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }

    fn blank(&mut self, out: &mut String) {
        if self.roll(4) == 0 {
            out.push_str(self.one(&[" ", "\n", "\t ", "\r\n", "  "]));
        }
    }

    fn value(&mut self, depth: usize, out: &mut String) {
        match self.roll(if depth == 0 { 2 } else { 4 }) {
            0 => out.push_str(self.one(&["1", "-2.50e3", "true", "null", "\"\"", "01", "nul", "1e", "- 1"])),
            1 => out.push_str(self.one(&STRINGS)),
            2 => {
                out.push('[');
                for at in 0..self.roll(3) {
                    if at > 0 {
                        out.push(',');
                    }
                    self.blank(out);
                    self.value(depth - 1, out);
                }
                self.blank(out);
                out.push(']');
            }
            _ => self.object(depth - 1, out),
        }
    }

    fn object(&mut self, depth: usize, out: &mut String) {
        out.push('{');
        for at in 0..self.roll(5) {
            if at > 0 {
                out.push_str(self.one(&[",", ",", ",", ",", ",", ",", ",,", ""]));
            }
            self.blank(out);
            out.push_str(self.one(&NAMES));
            self.blank(out);
            out.push(':');
            self.blank(out);
            self.value(depth, out);
            self.blank(out);
        }
        out.push_str(self.one(&["}", "}", "}", "}", "}", "}", "}", ",}", "]", ""]));
    }

    /// A text that is mostly an object and mostly valid.
    fn text(&mut self) -> String {
        let mut out = String::new();
        self.blank(&mut out);
        if self.roll(10) == 0 {
            self.value(2, &mut out);
        } else {
            self.object(3, &mut out);
        }
        out.push_str(self.one(&["", "", "", " ", "x", "{}"]));
        // broken off somewhere
        if self.roll(4) == 0 {
            let end = (0..=self.roll(out.len() + 1)).rev().find(|at| out.is_char_boundary(*at)).unwrap();
            out.truncate(end);
        }
        out
    }

    fn path(&mut self) -> Vec<Step> {
        let step = |dice: &mut Self| match dice.roll(6) {
            0 => Step::Element([0, 1, -1, -2][dice.roll(4)]),
            _ => Step::Member(dice.one(&WANTED).to_owned()),
        };
        (0..self.roll(4)).map(|_| step(self)).collect()
    }
}

const STRINGS: [&str; 9] = [
    "\"plain text\"",
    "\"é€😀 and more\"",
    "\"a\\\"b\\\\c\\n\"",
    "\"\\u00e9\\ud83d\\ude00\"",
    "\"\\ud800\"",
    "\"\\x\"",
    "\"a\u{1}b\"",
    "\"{\\\"a\\\":1}\"",
    "\"ends not",
];
const NAMES: [&str; 12] = [
    "\"a\"",
    "\"b\"",
    "\"A\"",
    "\"bucketName\"",
    "\"BucketName\"",
    "\"\\u0061\"",
    "\"k\u{e9}\"",
    "\"k\\u00e9\"",
    "\"\"",
    "\"0\"",
    "\"\\ud800\"",
    "a",
];
const WANTED: [&str; 10] = ["a", "b", "A", "bucketName", "BUCKETNAME", "ké", "", "0", "-1", "none"];
const RULES: [Rule; 3] = [Rule::Exact, Rule::AnyCase, Rule::Postgres];

#[test]
fn the_index_finds_what_is_found_without_it() {
    let mut dice = Dice(20_260_304);
    let (mut index, mut found, mut broken) = (Index::default(), 0, 0);
    for _ in 0..400 {
        let texts: Vec<String> = (0..20).map(|_| dice.text()).collect();
        index.start(texts.len());
        for _ in 0..20 {
            let (path, rule) = (dice.path(), RULES[dice.roll(3)]);
            for (row, text) in texts.iter().enumerate() {
                let wanted = json_path::find_by(text, &path, rule);
                assert_eq!(index.find(row, text, &path, rule), wanted, "{path:?} {rule:?} in {text:?}");
                found += usize::from(wanted.is_some());
            }
        }
        for (row, text) in texts.iter().enumerate() {
            let wanted = json_path::members(text);
            broken += usize::from(wanted.is_none());
            assert_eq!(index.members(row, text), wanted, "{text:?}");
        }
    }
    // neither is all there is
    assert!(found > 10_000 && broken > 500 && broken < 7_500, "{found} values, {broken} broken");
}

fn member(name: &str) -> Vec<Step> {
    vec![Step::Member(name.to_owned())]
}

#[test]
fn a_call_walks_on_from_where_the_last_one_stopped() {
    let text = r#"{"a":1,"b":{"c":2,"d":3},"e":4}"#;
    let mut index = Index::default();
    index.start(1);
    assert_eq!(index.find(0, text, &member("a"), Rule::Exact), Some("1"));
    assert_eq!(index.walked, r#"{"a":1"#.len());
    assert_eq!(index.find(0, text, &member("b"), Rule::Exact), Some(r#"{"c":2,"d":3}"#));
    assert_eq!(index.find(0, text, &member("a"), Rule::Exact), Some("1"));
    assert_eq!(index.walked, r#"{"a":1,"b":{"c":2,"d":3}"#.len());
    for name in ["x", "y", "e"] {
        assert_eq!(index.find(0, text, &member(name), Rule::AnyCase), (name == "e").then_some("4"));
    }
    assert_eq!(index.walked, text.len() - 1);
    let inside = [member("b"), member("d")].concat();
    for _ in 0..3 {
        assert_eq!(index.find(0, text, &inside, Rule::Exact), Some("3"));
    }
    assert_eq!(index.walked, text.len() - 1 + r#"{"c":2,"d":3"#.len());
}

#[test]
fn what_there_is_no_room_for_is_found_in_the_text() {
    let text: String = (0..1000).map(|number| format!("\"n{number}\":{number},")).collect();
    let text = format!("{{{text}\"last\":{{\"inside\":1}}}}");
    let rows = MAX_MEMBERS / 1000 + 2;
    let mut index = Index::default();
    index.start(rows);
    let inside = [member("last"), member("inside")].concat();
    for row in 0..rows {
        assert_eq!(index.find(row, &text, &inside, Rule::AnyCase), Some("1"));
        assert_eq!(index.find(row, &text, &member("none"), Rule::Exact), None);
    }
    assert_eq!(index.members.len(), MAX_MEMBERS);
    assert_eq!(index.members(rows - 1, &text).unwrap().len(), 1001);
}
