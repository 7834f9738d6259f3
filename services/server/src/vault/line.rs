//! The way to the vault of another node.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use airside_kernel::{KeyError, LogId, SubjectId};
use airside_privacy::{ErasedSince, Handed, HandedKey, HandedOut, KeyAsk, VaultLine};
use airside_runtime::{
    auth::{Environment, TokenKey},
    peers::Peers,
    status::chain,
};
use async_trait::async_trait;
use thiserror::Error;
use tokio::{sync::OnceCell, time};
use tonic::{Code, Status, transport::Channel};
use tracing::{info, warn};

use super::{
    name_of,
    proto::{
        EraseRequest, GetErasedRequest, GetTokenKeyRequest, GreetRequest, HandOutRequest, Key, KeyName,
        key::State, vault_service_client::VaultServiceClient,
    },
};
use crate::roles::Role;

/// How long one call may take; the longest of them waits for an erasure.
const CALL_WITHIN: Duration = Duration::from_secs(6);

/// How long a node that begins waits for the vault, which may begin at the same time.
const MEET_WITHIN: Duration = Duration::from_secs(10);

/// How often it asks meanwhile.
const MEET_EVERY: Duration = Duration::from_millis(250);

/// A vault that cannot be used by this node.
#[derive(Debug, Error)]
pub enum MeetError {
    /// Nobody answers there.
    #[error(
        "vault.address: no vault answers at {address}: start the node with `--role vault` there and open its port, \
         or correct the address ({reason})"
    )]
    Away {
        /// Where it should be.
        address: String,
        /// Why.
        reason: String,
    },
    /// The two ends do not trust each other.
    #[error("vault at {address}: {problem}")]
    Untrusted {
        /// Where it is.
        address: String,
        /// Which certificate is wrong, and what to do.
        problem: String,
    },
    /// It is another log's or another environment's, or does not let this node in.
    #[error(
        "vault at {address} does not serve this node: {problem}: correct `vault.address`, or `store` and `env`"
    )]
    Refused {
        /// Where it is.
        address: String,
        /// What it says.
        problem: String,
    },
    /// Its certificate does not let this node in.
    #[error("vault.certificate: the vault at {address} does not let this node in: {problem}")]
    NotAdmitted {
        /// Where it is.
        address: String,
        /// What it says.
        problem: String,
    },
}

/// The line to a vault. It connects where it is first used.
pub(crate) struct Line {
    address: String,
    peers: Peers,
    channel: OnceCell<Channel>,
    /// Whether the log was told that nobody answers.
    is_away: AtomicBool,
}

impl Line {
    /// Makes the line to `HOST:PORT`.
    pub(crate) fn new(address: String, peers: Peers) -> Self {
        Self { address, peers, channel: OnceCell::new(), is_away: AtomicBool::new(false) }
    }

    async fn client(&self) -> Result<VaultServiceClient<Channel>, Status> {
        let connect = async || {
            let made = self.peers.channel(&self.address, &name_of(Role::Vault), CALL_WITHIN);
            made.map_err(|error| Status::unavailable(chain(&error)))
        };
        Ok(VaultServiceClient::new(self.channel.get_or_try_init(connect).await?.clone()))
    }

    /// Tells the log when the vault goes away and when it is back.
    fn tell(&self, error: Option<&KeyError>) {
        let was_away = self.is_away.swap(error.is_some(), Ordering::Relaxed);
        match error {
            Some(error) if !was_away => {
                warn!(address = %self.address, error = %error, "vault is away: held keys go on, others are unavailable");
            }
            None if was_away => info!(address = %self.address, "vault is back"),
            Some(_) | None => {}
        }
    }

    /// Says why a call failed: what the vault says, or where the way there ends.
    fn failed(&self, status: &Status) -> KeyError {
        let reason = match untrusted(status) {
            Some(problem) => problem,
            None if status.code() == Code::Unavailable => chain_of(status),
            None => status.message().to_owned(),
        };
        KeyError::Unavailable { reason: format!("vault at {}: {reason}", self.address) }
    }
}

/// What a vault that was met is.
pub(crate) struct Met {
    pub(crate) root_check: Vec<u8>,
    pub(crate) register: u64,
    /// The key that signs tokens, where it is needed.
    pub(crate) token: Option<TokenKey>,
}

/// Meets the vault of a log, waiting a while for it.
///
/// # Errors
/// When nobody answers, or who answers is not this log's vault or does not let this node in.
pub(crate) async fn meet(line: &Line, log: LogId, env: Environment, signs: bool) -> Result<Met, MeetError> {
    let waiting = async {
        loop {
            match greet(line, log, env, signs).await {
                Ok(met) => return Ok(met),
                Err(status) => {
                    if let Some(refusal) = refusal(line, &status) {
                        return Err(refusal);
                    }
                    info!(address = %line.address, error = chain_of(&status), "vault is waited for");
                }
            }
            time::sleep(MEET_EVERY).await;
        }
    };
    let away = |reason: String| MeetError::Away { address: line.address.clone(), reason };
    match time::timeout(MEET_WITHIN, waiting).await {
        Ok(met) => met,
        Err(_) => {
            let last = time::timeout(CALL_WITHIN, greet(line, log, env, signs)).await;
            match last {
                Ok(Ok(met)) => Ok(met),
                Ok(Err(status)) => Err(refusal(line, &status).unwrap_or_else(|| away(chain_of(&status)))),
                Err(_) => Err(away("it does not answer in time".to_owned())),
            }
        }
    }
}

async fn greet(line: &Line, log: LogId, env: Environment, signs: bool) -> Result<Met, Status> {
    let mut client = line.client().await?;
    let request = GreetRequest { log_id: log.to_string(), env: env.as_str().to_owned() };
    let answer = client.greet(request).await?.into_inner();
    let token = match signs {
        true => {
            let key = client.get_token_key(GetTokenKeyRequest {}).await?.into_inner();
            Some(TokenKey { id: key.id, private_der: key.private_der, public: key.public })
        }
        false => None,
    };
    Ok(Met { root_check: answer.root_check, register: answer.register, token })
}

/// Returns why to wait no longer; `None` when the vault may yet come.
fn refusal(line: &Line, status: &Status) -> Option<MeetError> {
    let (address, problem) = (line.address.clone(), status.message().to_owned());
    match status.code() {
        Code::PermissionDenied => Some(MeetError::NotAdmitted { address, problem }),
        Code::FailedPrecondition => Some(MeetError::Refused { address, problem }),
        Code::Unimplemented => {
            let problem = "what answers there is no vault, or an older one".to_owned();
            Some(MeetError::Refused { address, problem })
        }
        _ => untrusted(status).map(|problem| MeetError::Untrusted { address, problem }),
    }
}

/// Says which certificate is wrong when two ends do not trust each other.
fn untrusted(status: &Status) -> Option<String> {
    let said = chain_of(status);
    let has = |word: &str| said.to_ascii_lowercase().contains(word);
    let problem = if has("received fatal alert") {
        if has("certificateexpired") || has("expired") {
            "our certificate is expired: renew the one in `vault.certificate` and start again"
        } else if has("unknownca") || has("decrypterror") || has("badcertificate") {
            "our certificate is not signed by the authority that the vault believes: have the one in \
             `vault.certificate` signed by the authority in the vault's `vault.ca`"
        } else if has("certificaterequired") {
            "it asks for a certificate and got none: set `vault.certificate` and `vault.key`"
        } else {
            "it does not accept our certificate: check `vault.certificate`, and the clocks of both nodes"
        }
    } else if has("invalid peer certificate") {
        if has("expired") {
            "its certificate is expired: renew it on the node with the vault and start that one again"
        } else if has("notvalidforname") || has("not valid for name") {
            "its certificate does not say that it is a vault: put DNS:vault.airside.internal into its subject \
             alternative names, or correct `vault.address`"
        } else if has("unknownissuer") {
            "its certificate is not signed by the authority in `vault.ca`: name the authority that signed it"
        } else if has("notvalidyet") || has("not valid yet") {
            "its certificate is not valid yet: check the clocks of both nodes"
        } else {
            "its certificate cannot be accepted: make it anew"
        }
    } else if has("corrupt message") || has("invalidcontenttype") {
        "what answers there does not speak TLS: correct `vault.address`"
    } else {
        return None;
    };
    Some(format!("{problem} ({said})"))
}

fn chain_of(status: &Status) -> String {
    let cause = std::error::Error::source(status).map(chain);
    cause.unwrap_or_else(|| status.message().to_owned())
}

fn another_version() -> KeyError {
    KeyError::Unavailable {
        reason: "the vault answers what this node does not know: is it newer?".to_owned(),
    }
}

#[async_trait]
impl VaultLine for Line {
    async fn hand_out(&self, asks: Vec<KeyAsk>, make: bool) -> Result<HandedOut, KeyError> {
        let name = |ask: KeyAsk| KeyName {
            subject: ask.subject.to_string(),
            category: ask.category.as_str().to_owned(),
            version: ask.version,
        };
        let request = HandOutRequest { names: asks.into_iter().map(name).collect(), make };
        let answer = async { self.client().await?.hand_out(request).await };
        let answer = answer.await.map_err(|status| self.failed(&status))?.into_inner();
        let handed = |key: Key| match State::try_from(key.state) {
            Ok(State::Live) => HandedKey::from_bytes(&key.secret).map(Handed::Key),
            Ok(State::Erased) => Some(Handed::Erased),
            Ok(State::Absent) => Some(Handed::Absent),
            Ok(State::Unspecified) | Err(_) => None,
        };
        let keys = answer.keys.into_iter().map(handed).collect::<Option<_>>().ok_or_else(another_version)?;
        Ok(HandedOut { register: answer.register, keys })
    }

    async fn erase(&self, subject: SubjectId) -> Result<u64, KeyError> {
        let request = EraseRequest { subject: subject.to_string() };
        let answer = async { self.client().await?.erase(request).await };
        Ok(answer.await.map_err(|status| self.failed(&status))?.into_inner().register)
    }

    async fn erased_since(&self, count: u64, wait: bool) -> Result<ErasedSince, KeyError> {
        let request = GetErasedRequest { after: count, wait };
        let answer = async { self.client().await?.get_erased(request).await };
        let answer = answer.await.map_err(|status| self.failed(&status));
        if wait {
            self.tell(answer.as_ref().err());
        }
        let answer = answer?.into_inner();
        let subjects = answer.subjects.into_iter().map(SubjectId::new).collect();
        Ok(ErasedSince { subjects, register: answer.register })
    }
}
