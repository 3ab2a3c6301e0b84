//! Sends a message by e-mail.
//!
//! The mail is put together here: a few headers and a body in base64 need no library for mails of every kind.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use lettre::address::Envelope;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use super::{Message, Refusal, with_variables};

/// Longest line of a body in base64.
const LINE_CHARS: usize = 76;
/// Bytes of a subject in one encoded word, which may have 75 characters.
const WORD_BYTES: usize = 45;

pub(super) async fn send(server: &str, from: &str, to: &[String], message: &Message) -> Result<(), Refusal> {
    let from = address(from)?;
    let to = to.iter().map(|text| address(text)).collect::<Result<Vec<_>, _>>()?;
    let mail = mail(&from, &to, &message.subject(), &message.text(), Utc::now());
    let envelope = Envelope::new(Some(from), to).map_err(|error| Refusal::for_good(error.to_string()))?;
    let server = with_variables(server)?;
    // the address may hold a secret, so it is not repeated
    let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&server)
        .map_err(|_| Refusal::for_good("the address of the mail server cannot be used"))?
        // who sends it watches the time, of all answers together
        .timeout(None)
        .build();
    match transport.send_raw(&envelope, mail.as_bytes()).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_permanent() => Err(Refusal::for_good(error.to_string())),
        Err(error) => Err(Refusal::for_now(error.to_string())),
    }
}

fn address(text: &str) -> Result<Address, Refusal> {
    text.trim().parse().map_err(|error| Refusal::for_good(format!("`{text}` is no mail address: {error}")))
}

fn mail(from: &Address, to: &[Address], subject: &str, text: &str, now: DateTime<Utc>) -> String {
    let to: Vec<String> = to.iter().map(ToString::to_string).collect();
    let mut mail = format!(
        "From: {from}\r\nTo: {}\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <{}@milepost>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        to.join(",\r\n "),
        encoded(subject),
        now.to_rfc2822(),
        uuid::Uuid::new_v4()
    );
    let body = STANDARD.encode(text);
    for line in body.as_bytes().chunks(LINE_CHARS) {
        mail.push_str(&String::from_utf8_lossy(line));
        mail.push_str("\r\n");
    }
    mail
}

/// A subject as a header has it: as it is if it is short and plain, else in encoded words. No line end gets through.
fn encoded(subject: &str) -> String {
    if subject.len() <= LINE_CHARS
        && subject.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        && !subject.contains("=?")
    {
        return subject.to_owned();
    }
    let mut words = Vec::new();
    let mut rest = subject;
    while !rest.is_empty() {
        let cut = (0..=WORD_BYTES.min(rest.len())).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(cut);
        words.push(format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
        rest = after;
    }
    words.join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_has_no_header_that_was_not_meant() {
        let address = |text: &str| text.parse::<Address>().unwrap();
        let subject = "a\r\nBcc: x@example.com ü";
        let to = [address("a@example.com"), address("b@example.com")];
        let mail = mail(&address("m@example.com"), &to, subject, "<ü>", DateTime::UNIX_EPOCH);
        let (head, body) = mail.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, format!("{}\r\n", STANDARD.encode("<ü>")));
        assert!(!head.contains("Bcc"), "{head}");
        assert!(head.contains("To: a@example.com,\r\n b@example.com\r\nSubject: =?utf-8?B?"), "{head}");
        assert!(head.contains("Date: Thu, 1 Jan 1970 00:00:00 +0000"), "{head}");
        assert!(head.lines().all(|line| line.len() <= 78), "{head}");
    }
}
