//! TLS of the double's nodes.

use std::{fs, io, path::PathBuf};

use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};

use crate::papers::Papers;

/// What the nodes of a double show, and whom they let in.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The certificate and key of all nodes, and the authority that signed them.
    pub papers: Papers,
    /// The authority of the certificates that callers must show; `None` where they need none.
    pub callers: Option<PathBuf>,
}

impl Tls {
    /// Returns the key of a connection string by which a caller believes these nodes.
    pub(super) fn query(&self) -> String {
        format!("tlsCaFile={}", self.papers.ca.display())
    }

    /// Encrypts a server.
    pub(super) fn apply(&self, server: Server) -> io::Result<Server> {
        // It fails only where somebody has chosen already, and that holds.
        let _ = default_provider().install_default();
        let identity = Identity::from_pem(fs::read(&self.papers.certificate)?, fs::read(&self.papers.key)?);
        let mut config = ServerTlsConfig::new().identity(identity);
        if let Some(authority) = &self.callers {
            config = config.client_ca_root(Certificate::from_pem(fs::read(authority)?));
        }
        server.tls_config(config).map_err(io::Error::other)
    }
}
