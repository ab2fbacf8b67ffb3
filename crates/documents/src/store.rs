//! The object store: a local directory, or a bucket of a service that speaks S3.

use std::{
    fmt, io,
    os::unix::fs::DirBuilderExt,
    path::{Path as FilePath, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, GetRange, ObjectStore, ObjectStoreExt, RetryConfig,
    aws::AmazonS3Builder, buffered::BufWriter, local::LocalFileSystem, path::Path,
    prefix::PrefixStore,
};

use crate::{
    key::{ObjectKey, STAGED},
    upload::{Expected, Upload},
};

/// Bytes of one part of an upload. S3 takes at most 10,000 parts, of which only the last may have less
/// than 5 MiB.
const PART_BYTES: usize = 8 * 1024 * 1024;
/// Parts of one upload that are under way at the same time.
const PARTS_AT_ONCE: usize = 2;
/// How long a bucket may be silent within one answer.
const SILENCE: Duration = Duration::from_secs(30);
/// How long a request to a bucket is tried again.
const RETRY: RetryConfig = RetryConfig {
    backoff: BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(5),
        base: 2.,
    },
    max_retries: 5,
    retry_timeout: Duration::from_secs(30),
};
/// The largest `staged/` object that makes sense: it holds a name.
const STAGED_BYTES: u64 = 1_024;

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The object is not there, though it should be.
    #[error("{key} is not in the object store")]
    Missing { key: String },
    /// The directory cannot be made.
    #[error("cannot use {} for documents", path.display())]
    Directory { path: PathBuf, source: io::Error },
    /// The store is away, refuses, or is not configured right.
    #[error("the object store failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<object_store::Error> for StoreError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { path, .. } => Self::Missing { key: path },
            error => Self::Failed(error.into()),
        }
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Where a bucket is, and who may use it.
#[derive(Clone)]
pub struct S3 {
    pub bucket: String,
    /// None: that of the environment, else `us-east-1`.
    pub region: Option<String>,
    /// None: that of AWS.
    pub endpoint: Option<String>,
    /// What all keys begin with, for a bucket that others use too.
    pub prefix: Option<String>,
    /// Id and secret of an access key. None: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, else what
    /// the platform gives.
    pub credentials: Option<(String, String)>,
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3")
            .field("bucket", &self.bucket)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// Keeps contents. Cheap to clone.
#[derive(Debug, Clone)]
pub struct DocumentStore {
    objects: Arc<dyn ObjectStore>,
    /// The directory of a local store.
    directory: Option<Arc<FilePath>>,
}

/// A content on its way out.
pub struct Content {
    /// Bytes of the whole.
    pub size: u64,
    /// The bytes from where reading began.
    pub bytes: BoxStream<'static, Result<Bytes, StoreError>>,
}

/// What a sweep found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Objects without a document, which were removed.
    pub removed: u64,
    /// Objects that became a document's after all, which stay.
    pub kept: u64,
}

impl DocumentStore {
    /// A directory of this machine, which is made if need be, for its owner only. Writes are on disk when
    /// they are answered.
    pub fn local(directory: &FilePath) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Directory {
            path: directory.to_owned(),
            source,
        };
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(failed)?;
        let directory = directory.canonicalize().map_err(failed)?;
        let objects = LocalFileSystem::new_with_prefix(&directory)?
            .with_automatic_cleanup(true)
            .with_fsync(true);
        Ok(Self {
            objects: Arc::new(objects),
            directory: Some(directory.into()),
        })
    }

    /// A bucket. It is not asked for anything yet.
    pub fn s3(config: &S3) -> Result<Self, StoreError> {
        let options = ClientOptions::new()
            .with_timeout_disabled()
            .with_read_timeout(SILENCE);
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(&config.bucket)
            .with_client_options(options)
            .with_retry(RETRY);
        if let Some(region) = &config.region {
            builder = builder.with_region(region);
        }
        if let Some(endpoint) = &config.endpoint {
            builder = builder
                .with_endpoint(endpoint)
                .with_allow_http(endpoint.starts_with("http://"));
        }
        if let Some((id, secret)) = &config.credentials {
            builder = builder
                .with_access_key_id(id)
                .with_secret_access_key(secret);
        }
        let bucket = builder.build()?;
        let objects: Arc<dyn ObjectStore> = match config.prefix.as_deref() {
            Some(prefix) => Arc::new(PrefixStore::new(bucket, prefix)),
            None => Arc::new(bucket),
        };
        Ok(Self {
            objects,
            directory: None,
        })
    }

    /// Begins to write a content under a key that nothing had before.
    pub async fn begin(&self, key: ObjectKey, expected: Expected) -> Result<Upload, StoreError> {
        let name = key.document.as_str().to_owned();
        self.objects.put(&key.staged(), name.into()).await?;
        let objects = self.objects.clone();
        let writer = BufWriter::with_capacity(objects, key.content(), PART_BYTES)
            .with_max_concurrency(PARTS_AT_ONCE);
        Ok(Upload::new(self.clone(), key, expected, writer))
    }

    /// Notes that the object is a document's from now on. Where that fails, a sweep finds out.
    pub async fn settle(&self, key: &ObjectKey) {
        self.remove(&key.staged()).await;
    }

    /// Removes an object that becomes no document. Where that fails, a sweep does it.
    pub async fn discard(&self, key: &ObjectKey) {
        if self.remove(&key.content()).await {
            self.remove(&key.staged()).await;
        }
    }

    /// Reads a content from a byte on, which must lie before its end.
    pub async fn read(&self, key: &ObjectKey, from: u64) -> Result<Content, StoreError> {
        let options = GetOptions {
            range: (from > 0).then_some(GetRange::Offset(from)),
            ..GetOptions::default()
        };
        let got = self.objects.get_opts(&key.content(), options).await?;
        Ok(Content {
            size: got.meta.size,
            bytes: got.into_stream().map_err(StoreError::from).boxed(),
        })
    }

    /// Removes what uploads left that ended before `before` without a document; `is_document` says whether
    /// an object became one. No upload may take so long that it is still under way.
    ///
    /// # Errors
    /// The store or `is_document` failed; what was not looked at yet stays for the next time.
    pub async fn sweep<E: From<StoreError>, F: Future<Output = Result<bool, E>>>(
        &self,
        before: DateTime<Utc>,
        is_document: impl Fn(ObjectKey) -> F,
    ) -> Result<Swept, E> {
        let mut swept = Swept::default();
        let prefix = Path::from(STAGED);
        let mut staged = self.objects.list(Some(&prefix));
        while let Some(found) = staged.try_next().await.map_err(StoreError::from)? {
            if found.last_modified >= before {
                continue;
            }
            let Some(key) = self.staged(&found.location, found.size).await? else {
                continue;
            };
            if is_document(key.clone()).await? {
                self.settle(&key).await;
                swept.kept += 1;
            } else {
                self.remove_parts(&key).await;
                self.discard(&key).await;
                swept.removed += 1;
            }
        }
        Ok(swept)
    }

    /// What a staged object is about; none if another sweep was faster, or if it is not one of ours.
    async fn staged(&self, path: &Path, size: u64) -> Result<Option<ObjectKey>, StoreError> {
        if size > STAGED_BYTES {
            tracing::warn!(%path, size, "what is this among the staged objects?");
            return Ok(None);
        }
        let content = match self.objects.get(path).await {
            Ok(got) => got.bytes().await?,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        match ObjectKey::of_staged(path, &content) {
            Ok(key) => Ok(Some(key)),
            Err(error) => {
                tracing::warn!(%path, %error, "what is this among the staged objects?");
                Ok(None)
            }
        }
    }

    /// Removes the files, `{object}#1` and so on, of an upload to a directory that a crash broke off. The
    /// store does not list them. A bucket has a rule for such parts.
    async fn remove_parts(&self, key: &ObjectKey) {
        let Some(directory) = &self.directory else {
            return;
        };
        let beside = directory.join("documents").join(key.document.id());
        let Ok(mut entries) = tokio::fs::read_dir(&beside).await else {
            return;
        };
        let prefix = format!("{}#", key.object);
        while let Ok(Some(entry)) = entries.next_entry().await {
            if entry.file_name().to_string_lossy().starts_with(&prefix)
                && let Err(error) = tokio::fs::remove_file(entry.path()).await
            {
                tracing::warn!(%key, %error, "cannot remove a part of an upload");
            }
        }
        // It stays if there is anything else.
        let _ = tokio::fs::remove_dir(&beside).await;
    }

    /// Whether the object is gone.
    async fn remove(&self, path: &Path) -> bool {
        match self.objects.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => true,
            Err(error) => {
                tracing::warn!(%path, %error, "cannot remove an object; a later sweep will");
                false
            }
        }
    }
}
