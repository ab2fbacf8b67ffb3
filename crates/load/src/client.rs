//! Connections that carry a token.

use std::{fs, io, path::Path};

use handoff_proto::v1::task_command_service_client::TaskCommandServiceClient;
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

/// Why the load could not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("cannot read {path}: {source}")]
    ClientFile { path: String, source: io::Error },
    #[error("{path} does not hold the address and token of a server")]
    Malformed { path: String },
    #[error("cannot connect: {0}")]
    Connect(#[from] tonic::transport::Error),
    #[error("the tasks could not be made: {}", .0.message())]
    Prepare(Box<Status>),
}

/// A new request id.
#[allow(
    clippy::disallowed_methods,
    reason = "the load has no part in the service's ids"
)]
pub(crate) fn request_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// Adds the token to each call.
#[derive(Clone)]
pub(crate) struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request
            .metadata_mut()
            .insert("authorization", self.0.clone());
        Ok(request)
    }
}

pub(crate) type Tasks = TaskCommandServiceClient<InterceptedService<Channel, Bearer>>;

/// Makes connections to the server that a client file names.
pub(crate) async fn connect(path: &Path, connections: usize) -> Result<Vec<Tasks>, LoadError> {
    let shown = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|source| LoadError::ClientFile {
        path: shown.clone(),
        source,
    })?;
    let malformed = || LoadError::Malformed {
        path: shown.clone(),
    };
    let json: serde_json::Value = serde_json::from_str(&text).map_err(|_| malformed())?;
    let field = |name: &str| json[name].as_str().map(str::to_owned).ok_or_else(malformed);
    let endpoint = Endpoint::from_shared(field("server")?)?.tcp_nodelay(true);
    let bearer = Bearer(
        format!("Bearer {}", field("token")?)
            .parse()
            .map_err(|_| malformed())?,
    );
    let mut clients = Vec::with_capacity(connections);
    for _ in 0..connections.max(1) {
        let channel = endpoint.connect().await?;
        clients.push(TaskCommandServiceClient::with_interceptor(
            channel,
            bearer.clone(),
        ));
    }
    Ok(clients)
}
