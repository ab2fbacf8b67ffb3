//! Contents in a real directory, and in a real server that speaks S3 over loopback.

#![allow(clippy::unwrap_used, reason = "a test has no better answer")]

mod bucket;

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use handoff_documents::{
    DocumentStore, Expected, ObjectKey, StoreError, Swept, Upload, UploadError,
};
use handoff_domain::document::{MediaType, Sha256};
use object_store::{ObjectStore, local::LocalFileSystem};
use sha2::Digest;
use uuid::Uuid;

use crate::bucket::Bucket;

/// A store, and what lies in it.
struct World {
    store: DocumentStore,
    objects: Arc<dyn ObjectStore>,
    _bucket: Option<Bucket>,
    directory: tempfile::TempDir,
}

impl World {
    fn directory() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self {
            store: DocumentStore::local(&directory.path().join("documents")).unwrap(),
            objects: Arc::new(
                LocalFileSystem::new_with_prefix(directory.path().join("documents")).unwrap(),
            ),
            _bucket: None,
            directory,
        }
    }

    async fn bucket() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let bucket = Bucket::serve(directory.path()).await;
        Self {
            store: DocumentStore::s3(&bucket.config()).unwrap(),
            objects: bucket.objects(),
            _bucket: Some(bucket),
            directory,
        }
    }

    /// The keys of all objects.
    async fn keys(&self) -> Vec<String> {
        let objects: Vec<_> = self.objects.list(None).try_collect().await.unwrap();
        let mut keys: Vec<_> = objects
            .iter()
            .map(|object| object.location.to_string())
            .collect();
        keys.sort_unstable();
        keys
    }
}

fn key(n: u128) -> ObjectKey {
    ObjectKey {
        document: "documents/offer".parse().unwrap(),
        object: Uuid::from_u128(n),
    }
}

/// Bytes that begin like a PNG.
fn png(size: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend(
        (0_u32..)
            .flat_map(u32::to_le_bytes)
            .take(size - bytes.len()),
    );
    bytes
}

fn expected(media_type: &str, content: &[u8]) -> Expected {
    Expected {
        media_type: Some(MediaType::new(media_type).unwrap()),
        size: content.len() as u64,
        sha256: Sha256::from_bytes(sha2::Sha256::digest(content).into()),
    }
}

/// Writes in pieces, as they come over the network.
async fn write(upload: &mut Upload, content: &[u8]) -> Result<(), UploadError> {
    for piece in content.chunks(300_000) {
        upload.write(Bytes::copy_from_slice(piece)).await?;
    }
    Ok(())
}

async fn upload(
    store: &DocumentStore,
    key: ObjectKey,
    expected: Expected,
    content: &[u8],
) -> Result<MediaType, UploadError> {
    let mut upload = store.begin(key, expected).await?;
    match write(&mut upload, content).await {
        Ok(()) => upload.finish().await,
        Err(error) => {
            upload.abort().await;
            Err(error)
        }
    }
}

async fn read(store: &DocumentStore, key: &ObjectKey, from: u64) -> (u64, Vec<u8>) {
    let content = store.read(key, from).await.unwrap();
    let bytes: Vec<Bytes> = content.bytes.try_collect().await.unwrap();
    (content.size, bytes.concat())
}

async fn goes_in_and_out(world: &World) {
    // One in a single request, one in several parts.
    for (n, size) in [(1, 100_000), (2, 19 * 1024 * 1024)] {
        let content = png(size);
        let expected = expected("image/png", &content);
        let stored = upload(&world.store, key(n), expected, &content)
            .await
            .unwrap();
        assert_eq!(stored.as_str(), "image/png");
        world.store.settle(&key(n)).await;
        let (whole, bytes) = read(&world.store, &key(n), 0).await;
        assert_eq!(whole, size as u64);
        assert!(bytes == content, "{size} bytes came back as others");
        let (whole, rest) = read(&world.store, &key(n), size as u64 - 5).await;
        assert_eq!(
            (whole, rest.as_slice()),
            (size as u64, &content[size - 5..])
        );
    }
    assert_eq!(world.keys().await, [key(1).to_string(), key(2).to_string()]);
    let missing = world.store.read(&key(3), 0).await.err().unwrap();
    assert!(matches!(missing, StoreError::Missing { .. }), "{missing:?}");
}

async fn leaves_nothing_of_what_is_refused(world: &World) {
    for size in [1_000, 19 * 1024 * 1024] {
        let content = png(size);
        let good = expected("image/png", &content);
        let short = Expected {
            size: good.size + 1,
            ..good.clone()
        };
        let long = Expected {
            size: good.size - 1,
            ..good.clone()
        };
        let other = Expected {
            sha256: Sha256::from_bytes([0; 32]),
            ..good.clone()
        };
        let pdf = expected("application/pdf", &content);
        let text = expected("text/plain", &content);
        for (n, expected) in [short, long, other, pdf, text].into_iter().enumerate() {
            let refused = upload(&world.store, key(n as u128), expected, &content).await;
            match (n, refused.unwrap_err()) {
                (0 | 1, UploadError::WrongSize { .. })
                | (2, UploadError::WrongDigest { .. })
                | (3 | 4, UploadError::WrongType(_)) => {}
                (n, error) => panic!("{n}: {error:?}"),
            }
        }
        // Broken off in the middle.
        let mut begun = world.store.begin(key(9), good).await.unwrap();
        write(&mut begun, &content[..size - 1]).await.unwrap();
        begun.abort().await;
        assert_eq!(world.keys().await, [""; 0]);
    }
}

async fn sweeps_what_a_crash_left(world: &World) {
    let content = png(1_000);
    for n in [1, 2] {
        upload(
            &world.store,
            key(n),
            expected("image/png", &content),
            &content,
        )
        .await
        .unwrap();
    }
    // Broken off before anything was visible.
    world
        .store
        .begin(key(3), expected("image/png", &content))
        .await
        .unwrap();
    let is_document =
        |key: ObjectKey| async move { Ok::<_, StoreError>(key.object == Uuid::from_u128(1)) };
    let before = world.keys().await;
    assert_eq!(before.len(), 5, "{before:?}");

    let young = world
        .store
        .sweep(DateTime::<Utc>::UNIX_EPOCH, is_document)
        .await
        .unwrap();
    assert_eq!((young, world.keys().await), (Swept::default(), before));

    let swept = world
        .store
        .sweep(DateTime::<Utc>::MAX_UTC, is_document)
        .await
        .unwrap();
    assert_eq!(
        swept,
        Swept {
            removed: 2,
            kept: 1
        }
    );
    assert_eq!(world.keys().await, [key(1).to_string()]);
    let nothing = world
        .store
        .sweep(DateTime::<Utc>::MAX_UTC, is_document)
        .await
        .unwrap();
    assert_eq!(nothing, Swept::default());
}

#[tokio::test]
async fn a_directory_takes_contents_and_gives_them_back() {
    goes_in_and_out(&World::directory()).await;
}

#[tokio::test]
async fn a_bucket_takes_contents_and_gives_them_back() {
    goes_in_and_out(&World::bucket().await).await;
}

#[tokio::test]
async fn nothing_is_left_in_a_directory_of_what_is_refused() {
    let world = World::directory();
    leaves_nothing_of_what_is_refused(&world).await;
    assert_eq!(files(world.directory.path()), [""; 0]);
}

#[tokio::test]
async fn nothing_is_left_in_a_bucket_of_what_is_refused() {
    leaves_nothing_of_what_is_refused(&World::bucket().await).await;
}

#[tokio::test]
async fn a_sweep_removes_from_a_directory_what_a_crash_left() {
    let world = World::directory();
    sweeps_what_a_crash_left(&world).await;

    // What is left of an upload in parts whose process was killed.
    let begun = world
        .store
        .begin(key(7), expected("image/png", &png(100)))
        .await
        .unwrap();
    std::mem::forget(begun);
    let document = world.directory.path().join("documents/documents/offer");
    std::fs::write(document.join(format!("{}#1", key(7).object)), "a part").unwrap();
    let never = |_| async { Ok::<_, StoreError>(false) };
    world
        .store
        .sweep(DateTime::<Utc>::MAX_UTC, never)
        .await
        .unwrap();
    assert_eq!(files(&document), [key(1).object.to_string()]);
}

#[tokio::test]
async fn a_sweep_removes_from_a_bucket_what_a_crash_left() {
    sweeps_what_a_crash_left(&World::bucket().await).await;
}

#[tokio::test]
async fn a_directory_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let world = World::directory();
    let metadata = world.directory.path().join("documents").metadata().unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o700);
    let file = world.directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = DocumentStore::local(&file.join("documents")).unwrap_err();
    assert!(matches!(error, StoreError::Directory { .. }), "{error:?}");
}

/// The names of all files under a directory.
fn files(directory: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => names.extend(files(&entry.path())),
            false => names.push(entry.file_name().into_string().unwrap()),
        }
    }
    names
}
