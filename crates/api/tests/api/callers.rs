//! Every method with each kind of caller.

use handoff_api::auth::Role;
use prost::Message;
use prost_types::FileDescriptorSet;
use tonic::{Code, Request, Status, client::Grpc, codegen::http::uri::PathAndQuery};
use tonic_prost::ProstCodec;

use crate::support::{TestServer, account, contact, reason};

struct Method {
    service: String,
    path: PathAndQuery,
    streaming: bool,
}

fn methods() -> Vec<Method> {
    let set = FileDescriptorSet::decode(handoff_proto::FILE_DESCRIPTOR_SET).unwrap();
    let mut methods = Vec::new();
    for file in &set.file {
        for service in &file.service {
            for method in &service.method {
                let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                methods.push(Method {
                    service: service.name().to_owned(),
                    path: path.parse().unwrap(),
                    streaming: method.server_streaming(),
                });
            }
        }
    }
    methods
}

/// Calls with an empty message, of which only the verdict counts.
async fn call(server: &TestServer, method: &Method, request: Request<()>) -> Result<(), Status> {
    let mut client = Grpc::new(server.channel.clone());
    client.ready().await.unwrap();
    let codec = ProstCodec::<(), ()>::default();
    let path = method.path.clone();
    if method.streaming {
        client
            .server_streaming(request, path, codec)
            .await
            .map(drop)
    } else {
        client.unary(request, path, codec).await.map(drop)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Who {
    Admin,
    Staff,
    ServiceAccount,
    ServiceAccountForAdmin,
    Analyst,
    Operator,
    Contact,
}

/// Who may call what, as the design has it.
fn allowed(method: &Method, who: Who) -> bool {
    use Who::*;
    let name = method.path.path().rsplit('/').next().unwrap();
    match (method.service.as_str(), name) {
        ("PortalService", _) => who == Contact,
        (_, "VerifyLog") => who != Contact,
        ("DocumentService", "UploadDocuments" | "UpdateDocument") => {
            !matches!(who, Analyst | Operator | Contact)
        }
        ("DocumentService", _) => !matches!(who, Operator | Contact),
        ("ProjectionService", _) => matches!(who, Admin | ServiceAccountForAdmin | Operator),
        ("MemberCommandService" | "SettingsCommandService" | "CatalogCommandService", _)
        | (_, "AddInternalNote" | "MarkBilled" | "BatchAssignRole" | "UndoOperation") => {
            matches!(who, Admin | ServiceAccountForAdmin)
        }
        (service, _) if service.ends_with("CommandService") => {
            !matches!(who, Analyst | Operator | Contact)
        }
        (service, _) if service.ends_with("QueryService") => !matches!(who, Operator | Contact),
        (service, _) => panic!("say who may call {service}"),
    }
}

#[tokio::test]
async fn every_method_is_open_to_its_callers_and_to_nobody_else() {
    let server = TestServer::start().await;
    server.submit("members/ana", account("acme")).await;
    server
        .submit("members/ana", contact("accounts/acme/contacts/zoe", true))
        .await;
    let callers = [
        (Who::Admin, server.person("members/admin")),
        (Who::Staff, server.person("members/ana")),
        (
            Who::ServiceAccount,
            server.program(Role::ServiceAccount, true),
        ),
        (
            Who::ServiceAccountForAdmin,
            server.program(Role::ServiceAccount, true),
        ),
        (Who::Analyst, server.program(Role::Analyst, false)),
        (Who::Operator, server.program(Role::Operator, false)),
        (Who::Contact, server.person("accounts/acme/contacts/zoe")),
    ];
    for method in methods() {
        for (who, token) in &callers {
            let mut request = server.request(token, ());
            if *who == Who::ServiceAccountForAdmin {
                let metadata = request.metadata_mut();
                metadata.insert("handoff-on-behalf-of", "members/admin".parse().unwrap());
            }
            let code = call(&server, &method, request)
                .await
                .map_or_else(|s| s.code(), |()| Code::Ok);
            assert_ne!(code, Code::Unauthenticated, "{who:?} {}", method.path);
            let denied = code == Code::PermissionDenied;
            assert_eq!(
                denied,
                !allowed(&method, *who),
                "{who:?} {}: {code:?}",
                method.path
            );
        }
    }
}

#[tokio::test]
async fn no_method_is_open_without_a_token_that_is_relied_on() {
    let server = TestServer::start().await;
    let nobody = server.person("members/nobody");
    for method in methods() {
        let refusal = call(&server, &method, Request::new(())).await.unwrap_err();
        assert_eq!(
            (refusal.code(), reason(&refusal)),
            (Code::Unauthenticated, "TOKEN_MISSING".into())
        );
        let forged = server.request("a.b.c", ());
        let refusal = call(&server, &method, forged).await.unwrap_err();
        assert_eq!(
            (refusal.code(), reason(&refusal)),
            (Code::Unauthenticated, "TOKEN_INVALID".into())
        );
        let request = server.request(&nobody, ());
        let refusal = call(&server, &method, request).await.unwrap_err();
        assert_eq!(
            (refusal.code(), reason(&refusal)),
            (Code::Unauthenticated, "UNKNOWN_CALLER".into())
        );
    }
}

#[tokio::test]
async fn only_a_service_account_whose_token_says_so_acts_for_members() {
    let server = TestServer::start().await;
    let method = &methods()[0];
    let tries = [
        (
            server.program(Role::ServiceAccount, false),
            "members/ana",
            Code::PermissionDenied,
        ),
        (
            server.program(Role::Analyst, true),
            "members/ana",
            Code::PermissionDenied,
        ),
        (
            server.person("members/admin"),
            "members/ana",
            Code::PermissionDenied,
        ),
        (
            server.program(Role::ServiceAccount, true),
            "members/nobody",
            Code::Unauthenticated,
        ),
        (
            server.program(Role::ServiceAccount, true),
            "accounts/acme",
            Code::InvalidArgument,
        ),
    ];
    for (token, member, code) in tries {
        let mut request = server.request(&token, ());
        request
            .metadata_mut()
            .insert("handoff-on-behalf-of", member.parse().unwrap());
        let refusal = call(&server, method, request).await.unwrap_err();
        assert_eq!(refusal.code(), code, "{member}: {refusal:?}");
        reason(&refusal);
    }
}
