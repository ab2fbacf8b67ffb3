//! A corner of the shared nats-server for each test.

use std::thread;
use std::time::Duration;

use async_nats::jetstream;
use futures_util::TryStreamExt;

use crate::shared::servers;
use crate::unique_name;

/// A test does not wait longer than this for its streams to go; the server's end removes them anyway.
const DROP_WITHIN: Duration = Duration::from_secs(10);

/// The shared nats-server, and names on it that belong to one test. Streams whose name begins with the
/// prefix, in whatever case, are deleted when this value is dropped.
#[derive(Debug)]
pub struct TestNats {
    pub url: String,
    /// Begins the names of this test's streams and subjects; may stand in both, and has no dot.
    pub prefix: String,
}

impl TestNats {
    /// A new prefix on the shared server.
    pub async fn start_shared() -> Self {
        Self {
            url: servers().await.nats.clone(),
            prefix: unique_name("test"),
        }
    }

    /// A connection of its own.
    pub async fn connect(&self) -> async_nats::Client {
        async_nats::connect(&self.url)
            .await
            .expect("the shared nats-server")
    }
}

impl Drop for TestNats {
    fn drop(&mut self) {
        let url = std::mem::take(&mut self.url);
        let prefix = std::mem::take(&mut self.prefix);
        // A drop may happen inside a runtime, where one cannot wait, or outside of any.
        let deleting = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime
                .block_on(async {
                    tokio::time::timeout(DROP_WITHIN, delete_streams(&url, &prefix)).await
                })
                .map_err(std::io::Error::other)
        });
        // Whatever went wrong, it is not what the test is about.
        deleting.join().ok();
    }
}

async fn delete_streams(url: &str, prefix: &str) -> Result<(), async_nats::Error> {
    let jetstream = jetstream::new(async_nats::connect(url).await?);
    let names: Vec<String> = jetstream.stream_names().try_collect().await?;
    for name in names
        .iter()
        .filter(|name| name.to_lowercase().starts_with(prefix))
    {
        jetstream.delete_stream(name).await?;
    }
    Ok(())
}
