//! One server, one caller, and the requests between them.

use std::{fs, time::Duration};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use handoff_proto::v1::{self, settings_query_service_client::SettingsQueryServiceClient};
use prost_types::Timestamp;
use tokio::{sync::OnceCell, time::Instant};
use tonic::{
    Code, Request, Response, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};

use crate::{
    config::Target,
    date::{Calendar, Moment},
    error::Error,
    retry::Retry,
    time,
};

/// Most bytes taken as one answer: 500 tasks with the longest descriptions there can be, and room beside.
pub(crate) const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// What a generated client sends its requests through.
pub(crate) type Service = InterceptedService<Channel, Bearer>;

/// Adds the caller's token to each request.
#[derive(Debug, Clone)]
pub(crate) struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request
                .metadata_mut()
                .insert("authorization", value.clone());
        }
        Ok(request)
    }
}

/// Sends requests to one server. Connects with the first.
pub(crate) struct Session {
    service: Service,
    server: String,
    timeout: Duration,
    now: DateTime<Utc>,
    shows_dates: bool,
    /// The zone of the settings, once somebody needed it.
    zone: OnceCell<Tz>,
}

impl Session {
    /// A session that gives each request `timeout`, with its retries, and takes `now` for the moment of the command. If its
    /// answers are shown to people, it finds out in which zone their dates are to be shown.
    pub(crate) fn new(
        target: Target,
        timeout: Duration,
        now: DateTime<Utc>,
        shows_dates: bool,
    ) -> Result<Self, Error> {
        let channel = endpoint(&target)?.connect_lazy();
        let bearer = target.token.as_ref().map(|token| {
            let mut value =
                MetadataValue::try_from(format!("Bearer {}", token.expose())).map_err(|_| {
                    Error::usage(
                        "the token holds characters that no token has",
                        "Check where it is from.",
                    )
                })?;
            value.set_sensitive(true);
            Ok::<_, Error>(value)
        });
        let service = InterceptedService::new(channel, Bearer(bearer.transpose()?));
        Ok(Self {
            service,
            server: target.server,
            timeout,
            now,
            shows_dates,
            zone: OnceCell::new(),
        })
    }

    /// The moment the command was given.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// What people's dates are reckoned from: now, and the zone of the settings.
    pub(crate) async fn calendar(&self) -> Result<Calendar, Error> {
        Ok(Calendar::new(self.now, self.zone().await?))
    }

    /// When something is due, as its flag `--due` says.
    pub(crate) async fn due(&self, text: Option<&str>) -> Result<Option<Moment>, Error> {
        let Some(text) = text else {
            return Ok(None);
        };
        let moment = self.calendar().await?.ahead(text);
        let moment =
            moment.map_err(|error| Error::usage(error.to_string(), "Correct --due.".to_owned()))?;
        Ok(Some(moment))
    }

    /// When something starts, as its flag `--start` says.
    pub(crate) async fn start(&self, text: Option<&str>) -> Result<Option<Timestamp>, Error> {
        let Some(text) = text else {
            return Ok(None);
        };
        let calendar = self.calendar().await?;
        let begin = calendar
            .ahead(text)
            .and_then(|moment| calendar.from(moment, text));
        let begin = begin
            .map_err(|error| Error::usage(error.to_string(), "Correct --start.".to_owned()))?;
        Ok(Some(time::timestamp(begin)))
    }

    /// Sees to it that dates are shown in the zone of the settings, if they can be read, and else in UTC. What is shown is of more
    /// use than an error about its zone.
    pub(crate) async fn show_dates(&self) {
        if self.shows_dates {
            let _ = self.zone().await;
        }
    }

    /// The zone of the settings; UTC for callers who may not read them.
    async fn zone(&self) -> Result<Tz, Error> {
        let read = async || {
            let answer = self
                .send(
                    v1::GetSettingsRequest::default(),
                    async |service, request| {
                        SettingsQueryServiceClient::new(service)
                            .get_settings(request)
                            .await
                    },
                )
                .await;
            let name = match answer {
                Ok(answer) => answer.settings.unwrap_or_default().time_zone,
                Err(error) if error.is_of_code(Code::PermissionDenied) => String::new(),
                Err(error) => return Err(error),
            };
            let zone = match name.as_str() {
                "" => Tz::UTC,
                name => name.parse().map_err(|_| {
                    Error::Failed(format!(
                        "the server's time zone {name:?} is not known to this version of handoff"
                    ))
                })?,
            };
            time::show_in(zone);
            Ok(zone)
        };
        self.zone.get_or_try_init(read).await.copied()
    }

    /// Sends a request that may be sent again without harm, until it is answered, refused, or the time is up.
    pub(crate) async fn call<Q: Clone, A>(
        &self,
        request: Q,
        rpc: impl AsyncFn(Service, Request<Q>) -> Result<Response<A>, Status>,
    ) -> Result<A, Error> {
        let answer = self.send(request, rpc).await?;
        self.show_dates().await;
        Ok(answer)
    }

    async fn send<Q: Clone, A>(
        &self,
        request: Q,
        rpc: impl AsyncFn(Service, Request<Q>) -> Result<Response<A>, Status>,
    ) -> Result<A, Error> {
        let deadline = Instant::now() + self.timeout;
        let mut retry = Retry::default();
        loop {
            let mut attempt = Request::new(request.clone());
            attempt.set_timeout(deadline.saturating_duration_since(Instant::now()));
            let status =
                match tokio::time::timeout_at(deadline, rpc(self.service.clone(), attempt)).await {
                    Ok(Ok(response)) => return Ok(response.into_inner()),
                    Ok(Err(status)) if Instant::now() < deadline => status,
                    // The server's own deadline, and the one of the connection, have other codes at times.
                    Ok(Err(_)) | Err(_) => return Err(self.overdue()),
                };
            match retry.pause_after(&status) {
                Some(pause) if Instant::now() + pause < deadline => tokio::time::sleep(pause).await,
                _ => return Err(self.failed(status)),
            }
        }
    }

    /// Sends a command. `request_id` is the one in the request; the error of an unknown outcome names it.
    pub(crate) async fn command<Q: Clone, A>(
        &self,
        request_id: &str,
        request: Q,
        rpc: impl AsyncFn(Service, Request<Q>) -> Result<Response<A>, Status>,
    ) -> Result<A, Error> {
        self.call(request, rpc)
            .await
            .map_err(|error| error.of_command(request_id))
    }

    /// The connection as a generated client takes it, for streams, which have no deadline.
    pub(crate) fn service(&self) -> Service {
        self.service.clone()
    }

    /// The error for a status that is final.
    pub(crate) fn failed(&self, status: Status) -> Error {
        Error::status(status, &self.server)
    }

    fn overdue(&self) -> Error {
        self.failed(Status::deadline_exceeded(format!(
            "no answer within {:?}",
            self.timeout
        )))
    }
}

fn endpoint(target: &Target) -> Result<Endpoint, Error> {
    let invalid = |error: tonic::transport::Error| {
        Error::usage(
            format!(
                "{:?} is not the address of a server: {error}",
                target.server
            ),
            "Write http://HOST:PORT.",
        )
    };
    // Without a scheme the connection would be tried, and fail with something about HTTP.
    if !target.server.starts_with("http://") && !target.server.starts_with("https://") {
        let message = format!("{:?} is not the address of a server", target.server);
        return Err(Error::usage(
            message,
            "Write http://HOST:PORT, or https://HOST:PORT with TLS.",
        ));
    }
    let endpoint = Endpoint::from_shared(target.server.clone())
        .map_err(invalid)?
        .connect_timeout(Duration::from_secs(5))
        .http2_keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10));
    if !target.server.starts_with("https://") {
        return Ok(endpoint);
    }
    let tls = match &target.ca_file {
        None => ClientTlsConfig::new().with_enabled_roots(),
        Some(path) => {
            let pem = fs::read(path).map_err(|error| {
                Error::usage(
                    format!("cannot read {}: {error}", path.display()),
                    "Check ca_file of the context.",
                )
            })?;
            ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem))
        }
    };
    endpoint.tls_config(tls).map_err(invalid)
}
