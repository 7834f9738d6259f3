//! Calls between nodes: gRPC with certificates on both sides.
//!
//! Nodes of one log trust one authority of their own and nobody else. A certificate says in its
//! subject's alternative names what its holder is, such as `DNS:vault.airside.internal`, and that is
//! what the other end holds it against: not the host it was called by, so a node may move, and a
//! certificate of one kind of node opens nothing that is meant for another.

use std::time::Duration;

use tokio::{net::TcpListener, sync::watch};
use tokio_rustls::rustls::{
    client::verify_server_name,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, ServerName},
    server::ParsedCertificate,
};
use tonic::{
    Request,
    service::Routes,
    transport::{
        Certificate, Channel, ClientTlsConfig, Endpoint, Error, Identity as Shown, Server, ServerTlsConfig,
        server::TcpIncoming,
    },
};

use crate::{
    stopped,
    tls::{Acceptor, Connector, Identity, TlsError},
};

/// How long a connection may take to come up.
const CONNECT: Duration = Duration::from_secs(2);

/// How long a handshake may take with who called.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How often a quiet connection is tried, and how long the answer may take.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// Most calls of one node at a time.
const CALLS_MAX: u32 = 1_024;

/// What this node shows to others, and whom it believes.
#[derive(Clone)]
pub struct Peers {
    authority: Certificate,
    shown: Shown,
}

impl Peers {
    /// Reads the authority of all nodes and what this one shows, all as PEM.
    ///
    /// # Errors
    /// When a certificate or the key cannot be used.
    pub fn new(authority_pem: &[u8], identity: Identity<'_>) -> Result<Self, TlsError> {
        // Both ends are made once, so that what is wrong is told now and by its name.
        Connector::new(authority_pem, Some(identity))?;
        Acceptor::new(identity, Some(authority_pem))?;
        choose_ciphers();
        Ok(Self {
            authority: Certificate::from_pem(authority_pem),
            shown: Shown::from_pem(identity.chain_pem, identity.key_pem),
        })
    }

    /// Returns the way to the node at `HOST:PORT` whose certificate says that it is `name`. Nothing is
    /// called yet; a connection that breaks is made again by the next call.
    ///
    /// # Errors
    /// When the address is none.
    pub fn channel(&self, address: &str, name: &str, within: Duration) -> Result<Channel, Error> {
        let tls = ClientTlsConfig::new()
            .ca_certificate(self.authority.clone())
            .identity(self.shown.clone())
            .domain_name(name);
        let endpoint = Endpoint::from_shared(format!("https://{address}"))?
            .tls_config(tls)?
            .connect_timeout(CONNECT)
            .timeout(within)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE);
        Ok(endpoint.connect_lazy())
    }

    /// Serves nodes that show a certificate of the authority, until `stop` turns true.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        &self,
        listener: TcpListener,
        services: Routes,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), Error> {
        let tls = ServerTlsConfig::new()
            .identity(self.shown.clone())
            .client_ca_root(self.authority.clone())
            .timeout(HANDSHAKE);
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        Server::builder()
            .tls_config(tls)?
            .max_concurrent_streams(CALLS_MAX)
            .http2_keepalive_interval(Some(KEEP_ALIVE))
            .http2_keepalive_timeout(Some(KEEP_ALIVE))
            .add_routes(services)
            .serve_with_incoming_shutdown(incoming, async move { stopped(&mut stop).await })
            .await
    }
}

/// Chooses the ciphers of the process. The transport asks for them and cannot choose where another
/// library of the same process brings others.
fn choose_ciphers() {
    // It fails only where somebody has chosen already, and that holds.
    let _ = default_provider().install_default();
}

/// Returns true when who calls showed a certificate that says it is `name`.
pub fn is_named<T>(request: &Request<T>, name: &str) -> bool {
    let shown = request.peer_certs();
    shown.as_deref().and_then(|chain| chain.first()).is_some_and(|first| says(first, name))
}

fn says(certificate: &CertificateDer<'_>, name: &str) -> bool {
    let (Ok(parsed), Ok(name)) = (ParsedCertificate::try_from(certificate), ServerName::try_from(name))
    else {
        return false;
    };
    verify_server_name(&parsed, &name).is_ok()
}
