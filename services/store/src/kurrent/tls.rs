//! Encryption on the way to the nodes: whose certificates are believed, and
//! which one the caller shows. Files are read and tried once, at the start, so
//! that a wrong one is told by its name and not by a handshake that fails.

use std::{fs, path::Path, sync::Arc};

use thiserror::Error;
use tokio_rustls::rustls::{
    DigitallySignedStruct, Error as RustlsError, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint as Target, Identity};

use super::address::Address;

/// A file of certificates or keys that cannot be used.
#[derive(Debug, Error)]
#[error("{key} {path} {problem}")]
pub struct TlsError {
    key: &'static str,
    path: String,
    problem: String,
}

/// How connections are encrypted.
#[derive(Clone)]
pub(crate) struct Tls {
    config: ClientTlsConfig,
    verify: bool,
}

impl Tls {
    /// Reads the files that an address names; `None` when it asks for no encryption.
    ///
    /// # Errors
    /// When a file cannot be read or holds something else.
    pub(crate) fn of(address: &Address) -> Result<Option<Self>, TlsError> {
        if !address.tls {
            return Ok(None);
        }
        let mut config = ClientTlsConfig::new();
        match &address.ca_file {
            _ if !address.verify => {}
            Some(path) => {
                config = config.ca_certificate(Certificate::from_pem(certificates("tlsCaFile", path)?));
            }
            None => config = config.with_native_roots(),
        }
        if let Some((certificate, key)) = &address.identity {
            let shown = certificates("userCertFile", certificate)?;
            let secret = read("userKeyFile", key)?;
            PrivateKeyDer::from_pem_slice(&secret)
                .map_err(|_| wrong("userKeyFile", key, "holds no private key in PEM"))?;
            config = config.identity(Identity::from_pem(shown, secret));
        }
        Ok(Some(Self { config, verify: address.verify }))
    }

    /// Encrypts a target whose certificate must name `domain`.
    pub(crate) fn apply(&self, target: Target, domain: &str) -> Result<Target, tonic::transport::Error> {
        let config = self.config.clone().domain_name(domain);
        if self.verify {
            return target.tls_config(config);
        }
        target.tls_config_with_verifier(config, Arc::new(Unchecked(aws_lc_rs::default_provider())))
    }
}

fn wrong(key: &'static str, path: &Path, problem: impl Into<String>) -> TlsError {
    TlsError { key, path: path.display().to_string(), problem: problem.into() }
}

fn read(key: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| wrong(key, path, format!("cannot be read: {error}")))
}

fn certificates(key: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    let bytes = read(key, path)?;
    let found = CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>();
    match found {
        Ok(found) if !found.is_empty() => Ok(bytes),
        _ => Err(wrong(key, path, "holds no certificate in PEM: it begins with -----BEGIN CERTIFICATE-----")),
    }
}

/// Believes any certificate, because the operator said `tlsVerifyCert=false`.
#[derive(Debug)]
struct Unchecked(CryptoProvider);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, RustlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
