//! As much of HTTP/1.1 as a client of an object store speaks.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::net::TcpStream;

pub(super) struct Request {
    pub(super) method: String,
    /// Path and query, as they came.
    pub(super) target: String,
    pub(super) query: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
    headers: BTreeMap<String, String>,
}

impl Request {
    /// The next request of a connection; `None` when the client is done.
    pub(super) fn read(reader: &mut impl BufRead) -> Option<Self> {
        let mut first = String::new();
        reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
        let mut words = first.split_whitespace();
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
            match line.trim_end().split_once(':') {
                Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.trim().to_owned()),
                None => break,
            };
        }
        let length = headers.get("content-length").map_or(Some(0), |text| text.parse().ok())?;
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(&value.replace('+', " ")))
        });
        Some(Self { method, query: query.collect(), body, headers, target })
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// Bucket and key; the key is empty if the bucket itself is meant.
    pub(super) fn bucket_and_key(&self) -> (String, String) {
        let path = self.target.split('?').next().unwrap_or_default().trim_start_matches('/');
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        (decoded(bucket), decoded(key))
    }

    pub(super) fn decoded_target(&self) -> String {
        decoded(&self.target)
    }

    /// Whether the request is signed with the key of this name.
    pub(super) fn has_key(&self, name: &str) -> bool {
        self.header("authorization").is_some_and(|text| text.contains(&format!("Credential={name}/")))
    }
}

pub(super) struct Response {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Response {
    pub(super) fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(super) fn error(status: u16, code: &str) -> Self {
        let text = format!("<Error><Code>{code}</Code><Message>as the test wants it</Message></Error>");
        Self::new(status).body(text)
    }

    pub(super) fn is_ok(&self) -> bool {
        self.status < 300
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it; `false` if nobody takes it.
    pub(super) fn write(&self, request: &Request, mut stream: &TcpStream) -> bool {
        let mut bytes = self.head().into_bytes();
        if request.method != "HEAD" {
            bytes.extend_from_slice(&self.body);
        }
        stream.write_all(&bytes).is_ok()
    }

    /// Sends its head and half of its body, or nothing if it has none.
    pub(super) fn write_half(&self, request: &Request, mut stream: &TcpStream) {
        if request.method != "HEAD" && !self.body.is_empty() {
            let _ = stream.write_all(self.head().as_bytes());
            let _ = stream.write_all(&self.body[..self.body.len() / 2]);
        }
    }

    fn head(&self) -> String {
        let length = self.body.len();
        let mut head = format!("HTTP/1.1 {} -\r\ncontent-length: {length}\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head + "\r\n"
    }
}

/// Text with its `%xx` resolved.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        let escape = (*first == b'%').then(|| more.get(..2)).flatten();
        let byte = escape.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &more[2..] } else { more };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Text as it may stand in XML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
