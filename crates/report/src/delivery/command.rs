//! Hands a message to a program: as JSON on its standard input, and its subject in `MILEPOST_SUBJECT`.

use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::{Message, Refusal};

pub(super) async fn run(command: &[String], message: &Message) -> Result<(), Refusal> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Refusal::for_good("there is no program"));
    };
    let json = serde_json::to_vec(message).map_err(|error| Refusal::for_good(error.to_string()))?;
    let mut child = Command::new(program)
        .args(arguments)
        .env("MILEPOST_SUBJECT", message.subject().replace('\0', ""))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        // also when it is given up because it takes too long
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Refusal::for_good(format!("cannot start `{program}`: {error}")))?;
    if let Some(mut stdin) = child.stdin.take() {
        // a program need not read it
        let _ = stdin.write_all(&json).await;
    }
    match child.wait().await {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Refusal::for_now(format!("it ended with {status}"))),
        Err(error) => Err(Refusal::for_now(error.to_string())),
    }
}
