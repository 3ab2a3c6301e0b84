//! Sources and a lake on a store that somebody else wrote: moto's S3, over HTTP.
//!
//! `MILEPOST_TEST_PYTHON` names a Python that has `moto[server]`; the gate sets it. The store of `object_store` injects faults;
//! this one shows that what we take for S3's ways is not only ours.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::context::{Context, files_below, shared, source_records};

const LAKE: &str = "s3://lakes/trail";

/// A server that ends with the test.
struct Moto {
    server: Child,
    port: u16,
    endpoint: String,
}

impl Moto {
    /// Starts it, if there is one.
    fn start() -> Option<Self> {
        let Some(python) = std::env::var_os("MILEPOST_TEST_PYTHON") else {
            println!("skipped: MILEPOST_TEST_PYTHON is not set");
            return None;
        };
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let server = Command::new(python)
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut moto = Self { server, port, endpoint: format!("http://127.0.0.1:{port}") };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                moto.server.try_wait().unwrap().is_none(),
                "moto's server does not run: is moto[server] installed?"
            );
            assert!(started.elapsed().as_secs() < 60, "moto's server does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(moto)
    }

    /// Puts a bucket or an object.
    fn put(&self, path: &str, body: &[u8]) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let length = body.len();
        write!(
            stream,
            "PUT /{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        stream.write_all(body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    fn env(&self) -> Vec<(&str, &str)> {
        vec![
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("NO_PROXY", "127.0.0.1"),
        ]
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn converters_side_by_side_write_each_record_once_to_motos_s3() {
    let Some(moto) = Moto::start() else { return };
    let context = Context::new();
    let archive = shared().context.path("archive");
    moto.put("lakes", b"");
    moto.put("logs", b"");
    for file in files_below(&archive) {
        let key = file.strip_prefix(&archive).unwrap().to_string_lossy().into_owned();
        moto.put(&format!("logs/{key}"), &std::fs::read(&file).unwrap());
    }
    let convert = || {
        Command::new(env!("CARGO_BIN_EXE_milepost"))
            .args(["convert", "s3://logs", "--lake", LAKE, "--memory", "16MB"])
            .envs(moto.env())
            .current_dir(context.path(""))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    for converter in [convert(), convert()] {
        let output = converter.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let run =
        |arguments: &[&str]| context.run_with(&[arguments, &["--lake", LAKE]].concat(), &moto.env(), "").ended_with(0);
    let again = run(&["convert", "s3://logs", "--json"]).json();
    assert_eq!((&again["records"]["read"], &again["lake"]["version"]), (&0.into(), &serde_json::Value::Null));
    run(&["lake", "compact"]);
    run(&["lake", "check"]);
    let exported = run(&["export"]).stdout;
    let records: Vec<String> =
        exported.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap().to_string()).collect();
    assert_eq!(records.len(), shared().written.records - shared().written.duplicates);
    assert_eq!(records.into_iter().collect::<BTreeSet<_>>(), source_records(&archive));
}
