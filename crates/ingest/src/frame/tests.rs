use super::*;

/// Feeds `text` in pieces of `step` bytes; gives elements, reasons of bad ones and the outcome.
fn run(text: &str, step: usize) -> (Vec<String>, Vec<String>, Result<(), String>) {
    let mut framer = Framer::new();
    let (mut elements, mut reasons, mut buffer) = (Vec::new(), Vec::new(), Vec::new());
    let mut pieces = text.as_bytes().chunks(step);
    loop {
        let piece = pieces.next();
        buffer.extend_from_slice(piece.unwrap_or_default());
        let mut frames = Frames::default();
        let progress = framer.feed(&buffer, piece.is_none(), &mut frames);
        let text = |start, end| String::from_utf8(buffer[start..end].to_vec()).unwrap();
        elements.extend(frames.elements.iter().map(|element| text(element.start, element.end)));
        reasons.extend(frames.bad.iter().map(|bad| bad.reason.clone()));
        match progress {
            Ok(Progress::Consumed(at)) => drop(buffer.drain(..at)),
            Ok(Progress::Done) => return (elements, reasons, Ok(())),
            Err(broken) => return (elements, reasons, Err(broken.what)),
        }
    }
}

#[test]
fn the_size_of_the_pieces_does_not_matter() {
    for (text, elements, bad) in [
        (
            r#" {"a":[{}], "Records" : [ {"x":1} , 7, {"y":NaN}, NaN, [NaN, 1], {"z":"]}"} ], "b":null, "\u0052ecords":[{"w":2}] } "#,
            &[r#"{"x":1}"#, r#"{"z":"]}"}"#, r#"{"w":2}"#][..],
            4,
        ),
        ("{\"a\":1}\n{\"b\":}\n{\"c\":[1,2]} \"text\"", &["{\"a\":1}", "{\"c\":[1,2]}", "\"text\""], 1),
        ("[ {\"a\":1}, [2], \"x\" ][]", &["{\"a\":1}", "[2]", "\"x\""], 0),
        ("2015-05-28T15:27:35.000Z {\"a\":1}\r\n\n2015 x", &["2015-05-28T15:27:35.000Z {\"a\":1}", "2015 x"], 0),
        ("Event name,Event time\n\"a\nb\",c\r\nd,e", &["\"a\nb\",c", "d,e"], 0),
        ("\"Event name\",\"Event time\"\nd,e\n", &["d,e"], 0),
        ("Event name,Event time\na,5\" disk\nb,\"3\"\" disk\"\r\n", &["a,5\" disk", "b,\"3\"\" disk\""], 0),
    ] {
        let whole = run(text, text.len());
        assert_eq!(whole.0, elements);
        assert_eq!((whole.1.len(), &whole.2), (bad, &Ok(())), "{whole:?}");
        for step in 1..20 {
            assert_eq!(run(text, step), whole, "step {step} of {text}");
        }
    }
}

#[test]
fn reasons_name_the_byte_of_the_record() {
    let (_, reasons, _) = run(r#"{"Records":[7,{"y":NaN}]}"#, 100);
    assert_eq!(reasons, ["not a JSON object", "not valid JSON: expected a value at byte 5 of the record"]);
}

#[test]
fn damage_is_told_apart_from_bad_elements() {
    let error = |text: &str| run(text, 4).2.unwrap_err();
    assert_eq!(error(r#"{"Records":[{"a":1},{"b""#), "the text ends inside the document");
    assert_eq!(error(r#"{"Records":[{"a":1} {"b":1}]}"#), "not valid JSON: expected `,` or `]`");
    assert_eq!(error("{\n\"nope\n}"), "not valid JSON: expected no control character in a string");
    assert_eq!(error("Event name,Event time\n\"a"), "the text ends inside the document");
}

#[test]
fn hostile_texts_are_framed_in_a_moment() {
    let started = std::time::Instant::now();
    // lines that never close, members that could each be the last before an array, a list without end
    for text in [
        "{x\n".repeat(100_000),
        format!("{{\"eventVersion\":\"1\",\"eventName\":\"x\"{}", ",\"events\":[]".repeat(60_000)),
        "[".repeat(1 << 20),
    ] {
        drop(run(&text, 1 << 20));
    }
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

#[test]
fn an_object_of_too_many_members_is_bad() {
    let many = vec!["\"a\":1"; scan::MAX_MEMBERS + 1].join(",");
    let (elements, reasons, _) = run(&format!("{{\"Records\":[{{{many}}},{{\"b\":1}}]}}"), 1 << 20);
    assert_eq!(elements, ["{\"b\":1}"]);
    assert_eq!(reasons, ["more than 65536 members in one object"]);
}
