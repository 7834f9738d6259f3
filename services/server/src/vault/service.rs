//! What the node with the vault serves to the others.

use std::{sync::Arc, time::Duration};

use airside_kernel::{Category, Keyring, LogId, SubjectId};
use airside_privacy::{Handed, KeyAsk, Vault, VaultPort};
use airside_runtime::{
    auth::{Environment, TokenKey},
    peers::{Peers, is_named},
    status::{chain, invalid, status},
    stopped,
};
use tokio::{net::TcpListener, sync::watch, time};
use tonic::{Request, Response, Status, service::Routes};
use tracing::error;

use super::{
    name_of,
    proto::{
        EraseRequest, EraseResponse, GetErasedRequest, GetErasedResponse, GetTokenKeyRequest,
        GetTokenKeyResponse, GreetRequest, GreetResponse, HandOutRequest, HandOutResponse, Key,
        key::State,
        vault_service_server::{VaultService, VaultServiceServer},
    },
};
use crate::roles::Role;

/// How long a call may wait for the next erasure.
const WAIT: Duration = Duration::from_secs(2);

/// Most keys in one call.
const KEYS_MAX: usize = 512;

/// The vault of a log, for its other nodes.
pub(crate) struct Service {
    pub(crate) vault: Arc<Vault>,
    pub(crate) log: LogId,
    pub(crate) env: Environment,
    pub(crate) token: TokenKey,
    pub(crate) stop: watch::Receiver<bool>,
}

/// Serves the vault to nodes until `stop` turns true.
pub(crate) async fn serve(service: Service, peers: Peers, listener: TcpListener) {
    let stop = service.stop.clone();
    let routes = Routes::new(VaultServiceServer::new(service));
    if let Err(error) = peers.serve(listener, routes, stop).await {
        error!(error = chain(&error), "vault port ended with an error");
    }
}

/// Lets in who shows a certificate of one of these roles.
fn admit<T>(request: &Request<T>, roles: &[Role]) -> Result<(), Status> {
    if roles.iter().any(|role| is_named(request, &name_of(*role))) {
        return Ok(());
    }
    let names: Vec<_> = roles.iter().map(|role| format!("DNS:{}", name_of(*role))).collect();
    Err(Status::permission_denied(format!(
        "certificate of the node names no role that may ask this: put one of {} into its subject alternative names",
        names.join(", ")
    )))
}

#[tonic::async_trait]
impl VaultService for Service {
    async fn greet(&self, request: Request<GreetRequest>) -> Result<Response<GreetResponse>, Status> {
        admit(&request, &Role::ALL)?;
        let GreetRequest { log_id, env } = request.into_inner();
        if log_id != self.log.to_string() {
            let own = self.log;
            return Err(Status::failed_precondition(format!(
                "it holds the keys of log {own}, and the log of this node is {log_id}"
            )));
        }
        if env != self.env.as_str() {
            let own = self.env;
            return Err(Status::failed_precondition(format!(
                "its env is {own}, and the env of this node is {env}"
            )));
        }
        let register = *self.vault.on_erase().borrow();
        Ok(Response::new(GreetResponse { root_check: self.vault.root_check(), register }))
    }

    async fn get_token_key(
        &self,
        request: Request<GetTokenKeyRequest>,
    ) -> Result<Response<GetTokenKeyResponse>, Status> {
        admit(&request, &[Role::Gateway, Role::Navigator])?;
        let TokenKey { id, private_der, public } = self.token.clone();
        Ok(Response::new(GetTokenKeyResponse { id, private_der, public }))
    }

    async fn hand_out(&self, request: Request<HandOutRequest>) -> Result<Response<HandOutResponse>, Status> {
        admit(&request, &Role::ALL)?;
        let HandOutRequest { names, make } = request.into_inner();
        if names.len() > KEYS_MAX {
            return Err(invalid("names", format_args!("{} are more than {KEYS_MAX}", names.len())));
        }
        let ask = |name: super::proto::KeyName| {
            let category = Category::parse(&name.category);
            let category =
                category.ok_or_else(|| invalid("names.category", "it is unknown: is the vault older?"))?;
            Ok(KeyAsk { subject: SubjectId::new(name.subject), category, version: name.version })
        };
        let asks: Vec<_> = names.into_iter().map(ask).collect::<Result<_, Status>>()?;
        let told = self.vault.hand_out(&asks, make).await.map_err(|error| status(&error))?;
        let key = |handed: &Handed| match handed {
            Handed::Key(key) => Key { state: State::Live as i32, secret: key.as_bytes().to_vec() },
            Handed::Erased => Key { state: State::Erased as i32, secret: Vec::new() },
            Handed::Absent => Key { state: State::Absent as i32, secret: Vec::new() },
        };
        Ok(Response::new(HandOutResponse {
            register: told.register,
            keys: told.keys.iter().map(key).collect(),
        }))
    }

    async fn erase(&self, request: Request<EraseRequest>) -> Result<Response<EraseResponse>, Status> {
        admit(&request, &[Role::Gateway, Role::Projector, Role::Vault])?;
        let subject = SubjectId::new(request.into_inner().subject);
        self.vault.erase(&subject).await.map_err(|error| status(&error))?;
        Ok(Response::new(EraseResponse { register: *self.vault.on_erase().borrow() }))
    }

    async fn get_erased(
        &self,
        request: Request<GetErasedRequest>,
    ) -> Result<Response<GetErasedResponse>, Status> {
        admit(&request, &Role::ALL)?;
        let GetErasedRequest { after, wait } = request.into_inner();
        if wait {
            let (mut grows, mut stop) = (self.vault.on_erase(), self.stop.clone());
            tokio::select! {
                // A vault that has ended answers what it has.
                _ = grows.wait_for(|count| *count > after) => {}
                () = time::sleep(WAIT) => {}
                () = stopped(&mut stop) => return Err(Status::unavailable("the node with the vault stops")),
            }
        }
        let since = self.vault.erased_since(after).await.map_err(|error| status(&error))?;
        let subjects = since.subjects.iter().map(ToString::to_string).collect();
        Ok(Response::new(GetErasedResponse { subjects, register: since.register }))
    }
}
