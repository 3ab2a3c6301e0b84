//! Base64 of gzip: what a log subscription hands to Lambda and to queues.

use std::io::{self, Read};

use ::base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use ::base64::engine::{DecodePaddingMode, Engine as _};
use ::base64::{alphabet, read::DecoderReader};

use super::Naming;

/// Standard base64, with or without padding at the end.
static LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Whether a text begins as base64 of gzip does: of the bytes `1f 8b 08`.
pub(super) fn is_gzip(head: &[u8]) -> bool {
    head.trim_ascii_start().starts_with(b"H4sI")
}

/// Reads base64 with any white space in it.
pub(super) fn decoder<'a>(text: impl Read + 'a) -> Box<dyn Read + 'a> {
    Box::new(Naming { format: "base64", inner: DecoderReader::new(WithoutSpace(text), &LENIENT) })
}

/// Decodes one base64 text.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    LENIENT.decode(text).ok()
}

struct WithoutSpace<R>(R);

impl<R: Read> Read for WithoutSpace<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.0.read(buffer)?;
            let mut kept = 0;
            for at in 0..read {
                if !buffer[at].is_ascii_whitespace() {
                    buffer[kept] = buffer[at];
                    kept += 1;
                }
            }
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}
