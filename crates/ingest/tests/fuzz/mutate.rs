//! Makes broken inputs of sound ones: cuts, flips, repeats, splices, and words that mean something where they land.

use fastrand::Rng;

/// Words of the formats that are read.
const WORDS: [&[u8]; 44] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\\",
    b"\n",
    b"\r\n",
    b"\t",
    b"\0",
    b" ",
    b"null",
    b"true",
    b"NaN",
    b"1e400",
    b"-0",
    b"9007199254740993",
    b"\\ud83d",
    b"\\u0000",
    b"\\\"",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\"Records\":[",
    b"\"Events\":[",
    b"\"events\":[",
    b"\"eventVersion\":\"1.08\"",
    b"\"eventName\":",
    b"\"userIdentity\":{}",
    b"\"resources\":[{\"ARN\":1}]",
    b"\"eventTime\":1688989351",
    b"\"detail-type\":\"x\",\"detail\":",
    b"\"messageType\":\"DATA_MESSAGE\",\"logEvents\":",
    b"\"message\":\"{}\",\"timestamp\":1",
    b"\"CloudTrailEvent\":\"{}\"",
    b"\"awslogs\":{\"data\":\"H4sI\"}",
    b"\"kinesis\":{\"data\":\"\"}",
    b"\"eventJson\":\"",
    b"\"timeWindow\":{\"windowEnd\":\"",
    b"2015-05-28T15:27:35.000Z {",
    b"Event name,Event time\n",
    b"PK\x03\x04",
    b"\x1f\x8b\x08",
];

pub(crate) struct Mutator {
    rng: Rng,
    corpus: Vec<Vec<u8>>,
}

impl Mutator {
    pub(crate) fn new(seed: u64, corpus: Vec<Vec<u8>>) -> Self {
        Self { rng: Rng::with_seed(seed), corpus }
    }

    /// An input of the corpus.
    pub(crate) fn pick(&mut self) -> Vec<u8> {
        let at = self.rng.usize(..self.corpus.len());
        self.corpus[at].clone()
    }

    /// An input of the corpus that is text.
    pub(crate) fn pick_text(&mut self) -> Vec<u8> {
        loop {
            let input = self.pick();
            if input.first().is_some_and(|byte| byte.is_ascii_graphic()) && !input.starts_with(b"PK") {
                return input;
            }
        }
    }

    /// A record of the corpus.
    pub(crate) fn pick_record(&mut self) -> Vec<u8> {
        loop {
            let text = self.pick_text();
            if text.starts_with(b"{\"eventVersion\"") || text.starts_with(b"{\n") {
                return text.split(|byte| *byte == b'\r').next().unwrap_or_default().to_vec();
            }
        }
    }

    /// A few changes to bytes.
    pub(crate) fn bytes(&mut self, mut input: Vec<u8>) -> Vec<u8> {
        for _ in 0..self.rng.usize(1..5) {
            self.change(&mut input, false);
        }
        input
    }

    /// A few changes to a text, mostly by words.
    pub(crate) fn tokens(&mut self, mut input: Vec<u8>) -> Vec<u8> {
        for _ in 0..self.rng.usize(1..5) {
            self.change(&mut input, true);
        }
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, by_word: bool) {
        if input.is_empty() {
            return input.extend_from_slice(WORDS[self.rng.usize(..WORDS.len())]);
        }
        let (from, to) = self.range(input.len());
        match self.rng.u8(..if by_word { 12 } else { 8 }) {
            0 => input.truncate(from),
            1 => drop(input.drain(from..to)),
            2 => {
                let part = input[from..to].to_vec();
                let at = self.rng.usize(..=input.len());
                input.splice(at..at, part);
            }
            3 => input[from] ^= 1 << self.rng.u8(..8),
            4 => input[from] = self.rng.u8(..),
            5 => {
                // the end of another input
                let other = self.pick();
                let at = self.rng.usize(..=other.len());
                input.truncate(from);
                input.extend_from_slice(&other[at..]);
            }
            6 => input.extend(std::iter::repeat_n(0, self.rng.usize(..600))),
            7 => input[from..to].reverse(),
            8 => {
                let word = WORDS[self.rng.usize(..WORDS.len())];
                let end = (from + word.len()).min(input.len());
                input.splice(from..end, word.iter().copied());
            }
            _ => {
                let word = WORDS[self.rng.usize(..WORDS.len())];
                input.splice(from..from, word.iter().copied());
            }
        }
    }

    fn range(&mut self, len: usize) -> (usize, usize) {
        let from = self.rng.usize(..len);
        let longest = if self.rng.bool() { 8 } else { len };
        (from, (from + self.rng.usize(1..=longest)).min(len))
    }
}
