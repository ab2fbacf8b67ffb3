//! A server that speaks S3, in this process, with one bucket.

use std::{net::SocketAddr, path::Path, sync::Arc};

use handoff_documents::S3;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use object_store::{ObjectStore, aws::AmazonS3Builder, prefix::PrefixStore};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::{net::TcpListener, task::JoinHandle};

const BUCKET: &str = "handoff";
const ID: &str = "AKIDTEST";
const SECRET: &str = "not-much-of-a-secret";
const PREFIX: &str = "of-tests";

/// The server; it stops when this is dropped.
pub(crate) struct Bucket {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Bucket {
    /// Serves the objects in a directory.
    pub(crate) async fn serve(directory: &Path) -> Self {
        std::fs::create_dir(directory.join(BUCKET)).unwrap();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(directory).unwrap());
        builder.set_auth(SimpleAuth::from_single(ID, SECRET));
        let service = builder.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let service = service.clone();
                tokio::spawn(async move {
                    // How a connection ends is the client's business.
                    let _ = auto::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self { address, server }
    }

    pub(crate) fn config(&self) -> S3 {
        S3 {
            bucket: BUCKET.to_owned(),
            region: None,
            endpoint: Some(format!("http://{}", self.address)),
            prefix: Some(PREFIX.to_owned()),
            credentials: Some((ID.to_owned(), SECRET.to_owned())),
        }
    }

    /// What lies in the bucket, as another client sees it.
    pub(crate) fn objects(&self) -> Arc<dyn ObjectStore> {
        let bucket = AmazonS3Builder::new()
            .with_bucket_name(BUCKET)
            .with_endpoint(format!("http://{}", self.address))
            .with_allow_http(true)
            .with_access_key_id(ID)
            .with_secret_access_key(SECRET)
            .build()
            .unwrap();
        Arc::new(PrefixStore::new(bucket, PREFIX))
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.server.abort();
    }
}
