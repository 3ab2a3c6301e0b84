//! A folder and a clean environment for each test, and the binary run in it.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use milepost_testkit::{Archive, Written};
use serde_json::Value;

pub(crate) struct Context {
    folder: tempfile::TempDir,
}

/// What a run of the binary gave.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// The run, which must have ended with `code`.
    #[track_caller]
    pub(crate) fn ended_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

impl Context {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file below the folder.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Runs the binary in the folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, &[], "")
    }

    /// Runs the binary in the folder with variables of the environment and a text on stdin.
    pub(crate) fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)], stdin: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_milepost"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let folder = self.folder.path().canonicalize().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(&format!("{}/", folder.display()), "");
        Output { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// A log file with these records.
pub(crate) fn log(records: &[Value]) -> String {
    serde_json::json!({ "Records": records }).to_string()
}

/// The archive that many tests share, and the lake it was converted into.
pub(crate) struct Shared {
    pub(crate) context: Context,
    pub(crate) written: Written,
}

impl Shared {
    pub(crate) fn lake(&self) -> String {
        self.context.path("lake").to_string_lossy().into_owned()
    }
}

/// Generated and converted once a run of the tests.
pub(crate) fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let context = Context::new();
        let written = Archive::default().write(&context.path("archive")).unwrap();
        context.run(&["convert", "archive"]).ended_with(0);
        Shared { context, written }
    })
}

/// The real records that lie beside the project, if they do.
pub(crate) fn real_data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let found = folder.join("trail").is_dir().then_some(folder);
    if found.is_none() {
        println!("skipped: ../shared/data is not there");
    }
    found
}

/// The documents the project was made from, if they are there.
pub(crate) fn real_seeds() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seeds");
    let found = folder.is_dir().then_some(folder);
    if found.is_none() {
        println!("skipped: ../shared/seeds is not there");
    }
    found
}

/// Every file below a folder.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut open) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(next) = open.pop() {
        let paths = fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path());
        let (folders, more): (Vec<_>, Vec<_>) = paths.partition(|path| path.is_dir());
        open.extend(folders);
        files.extend(more);
    }
    files
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Every record in the log files below `folder`, as canonical text.
pub(crate) fn source_records(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in files_below(folder) {
        let mut text = String::new();
        let bytes = fs::read(&path).unwrap();
        let read = std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(&bytes[..]), &mut text);
        let text = if read.is_ok() { text } else { String::from_utf8_lossy(&bytes).into_owned() };
        let document: Value = serde_json::from_str(&text).unwrap_or_default();
        found.extend(document["Records"].as_array().into_iter().flatten().map(Value::to_string));
    }
    found
}
