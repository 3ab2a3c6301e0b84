//! Error texts without the XML that a store answered with.
//!
//! A store's client quotes the answer as it came: a document with a code, a message, the key, and numbers that mean something
//! to the store's operators. What a reader has use for are the first three.

use std::borrow::Cow;

/// Begins of an answer in XML.
const STARTS: [&str; 2] = ["<?xml", "<Error>"];
/// Its end.
const END: &str = "</Error>";
/// Elements that say what was asked for, the most telling first.
const OBJECTS: [&str; 3] = ["Key", "BucketName", "Resource"];

/// The text with code, message and key of an error in place of its XML. What is no such error stays as it is.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    let Some(start) = STARTS.iter().filter_map(|start| text.find(start)).min() else { return Cow::Borrowed(text) };
    let (before, rest) = text.split_at(start);
    let (xml, after) = rest.split_once(END).unwrap_or((rest, ""));
    let Some(code) = element(xml, "Code") else { return Cow::Borrowed(text) };
    let mut out = format!("{before}{code}");
    if let Some(message) = element(xml, "Message") {
        out.push_str(&format!(": {message}"));
    }
    let object = OBJECTS.iter().find_map(|name| element(xml, name)).filter(|object| !out.contains(object.as_str()));
    if let Some(object) = object {
        out.push_str(&format!(" (`{object}`)"));
    }
    out.push_str(after);
    Cow::Owned(out)
}

/// The text of an element that is not empty.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let text = text.trim();
    // `&amp;` last: what it stands for begins no other
    let marks = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&")];
    let text = marks.iter().fold(text.to_owned(), |text, (mark, meant)| text.replace(mark, meant));
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_code_message_and_key() {
        let error = "Server returned non-2xx status code: 403 Forbidden: <?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                     <Error><Code>AccessDenied</Code><Message>You may not &amp;lt; that &quot;here&quot;</Message>\
                     <Key>a/b.html</Key><RequestId>1A</RequestId></Error> and more";
        let expected = "Server returned non-2xx status code: 403 Forbidden: AccessDenied: You may not &lt; that \"here\" \
                        (`a/b.html`) and more";
        assert_eq!(plain(error), expected);
        let bucket = "404: <Error><Code>NoSuchBucket</Code><Message>There is no bucket</Message><BucketName>logs</BucketName>\
                      <HostId>x</HostId></Error>";
        assert_eq!(plain(bucket), "404: NoSuchBucket: There is no bucket (`logs`)");
        let named = "cannot write `logs/k`: <Error><Code>SlowDown</Code><Key>logs/k</Key></Error>";
        assert_eq!(plain(named), "cannot write `logs/k`: SlowDown");
    }

    #[test]
    fn what_is_no_such_answer_stays() {
        for text in ["", "plain", "<Error>", "<?xml version=\"1.0\"?><html></html>", "<Code>x</Code>", "é <Error> é"]
        {
            assert_eq!(plain(text), text);
        }
        // broken off in the middle
        assert_eq!(plain("503: <Error><Code>SlowDown</Code><Mess"), "503: SlowDown");
    }
}
