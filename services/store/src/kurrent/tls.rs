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
    sign::CertifiedKey,
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
            let opened = PrivateKeyDer::from_pem_slice(&secret)
                .map_err(|_| wrong("userKeyFile", key, "holds no private key in PEM"))?;
            let chain = CertificateDer::pem_slice_iter(&shown).filter_map(Result::ok).collect();
            CertifiedKey::from_der(chain, opened, &aws_lc_rs::default_provider()).map_err(|_| {
                let other = certificate.display();
                wrong(
                    "userKeyFile",
                    key,
                    format!("is not the key of userCertFile {other}: name the two that belong together"),
                )
            })?;
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

/// Says which part of the store address is wrong when two ends do not trust each other, or one of them
/// speaks no TLS; `None` for whatever else a connection can end of.
pub(crate) fn mistrust(said: &str) -> Option<&'static str> {
    let said = said.to_ascii_lowercase();
    let has = |word: &str| said.contains(word);
    if has("received fatal alert") {
        return Some(if has("certificaterequired") {
            "the node wants a certificate of who calls: give userCertFile and userKeyFile"
        } else if has("expired") {
            "userCertFile is expired: renew it"
        } else if has("unknownca") || has("decrypterror") {
            // Authorities that a tool makes may all have one name; then it is the signature that does not fit.
            "userCertFile is not signed by an authority that the node believes: give one that is"
        } else {
            "the node ends the handshake: see that userCertFile is one that it takes, and tls what it speaks"
        });
    }
    if has("invalid peer certificate") {
        return Some(if has("expired") {
            "the certificate of the node is expired: renew it there, or set the clock of this machine"
        } else if has("not valid yet") || has("notvalidyet") {
            "the certificate of the node is not valid yet: set the clock of this machine, or of the one that made it"
        } else if has("not valid for name") || has("notvalidforname") {
            "the certificate of the node is for another name: write a host that it names"
        } else if has("unknownissuer") || has("badsignature") {
            "the certificate of the node is not signed by the authority in tlsCaFile, or, without that key, by one that \
             this system believes: name the file of the one that signed it"
        } else {
            "the certificate of the node cannot be accepted: make it anew"
        });
    }
    if has("corrupt message") {
        return Some("the node speaks no TLS: write tls=false, or give it a certificate");
    }
    // What a node that speaks TLS answers to a call in clear is a frame of an impossible size.
    has("invalid size").then_some("the node speaks TLS: write tls=true, or leave tls out")
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
