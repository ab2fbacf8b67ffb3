//! Activities: notes what is asked, and answers with one.

use handoff_proto::v1::{
    self, Activity, activity_command_service_server::ActivityCommandService,
    activity_query_service_server::ActivityQueryService,
};
use tonic::{Request, Response, Status};

use super::Fake;

impl Fake {
    /// Notes a request, and gives the activity that every answer has.
    fn asked_of_activity<M: std::fmt::Debug>(
        &self,
        request: Request<M>,
    ) -> Result<Option<Activity>, Status> {
        self.check(&request)?;
        let asked = format!("{:?}", request.into_inner());
        self.state.lock().unwrap().asked.push(asked);
        Ok(Some(Activity {
            name: "activities/x".into(),
            account: "accounts/acme".into(),
            note: "Circle <b>back</b>".into(),
            status: v1::ActivityStatus::Open.into(),
            overdue: true,
            ..Activity::default()
        }))
    }
}

#[tonic::async_trait]
impl ActivityCommandService for Fake {
    async fn create_activity(
        &self,
        request: Request<v1::CreateActivityRequest>,
    ) -> Result<Response<v1::CreateActivityResponse>, Status> {
        let activity = self.asked_of_activity(request)?;
        Ok(Response::new(v1::CreateActivityResponse {
            activity,
            receipt: None,
        }))
    }

    async fn update_activity(
        &self,
        request: Request<v1::UpdateActivityRequest>,
    ) -> Result<Response<v1::UpdateActivityResponse>, Status> {
        let activity = self.asked_of_activity(request)?;
        Ok(Response::new(v1::UpdateActivityResponse {
            activity,
            receipt: None,
        }))
    }

    async fn assign_activity(
        &self,
        request: Request<v1::AssignActivityRequest>,
    ) -> Result<Response<v1::AssignActivityResponse>, Status> {
        let activity = self.asked_of_activity(request)?;
        Ok(Response::new(v1::AssignActivityResponse {
            activity,
            receipt: None,
        }))
    }

    async fn complete_activity(
        &self,
        request: Request<v1::CompleteActivityRequest>,
    ) -> Result<Response<v1::CompleteActivityResponse>, Status> {
        let activity = self.asked_of_activity(request)?;
        Ok(Response::new(v1::CompleteActivityResponse {
            activity,
            receipt: None,
        }))
    }

    async fn reopen_activity(
        &self,
        request: Request<v1::ReopenActivityRequest>,
    ) -> Result<Response<v1::ReopenActivityResponse>, Status> {
        let activity = self.asked_of_activity(request)?;
        Ok(Response::new(v1::ReopenActivityResponse {
            activity,
            receipt: None,
        }))
    }

    async fn delete_activity(
        &self,
        request: Request<v1::DeleteActivityRequest>,
    ) -> Result<Response<v1::DeleteActivityResponse>, Status> {
        self.asked_of_activity(request)?;
        Ok(Response::new(v1::DeleteActivityResponse { receipt: None }))
    }
}

#[tonic::async_trait]
impl ActivityQueryService for Fake {
    async fn get_activity(
        &self,
        request: Request<v1::GetActivityRequest>,
    ) -> Result<Response<v1::GetActivityResponse>, Status> {
        let activity = self.asked_of_activity(request)?;
        Ok(Response::new(v1::GetActivityResponse {
            activity,
            position: 1,
        }))
    }

    async fn list_activities(
        &self,
        request: Request<v1::ListActivitiesRequest>,
    ) -> Result<Response<v1::ListActivitiesResponse>, Status> {
        let activities = self.asked_of_activity(request)?;
        Ok(Response::new(v1::ListActivitiesResponse {
            activities: activities.into_iter().collect(),
            next_page_token: String::new(),
            position: 1,
        }))
    }
}
