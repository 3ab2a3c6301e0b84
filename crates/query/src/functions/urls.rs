//! Parts of URLs, as Trino calls them, and the escapes of keys and addresses in them.
//!
//! The parts are those of the text, by RFC 3986, and but for escapes nothing is made of them: hosts keep their case, paths
//! their dots. A part that a URL does not have is empty.

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
    define("url_extract_protocol", &[Kind::Text], |args| part(args, |url| url.scheme.into()), "url_extract_protocol(url)", "what is before the `:` of a URL; empty without one, null for what is no URL, as of all its parts"),
    define("url_extract_host", &[Kind::Text], |args| part(args, |url| url.host().into()), "url_extract_host(url)", "host of a URL"),
    define("url_extract_path", &[Kind::Text], |args| part(args, |url| unescaped(url.path, false)), "url_extract_path(url)", "path of a URL, without escapes"),
    define("url_extract_query", &[Kind::Text], |args| part(args, |url| unescaped(url.query.unwrap_or_default(), false)), "url_extract_query(url)", "what is behind the `?` of a URL, without escapes"),
    define("url_extract_fragment", &[Kind::Text], |args| part(args, |url| unescaped(url.fragment.unwrap_or_default(), false)), "url_extract_fragment(url)", "what is behind the `#` of a URL, without escapes"),
    define("url_extract_parameter", &[Kind::Text, Kind::Text], parameter, "url_extract_parameter(url, name)", "first value of a parameter of a URL, without escapes; null if it has none of this name"),
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
    /// As Java's `URI` reads it, and so Trino: also without a scheme, and nothing with what no URL has, such as blanks.
    fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = match text.find([':', '/', '?', '#']) {
            Some(end) if text[end..].starts_with(':') => (&text[..end], &text[end + 1..]),
            _ => ("", text),
        };
        let has_scheme = scheme.len() + rest.len() < text.len();
        if has_scheme && (rest.is_empty() || !is_scheme(scheme)) || !rest.chars().all(may_stand) || !escapes_well(rest)
        {
            return None;
        }
        let (rest, fragment) = split(rest, '#');
        if fragment.is_some_and(|fragment| fragment.contains('#')) {
            return None;
        }
        if has_scheme && !rest.starts_with('/') {
            // `mailto:a@b.example` has no parts
            return Some(Self { scheme, authority: None, path: "", query: None, fragment });
        }
        let (rest, query) = split(rest, '?');
        let (authority, path) = match rest.strip_prefix("//") {
            Some(behind) => {
                let (authority, path) = behind.split_at(behind.find('/').unwrap_or(behind.len()));
                if authority.is_empty() && path.is_empty() && query.is_none() && fragment.is_none() {
                    return None;
                }
                (Some(authority), path)
            }
            None => (None, rest),
        };
        Some(Self { scheme, authority, path, query, fragment })
    }

    /// Without user and port.
    fn host(self) -> &'a str {
        let authority = self.authority.unwrap_or_default();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        match host.rsplit_once(':') {
            // of an address of IPv6, colons are part
            Some((before, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !is_open(before) => before,
            _ => host,
        }
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// Whether two digits follow each `%`.
fn escapes_well(text: &str) -> bool {
    text.split('%')
        .skip(1)
        .all(|behind| behind.len() >= 2 && behind.bytes().take(2).all(|byte| byte.is_ascii_hexdigit()))
}

fn is_open(host: &str) -> bool {
    host.starts_with('[') && !host.ends_with(']')
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, behind)| (before, Some(behind)))
}

fn may_stand(character: char) -> bool {
    let has_no_place = matches!(character, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}');
    !has_no_place && !character.is_whitespace() && !character.is_control()
}

fn part(args: &ScalarFunctionArgs, of: fn(Url<'_>) -> String) -> Result<ColumnarValue> {
    let urls = texts(args, 0)?;
    each_text(args, |row| Url::parse(urls.get(row)?).map(of))
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
    each_text(args, |row| Some(unescaped(escaped.get(row)?, true)))
}

/// What is no escape stays as it is; a plus may be a blank.
fn unescaped(text: &str, plus_is_blank: bool) -> String {
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
            (b'+', _) if plus_is_blank => out.push(b' '),
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
        let url = |text| Url::parse(text).map(|url| (url.scheme, url.host(), url.path));
        assert_eq!(url("https://A.example/b/../c"), Some(("https", "A.example", "/b/../c")));
        assert_eq!(url("https://user:pw@é.example:8443"), Some(("https", "é.example", "")));
        assert_eq!(url("https://[::1]:80/x"), Some(("https", "[::1]", "/x")));
        assert_eq!(url("https://[::1]"), Some(("https", "[::1]", "")));
        assert_eq!(url("https://a?b/c#d"), Some(("https", "a", "")));
        assert_eq!(url("file:///x"), Some(("file", "", "/x")));
        assert_eq!(url("mailto:a@b.example"), Some(("mailto", "", "")));
        assert_eq!(url("a.example/b:c"), Some(("", "", "a.example/b:c")));
        assert_eq!(url("//a.example/b"), Some(("", "a.example", "/b")));
        assert_eq!(url("?a=b"), Some(("", "", "")));
        assert_eq!(url(""), Some(("", "", "")));
        for none in [
            "no url",
            "https://a b",
            "1x://a",
            "://a",
            "https:",
            "https://",
            "https://a/\u{7}",
            "a{b}",
            "a%2",
            "a%zz",
            "a#b#c",
        ] {
            assert_eq!(url(none), None, "{none}");
        }
    }

    #[test]
    fn escapes_come_off_and_the_rest_stays() {
        assert_eq!(unescaped("a%2Fb+c%20d", true), "a/b c d");
        assert_eq!(unescaped("a%2Fb+c%20d", false), "a/b+c d");
        assert_eq!(unescaped("100%", true), "100%");
        assert_eq!(unescaped("%zz%é%2", true), "%zz%é%2");
        assert_eq!(unescaped("%C3%A9", true), "é");
    }
}
