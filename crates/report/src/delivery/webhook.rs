//! Posts a message to a web address.

use std::collections::BTreeMap;

use reqwest::Client;
use reqwest::redirect::Policy;
use serde_json::json;

use super::{Form, Message, Refusal, with_variables};

/// Longest text that Slack shows in one message.
const SLACK_CHARS: usize = 3000;

pub(super) async fn post(
    address: &str,
    form: Form,
    headers: &BTreeMap<String, String>,
    message: &Message,
) -> Result<(), Refusal> {
    let address = with_variables(address)?;
    let body = match form {
        Form::Json => serde_json::to_string(message).map_err(|error| Refusal::for_good(error.to_string()))?,
        Form::Slack => slack(message),
    };
    let client = Client::builder().redirect(Policy::none()).build();
    // an error of this library names the address, which may hold a secret
    let plain = |error: reqwest::Error| error.without_url().to_string();
    let client = client.map_err(|error| Refusal::for_good(plain(error)))?;
    let mut request = client.post(address).header("content-type", "application/json").body(body);
    for (name, value) in headers {
        request = request.header(name, with_variables(value)?);
    }
    let response = request.send().await.map_err(|error| {
        if error.is_builder() { Refusal::for_good(plain(error)) } else { Refusal::for_now(plain(error)) }
    })?;
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let may_pass = status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429);
    Err(Refusal { reason: format!("it answered {status}"), may_pass })
}

/// Slack reads `<`, `>` and `&` as marks of its own, and a mention in a log must not ring anybody.
fn slack(message: &Message) -> String {
    let text = message.text().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let text: String = text.chars().take(SLACK_CHARS).collect();
    json!({ "text": text }).to_string()
}
