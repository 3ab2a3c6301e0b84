//! Where an answer goes: stdout, a terminal, a pager, a file, an object.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use milepost_store::{Place, StoreOptions, Upload};

use crate::pager::Pager;

/// What is said where an answer cannot be put.
pub(crate) const UNWRITABLE_ANSWER: &str = "cannot write the answer";

/// Where an answer goes.
pub(crate) enum Destination {
    Stdout(BufWriter<io::Stdout>),
    /// A person watches: control characters of what strangers wrote into logs are shown as escapes.
    Terminal(BufWriter<io::Stdout>),
    /// A regular file, which appears under its name only once it is complete.
    File {
        temporary: PathBuf,
        path: PathBuf,
        out: BufWriter<File>,
    },
    /// A device or a pipe, which is written to as it is.
    Special(BufWriter<File>),
    /// An object in a store, which is there once it is complete.
    Object(Upload),
    /// A person watches, a page at a time.
    Pager(Pager),
}

impl Destination {
    /// Opens `path`; nothing or `-` is stdout.
    pub(crate) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else {
            let out = BufWriter::new(io::stdout());
            return Ok(if io::stdout().is_terminal() { Self::Terminal(out) } else { Self::Stdout(out) });
        };
        let failed = || format!("cannot write `{}`", path.display());
        // a link leads to the file that is meant
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let existing = std::fs::metadata(&path).ok();
        if existing.as_ref().is_some_and(|metadata| !metadata.is_file()) {
            let out = OpenOptions::new().write(true).open(&path).with_context(failed)?;
            return Ok(Self::Special(BufWriter::new(out)));
        }
        let mut name = path.file_name().with_context(|| format!("`{}` is no file name", path.display()))?.to_owned();
        name.push(format!(".{}.partial", std::process::id()));
        let temporary = path.with_file_name(name);
        let file = File::create(&temporary).with_context(failed)?;
        if let Some(metadata) = existing {
            file.set_permissions(metadata.permissions()).with_context(failed)?;
        }
        Ok(Self::File { temporary, path, out: BufWriter::new(file) })
    }

    /// Opens `path` as [`open`](Self::open) does, or the object at an address such as `s3://bucket/answer.csv`.
    pub(crate) async fn open_anywhere(path: Option<&Path>, options: &StoreOptions) -> anyhow::Result<Self> {
        match path.and_then(Path::to_str).filter(|path| Place::is_remote(path)) {
            Some(address) => Ok(Self::Object(Upload::begin(&object(address, options).await?))),
            None => Self::open(path),
        }
    }

    /// Whether a person reads it.
    pub(crate) fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal(_) | Self::Pager(_))
    }

    /// Puts a file under its name.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        self.flush().context(UNWRITABLE_ANSWER)?;
        match self {
            Self::File { temporary, path, out } => {
                drop(out);
                std::fs::rename(&temporary, &path).with_context(|| format!("cannot write `{}`", path.display()))?;
            }
            Self::Object(upload) => upload.finish()?,
            Self::Pager(pager) => pager.finish().context(UNWRITABLE_ANSWER)?,
            Self::Stdout(_) | Self::Terminal(_) | Self::Special(_) => {}
        }
        Ok(())
    }

    /// Takes back what did not become complete. An object that is not finished does not come to be.
    pub(crate) fn discard(self) {
        match self {
            Self::File { temporary, .. } => {
                let _ = std::fs::remove_file(temporary);
            }
            // what is there is shown
            Self::Pager(pager) => {
                let _ = pager.finish();
            }
            _ => {}
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::Terminal(out) => out.write_all(&shown(bytes)).map(|()| bytes.len()),
            Self::File { out, .. } | Self::Special(out) => out.write(bytes),
            Self::Object(upload) => upload.write(bytes),
            Self::Pager(pager) => pager.write_all(&shown(bytes)).map(|()| bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) | Self::Terminal(out) => out.flush(),
            Self::File { out, .. } | Self::Special(out) => out.flush(),
            Self::Object(upload) => upload.flush(),
            Self::Pager(_) => Ok(()),
        }
    }
}

/// The place of an object that is to be written.
async fn object(address: &str, options: &StoreOptions) -> anyhow::Result<Place> {
    let place = Place::open(address, options).await?;
    anyhow::ensure!(!place.path().as_ref().is_empty(), "`{address}` names a bucket and no object in it");
    Ok(place)
}

/// Bytes without control characters other than tab and line end. Those of Unicode's second block (C1) are two bytes, of
/// which the second alone means nothing to a terminal that reads UTF-8.
fn shown(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut previous = 0;
    for byte in bytes {
        let c1 = previous == 0xc2 && (0x80..0xa0).contains(byte);
        match byte {
            b'\n' | b'\t' => out.push(*byte),
            0..0x20 | 0x7f => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ if c1 => {
                out.pop();
                out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
            }
            _ => out.push(*byte),
        }
        previous = *byte;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_no_control_character() {
        let text = "a\u{1b}[31m\u{7}\u{9b}\té\n".as_bytes();
        assert_eq!(String::from_utf8(shown(text)).unwrap(), "a\\u001b[31m\\u0007\\u009b\té\n");
    }
}
