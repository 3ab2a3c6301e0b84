//! A terminal for a program: what a person would type and see.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};

const PATIENCE: Duration = Duration::from_secs(60);

/// A program that runs on a terminal of its own.
pub(crate) struct Terminal {
    child: Child,
    keyboard: File,
    screen: Arc<Mutex<String>>,
    /// Bytes of the screen that were looked at.
    seen: usize,
}

impl Terminal {
    /// Runs milepost with these arguments and variables in `folder`.
    pub(crate) fn start(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let size = Winsize { ws_row: 24, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(&size, None).unwrap();
        let end = || Stdio::from(pty.slave.try_clone().unwrap());
        // it makes the terminal the one that Ctrl-C on it reaches the program from
        let child = Command::new("setsid")
            .args(["--ctty", "--wait", env!("CARGO_BIN_EXE_milepost")])
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TERM", "xterm")
            .env("HOME", folder)
            .env("PAGER", "cat")
            .envs(environment.iter().copied())
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        drop(pty.slave);
        let mut display = File::from(pty.master.try_clone().unwrap());
        let screen = Arc::new(Mutex::new(String::new()));
        let shown = Arc::clone(&screen);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            let mut pending = Vec::new();
            // the terminal is gone when nobody holds its other end
            while let Ok(read @ 1..) = display.read(&mut bytes) {
                pending.extend_from_slice(&bytes[..read]);
                let whole = std::str::from_utf8(&pending).map_or_else(|error| error.valid_up_to(), str::len);
                shown.lock().unwrap().push_str(std::str::from_utf8(&pending[..whole]).unwrap());
                pending.drain(..whole);
            }
        });
        Self { child, keyboard: File::from(pty.master), screen, seen: 0 }
    }

    /// Types text; `\r` is the return key, `\x03` Ctrl-C.
    pub(crate) fn types(&mut self, text: &str) -> &mut Self {
        self.keyboard.write_all(text.as_bytes()).unwrap();
        self
    }

    /// Waits until this is shown, below what was waited for before.
    #[track_caller]
    pub(crate) fn shows(&mut self, text: &str) -> &mut Self {
        let started = Instant::now();
        loop {
            let screen = self.screen.lock().unwrap().clone();
            if let Some(at) = screen[self.seen..].find(text) {
                self.seen += at + text.len();
                return self;
            }
            assert!(started.elapsed() < PATIENCE, "`{text}` is not shown:\n{}", &screen[self.seen..]);
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for the end of the program and gives its exit code.
    pub(crate) fn ends(mut self) -> Option<i32> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(started.elapsed() < PATIENCE, "it does not end:\n{}", self.screen.lock().unwrap());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Everything that was shown.
    pub(crate) fn screen(&self) -> String {
        self.screen.lock().unwrap().clone()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
