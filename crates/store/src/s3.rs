//! Amazon S3 and what speaks its language.

use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut, resolve_bucket_region};
use object_store::{ClientOptions, RetryConfig};

use crate::credentials::{Chain, chain};
use crate::options::StoreOptions;

/// Region of stores that have none.
const DEFAULT_REGION: &str = "us-east-1";
/// How long one request may take; large objects are read in ranges, so none is long.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a request is tried again after a throttled or failed answer, with growing pauses between.
const MAX_RETRIES: usize = 12;
const RETRY_TIMEOUT: Duration = Duration::from_secs(4 * 60);

/// The client of one bucket. Only a look at the bucket's region may touch the network here.
pub(crate) async fn bucket(name: &str, options: &StoreOptions) -> object_store::Result<AmazonS3> {
    // the environment first, whatever it says: sizes of keys, checksums, proxies, …
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(name)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_retry(retries());
    let is_anonymous = options.anonymous || is_set(&builder, AmazonS3ConfigKey::SkipSignature);
    let Chain { region, endpoint, credentials } = chain(options.profile.as_deref()).await;
    let endpoint =
        options.endpoint.clone().or_else(|| builder.get_config_value(&AmazonS3ConfigKey::Endpoint)).or(endpoint);
    let region = options.region.clone().or_else(|| builder.get_config_value(&AmazonS3ConfigKey::Region)).or(region);
    let mut client = ClientOptions::new().with_timeout(REQUEST_TIMEOUT).with_connect_timeout(CONNECT_TIMEOUT);
    if let Some(endpoint) = &endpoint {
        client = client.with_allow_http(endpoint.starts_with("http://"));
        builder = builder.with_endpoint(endpoint);
    }
    let region = match (region, &endpoint) {
        (Some(region), _) => region,
        (None, Some(_)) => DEFAULT_REGION.to_owned(),
        (None, None) => resolve_bucket_region(name, &client).await?,
    };
    builder = builder.with_region(region);
    if is_anonymous {
        builder = builder.with_skip_signature(true);
    } else if let Some(credentials) = credentials {
        builder = builder.with_credentials(credentials as _);
    }
    if options.virtual_host {
        builder = builder.with_virtual_hosted_style_request(true);
    }
    if options.requester_pays {
        builder = builder.with_request_payer(true);
    }
    if let Some(key) = &options.sse_kms_key {
        builder = builder.with_sse_kms_encryption(key);
    }
    builder.with_client_options(client).build()
}

fn retries() -> RetryConfig {
    RetryConfig { max_retries: MAX_RETRIES, retry_timeout: RETRY_TIMEOUT, ..RetryConfig::default() }
}

fn is_set(builder: &AmazonS3Builder, key: AmazonS3ConfigKey) -> bool {
    builder.get_config_value(&key).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}
