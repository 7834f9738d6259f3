//! The limits of the machine, measured in the same run.

use std::{
    fs::File,
    io::Write,
    net::Ipv4Addr,
    path::Path,
    time::{Duration, Instant},
};

use airside_simulator::{connect::Endpoint, load::empty_unary};
use tokio::net::TcpListener;
use tonic::transport::{Server, server::TcpIncoming};

/// How long a limit is measured.
const FOR: Duration = Duration::from_secs(1);

/// Returns how many writes of 4 KiB to a growing file can be made durable in a second.
pub(crate) fn fdatasyncs_per_s(folder: &Path) -> anyhow::Result<f64> {
    let mut file = File::create(folder.join("fdatasync"))?;
    let block = [7u8; 4096];
    let start = Instant::now();
    let mut count = 0u32;
    while start.elapsed() < FOR {
        file.write_all(&block)?;
        file.sync_data()?;
        count += 1;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}

/// Empty unary calls a second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EmptyCalls {
    /// Of a node.
    pub(crate) node: f64,
    /// Of a server of tonic's that has nothing but its health: what the machine allows.
    pub(crate) bare: f64,
}

/// Makes empty calls over as many connections, to a node and to a server with nothing behind it.
pub(crate) async fn empty_calls_per_s(endpoint: &Endpoint, connections: usize) -> anyhow::Result<EmptyCalls> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let bare = Endpoint { public: listener.local_addr()?, ..endpoint.clone() };
    let (_, health) = tonic_health::server::health_reporter();
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let serving = tokio::spawn(Server::builder().add_service(health).serve_with_incoming(incoming));
    let found = async {
        let node = empty_unary(endpoint, connections, FOR).await?.calls_per_s;
        anyhow::Ok(EmptyCalls { node, bare: empty_unary(&bare, connections, FOR).await?.calls_per_s })
    };
    let found = found.await;
    serving.abort();
    found
}

impl std::fmt::Display for EmptyCalls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.0} empty unary calls/s ({:.0} of a bare server)", self.node, self.bare)
    }
}
