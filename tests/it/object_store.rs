//! An S3 server in the test process: folders as buckets, and faults on request.
//!
//! It speaks what an object store's client needs: listings with prefix, delimiter and start, whole and ranged reads,
//! conditional reads and writes (`If-Match`, `If-None-Match`, atomic), copies, deletes, uploads in parts. It checks the name
//! of the key but no signature. It is written on the standard library alone: a web framework in the tests would have the whole
//! stack below the binary built a second time, with other features. `s3s-fs` was tried for size and left: its listings have
//! no etags, its reads no conditions, its conditional writes are not atomic.
//!
//! ```ignore
//! let s3 = S3::start(&context.path("s3"), Faults { slow_down_every: Some(7), ..Faults::default() });
//! s3.put("trail", "AWSLogs/…/a.json.gz", bytes);
//! context.run_with(&["convert", "s3://trail"], &s3.env(), "");
//! ```

mod bucket;
mod http;
mod tests;

use std::fs;
use std::io::BufReader;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use bucket::Buckets;
use http::{Request, Response};

/// Key and secret that the server is reached with.
const CREDENTIAL: &str = "test";
/// A request that is left hanging looks up this often whether the server has stopped.
const HANG_STEP: Duration = Duration::from_millis(20);

/// What goes wrong. Requests are counted from 1 over all connections, retries included; nothing goes wrong by default.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    /// Time before each answer.
    pub(crate) latency: Duration,
    /// Every n-th request is refused with `503 SlowDown` and not carried out.
    pub(crate) slow_down_every: Option<u64>,
    /// Every n-th request is carried out, and the connection is closed instead of an answer.
    pub(crate) drop_every: Option<u64>,
    /// Every n-th answer breaks off in the middle of its body; one without a body is as dropped.
    pub(crate) break_off_every: Option<u64>,
    /// Every n-th request is not carried out and never answered.
    pub(crate) hang_every: Option<u64>,
    /// Requests whose path or query contains this text are refused with `403 AccessDenied`.
    pub(crate) deny: Option<String>,
}

/// A running server; it stops when this is dropped.
pub(crate) struct S3 {
    endpoint: String,
    shared: Arc<Shared>,
}

struct Shared {
    address: SocketAddr,
    root: PathBuf,
    buckets: Buckets,
    faults: Mutex<Faults>,
    count: AtomicU64,
    log: Mutex<Vec<String>>,
    stopped: AtomicBool,
}

impl S3 {
    /// Serves the folders in `root` as buckets, on a free port of this machine.
    pub(crate) fn start(root: &Path, faults: Faults) -> Self {
        fs::create_dir_all(root).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            address,
            root: root.to_path_buf(),
            buckets: Buckets::new(root),
            faults: Mutex::new(faults),
            count: AtomicU64::new(0),
            log: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if accepting.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&accepting);
                thread::spawn(move || shared.serve(&stream));
            }
        });
        Self { endpoint: format!("http://{address}"), shared }
    }

    /// Address of the server.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Variables with which a program reaches the server and nothing else.
    pub(crate) fn env(&self) -> Vec<(&str, &str)> {
        vec![
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", CREDENTIAL),
            ("AWS_SECRET_ACCESS_KEY", CREDENTIAL),
            ("AWS_REGION", "us-east-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("NO_PROXY", "127.0.0.1"),
        ]
    }

    /// Writes an object past the server, without faults. A key that ends in `/` is an empty object that stands for a folder.
    pub(crate) fn put(&self, bucket: &str, key: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = bucket::path_of(&self.shared.root.join(bucket), key).unwrap();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Makes an empty bucket.
    pub(crate) fn make_bucket(&self, bucket: &str) {
        fs::create_dir_all(self.shared.root.join(bucket)).unwrap();
    }

    /// From now on, this goes wrong; requests are counted from 1 again.
    pub(crate) fn set_faults(&self, faults: Faults) {
        self.shared.count.store(0, Ordering::SeqCst);
        *self.shared.faults.lock().unwrap() = faults;
    }

    /// Requests since the last call: method, path and query as they came, such as `GET /trail?list-type=2&prefix=a%2F`.
    pub(crate) fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut *self.shared.log.lock().unwrap())
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // wakes the accepting thread
        let _ = TcpStream::connect(self.shared.address);
    }
}

impl Shared {
    /// Answers the requests of one connection until either end closes it.
    fn serve(&self, stream: &TcpStream) {
        let _ = stream.set_nodelay(true);
        let mut reader = BufReader::new(stream);
        while let Some(request) = Request::read(&mut reader) {
            if self.stopped.load(Ordering::SeqCst) || !self.answer(&request, stream) {
                return;
            }
        }
    }

    /// Answers one request, or does what is to go wrong; `false` if the connection is to be closed.
    fn answer(&self, request: &Request, stream: &TcpStream) -> bool {
        let faults = self.faults.lock().unwrap().clone();
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        let due = |every: Option<u64>| every.is_some_and(|every| number.is_multiple_of(every));
        self.log.lock().unwrap().push(format!("{} {}", request.method, request.target));
        thread::sleep(faults.latency);
        if due(faults.hang_every) {
            while !self.stopped.load(Ordering::SeqCst) {
                thread::sleep(HANG_STEP);
            }
            return false;
        }
        if due(faults.slow_down_every) {
            return Response::error(503, "SlowDown").write(request, stream);
        }
        if faults.deny.is_some_and(|text| request.decoded_target().contains(&text)) || !request.has_key(CREDENTIAL) {
            return Response::error(403, "AccessDenied").write(request, stream);
        }
        let response = self.buckets.answer(request);
        if due(faults.drop_every) {
            return false;
        }
        if due(faults.break_off_every) {
            response.write_half(request, stream);
            return false;
        }
        response.write(request, stream)
    }
}
