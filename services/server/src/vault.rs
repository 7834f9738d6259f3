//! The vault across nodes: what the node that has it serves, and how the others reach it.
//!
//! One node of a log has the vault in its data folder. Where roles are split it also listens for the
//! others on a private port (`vault.listen`), and they name it (`vault.address`). Both ends show
//! certificates of one authority that is the installation's own; a certificate names the role of its
//! holder, `<role>.airside.internal`, and opens what that role needs: keys to every role, the key
//! that signs tokens only to those with a public port.

mod line;
mod service;

use std::{fs, path::Path};

use airside_privacy::read_secret;
use airside_runtime::{
    peers::Peers,
    status::chain,
    tls::{CLIENT_AUTHORITY, Identity, TlsError},
};

pub(crate) use self::{
    line::{Line, MeetError, meet},
    service::{Service, serve},
};
use crate::{
    config::{ConfigError, VaultConfig},
    roles::Role,
};

/// What nodes say to one another.
mod proto {
    #![allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]

    tonic::include_proto!("airside.vault.v1");
}

/// Returns the name in the certificate of a node of a role.
pub(crate) fn name_of(role: Role) -> String {
    format!("{role}.airside.internal")
}

/// Reads the certificates of this node.
///
/// # Errors
/// When one is not configured, or a file cannot be used.
pub(crate) fn peers(config: &VaultConfig) -> Result<Peers, ConfigError> {
    let ca = required(config.ca.as_deref(), "vault.ca", "the authority of all nodes")?;
    let certificate =
        required(config.certificate.as_deref(), "vault.certificate", "this node's certificate")?;
    let key = required(config.key.as_deref(), "vault.key", "the key of this node's certificate")?;
    let read = |path: &Path, field: &str| {
        fs::read(path).map_err(|error| ConfigError::of(field, format_args!("{}: {error}", path.display())))
    };
    let (authority, chain_pem) = (read(ca, "vault.ca")?, read(certificate, "vault.certificate")?);
    let absent = || ConfigError::of("vault.key", format_args!("{} is not there", key.display()));
    let secret = read_secret(key).map_err(|error| ConfigError::of("vault.key", chain(&error)))?;
    let key_pem = secret.ok_or_else(absent)?;
    Peers::new(&authority, Identity { chain_pem: &chain_pem, key_pem: &key_pem }).map_err(|error| {
        let (field, path) = match &error {
            TlsError::NoKey => ("vault.key", key),
            TlsError::NoCertificate { what: "the certificate" } | TlsError::Identity(_) => {
                ("vault.certificate", certificate)
            }
            TlsError::NoCertificate { .. } | TlsError::Authority { .. } | TlsError::Clients(_) => {
                ("vault.ca", ca)
            }
            TlsError::Versions(_) => (CLIENT_AUTHORITY, ca),
        };
        ConfigError::of(field, format_args!("{}: {}", path.display(), chain(&error)))
    })
}

fn required<'a>(path: Option<&'a Path>, field: &str, what: &str) -> Result<&'a Path, ConfigError> {
    let absent = || {
        ConfigError::of(
            field,
            format_args!(
                "it is not set: nodes show certificates to one another, so name the PEM file of {what}; \
                 deploy/roles shows how to make them"
            ),
        )
    };
    path.ok_or_else(absent)
}

#[cfg(test)]
mod tests;
