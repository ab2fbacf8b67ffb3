//! The settings. Their etag counts their changes.

use handoff_proto::v1::{
    self, Settings, settings_command_service_server::SettingsCommandService,
    settings_query_service_server::SettingsQueryService,
};
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::Fake;

fn count_change(settings: &mut Settings) {
    let changes: u64 = settings.etag.parse().unwrap_or(0);
    settings.etag = (changes + 1).to_string();
}

#[tonic::async_trait]
impl SettingsCommandService for Fake {
    /// Takes the list that is named.
    async fn update_settings(
        &self,
        request: Request<v1::UpdateSettingsRequest>,
    ) -> Result<Response<v1::UpdateSettingsResponse>, Status> {
        self.check(&request)?;
        let request = request.into_inner();
        let new = request.settings.clone().unwrap_or_default();
        let receipt = self.command(&request.request_id, &request, |state| {
            if !request.etag.is_empty() && request.etag != state.settings.etag {
                let details = ErrorDetails::with_error_info("VERSION_MISMATCH", "handoff", []);
                return Err(Status::with_error_details(Code::Aborted, "moved", details));
            }
            match request
                .update_mask
                .clone()
                .unwrap_or_default()
                .paths
                .as_slice()
            {
                [path] if path == "account_roles" => {
                    state.settings.account_roles = new.account_roles
                }
                [path] if path == "default_sla_hours" => {
                    state.settings.default_sla_hours = new.default_sla_hours;
                }
                paths => unreachable!("no test changes {paths:?}"),
            }
            count_change(&mut state.settings);
            Ok(true)
        })?;
        Ok(Response::new(v1::UpdateSettingsResponse {
            settings: Some(self.state.lock().unwrap().settings.clone()),
            receipt,
        }))
    }
}

#[tonic::async_trait]
impl SettingsQueryService for Fake {
    async fn get_settings(
        &self,
        request: Request<v1::GetSettingsRequest>,
    ) -> Result<Response<v1::GetSettingsResponse>, Status> {
        self.check(&request)?;
        let mut state = self.state.lock().unwrap();
        let settings = state.settings.clone();
        if state.racing_changes > 0 {
            state.racing_changes -= 1;
            count_change(&mut state.settings);
        }
        Ok(Response::new(v1::GetSettingsResponse {
            settings: Some(settings),
            position: 1,
        }))
    }
}
