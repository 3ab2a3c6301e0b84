//! What a request means for the folders that stand for buckets.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use super::http::{Request, Response, decoded, escaped};

/// File that stands for an object whose key ends in `/`.
const FOLDER_OBJECT: &str = ".folder-object";
/// Objects on one page of a listing, as S3 has it.
const PAGE: usize = 1000;

pub(super) struct Buckets {
    root: PathBuf,
    /// Held while something is written, so that a condition holds until the write is done.
    writing: Mutex<Uploads>,
    etags: Mutex<HashMap<PathBuf, (SystemTime, u64, String)>>,
}

/// Uploads in parts that are under way, by their id.
type Uploads = HashMap<String, BTreeMap<u32, Vec<u8>>>;

/// File of an object; `None` for a key that no file can have.
pub(super) fn path_of(bucket: &Path, key: &str) -> Option<PathBuf> {
    let (folders, name) = key.rsplit_once('/').unwrap_or(("", key));
    let mut path = bucket.to_path_buf();
    for part in folders.split('/').filter(|_| !folders.is_empty()) {
        path.push(Some(part).filter(|part| !matches!(*part, "" | "." | ".."))?);
    }
    path.push(if name.is_empty() { FOLDER_OBJECT } else { name });
    Some(path).filter(|_| !matches!(name, "." | ".."))
}

impl Buckets {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_path_buf(), writing: Mutex::default(), etags: Mutex::default() }
    }

    pub(super) fn answer(&self, request: &Request) -> Response {
        let (bucket, key) = request.bucket_and_key();
        let bucket = self.root.join(bucket);
        if !bucket.is_dir() {
            return Response::error(404, "NoSuchBucket");
        }
        match (request.method.as_str(), key.is_empty()) {
            ("GET", true) => self.list(&bucket, request),
            ("HEAD", true) => Response::new(200),
            ("POST", true) if request.query("delete").is_some() => self.delete_all(&bucket, request),
            (_, true) => Response::error(501, "NotImplemented"),
            (method, false) => match path_of(&bucket, &key) {
                Some(path) => self.object(method, &path, request),
                None => Response::error(400, "InvalidArgument"),
            },
        }
    }

    fn object(&self, method: &str, path: &Path, request: &Request) -> Response {
        match method {
            "GET" | "HEAD" => self.read(path, request),
            "PUT" if request.query("partNumber").is_some() => self.put_part(request),
            "PUT" => match request.header("x-amz-copy-source") {
                Some(source) => self.copy(source, path),
                None => self.write(path, &request.body, request),
            },
            "POST" if request.query("uploads").is_some() => self.begin_upload(),
            "POST" => self.end_upload(path, request),
            "DELETE" => {
                let mut uploads = self.writing.lock().unwrap();
                match request.query("uploadId") {
                    Some(id) => drop(uploads.remove(id)),
                    None => drop(fs::remove_file(path)),
                }
                Response::new(204)
            }
            _ => Response::error(501, "NotImplemented"),
        }
    }

    fn etag(&self, path: &Path) -> Option<String> {
        let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        let state = (metadata.modified().ok()?, metadata.len());
        let mut etags = self.etags.lock().unwrap();
        if let Some((modified, size, etag)) = etags.get(path)
            && (*modified, *size) == state
        {
            return Some(etag.clone());
        }
        let mut hasher = DefaultHasher::new();
        fs::read(path).ok()?.hash(&mut hasher);
        let etag = format!("\"{:016x}{:016x}\"", hasher.finish(), state.1);
        etags.insert(path.to_path_buf(), (state.0, state.1, etag.clone()));
        Some(etag)
    }

    fn read(&self, path: &Path, request: &Request) -> Response {
        let (Some(etag), Ok(bytes)) = (self.etag(path), fs::read(path)) else {
            return Response::error(404, "NoSuchKey");
        };
        if request.header("if-match").is_some_and(|wanted| wanted != "*" && wanted != etag) {
            return Response::error(412, "PreconditionFailed");
        }
        if request.header("if-none-match").is_some_and(|unwanted| unwanted == "*" || unwanted == etag) {
            return Response::new(304);
        }
        let modified = fs::metadata(path).and_then(|metadata| metadata.modified()).unwrap();
        let head =
            |status| Response::new(status).header("etag", etag.clone()).header("last-modified", http_date(modified));
        let Some(range) = request.header("range").and_then(|text| text.strip_prefix("bytes=")) else {
            return head(200).body(bytes);
        };
        let size = bytes.len();
        let (first, last) = range.split_once('-').unwrap();
        let (start, end) = match (first.parse::<usize>(), last.parse::<usize>()) {
            (Ok(first), Ok(last)) => (first, size.min(last + 1)),
            (Ok(first), Err(_)) => (first, size),
            (Err(_), Ok(last)) => (size.saturating_sub(last), size),
            _ => return Response::error(400, "InvalidArgument"),
        };
        if start >= end {
            return Response::error(416, "InvalidRange");
        }
        head(206).header("content-range", format!("bytes {start}-{}/{size}", end - 1)).body(&bytes[start..end])
    }

    /// Writes an object if the request's conditions hold; they hold until it is written.
    fn write(&self, path: &Path, bytes: &[u8], request: &Request) -> Response {
        let _writing = self.writing.lock().unwrap();
        self.write_locked(path, bytes, request)
    }

    fn write_locked(&self, path: &Path, bytes: &[u8], request: &Request) -> Response {
        let there = self.etag(path);
        if request.header("if-none-match") == Some("*") && there.is_some() {
            return Response::error(412, "PreconditionFailed");
        }
        if let Some(wanted) = request.header("if-match") {
            match there {
                None => return Response::error(404, "NoSuchKey"),
                Some(etag) if etag != wanted => return Response::error(412, "PreconditionFailed"),
                Some(_) => {}
            }
        }
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // a reader must never see half of it
        let temporary = self.root.join(format!(".writing-{}", std::process::id()));
        fs::write(&temporary, bytes).unwrap();
        fs::rename(&temporary, path).unwrap();
        Response::new(200).header("etag", self.etag(path).unwrap())
    }

    fn copy(&self, source: &str, path: &Path) -> Response {
        let source = decoded(source);
        let (bucket, key) = source.trim_start_matches('/').split_once('/').unwrap_or_default();
        let bytes = path_of(&self.root.join(bucket), key).and_then(|source| fs::read(source).ok());
        let Some(bytes) = bytes else { return Response::error(404, "NoSuchKey") };
        let _writing = self.writing.lock().unwrap();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        let etag = self.etag(path).unwrap();
        Response::new(200).body(format!("<CopyObjectResult><ETag>{etag}</ETag></CopyObjectResult>"))
    }

    fn begin_upload(&self) -> Response {
        let mut uploads = self.writing.lock().unwrap();
        let id = format!("upload-{}", (0..).find(|number| !uploads.contains_key(&format!("upload-{number}"))).unwrap());
        uploads.insert(id.clone(), BTreeMap::new());
        let text = format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>");
        Response::new(200).body(text)
    }

    fn put_part(&self, request: &Request) -> Response {
        let mut uploads = self.writing.lock().unwrap();
        let number = request.query("partNumber").and_then(|text| text.parse().ok());
        let upload = request.query("uploadId").and_then(|id| uploads.get_mut(id));
        let (Some(number), Some(upload)) = (number, upload) else { return Response::error(404, "NoSuchUpload") };
        upload.insert(number, request.body.clone());
        Response::new(200).header("etag", format!("\"part-{number}\""))
    }

    fn end_upload(&self, path: &Path, request: &Request) -> Response {
        let mut uploads = self.writing.lock().unwrap();
        let id = request.query("uploadId").unwrap_or_default();
        let Some(parts) = uploads.get(id) else { return Response::error(404, "NoSuchUpload") };
        let bytes: Vec<u8> = parts.values().flatten().copied().collect();
        let written = self.write_locked(path, &bytes, request);
        let Some(etag) = self.etag(path).filter(|_| written.is_ok()) else { return written };
        uploads.remove(id);
        let text = format!("<CompleteMultipartUploadResult><ETag>{etag}</ETag></CompleteMultipartUploadResult>");
        Response::new(200).body(text)
    }

    fn delete_all(&self, bucket: &Path, request: &Request) -> Response {
        let _writing = self.writing.lock().unwrap();
        let text = String::from_utf8_lossy(&request.body);
        let keys = text.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
        let mut answer = String::from("<DeleteResult>");
        for key in keys {
            let plain = key.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
            let _ = path_of(bucket, &plain).map(fs::remove_file);
            answer.push_str(&format!("<Deleted><Key>{key}</Key></Deleted>"));
        }
        Response::new(200).body(answer + "</DeleteResult>")
    }

    fn list(&self, bucket: &Path, request: &Request) -> Response {
        let prefix = request.query("prefix").unwrap_or_default();
        let after = request.query("start-after").max(request.query("continuation-token")).unwrap_or_default();
        let limit = request.query("max-keys").and_then(|text| text.parse().ok()).unwrap_or(PAGE).min(PAGE);
        let names = names(bucket, prefix, request.query("delimiter").is_some());
        let mut left = names.into_iter().filter(|(name, _)| name.as_str() > after);
        let page: Vec<_> = left.by_ref().take(limit).collect();
        let is_truncated = left.next().is_some();
        let mut text = format!("<ListBucketResult><IsTruncated>{is_truncated}</IsTruncated>");
        if let Some((last, _)) = page.last().filter(|_| is_truncated) {
            text.push_str(&format!("<NextContinuationToken>{}</NextContinuationToken>", escaped(last)));
        }
        for (name, file) in page {
            let key = escaped(&name);
            let Some(file) = file else {
                text.push_str(&format!("<CommonPrefixes><Prefix>{key}</Prefix></CommonPrefixes>"));
                continue;
            };
            let (Ok(metadata), Some(etag)) = (fs::metadata(&file), self.etag(&file)) else { continue };
            let modified = iso_date(metadata.modified().unwrap());
            text.push_str(&format!(
                "<Contents><Key>{key}</Key><LastModified>{modified}</LastModified><ETag>{}</ETag><Size>{}</Size></Contents>",
                etag.replace('"', "&quot;"),
                metadata.len()
            ));
        }
        Response::new(200).header("content-type", "application/xml").body(text + "</ListBucketResult>")
    }
}

/// Keys that begin with `prefix`, with their files, in the order of S3; with a delimiter, those below a further `/` as one
/// name without a file.
fn names(bucket: &Path, prefix: &str, has_delimiter: bool) -> BTreeSet<(String, Option<PathBuf>)> {
    let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
    let start = if folder.is_empty() { bucket.to_path_buf() } else { bucket.join(folder) };
    let (mut names, mut open) = (BTreeSet::new(), vec![start]);
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let key = path.strip_prefix(bucket).unwrap().to_string_lossy().into_owned();
            let key = key.strip_suffix(FOLDER_OBJECT).map_or(key.clone(), str::to_owned);
            let Some(rest) = key.strip_prefix(prefix) else { continue };
            match rest.find('/').filter(|_| has_delimiter) {
                Some(at) => names.insert((key[..=prefix.len() + at].to_owned(), None)),
                None => names.insert((key, Some(path))),
            };
        }
    }
    names
}

fn iso_date(time: SystemTime) -> String {
    let age = time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    milepost_schema::time::format_micros(i64::try_from(age.as_micros()).unwrap())
}

/// `Mon, 02 Mar 2026 00:00:00 GMT`; no client looks at the day of the week.
fn http_date(time: SystemTime) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let days = time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() / 86_400;
    let iso = iso_date(time);
    let month = MONTHS[iso[5..7].parse::<usize>().unwrap() - 1];
    let weekday = DAYS[usize::try_from(days % 7).unwrap()];
    format!("{weekday}, {} {month} {} {} GMT", &iso[8..10], &iso[..4], &iso[11..19])
}
