use std::io::Write as _;

use proptest::prelude::*;

use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The text in `bytes` and the members of gzip around it, or what is wrong.
fn text(bytes: &[u8]) -> Result<(Vec<u8>, u32), String> {
    let members = GzipMembers::default();
    match open(&Blob::Memory(bytes.into()), &members).map_err(|error| error.to_string())? {
        Unpacked::Text(mut text) => {
            let mut out = Vec::new();
            text.read_to_end(&mut out).map_err(|error| error.to_string())?;
            Ok((out, members.get()))
        }
        Unpacked::Tar(_) => Err("tar".to_owned()),
        Unpacked::Zip(_) => Err("zip".to_owned()),
    }
}

const TEXT: &[u8] = b"{\"Records\":[]}";

#[test]
fn every_wrapping_comes_off_and_so_do_several() {
    let base64 = |bytes: &[u8]| {
        let text = ::base64::engine::general_purpose::STANDARD.encode(bytes);
        // lines of 20, as `base64` breaks them
        let lines: Vec<_> = text.as_bytes().chunks(20).map(<[u8]>::to_vec).collect();
        lines.join(&b"\r\n"[..])
    };
    use ::base64::engine::Engine as _;
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 3).unwrap();
    for packed in [
        TEXT.to_vec(),
        gzip(TEXT),
        zstd(TEXT),
        gzip(&gzip(TEXT)),
        zstd(&gzip(&gzip(TEXT))),
        base64(&gzip(TEXT)),
        base64(&gzip(&base64(&gzip(TEXT)))),
        [zstd(&TEXT[..5]), zstd(&TEXT[5..])].concat(),
    ] {
        assert_eq!(text(&packed).unwrap().0, TEXT);
    }
}

#[test]
fn members_are_counted_padding_is_skipped_and_what_follows_is_damage() {
    let two = [gzip(&TEXT[..4]), gzip(&TEXT[4..])].concat();
    assert_eq!(text(&two).unwrap(), (TEXT.to_vec(), 2));
    assert_eq!(text(&gzip(TEXT)).unwrap().1, 1);
    assert_eq!(text(TEXT).unwrap().1, 0);
    assert_eq!(text(&[&gzip(TEXT)[..], &[0; 700]].concat()).unwrap().0, TEXT);
    let follow = "bytes that are no gzip follow the gzip data";
    assert_eq!(text(&[&gzip(TEXT)[..], b"tail"].concat()).unwrap_err(), follow);
    assert_eq!(text(&[&gzip(TEXT)[..], &[0, 0, 7]].concat()).unwrap_err(), follow);
}

#[test]
fn damage_names_the_format() {
    let packed = gzip(&TEXT.repeat(50));
    assert_eq!(text(&packed[..packed.len() - 6]).unwrap_err(), "the gzip data ends too early");
    let mut flipped = packed.clone();
    flipped[packed.len() - 6] ^= 1;
    assert!(text(&flipped).unwrap_err().starts_with("the gzip data is damaged: "), "{:?}", text(&flipped));
    let packed = zstd::encode_all(&TEXT.repeat(50)[..], 3).unwrap();
    assert!(text(&packed[..packed.len() - 3]).unwrap_err().starts_with("the zstd data "));
    // the innermost is named, not what lies around it
    let inner = gzip(&TEXT.repeat(50));
    assert_eq!(text(&gzip(&inner[..30])).unwrap_err(), "the gzip data ends too early");
    assert!(text(b"H4sI!!!!").unwrap_err().starts_with("the base64 data is damaged: "));
    assert_eq!(text(b"BZh91AY&SY").unwrap_err(), "it is compressed with bzip2, which milepost does not read");
}

#[test]
fn a_packing_without_end_is_given_up() {
    let mut packed = TEXT.to_vec();
    for _ in 0..=MAX_WRAPPINGS {
        packed = gzip(&packed);
    }
    assert_eq!(text(&packed).unwrap_err(), "it is packed more than 8 times");
}

fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
    let mark = mark.then_some(0xfeff);
    let units = mark.into_iter().chain(text.encode_utf16());
    units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

proptest! {
    #[test]
    fn utf16_becomes_utf8(inner in ".{0,200}", little: bool, mark: bool) {
        let json = format!("{{\"{inner}\"");
        let (out, _) = text(&utf16(&json, little, mark)).unwrap();
        let out = String::from_utf8(out).unwrap();
        prop_assert_eq!(out.trim_start_matches('\u{feff}'), json);
    }
}

#[test]
fn half_a_pair_in_utf16_becomes_its_escape() {
    let mut bytes = utf16("{\"", true, true);
    for unit in [0xd83d_u16, 0x0041, 0xde00] {
        bytes.extend(unit.to_le_bytes());
    }
    assert_eq!(text(&bytes).unwrap().0, "\u{feff}{\"\\ud83dA\\ude00".as_bytes());
    bytes.push(0);
    assert_eq!(text(&bytes).unwrap_err(), "the UTF-16 text ends inside of a character");
}

#[test]
fn text_before_a_torn_character_is_given() {
    let mut bytes = utf16("{\"a\":1}", true, true);
    bytes.push(0x7b);
    let Ok(Unpacked::Text(mut text)) = open(&Blob::Memory(bytes.as_slice().into()), &GzipMembers::default()) else {
        panic!("no text");
    };
    let mut out = Vec::new();
    assert!(text.read_to_end(&mut out).is_err());
    assert_eq!(out, "\u{feff}{\"a\":1}".as_bytes());
}

/// Whatever is done to sound gzip, both ways of inflating it say the same of it.
fn streamed(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let members = GzipMembers::default();
    match gzip::Gunzip::new(bytes, members).read_to_end(&mut out) {
        Ok(_) => Ok(out),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn two_members_that_are_the_same_are_both_there() {
    let two = [gzip(TEXT), gzip(TEXT)].concat();
    assert_eq!(text(&two).unwrap(), ([TEXT, TEXT].concat(), 2));
    let empty = [gzip(b""), gzip(TEXT), gzip(b"")].concat();
    assert_eq!(text(&empty).unwrap(), (TEXT.to_vec(), 3));
}

proptest! {
    #[test]
    fn inflating_at_once_and_as_a_stream_are_the_same(
        contents in prop::collection::vec("[a-c ]{0,300}", 1..4),
        change in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
        cut in prop::option::of(any::<prop::sample::Index>()),
        padding in 0_usize..20,
    ) {
        let mut bytes: Vec<u8> = contents.iter().flat_map(|content| gzip(content.as_bytes())).collect();
        if let Some((at, byte)) = change {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()).max(3));
        }
        bytes.resize(bytes.len() + padding, 0);
        prop_assume!(bytes.starts_with(&[0x1f, 0x8b]));
        let once = text(&bytes).map(|(text, _)| text);
        let streamed = streamed(&bytes);
        // what is inside may be packed again by chance; none of these texts is
        prop_assert_eq!(once.is_ok(), streamed.is_ok(), "{:?} {:?}", once, streamed);
        if let (Ok(once), Ok(streamed)) = (once, streamed) {
            prop_assert_eq!(once, streamed);
        }
    }
}
