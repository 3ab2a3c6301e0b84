use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use object_store::memory::InMemory;

use super::*;

/// What happens to a put.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Works,
    /// Carried out, but the answer is a time-out.
    AnswerLost,
    /// Carried out, and the client's second try finds it there.
    AnswerLostAndTriedAgain,
    /// Not carried out.
    Fails,
    /// Not carried out and never will be.
    Denied,
}

/// A store whose puts meet the fates in turn; then they work.
#[derive(Debug)]
struct Fateful {
    inner: InMemory,
    fates: Mutex<Vec<Fate>>,
    puts: AtomicUsize,
    /// Reads whose body breaks off.
    broken_reads: AtomicUsize,
}

impl fmt::Display for Fateful {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("fateful")
    }
}

fn generic() -> Error {
    Error::Generic { store: "test", source: "time-out".into() }
}

#[async_trait]
impl ObjectStore for Fateful {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.puts.fetch_add(1, Ordering::Relaxed);
        let fate = self.fates.lock().unwrap().pop().unwrap_or(Fate::Works);
        match fate {
            Fate::Works => self.inner.put_opts(location, payload, options).await,
            Fate::AnswerLost => {
                self.inner.put_opts(location, payload, options).await?;
                Err(generic())
            }
            Fate::AnswerLostAndTriedAgain => {
                self.inner.put_opts(location, payload.clone(), options.clone()).await?;
                self.inner.put_opts(location, payload, options).await
            }
            Fate::Fails => Err(generic()),
            Fate::Denied => Err(Error::PermissionDenied { path: location.to_string(), source: "no".into() }),
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let found = self.inner.get_opts(location, options).await?;
        let is_broken =
            self.broken_reads.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if is_broken.is_err() {
            return Ok(found);
        }
        let GetResult { meta, range, attributes, .. } = found;
        let body = futures::stream::iter([Ok(Bytes::from_static(b"ou")), Err(generic())]);
        Ok(GetResult { payload: GetResultPayload::Stream(body.boxed()), meta, range, attributes })
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// What a create says, what is there afterwards, and how many puts it took.
async fn create(there: Option<&str>, fates: &[Fate]) -> (Result<()>, Option<String>, usize) {
    let path = Path::from("log/1.json");
    let inner = InMemory::new();
    if let Some(there) = there {
        inner.put(&path, PutPayload::from(there.to_owned())).await.unwrap();
    }
    let fates = fates.iter().rev().copied().collect();
    let store = Confirming::new(Fateful {
        inner,
        fates: Mutex::new(fates),
        puts: AtomicUsize::new(0),
        broken_reads: AtomicUsize::new(0),
    });
    let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
    let answer = store.put_opts(&path, PutPayload::from_static(b"ours"), options).await.map(|_| ());
    let found = match store.get(&path).await {
        Ok(found) => Some(String::from_utf8(found.bytes().await.unwrap().to_vec()).unwrap()),
        Err(_) => None,
    };
    (answer, found, store.inner.puts.load(Ordering::Relaxed))
}

#[tokio::test(start_paused = true)]
async fn a_put_that_was_carried_out_has_succeeded_whatever_was_answered() {
    for fate in [Fate::Works, Fate::AnswerLost, Fate::AnswerLostAndTriedAgain] {
        let (answer, found, puts) = create(None, &[fate]).await;
        assert!(answer.is_ok(), "{fate:?}: {answer:?}");
        assert_eq!((found.as_deref(), puts), (Some("ours"), 1), "{fate:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_created_is_never_taken_for_ours() {
    for fate in [Fate::Works, Fate::Fails, Fate::Denied] {
        let (answer, found, _) = create(Some("theirs"), &[fate]).await;
        assert!(matches!(answer, Err(Error::AlreadyExists { .. })), "{fate:?}: {answer:?}");
        assert_eq!(found.as_deref(), Some("theirs"), "{fate:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_not_carried_out_is_tried_again() {
    let (answer, found, puts) = create(None, &[Fate::Fails, Fate::Fails, Fate::AnswerLost]).await;
    assert!(answer.is_ok(), "{answer:?}");
    assert_eq!((found.as_deref(), puts), (Some("ours"), 3));
}

#[tokio::test(start_paused = true)]
async fn what_never_works_ends_with_its_error() {
    let (answer, found, puts) = create(None, &[Fate::Fails; 20]).await;
    assert!(matches!(answer, Err(Error::Generic { .. })), "{answer:?}");
    assert_eq!((found, puts), (None, 5));
    let (answer, found, puts) = create(None, &[Fate::Denied; 20]).await;
    assert!(matches!(answer, Err(Error::PermissionDenied { .. })), "{answer:?}");
    assert_eq!((found, puts), (None, 1));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_is_read_again_but_not_for_ever() {
    let path = Path::from("log/1.json");
    for (broken, works) in [(0, true), (4, true), (5, false)] {
        let inner = InMemory::new();
        inner.put(&path, PutPayload::from_static(b"ours")).await.unwrap();
        let broken_reads = AtomicUsize::new(broken);
        let store =
            Confirming::new(Fateful { inner, fates: Mutex::default(), puts: AtomicUsize::new(0), broken_reads });
        let read = store.get_range(&path, 0..4).await;
        assert_eq!(read.is_ok(), works, "{broken}: {read:?}");
        assert_eq!(read.unwrap_or_else(|_| Bytes::from_static(b"ours")), "ours");
    }
}
