//! Parts of URLs, as Trino calls them, and the escapes of keys and addresses in them.
//!
//! The parts are those of the text, by RFC 3986, and nothing is made of them: hosts keep their case, paths their dots.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, Volatility};
use url::form_urlencoded::{self, byte_serialize};

use super::arguments::{each_text, texts};
use super::scalar::{Definition, Kind};

const fn define(
    name: &'static str,
    arguments: &'static [Kind],
    body: fn(&ScalarFunctionArgs) -> Result<ColumnarValue>,
    call: &'static str,
    meaning: &'static str,
) -> Definition {
    let (required, volatility) = (arguments.len(), Volatility::Immutable);
    Definition { name, arguments, required, returns: |_| DataType::Utf8, volatility, body, call, meaning }
}

#[rustfmt::skip]
pub(super) const FUNCTIONS: &[Definition] = &[
    define("url_extract_protocol", &[Kind::Text], |args| part(args, |url| Some(url.scheme)), "url_extract_protocol(url)", "what is before the `://` of a URL; null for what is none"),
    define("url_extract_host", &[Kind::Text], |args| part(args, |url| url.host()), "url_extract_host(url)", "host of a URL"),
    define("url_extract_path", &[Kind::Text], |args| part(args, |url| Some(url.path)), "url_extract_path(url)", "path of a URL"),
    define("url_extract_query", &[Kind::Text], |args| part(args, |url| url.query), "url_extract_query(url)", "what is behind the `?` of a URL"),
    define("url_extract_fragment", &[Kind::Text], |args| part(args, |url| url.fragment), "url_extract_fragment(url)", "what is behind the `#` of a URL"),
    define("url_extract_parameter", &[Kind::Text, Kind::Text], parameter, "url_extract_parameter(url, name)", "first value of a parameter of a URL, without escapes"),
    define("url_encode", &[Kind::Text], encode, "url_encode(text)", "a text with the escapes that a parameter of a URL needs"),
    define("url_decode", &[Kind::Text], decode, "url_decode(text)", "a text without the escapes of a URL; `+` is a blank"),
];

/// The parts of the text of a URL.
#[derive(Debug, Clone, Copy)]
struct Url<'a> {
    scheme: &'a str,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

impl<'a> Url<'a> {
    /// Nothing without a scheme, and nothing with what no URL has, such as blanks.
    fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
        if !is_scheme || !rest.chars().all(may_stand) {
            return None;
        }
        let (rest, fragment) = split(rest, '#');
        let (rest, query) = split(rest, '?');
        let (authority, path) = match rest.strip_prefix("//") {
            Some(behind) => {
                let (authority, path) = behind.split_at(behind.find('/').unwrap_or(behind.len()));
                (Some(authority), path)
            }
            None => (None, rest),
        };
        Some(Self { scheme, authority, path, query, fragment })
    }

    /// Without user and port.
    fn host(self) -> Option<&'a str> {
        let authority = self.authority?;
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let host = match host.rsplit_once(':') {
            // of an address of IPv6, colons are part
            Some((before, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !is_open(before) => before,
            _ => host,
        };
        (!host.is_empty()).then_some(host)
    }
}

fn is_open(host: &str) -> bool {
    host.starts_with('[') && !host.ends_with(']')
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, behind)| (before, Some(behind)))
}

fn may_stand(character: char) -> bool {
    !character.is_whitespace() && !character.is_control() && !matches!(character, '"' | '<' | '>' | '\\' | '^' | '`')
}

fn part(args: &ScalarFunctionArgs, of: fn(Url<'_>) -> Option<&str>) -> Result<ColumnarValue> {
    let urls = texts(args, 0)?;
    each_text(args, |row| of(Url::parse(urls.get(row)?)?).map(str::to_owned))
}

fn parameter(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (urls, names) = (texts(args, 0)?, texts(args, 1)?);
    each_text(args, |row| {
        let (url, wanted) = (Url::parse(urls.get(row)?)?, names.get(row)?);
        let mut pairs = form_urlencoded::parse(url.query?.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    })
}

fn encode(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let plain = texts(args, 0)?;
    each_text(args, |row| Some(byte_serialize(plain.get(row)?.as_bytes()).collect()))
}

fn decode(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let escaped = texts(args, 0)?;
    each_text(args, |row| Some(unescaped(escaped.get(row)?)))
}

/// What is no escape stays as it is.
fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = text.get(at + 1..at + 3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match (bytes[at], digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
                continue;
            }
            (b'+', _) => out.push(b' '),
            (other, _) => out.push(other),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_those_of_the_text() {
        let url = |text| Url::parse(text).map(|url| (url.host(), url.path));
        assert_eq!(url("https://A.example/b/../c"), Some((Some("A.example"), "/b/../c")));
        assert_eq!(url("https://user:pw@é.example:8443"), Some((Some("é.example"), "")));
        assert_eq!(url("https://[::1]:80/x"), Some((Some("[::1]"), "/x")));
        assert_eq!(url("https://[::1]"), Some((Some("[::1]"), "")));
        assert_eq!(url("https://a?b/c#d"), Some((Some("a"), "")));
        assert_eq!(url("file:///x"), Some((None, "/x")));
        assert_eq!(url("mailto:a@b.example"), Some((None, "a@b.example")));
        for none in ["", "no url", "a.example/b", "https://a b", "1x://a", "://a", "https://a/\u{7}"] {
            assert_eq!(url(none), None, "{none}");
        }
    }

    #[test]
    fn escapes_come_off_and_the_rest_stays() {
        assert_eq!(unescaped("a%2Fb+c%20d"), "a/b c d");
        assert_eq!(unescaped("100%"), "100%");
        assert_eq!(unescaped("%zz%é%2"), "%zz%é%2");
        assert_eq!(unescaped("%C3%A9"), "é");
    }
}
