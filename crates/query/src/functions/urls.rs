//! Parts of URLs, as Trino calls them, and the escapes of keys and addresses in them.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, Volatility};
use url::Url;
use url::form_urlencoded::byte_serialize;

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
    define("url_extract_protocol", &[Kind::Text], |args| part(args, |url| Some(url.scheme().to_owned())), "url_extract_protocol(url)", "what is before the `://` of a URL; null for what is none"),
    define("url_extract_host", &[Kind::Text], |args| part(args, |url| Some(url.host_str()?.to_owned())), "url_extract_host(url)", "host of a URL"),
    define("url_extract_path", &[Kind::Text], |args| part(args, |url| Some(url.path().to_owned())), "url_extract_path(url)", "path of a URL"),
    define("url_extract_query", &[Kind::Text], |args| part(args, |url| Some(url.query()?.to_owned())), "url_extract_query(url)", "what is behind the `?` of a URL"),
    define("url_extract_fragment", &[Kind::Text], |args| part(args, |url| Some(url.fragment()?.to_owned())), "url_extract_fragment(url)", "what is behind the `#` of a URL"),
    define("url_extract_parameter", &[Kind::Text, Kind::Text], parameter, "url_extract_parameter(url, name)", "first value of a parameter of a URL, without escapes"),
    define("url_encode", &[Kind::Text], encode, "url_encode(text)", "a text with the escapes that a parameter of a URL needs"),
    define("url_decode", &[Kind::Text], decode, "url_decode(text)", "a text without the escapes of a URL; `+` is a blank"),
];

fn part(args: &ScalarFunctionArgs, of: fn(&Url) -> Option<String>) -> Result<ColumnarValue> {
    let urls = texts(args, 0)?;
    each_text(args, |row| of(&Url::parse(urls.get(row)?).ok()?))
}

fn parameter(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (urls, names) = (texts(args, 0)?, texts(args, 1)?);
    each_text(args, |row| {
        let (url, wanted) = (Url::parse(urls.get(row)?).ok()?, names.get(row)?);
        url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
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
    fn escapes_come_off_and_the_rest_stays() {
        assert_eq!(unescaped("a%2Fb+c%20d"), "a/b c d");
        assert_eq!(unescaped("100%"), "100%");
        assert_eq!(unescaped("%zz%é%2"), "%zz%é%2");
        assert_eq!(unescaped("%C3%A9"), "é");
    }
}
