//! The private Postgres and NATS of `handoffd up`.

use handoff_embedded::{DirectoryLock, Nats, NatsOptions, Postgres, PostgresOptions, Shutdown};

use crate::{error::ServerError, options::Options};

/// The servers that this process started itself, and where to reach those that it uses.
pub(crate) struct Servers {
    database_url: String,
    nats_url: String,
    postgres: Option<Postgres>,
    nats: Option<Nats>,
    /// Given back last, when the servers have gone.
    _lock: DirectoryLock,
}

impl Servers {
    /// Starts what the options do not name, in the data directory, which nobody else may be using.
    pub(crate) async fn start(options: &Options) -> Result<Self, ServerError> {
        let data_dir = options.data_dir();
        let lock = DirectoryLock::acquire(&data_dir)?;
        let postgres = async {
            Ok::<_, ServerError>(match options.given_database_url()? {
                Some(url) => (None, url),
                None => {
                    let started = PostgresOptions::new(data_dir.join("postgres"));
                    let database = started.database.clone();
                    let postgres = Postgres::start(started).await?;
                    let url = postgres.url(&database);
                    (Some(postgres), url)
                }
            })
        };
        let nats = async {
            Ok::<_, ServerError>(match options.given_nats_url()? {
                Some(url) => (None, url),
                None => {
                    let nats = Nats::start(NatsOptions::new(data_dir.join("nats"))).await?;
                    let url = nats.url().to_owned();
                    (Some(nats), url)
                }
            })
        };
        let ((postgres, database_url), (nats, nats_url)) = tokio::try_join!(postgres, nats)?;
        Ok(Self {
            database_url,
            nats_url,
            postgres,
            nats,
            _lock: lock,
        })
    }

    /// The URLs of Postgres and NATS.
    pub(crate) fn urls(&self) -> (String, String) {
        (self.database_url.clone(), self.nats_url.clone())
    }

    /// Waits until a private server has ended by itself, which it should not.
    pub(crate) async fn exited(&mut self) -> ServerError {
        let postgres = async {
            match &mut self.postgres {
                Some(postgres) => postgres.exited().await,
                None => std::future::pending().await,
            }
        };
        let nats = async {
            match &mut self.nats {
                Some(nats) => nats.exited().await,
                None => std::future::pending().await,
            }
        };
        let (server, status) = tokio::select! {
            status = postgres => ("the private Postgres", status),
            status = nats => ("the private NATS", status),
        };
        ServerError::ServerEnded { server, status }
    }

    /// Stops what was started, Postgres last.
    pub(crate) async fn stop(self) {
        if let Some(nats) = self.nats {
            nats.stop().await;
        }
        if let Some(postgres) = self.postgres {
            postgres.stop(Shutdown::Fast).await;
        }
    }
}
