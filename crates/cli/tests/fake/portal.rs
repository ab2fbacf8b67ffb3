//! The portal: notes what is asked, and answers with an order, a task and a document.

use std::pin::Pin;

use futures_util::{Stream, stream};
use handoff_proto::v1::{
    self, PortalDocument, PortalOrder, PortalOrderTask, PortalTask,
    portal_service_download_document_response as download, portal_service_server::PortalService,
    portal_service_upload_documents_request as upload,
};
use tonic::{Request, Response, Status, Streaming};

use super::{
    Fake,
    documents::{CONTENT, pieces},
};

impl Fake {
    fn asked_of_portal<M: std::fmt::Debug>(&self, request: Request<M>) -> Result<(), Status> {
        self.check(&request)?;
        let asked = format!("{:?}", request.into_inner());
        self.state.lock().unwrap().asked.push(asked);
        Ok(())
    }
}

fn order() -> Option<PortalOrder> {
    let brief = PortalOrderTask {
        name: "orders/o1/tasks/brief".into(),
        title: "Fill in the brief".into(),
        client_assigned: true,
        waits: true,
        ..PortalOrderTask::default()
    };
    Some(PortalOrder {
        name: "orders/o1".into(),
        title: "Acme on top".into(),
        status: v1::OrderStatus::Open.into(),
        tasks: vec![brief],
        ..PortalOrder::default()
    })
}

fn task() -> Option<PortalTask> {
    Some(PortalTask {
        name: "tasks/x".into(),
        number: "ACME-TASK-1".into(),
        title: "A new logo".into(),
        status: v1::TaskStatus::NotStarted.into(),
        ..PortalTask::default()
    })
}

fn document(sha256: String) -> PortalDocument {
    PortalDocument {
        sha256,
        name: "documents/d1".into(),
        parent: "orders/o1/tasks/brief".into(),
        file_name: "brief.txt".into(),
        size_bytes: CONTENT.len() as i64,
        contact: "accounts/acme/contacts/zoe".into(),
        ..PortalDocument::default()
    }
}

#[tonic::async_trait]
impl PortalService for Fake {
    type DownloadDocumentStream = Pin<
        Box<dyn Stream<Item = Result<v1::PortalServiceDownloadDocumentResponse, Status>> + Send>,
    >;

    async fn list_orders(
        &self,
        request: Request<v1::PortalServiceListOrdersRequest>,
    ) -> Result<Response<v1::PortalServiceListOrdersResponse>, Status> {
        self.asked_of_portal(request)?;
        Ok(Response::new(v1::PortalServiceListOrdersResponse {
            orders: order().into_iter().collect(),
            ..Default::default()
        }))
    }

    async fn get_order(
        &self,
        request: Request<v1::PortalServiceGetOrderRequest>,
    ) -> Result<Response<v1::PortalServiceGetOrderResponse>, Status> {
        self.asked_of_portal(request)?;
        Ok(Response::new(v1::PortalServiceGetOrderResponse {
            order: order(),
            documents: vec![document(self.sha256())],
            ..Default::default()
        }))
    }

    async fn check_task(
        &self,
        request: Request<v1::PortalServiceCheckTaskRequest>,
    ) -> Result<Response<v1::PortalServiceCheckTaskResponse>, Status> {
        self.asked_of_portal(request)?;
        Ok(Response::new(v1::PortalServiceCheckTaskResponse {
            order: order(),
            receipt: None,
        }))
    }

    async fn create_task(
        &self,
        request: Request<v1::PortalServiceCreateTaskRequest>,
    ) -> Result<Response<v1::PortalServiceCreateTaskResponse>, Status> {
        self.asked_of_portal(request)?;
        Ok(Response::new(v1::PortalServiceCreateTaskResponse {
            task: task(),
            receipt: None,
        }))
    }

    async fn get_task(
        &self,
        request: Request<v1::PortalServiceGetTaskRequest>,
    ) -> Result<Response<v1::PortalServiceGetTaskResponse>, Status> {
        self.asked_of_portal(request)?;
        Ok(Response::new(v1::PortalServiceGetTaskResponse {
            task: task(),
            ..Default::default()
        }))
    }

    async fn list_tasks(
        &self,
        request: Request<v1::PortalServiceListTasksRequest>,
    ) -> Result<Response<v1::PortalServiceListTasksResponse>, Status> {
        self.asked_of_portal(request)?;
        Ok(Response::new(v1::PortalServiceListTasksResponse {
            tasks: task().into_iter().collect(),
            ..Default::default()
        }))
    }

    async fn add_note(
        &self,
        request: Request<v1::PortalServiceAddNoteRequest>,
    ) -> Result<Response<v1::PortalServiceAddNoteResponse>, Status> {
        self.asked_of_portal(request)?;
        Ok(Response::new(v1::PortalServiceAddNoteResponse::default()))
    }

    async fn add_order_note(
        &self,
        request: Request<v1::PortalServiceAddOrderNoteRequest>,
    ) -> Result<Response<v1::PortalServiceAddOrderNoteResponse>, Status> {
        self.asked_of_portal(request)?;
        Ok(Response::new(
            v1::PortalServiceAddOrderNoteResponse::default(),
        ))
    }

    async fn ask_question(
        &self,
        request: Request<v1::PortalServiceAskQuestionRequest>,
    ) -> Result<Response<v1::PortalServiceAskQuestionResponse>, Status> {
        self.asked_of_portal(request)?;
        Ok(Response::new(
            v1::PortalServiceAskQuestionResponse::default(),
        ))
    }

    /// Notes the header with the content that came.
    async fn upload_documents(
        &self,
        request: Request<Streaming<v1::PortalServiceUploadDocumentsRequest>>,
    ) -> Result<Response<v1::PortalServiceUploadDocumentsResponse>, Status> {
        self.check(&request)?;
        let mut messages = request.into_inner();
        let mut asked = String::new();
        while let Some(message) = messages.message().await? {
            match message.part {
                Some(upload::Part::Header(header)) => asked += &format!("{header:?} "),
                Some(upload::Part::Chunk(chunk)) => asked += &String::from_utf8_lossy(&chunk.data),
                None => {}
            }
        }
        self.state.lock().unwrap().asked.push(asked);
        Ok(Response::new(v1::PortalServiceUploadDocumentsResponse {
            documents: vec![document(self.sha256())],
            receipt: None,
        }))
    }

    async fn download_document(
        &self,
        request: Request<v1::PortalServiceDownloadDocumentRequest>,
    ) -> Result<Response<Self::DownloadDocumentStream>, Status> {
        let offset = request.get_ref().offset;
        self.asked_of_portal(request)?;
        let header = download::Part::Header(v1::PortalDownloadHeader {
            document: Some(document(self.sha256())),
            receipt: None,
        });
        let messages = pieces(self, offset)?
            .into_iter()
            .map(|chunk| chunk.map(download::Part::Chunk));
        let messages = std::iter::once(Ok(header)).chain(messages).map(|part| {
            part.map(|part| v1::PortalServiceDownloadDocumentResponse { part: Some(part) })
        });
        let messages: Vec<_> = messages.collect();
        Ok(Response::new(Box::pin(stream::iter(messages))))
    }
}
