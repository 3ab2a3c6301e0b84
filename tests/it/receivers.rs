//! Servers in the test process that take alerts: a web address and a mail server.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

type Taken = Arc<Mutex<Vec<String>>>;

/// A web address that answers with the given statuses, the last again and again, and keeps what was posted.
pub(crate) struct Web {
    pub(crate) url: String,
    bodies: Taken,
    heads: Taken,
}

impl Web {
    pub(crate) fn start(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (bodies, heads) = (Taken::default(), Taken::default());
        let (kept, kept_heads, statuses) = (Arc::clone(&bodies), Arc::clone(&heads), statuses.to_vec());
        thread::spawn(move || {
            for (number, stream) in listener.incoming().map_while(Result::ok).enumerate() {
                let status = statuses[number.min(statuses.len() - 1)];
                if let Some((head, body)) = read_request(&stream) {
                    if status < 300 {
                        kept.lock().unwrap().push(body);
                    }
                    kept_heads.lock().unwrap().push(head);
                }
                let answer = format!("HTTP/1.1 {status} -\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                let _ = (&stream).write_all(answer.as_bytes());
            }
        });
        Self { url, bodies, heads }
    }

    /// Bodies of the requests that were answered with success.
    pub(crate) fn bodies(&self) -> Vec<String> {
        self.bodies.lock().unwrap().clone()
    }

    /// Heads of all requests, in lower case.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn read_request(stream: &TcpStream) -> Option<(String, String)> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim_end().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        head.push_str(&line);
        head.push('\n');
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).ok()?))
}

/// A web address that takes requests and answers none before it is told to.
pub(crate) struct Silent {
    pub(crate) url: String,
    gate: Arc<(Mutex<bool>, Condvar)>,
    asked: Arc<AtomicUsize>,
}

impl Silent {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}/silent", listener.local_addr().unwrap());
        let gate = Arc::new((Mutex::new(false), Condvar::new()));
        let asked = Arc::new(AtomicUsize::new(0));
        let (shared, count) = (Arc::clone(&gate), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (gate, count) = (Arc::clone(&shared), Arc::clone(&count));
                thread::spawn(move || {
                    let request = read_request(&stream);
                    count.fetch_add(1, Ordering::SeqCst);
                    let is_open = gate.1.wait_while(gate.0.lock().unwrap(), |is_open| !*is_open).unwrap();
                    drop(is_open);
                    if request.is_some() {
                        let _ =
                            (&stream).write_all(b"HTTP/1.1 200 -\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                    }
                });
            }
        });
        Self { url, gate, asked }
    }

    /// Number of requests that were taken.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Answers everybody, from now on at once.
    pub(crate) fn answer(&self) {
        *self.gate.0.lock().unwrap() = true;
        self.gate.1.notify_all();
    }
}

/// A mail server that takes everything.
pub(crate) struct Mail {
    pub(crate) url: String,
    mails: Taken,
}

impl Mail {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let mails = Taken::default();
        let kept = Arc::clone(&mails);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let kept = Arc::clone(&kept);
                thread::spawn(move || converse(&stream, &kept));
            }
        });
        Self { url, mails }
    }

    /// Envelopes and texts of the mails.
    pub(crate) fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap().clone()
    }
}

fn converse(mut stream: &TcpStream, kept: &Taken) {
    let mut reader = BufReader::new(stream);
    let (mut mail, mut in_data) = (String::new(), false);
    let _ = stream.write_all(b"220 sink\r\n");
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let answer: &[u8] = match line.trim_end() {
            "." if in_data => {
                in_data = false;
                kept.lock().unwrap().push(std::mem::take(&mut mail));
                b"250 taken\r\n"
            }
            text if in_data => {
                mail.push_str(text);
                mail.push('\n');
                continue;
            }
            "DATA" => {
                in_data = true;
                b"354 go on\r\n"
            }
            "QUIT" => return drop(stream.write_all(b"221 bye\r\n")),
            text => {
                if text.starts_with("RCPT") || text.starts_with("MAIL") {
                    mail.push_str(text);
                    mail.push('\n');
                }
                b"250 ok\r\n"
            }
        };
        if stream.write_all(answer).is_err() {
            return;
        }
    }
}
