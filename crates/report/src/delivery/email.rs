//! Sends a message by e-mail.

use std::time::Duration;

use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use super::{Message, Refusal, with_variables};

/// Longest that an answer of the server may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn send(server: &str, from: &str, to: &[String], message: &Message) -> Result<(), Refusal> {
    let mailbox = |text: &String| {
        text.parse::<Mailbox>().map_err(|error| Refusal::for_good(format!("`{text}` is no mailbox: {error}")))
    };
    let mut mail = lettre::Message::builder().from(mailbox(&from.to_owned())?).subject(message.subject());
    for address in to {
        mail = mail.to(mailbox(address)?);
    }
    let mail = mail.body(message.text()).map_err(|error| Refusal::for_good(error.to_string()))?;
    let server = with_variables(server)?;
    // the address may hold a secret, so it is not repeated
    let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&server)
        .map_err(|_| Refusal::for_good("the address of the mail server cannot be used"))?
        .timeout(Some(PATIENCE))
        .build();
    match transport.send(mail).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_permanent() => Err(Refusal::for_good(error.to_string())),
        Err(error) => Err(Refusal::for_now(error.to_string())),
    }
}
