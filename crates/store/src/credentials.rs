//! The credentials people already have: environment, profiles of the shared configuration files, SSO, web identity,
//! processes, containers, instances. The chain is that of AWS's own tools; this hands its answer to the store's client and
//! keeps it until shortly before it runs out.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use object_store::CredentialProvider;
use object_store::aws::AwsCredential;
use tokio::sync::Mutex;

/// How long before their end credentials are asked for anew.
const RENEW_BEFORE: Duration = Duration::from_secs(5 * 60);

/// What AWS's shared configuration says.
pub(crate) struct Chain {
    pub(crate) region: Option<String>,
    pub(crate) endpoint: Option<String>,
    pub(crate) credentials: Option<Arc<ChainCredentials>>,
}

/// Looks through environment and configuration files; no credentials are asked for yet.
pub(crate) async fn chain(profile: Option<&str>) -> Chain {
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    let config = loader.load().await;
    Chain {
        region: config.region().map(ToString::to_string),
        endpoint: config.endpoint_url().map(str::to_owned),
        credentials: config.credentials_provider().map(|provider| Arc::new(ChainCredentials::new(provider))),
    }
}

/// Credentials of the chain, kept while they are good.
#[derive(Debug)]
pub(crate) struct ChainCredentials {
    provider: SharedCredentialsProvider,
    kept: Mutex<Option<(Arc<AwsCredential>, Option<SystemTime>)>>,
}

impl ChainCredentials {
    pub(crate) fn new(provider: SharedCredentialsProvider) -> Self {
        Self { provider, kept: Mutex::new(None) }
    }
}

#[async_trait]
impl CredentialProvider for ChainCredentials {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let mut kept = self.kept.lock().await;
        if let Some((credential, expiry)) = kept.as_ref()
            && expiry.is_none_or(|expiry| SystemTime::now() + RENEW_BEFORE < expiry)
        {
            return Ok(Arc::clone(credential));
        }
        let found = self.provider.provide_credentials().await.map_err(|source| object_store::Error::Generic {
            store: "S3",
            source: Box::new(NoCredentials { source: Box::new(source) }),
        })?;
        let credential = Arc::new(to_store(&found));
        *kept = Some((Arc::clone(&credential), found.expiry()));
        Ok(credential)
    }
}

/// No credentials were found, or those found cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "no AWS credentials can be used; none, or no valid ones, in environment, profiles, SSO, web identity, instance"
)]
struct NoCredentials {
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

fn to_store(found: &Credentials) -> AwsCredential {
    AwsCredential {
        key_id: found.access_key_id().to_owned(),
        secret_key: found.secret_access_key().to_owned(),
        token: found.session_token().map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_credential_types::provider::future::ProvideCredentials as Answer;

    use super::*;

    #[derive(Debug)]
    struct Counting {
        lasting: Duration,
        asked: Arc<AtomicUsize>,
    }

    impl ProvideCredentials for Counting {
        fn provide_credentials<'a>(&'a self) -> Answer<'a>
        where
            Self: 'a,
        {
            let number = self.asked.fetch_add(1, Ordering::Relaxed);
            let expiry = SystemTime::now() + self.lasting;
            Answer::ready(Ok(Credentials::new(format!("key{number}"), "secret", None, Some(expiry), "test")))
        }
    }

    async fn keys(lasting: Duration) -> (String, String) {
        let provider = Counting { lasting, asked: Arc::default() };
        let credentials = ChainCredentials::new(SharedCredentialsProvider::new(provider));
        let mut keys = Vec::new();
        for _ in 0..2 {
            keys.push(credentials.get_credential().await.unwrap().key_id.clone());
        }
        (keys.remove(0), keys.remove(0))
    }

    #[tokio::test]
    async fn credentials_are_kept_until_shortly_before_their_end() {
        assert_eq!(keys(Duration::from_secs(3600)).await, ("key0".to_owned(), "key0".to_owned()));
        assert_eq!(keys(Duration::from_secs(60)).await, ("key0".to_owned(), "key1".to_owned()));
    }
}
