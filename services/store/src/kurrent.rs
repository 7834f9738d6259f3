//! The log on a KurrentDB cluster, over its public gRPC protocol.
//!
//! A thin client of our own: append, read, gossip, features. `address` reads
//! the vendor's connection strings, `cluster` finds who leads, `call` asks
//! until there is an answer, `fault` says what a failure means, `appending`,
//! `reading`, `following` and `tail` are the port, `together` is how many appends share
//! a call, `envelope` is how our events look there, `identity` which log it is.
//!
//! What the server keeps and this adapter relies on: an append with an expected
//! revision that is repeated with the same ids is stored once; what was
//! acknowledged is on a majority; a position is a place in the server's own log
//! and is only ever passed back. The time of an event is the leader's; within
//! one read it never decreases.

mod address;
mod appending;
mod bare;
mod call;
mod cluster;
mod envelope;
mod fault;
mod following;
mod identity;
mod reading;
mod tail;
mod tls;
mod together;
pub mod wire;

use std::{collections::HashMap, fmt, str::FromStr, sync::Arc};

use airside_kernel::{
    Append, AppendError, Appended, Clock, Direction, EventStore, Follow, LogId, Page, Position, ReadError,
    Revision, StreamId, SystemClock, Timestamp,
};
use async_trait::async_trait;
use futures::{StreamExt, stream};
use jiff::fmt::rfc2822::DateTimeParser;
use thiserror::Error;

pub use self::{
    address::{Address, AddressError, Credentials, Endpoint, Preference},
    bare::Bare,
    tls::TlsError,
};
use self::{
    appending::Road,
    call::Attempts,
    cluster::Cluster,
    identity::{Identity, IdentityError},
    tail::Tail,
    together::{APPENDS_MAX, Together},
    wire::{Empty, server_features::server_features_client::ServerFeaturesClient},
};
use crate::checks;

/// The oldest server that says when a reader has caught up.
const OLDEST: (u32, u32) = (23, 10);

/// By how many seconds the clocks of a node and the cluster may differ: as much as a token's time is stretched.
const CLOCKS_DIFFER_S: u64 = 30;

/// A cluster that cannot be used as the log.
#[derive(Debug, Error)]
pub enum KurrentError {
    /// The store address is wrong.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A certificate or key is wrong.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Nobody answers, or whoever does refuses.
    #[error("cluster {hosts} cannot be used: {reason}")]
    Unavailable {
        /// Where it was looked for.
        hosts: String,
        /// Why, for the operator.
        reason: String,
    },
    /// The server is too old.
    #[error("cluster {hosts} runs version {version}: at least 23.10 is needed, so upgrade its nodes first")]
    TooOld {
        /// Where it was looked for.
        hosts: String,
        /// What it says it is.
        version: String,
    },
    /// The clocks of this node and of the cluster differ.
    #[error(
        "clock of this node is {seconds} s {} that of cluster {hosts}: let NTP set both, for times in the log are the \
         cluster's, and deadlines and tokens are held against this node's", if *is_ahead { "ahead of" } else { "behind" }
    )]
    Clock {
        /// Where it was looked for.
        hosts: String,
        /// By how much they differ.
        seconds: u64,
        /// Whether this node's is the later one.
        is_ahead: bool,
    },
    /// The log there is not one of ours.
    #[error("cluster {hosts} holds another log: {found}; give a cluster of its own to each airport")]
    Foreign {
        /// Where it was looked for.
        hosts: String,
        /// What was found.
        found: String,
    },
}

/// The log on a cluster; cheap to clone.
#[derive(Clone)]
pub struct KurrentStore {
    cluster: Arc<Cluster>,
    together: Arc<Together>,
    tail: Arc<Tail>,
    identity: Identity,
}

impl fmt::Debug for KurrentStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KurrentStore").field("address", self.cluster.address()).finish_non_exhaustive()
    }
}

impl KurrentStore {
    /// Connects to the log that a connection string names; a fresh cluster becomes a log.
    ///
    /// # Errors
    /// When the string is wrong, nobody answers in time, or the cluster is none for us.
    pub async fn connect(address: &str) -> Result<Self, KurrentError> {
        Self::open(Address::from_str(address)?).await
    }

    /// Connects to the log at an address; a fresh cluster becomes a log.
    ///
    /// # Errors
    /// When nobody answers in time, or the cluster is none for us.
    pub async fn open(address: Address) -> Result<Self, KurrentError> {
        Self::open_as(address, Identity::fresh).await
    }

    /// Connects to the copy of another log at an address; a fresh cluster becomes one, with the identity
    /// of that log and `generation`.
    ///
    /// # Errors
    /// As [`KurrentStore::open`].
    pub async fn open_copy(address: Address, log: LogId, generation: u64) -> Result<Self, KurrentError> {
        Self::open_as(address, || Identity::of(log, generation)).await
    }

    /// Appends what another log recorded, each with the time at which it did, in this order. After an error
    /// a beginning of them may be stored. Each expects a revision, or that there is no stream.
    ///
    /// # Errors
    /// As [`EventStore::append`], for the first that was refused.
    pub async fn append_recorded(
        &self,
        appends: Vec<(Append, Timestamp)>,
    ) -> Result<Vec<Appended>, AppendError> {
        let within = |(append, at)| Ok((checks::within_limits(append)?, at));
        let appends = appends.into_iter().map(within).collect::<Result<Vec<_>, AppendError>>()?;
        appending::in_order(&self.cluster, &self.together, &appends).await
    }

    async fn append_by(&self, road: Road<'_>, append: Append) -> Result<Appended, AppendError> {
        let append = checks::within_limits(append)?;
        if append.stream.as_str().starts_with('$') {
            let reason =
                format!("stream {} is the server's own: no name of ours begins with $", append.stream);
            return Err(AppendError::Unavailable { reason });
        }
        if append.events.is_empty() {
            return appending::nothing(&self.cluster, &append.stream).await;
        }
        appending::append(&self.cluster, road, &append, None).await
    }

    async fn open_as(address: Address, fresh: impl FnOnce() -> Identity) -> Result<Self, KurrentError> {
        let hosts = address.hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let cluster = Arc::new(Cluster::new(address)?);
        let unavailable = |reason| KurrentError::Unavailable { hosts: hosts.clone(), reason };
        let (version, said_at) = version(&cluster).await.map_err(unavailable)?;
        if !is_new_enough(&version) {
            return Err(KurrentError::TooOld { hosts, version });
        }
        let ahead_s = said_at.map_or(0, |said_at| SystemClock.now().as_second() - said_at.as_second());
        if ahead_s.unsigned_abs() > CLOCKS_DIFFER_S {
            return Err(KurrentError::Clock {
                hosts,
                seconds: ahead_s.unsigned_abs(),
                is_ahead: ahead_s > 0,
            });
        }
        let identity = identity::read_or_make(&cluster, fresh).await.map_err(|error| match error {
            IdentityError::Unavailable(reason) => unavailable(reason),
            IdentityError::Foreign { found } => KurrentError::Foreign { hosts: hosts.clone(), found },
        })?;
        let tail = Arc::new(Tail::new(Arc::clone(&cluster)));
        Ok(Self { cluster, together: Arc::default(), tail, identity })
    }
}

/// Returns the version of the cluster, and what time it was there when it said so, if it told.
async fn version(cluster: &Cluster) -> Result<(String, Option<Timestamp>), String> {
    let mut attempts = Attempts::new(cluster);
    loop {
        let attempt = attempts.make(|member, within| {
            let request = cluster.request(Empty {}, Some(within));
            async move { ServerFeaturesClient::new(member.channel).get_supported_methods(request).await }
        });
        match attempt.await {
            Ok(Some(answer)) => {
                let date = answer.metadata().get("date").and_then(|date| date.to_str().ok());
                let said_at = date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok());
                return Ok((answer.into_inner().event_store_server_version, said_at));
            }
            Ok(None) => {}
            Err(fault) => return Err(fault.reason()),
        }
    }
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().ok());
    let found = (numbers.next().flatten(), numbers.next().flatten());
    matches!(found, (Some(year), Some(month)) if (year, month) >= OLDEST)
}

#[async_trait]
impl EventStore for KurrentStore {
    fn log_id(&self) -> LogId {
        self.identity.log_id()
    }

    fn generation(&self) -> u64 {
        self.identity.generation
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.append_by(Road::Alone, append).await
    }

    async fn append_each(&self, appends: Vec<Append>) -> Vec<Result<Appended, AppendError>> {
        let total = appends.len();
        let mut by_stream: HashMap<StreamId, Vec<(usize, Append)>> = HashMap::new();
        for (at, append) in appends.into_iter().enumerate() {
            by_stream.entry(append.stream.clone()).or_default().push((at, append));
        }
        // One stream is appended to step by step, and gains nothing from the open call.
        let road = if by_stream.len() > 1 { Road::Together(&self.together) } else { Road::Alone };
        let lanes = by_stream.into_values().map(|lane| async move {
            let mut answers = Vec::with_capacity(lane.len());
            for (at, append) in lane {
                answers.push((at, self.append_by(road, append).await));
            }
            answers
        });
        let mut answers: Vec<_> = stream::iter(lanes).buffer_unordered(APPENDS_MAX).concat().await;
        answers.sort_by_key(|(at, _)| *at);
        debug_assert_eq!(answers.len(), total, "every append is answered");
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        direction: Direction,
        from: Option<Revision>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        reading::stream_page(&self.cluster, stream.as_str(), direction, from, limit).await
    }

    async fn read_all(&self, after: Option<Position>, limit: usize) -> Result<Page, ReadError> {
        reading::log_page(&self.cluster, after, limit).await
    }

    async fn head(&self) -> Result<Option<Position>, ReadError> {
        reading::head(&self.cluster).await
    }

    fn follow(&self, after: Option<Position>) -> Box<dyn Follow> {
        Box::new(following::Follower::new(Arc::clone(&self.cluster), Arc::clone(&self.tail), after))
    }
}
