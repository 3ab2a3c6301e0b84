//! What a user may say about object stores.

/// What a user may say about object stores. Whatever is absent comes from the environment (`AWS_…`, `GOOGLE_…`,
/// `AZURE_…`), the shared configuration files of AWS, or the instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreOptions {
    /// Where an S3-compatible store answers, such as `http://localhost:9000`.
    pub endpoint: Option<String>,
    /// Region of the buckets.
    pub region: Option<String>,
    /// Profile in the shared configuration files.
    pub profile: Option<String>,
    /// Write the bucket into the host name instead of the path.
    pub virtual_host: bool,
    /// Pay for requests to buckets of others.
    pub requester_pays: bool,
    /// Read public buckets without credentials.
    pub anonymous: bool,
    /// Key that encrypts what is written (SSE-KMS).
    pub sse_kms_key: Option<String>,
}
