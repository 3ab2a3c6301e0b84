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
    let mut command = Command::new(program);
    // Ctrl-C in a terminal is meant for the scheduler, which lets whoever is being told be told
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command
        .args(arguments)
        .env("MILEPOST_SUBJECT", message.subject().replace('\0', ""))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        // also when it is given up because it takes too long
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Refusal::for_good(format!("cannot start `{program}`: {error}")))?;
    #[cfg(unix)]
    let group = Group::of(&child);
    if let Some(mut stdin) = child.stdin.take() {
        // a program need not read it
        let _ = stdin.write_all(&json).await;
    }
    let ended = child.wait().await;
    #[cfg(unix)]
    group.leave();
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Refusal::for_now(format!("it ended with {status}"))),
        Err(error) => Err(Refusal::for_now(error.to_string())),
    }
}

/// The processes that a program has started, and itself. They end with whoever waits for them.
#[cfg(unix)]
struct Group(Option<nix::unistd::Pid>);

#[cfg(unix)]
impl Group {
    fn of(child: &tokio::process::Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).map(nix::unistd::Pid::from_raw))
    }

    /// The program has ended by itself; what it leaves behind it means to.
    fn leave(mut self) {
        self.0 = None;
    }
}

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // it may have ended a moment ago
            let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
        }
    }
}
