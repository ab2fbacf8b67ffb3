//! SettingsQueryService.
//!
//! The settings are one short stream, so they are read from the log itself: they are never behind.

use handoff_commands::States;
use handoff_domain::{State, names::StreamName};
use handoff_event_log::Log;
use handoff_proto::v1::{self, settings_query_service_server::SettingsQueryService};
use tonic::{Request, Response, Status};

use crate::{
    call::Call,
    error::ApiError,
    fields::Fields,
    views::{self, View},
};

/// The query about the settings.
pub(crate) struct SettingsQueries {
    pub(crate) log: Log,
    pub(crate) states: States,
}

#[tonic::async_trait]
impl SettingsQueryService for SettingsQueries {
    async fn get_settings(
        &self,
        request: Request<v1::GetSettingsRequest>,
    ) -> Result<Response<v1::GetSettingsResponse>, Status> {
        let (call, request) = Call::of(request)?;
        let view = View::of(&call.caller, call.method.path)?;
        let mut fields = Fields::new();
        let wanted = fields.position("min_position", request.min_position);
        let wanted = fields.finish(wanted)?;
        let position = self.log.head().await.map_err(ApiError::from)?.position;
        // Beyond the end of the log there is nothing to wait for but new events.
        if position < wanted {
            let projection = "settings";
            return Err(ApiError::Behind {
                projection,
                position,
                wanted,
            }
            .into());
        }
        let settings = StreamName::settings();
        let state = self
            .states
            .at(&settings, position)
            .await
            .map_err(ApiError::from)?
            .state;
        let settings = match &state {
            State::Settings(settings) => Some(views::settings::of_state(view, settings)),
            State::Account(_)
            | State::Task(_)
            | State::Member(_)
            | State::Service(_)
            | State::Order(_) => None,
        };
        Ok(Response::new(v1::GetSettingsResponse {
            settings,
            position: position.0,
        }))
    }
}
