//! Lines of bytes under TLS, for what is no HTTP.
//!
//! TLS 1.2 and 1.3 with the cipher library of the house. A server shows one chain of certificates and
//! may ask its clients for theirs; a client trusts the authorities that it is given and no others, and
//! holds the certificate against the name that it called. Whoever calls bounds the time of a handshake.

use std::{io, sync::Arc};

use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{
    TlsAcceptor, TlsConnector,
    rustls::{
        ClientConfig, ConfigBuilder, ConfigSide, Error as RustlsError, RootCertStore, ServerConfig,
        WantsVerifier, WantsVersions,
        crypto::aws_lc_rs::default_provider,
        pki_types::{CertificateDer, InvalidDnsNameError, PrivateKeyDer, ServerName, pem::PemObject},
        server::{VerifierBuilderError, WebPkiClientVerifier},
    },
};

/// What errors call the authorities that sign clients' certificates.
pub const CLIENT_AUTHORITY: &str = "the authority of clients";

/// A line of bytes both ways.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A line, in clear or under TLS.
pub type Line = Box<dyn Duplex>;

/// Who shows a certificate: its chain and its private key, as PEM.
#[derive(Clone, Copy)]
pub struct Identity<'a> {
    /// The certificate, then those that signed it, without the authority's.
    pub chain_pem: &'a [u8],
    /// The private key of the first one.
    pub key_pem: &'a [u8],
}

/// TLS that cannot begin.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A text holds no certificates.
    #[error("{what} holds no certificate: give it as PEM, with lines BEGIN CERTIFICATE and END CERTIFICATE")]
    NoCertificate {
        /// Which text.
        what: &'static str,
    },
    /// The key is none.
    #[error("the private key cannot be read: give it as PEM, PKCS#8, PKCS#1 or SEC1, without a passphrase")]
    NoKey,
    /// An authority cannot be used.
    #[error("a certificate of {what} is no authority")]
    Authority {
        /// Which text.
        what: &'static str,
        /// Why.
        #[source]
        source: RustlsError,
    },
    /// Certificate and key cannot be used.
    #[error("certificate and private key cannot be used together")]
    Identity(#[source] RustlsError),
    /// The authorities of clients cannot be used.
    #[error("the authorities of clients cannot be used")]
    Clients(#[from] VerifierBuilderError),
    /// The versions cannot be had.
    #[error("TLS 1.2 and 1.3 cannot be had")]
    Versions(#[source] RustlsError),
}

/// The end that is called.
#[derive(Clone)]
pub struct Acceptor(TlsAcceptor);

impl Acceptor {
    /// Makes it; with `client_authorities_pem`, who calls must show a certificate of one of them.
    ///
    /// # Errors
    /// When a certificate or the key cannot be used.
    pub fn new(identity: Identity<'_>, client_authorities_pem: Option<&[u8]>) -> Result<Self, TlsError> {
        let provider = Arc::new(default_provider());
        let builder = versions(ServerConfig::builder_with_provider(provider.clone()))?;
        let builder = match client_authorities_pem {
            None => builder.with_no_client_auth(),
            Some(pem) => {
                let roots = Arc::new(authorities(pem, CLIENT_AUTHORITY)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build()?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let (chain, key) = read(identity)?;
        let config = builder.with_single_cert(chain, key).map_err(TlsError::Identity)?;
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// Shakes hands with who called.
    ///
    /// # Errors
    /// When the line breaks, or the other end does not speak TLS or is not let in.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<Line> {
        Ok(Box::new(self.0.accept(stream).await?))
    }
}

/// The end that calls.
#[derive(Clone)]
pub struct Connector(TlsConnector);

impl Connector {
    /// Makes it; with an identity, it shows its certificate when it is asked.
    ///
    /// # Errors
    /// When a certificate or the key cannot be used.
    pub fn new(authorities_pem: &[u8], identity: Option<Identity<'_>>) -> Result<Self, TlsError> {
        let builder = versions(ClientConfig::builder_with_provider(Arc::new(default_provider())))?;
        let builder = builder.with_root_certificates(authorities(authorities_pem, "the authority")?);
        let config = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let (chain, key) = read(identity)?;
                builder.with_client_auth_cert(chain, key).map_err(TlsError::Identity)?
            }
        };
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Shakes hands with a server that was called by a host name or an address.
    ///
    /// # Errors
    /// When the line breaks, or the other end does not speak TLS, is not trusted, or has another name.
    pub async fn connect(&self, host: &str, stream: TcpStream) -> io::Result<Line> {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let no_name = |error: InvalidDnsNameError| io::Error::new(io::ErrorKind::InvalidInput, error);
        let name = ServerName::try_from(host).map_err(no_name)?;
        Ok(Box::new(self.0.connect(name, stream).await?))
    }
}

fn versions<S: ConfigSide>(
    builder: ConfigBuilder<S, WantsVersions>,
) -> Result<ConfigBuilder<S, WantsVerifier>, TlsError> {
    builder.with_safe_default_protocol_versions().map_err(TlsError::Versions)
}

fn certificates(pem: &[u8], what: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    read.ok().filter(|read| !read.is_empty()).ok_or(TlsError::NoCertificate { what })
}

fn authorities(pem: &[u8], what: &'static str) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem, what)? {
        roots.add(certificate).map_err(|source| TlsError::Authority { what, source })?;
    }
    Ok(roots)
}

fn read(identity: Identity<'_>) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let chain = certificates(identity.chain_pem, "the certificate")?;
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem).map_err(|_| TlsError::NoKey)?;
    Ok((chain, key))
}
