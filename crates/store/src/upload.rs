//! Writes one object, whatever its size, without knowing the size: parts go out while the next are written, and the object
//! is there once the last one is, or not at all.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use object_store::{MultipartUpload, ObjectStoreExt as _, PutPayload};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, block_in_place};

use crate::error::StoreError;
use crate::place::Place;
use crate::reason::reason;

/// Size of a part. A store takes 10,000 of them, so this is the ten-thousandth of the largest object: 160 GB.
const PART_BYTES: usize = 16 << 20;
/// Parts that wait for the network.
const WAITING_PARTS: usize = 1;

/// An object that is being written. Dropped before it is finished, it does not come to be.
#[derive(Debug)]
pub struct Upload {
    address: String,
    part: Vec<u8>,
    sender: Option<mpsc::Sender<Bytes>>,
    task: JoinHandle<Result<(), object_store::Error>>,
    failure: Arc<Mutex<Option<String>>>,
}

/// What became of the parts.
enum End {
    Complete,
    Dropped,
}

impl Upload {
    /// Begins the object at `place`. To be called, and written to, on a runtime with several threads.
    #[must_use]
    pub fn begin(place: &Place) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING_PARTS);
        let failure = Arc::new(Mutex::new(None));
        let (place, noted) = (place.clone(), Arc::clone(&failure));
        let address = place.name().to_owned();
        let task = tokio::spawn(async move {
            let sent = send(&place, receiver).await;
            if let Err(error) = &sent {
                *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason(error));
            }
            sent
        });
        Self { address, part: Vec::new(), sender: Some(sender), task, failure }
    }

    /// Puts the object under its name.
    ///
    /// # Errors
    /// [`StoreError::Write`] if the store did not take it.
    pub fn finish(mut self) -> Result<(), StoreError> {
        let failed = |source| StoreError::Write { address: self.address.clone(), source };
        // the last part; an empty one says that this is the end, and not that the writer has gone
        for part in [std::mem::take(&mut self.part), Vec::new()] {
            if let Some(sender) = &self.sender {
                // the outcome of the task says more
                let _ = block_in_place(|| sender.blocking_send(Bytes::from(part)));
            }
        }
        self.sender = None;
        match block_in_place(|| Handle::current().block_on(&mut self.task)) {
            Ok(sent) => sent.map_err(failed),
            Err(error) => Err(failed(object_store::Error::JoinError { source: error })),
        }
    }

    fn send(&mut self) -> io::Result<()> {
        let part = Bytes::from(std::mem::replace(&mut self.part, Vec::with_capacity(PART_BYTES)));
        let sent = self.sender.as_ref().is_some_and(|sender| block_in_place(|| sender.blocking_send(part)).is_ok());
        if sent {
            return Ok(());
        }
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let failure = failure.unwrap_or_else(|| "the upload ended early".to_owned());
        Err(io::Error::other(format!("`{}`: {failure}", self.address)))
    }
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PART_BYTES - self.part.len());
        self.part.extend_from_slice(&bytes[..taken]);
        if self.part.len() == PART_BYTES {
            self.send()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        // parts have a size of their own
        Ok(())
    }
}

async fn send(place: &Place, mut parts: mpsc::Receiver<Bytes>) -> Result<(), object_store::Error> {
    let Some(first) = parts.recv().await else { return Ok(()) };
    if first.len() < PART_BYTES {
        // what fits into one part is put as it is; without the sign of the end, its writer has gone
        if first.is_empty() || parts.recv().await.is_some() {
            place.root().put(place.path(), PutPayload::from_bytes(first)).await?;
        }
        return Ok(());
    }
    let mut upload = place.root().put_multipart(place.path()).await?;
    match send_parts(first, &mut parts, upload.as_mut()).await {
        Ok(End::Complete) => upload.complete().await.map(drop),
        Ok(End::Dropped) => upload.abort().await,
        Err(error) => {
            // parts that stay behind cost money; if they cannot be taken away, the first error says more
            let _ = upload.abort().await;
            Err(error)
        }
    }
}

async fn send_parts(
    first: Bytes,
    parts: &mut mpsc::Receiver<Bytes>,
    upload: &mut dyn MultipartUpload,
) -> Result<End, object_store::Error> {
    upload.put_part(PutPayload::from_bytes(first)).await?;
    while let Some(part) = parts.recv().await {
        if part.is_empty() {
            return Ok(End::Complete);
        }
        upload.put_part(PutPayload::from_bytes(part)).await?;
    }
    Ok(End::Dropped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::StoreOptions;

    #[tokio::test(flavor = "multi_thread")]
    async fn an_object_is_there_when_it_is_complete_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        for bytes in [0, 10, PART_BYTES, PART_BYTES * 2 + 3] {
            let path = folder.path().join(format!("object-{bytes}"));
            let place = Place::open(&path.display().to_string(), &StoreOptions::default()).await.unwrap();
            let content: Vec<u8> = (0..bytes).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let mut upload = Upload::begin(&place);
            upload.write_all(&content).unwrap();
            drop(upload);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            assert!(!path.exists(), "{bytes}");
            let mut upload = Upload::begin(&place);
            upload.write_all(&content).unwrap();
            assert!(!path.exists(), "{bytes}");
            upload.finish().unwrap();
            assert!(std::fs::read(&path).unwrap() == content, "{bytes}");
        }
    }
}
