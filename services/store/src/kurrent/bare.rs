//! The generated client by itself, for who measures what this adapter adds to it.
//!
//! Nothing is asked again here, and nobody else is looked for when the member
//! is lost.

use std::sync::Arc;

use tokio::time::Instant;
use tonic::{Request, transport::Channel};

use super::{
    KurrentError, KurrentStore, cluster::Cluster, fault::Fault, reading::client_on,
    wire::streams::streams_client::StreamsClient,
};

/// The generated client on a connection of its own to the member that a store has chosen.
#[derive(Clone)]
pub struct Bare {
    cluster: Arc<Cluster>,
    /// The generated client.
    pub streams: StreamsClient<Channel>,
}

impl Bare {
    /// Makes a request with what every call to the cluster carries.
    pub fn request<T>(&self, message: T) -> Request<T> {
        self.cluster.request(message, None)
    }
}

impl KurrentStore {
    /// Connects the generated client to the member that is chosen now.
    ///
    /// # Errors
    /// When no member answers in time.
    pub async fn bare(&self) -> Result<Bare, KurrentError> {
        let cluster = self.cluster.clone();
        let connected = async {
            let member = cluster.member(Instant::now() + cluster.address().deadline).await?;
            cluster.dial(&member.endpoint).await
        };
        let hosts = || cluster.address().hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let unavailable = |fault: Fault| KurrentError::Unavailable { hosts: hosts(), reason: fault.reason() };
        let channel = connected.await.map_err(unavailable)?;
        Ok(Bare { streams: client_on(channel), cluster })
    }
}
