//! Whom to tell of an alert: a web address, mailboxes, or a command.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod command;
mod email;
mod message;
mod webhook;

pub(crate) use message::MAX_ROWS;
pub use message::Message;

/// How often a delivery is tried.
const ATTEMPTS: u32 = 4;
/// Time between the first two attempts; each further one is twice that.
const FIRST_PAUSE: std::time::Duration = std::time::Duration::from_millis(500);

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
        if !self.email.is_empty() && (self.smtp.is_none() || self.from.is_none()) {
            return Err("a delivery by e-mail needs `smtp` and `from`".to_owned());
        }
        Ok(())
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

    /// Sends `message`, several times if it must be.
    ///
    /// # Errors
    /// What was wrong the last time, in words without secrets.
    pub async fn send(&self, message: &Message) -> Result<(), String> {
        let mut pause = FIRST_PAUSE;
        let mut attempt = 1;
        loop {
            match self.send_once(message).await {
                Err(Refusal { reason, may_pass }) if attempt == ATTEMPTS || !may_pass => {
                    return Err(format!("{} did not take the message: {reason}", self.name()));
                }
                Err(_) => tokio::time::sleep(pause).await,
                Ok(()) => return Ok(()),
            }
            pause *= 2;
            attempt += 1;
        }
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
