//! Whom to tell of an alert: a web address, mailboxes, or a command.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use futures::{Stream, StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

mod command;
mod email;
mod message;
mod webhook;

pub(crate) use message::MAX_ROWS;
pub use message::{Message, ToldRow};

use crate::moment;

/// How often a delivery is tried.
const ATTEMPTS: u32 = 4;
/// Time between the first two attempts; each further one is twice that.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// How often one that does not answer is tried: it may have taken the message all the same.
const UNANSWERED_ATTEMPTS: u32 = 2;
/// Longest that an attempt may take if nobody says how long.
const PATIENCE: Duration = Duration::from_secs(20);
/// The same for a command, which may have more to do than to answer.
const COMMAND_PATIENCE: Duration = Duration::from_secs(120);
/// Longest `timeout`: a scheduler that is told to stop waits for it.
const LONGEST_TIMEOUT: TimeDelta = TimeDelta::minutes(10);
/// Receivers that are told at the same time.
pub(crate) const AT_ONCE: usize = 8;
/// Characters of a name that are kept in a key: with the digest, a key stays a short name of a file.
const KEY_NAME_CHARS: usize = 40;
/// Bytes of the digest in a key.
const KEY_DIGEST_BYTES: usize = 8;

/// One way to tell; exactly one of `webhook`, `email` and `command` is there. `${NAME}` in addresses and headers is a
/// variable of the environment, so that secrets need not stand in files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Delivery {
    /// Address that is posted to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
    /// Form of what is posted.
    pub form: Form,
    /// Headers of the request.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Mailboxes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub email: Vec<String>,
    /// Who the mail is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Mail server: `smtp://host:25`, `smtp://user:secret@host:587?tls=required`, `smtps://user:secret@host`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp: Option<String>,
    /// Program and arguments; the message is its standard input.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Longest that an attempt may take, such as `30s`; 20 seconds without it, 2 minutes for a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
}

/// Form of what is posted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// The message as a JSON object.
    #[default]
    Json,
    /// What Slack's incoming webhooks take.
    Slack,
}

impl Delivery {
    /// Whether it can be used.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        let ways = [self.webhook.is_some(), !self.email.is_empty(), !self.command.is_empty()];
        if ways.iter().filter(|way| **way).count() != 1 {
            return Err("a delivery is one of `webhook`, `email` and `command`".to_owned());
        }
        if let Some(address) = &self.webhook
            && !["http://", "https://", "${"].iter().any(|start| address.starts_with(start))
        {
            // the address may hold a secret, so it is not repeated
            return Err("a `webhook` is an address that begins with http:// or https://, or with a variable".to_owned());
        }
        if !self.email.is_empty() && (self.smtp.is_none() || self.from.is_none()) {
            return Err("a delivery by e-mail needs `smtp` and `from`".to_owned());
        }
        match self.timeout.as_deref() {
            Some(text) if timeout(text).is_none() => {
                Err(format!("`timeout = \"{text}\"` is no time to wait: write `30s` or `2m`, at most `10m`"))
            }
            _ => Ok(()),
        }
    }

    /// Longest that an attempt may take.
    fn patience(&self) -> Duration {
        let usual = if self.command.is_empty() { PATIENCE } else { COMMAND_PATIENCE };
        self.timeout.as_deref().and_then(timeout).unwrap_or(usual)
    }

    /// Its name in histories and messages: without secrets.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.webhook {
            Some(address) => {
                let host = address.split_once("://").map_or(address.as_str(), |(_, rest)| rest);
                let host = host.split(['/', '?', '#']).next().unwrap_or_default();
                format!("webhook {}", host.rsplit('@').next().unwrap_or_default())
            }
            None if self.email.is_empty() => format!("command {}", self.command.first().map_or("", String::as_str)),
            None => format!("e-mail {}", self.email.join(", ")),
        }
    }

    /// What it is remembered by: the beginning of its name, and a digest of everything that makes it another receiver. Two
    /// hooks on one host, or one program with other arguments, have one name and two keys. Variables of the environment are
    /// not looked up: a secret that was renewed leads to the same receiver.
    #[must_use]
    pub fn key(&self) -> String {
        let name = self.name();
        let plain = |char: char| if char.is_ascii_alphanumeric() { char } else { '-' };
        let readable: String = name.chars().map(plain).take(KEY_NAME_CHARS).collect();
        let whole = json!([self.webhook, self.form, self.headers, self.email, self.command]).to_string();
        let digest = Sha256::digest(whole);
        let digest: String = digest.iter().take(KEY_DIGEST_BYTES).map(|byte| format!("{byte:02x}")).collect();
        format!("{readable}-{digest}")
    }

    /// Sends `message`, several times if it must be, each time no longer than its time-out.
    ///
    /// # Errors
    /// What was wrong the last time, in words without secrets.
    pub async fn send(&self, message: &Message) -> Result<(), String> {
        let mut pause = FIRST_PAUSE;
        let (mut attempt, mut unanswered) = (1, 0);
        loop {
            let sent = tokio::time::timeout(self.patience(), self.send_once(message)).await;
            let refusal = match sent {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(refusal)) => refusal,
                Err(_) => {
                    unanswered += 1;
                    self.no_answer(unanswered)
                }
            };
            if attempt == ATTEMPTS || !refusal.may_pass {
                return Err(format!("{} did not take the message: {}", self.name(), refusal.reason));
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
            attempt += 1;
        }
    }

    /// Why it is not waited for any longer, for the time of that number.
    fn no_answer(&self, times: u32) -> Refusal {
        let seconds = self.patience().as_secs();
        if self.command.is_empty() {
            let reason = format!("it did not answer within {seconds} s");
            return Refusal { reason, may_pass: times < UNANSWERED_ATTEMPTS };
        }
        // half of its work may be done
        Refusal::for_good(format!("it ran for more than {seconds} s"))
    }

    async fn send_once(&self, message: &Message) -> Result<(), Refusal> {
        if let Some(address) = &self.webhook {
            webhook::post(address, self.form, &self.headers, message).await
        } else if self.email.is_empty() {
            command::run(&self.command, message).await
        } else {
            let server = self.smtp.as_deref().unwrap_or_default();
            email::send(server, self.from.as_deref().unwrap_or_default(), &self.email, message).await
        }
    }
}

/// Sends `message` to all, several at the same time; gives what became of each, in their order.
pub fn send_to_all<'a>(
    all: &'a [Delivery],
    message: &'a Message,
) -> impl Stream<Item = (&'a Delivery, Result<(), String>)> {
    stream::iter(all.iter().map(move |delivery| async move { (delivery, delivery.send(message).await) }))
        .buffered(AT_ONCE)
}

/// A time-out as it is written.
fn timeout(text: &str) -> Option<Duration> {
    let span = moment::parse_span(text).filter(|span| (TimeDelta::seconds(1)..=LONGEST_TIMEOUT).contains(span));
    span.and_then(|span| span.to_std().ok())
}

/// Why a message was not taken.
struct Refusal {
    reason: String,
    /// Whether it may be taken the next time.
    may_pass: bool,
}

impl Refusal {
    fn for_good(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), may_pass: false }
    }

    fn for_now(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), may_pass: true }
    }
}

/// The text with the environment's values for `${NAME}`.
fn with_variables(text: &str) -> Result<String, Refusal> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else { break };
        out.push_str(before);
        let value = std::env::var(name);
        out.push_str(&value.map_err(|_| Refusal::for_good(format!("the variable `{name}` is not set")))?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests;
