//! The ports of a node, by its roles, and the key that signs what is shown at them.

use std::net::SocketAddr;

use airside_gateway::GatewayError;
use airside_privacy::signing::SigningKey;
use airside_runtime::{
    auth::{Environment, TokenKey},
    peers::Peers,
};
use tokio::net::TcpListener;

use super::{StartError, bind, token_key};
use crate::{
    config::Config,
    roles::{Role, Roles},
    vault,
};

/// The address of a port that is not open.
pub(super) const NOWHERE: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 0);

/// The port of the vault, and what is shown there.
pub(super) struct VaultPlace {
    pub(super) listener: TcpListener,
    pub(super) address: SocketAddr,
    pub(super) peers: Peers,
    pub(super) token: TokenKey,
}

/// Opens the public port, if the roles have one.
///
/// # Errors
/// When it cannot be had, or must not be public.
pub(super) async fn public(
    config: &Config,
    roles: &Roles,
) -> Result<(Option<TcpListener>, SocketAddr), StartError> {
    if !roles.are_public() {
        return Ok((None, NOWHERE));
    }
    if config.env == Environment::Develop && !config.listen.ip().is_loopback() {
        return Err(GatewayError::DevelopInPublic { address: config.listen }.into());
    }
    let (listener, address) = bind("public", "--listen", config.listen).await?;
    Ok((Some(listener), address))
}

/// Opens the port of the vault, if other nodes are to reach it.
///
/// # Errors
/// When it or a certificate cannot be had.
pub(super) async fn vault(
    config: &Config,
    roles: &Roles,
    token: Option<&TokenKey>,
) -> Result<Option<VaultPlace>, StartError> {
    let Some((address, token)) = config.vault.listen.zip(token.cloned()) else { return Ok(None) };
    if !roles.has(Role::Vault) {
        return Ok(None);
    }
    let peers = vault::peers(&config.vault)?;
    let (listener, address) = bind("vault", "vault.listen", address).await?;
    Ok(Some(VaultPlace { listener, address, peers, token }))
}

/// Returns the key that signs tokens, on the node with the vault.
///
/// # Errors
/// When it cannot be used.
pub(super) fn own_token(config: &Config, roles: &Roles) -> Result<Option<TokenKey>, StartError> {
    let own = roles.has(Role::Vault).then(|| token_key(&config.folder, config.env));
    Ok(own.transpose()?)
}

/// Returns the key that signs tokens: what the vault has, here or on another node. A node without a
/// public port has one of its own that nobody else believes.
///
/// # Errors
/// When the system gives no randomness.
pub(super) fn signs(known: Option<TokenKey>) -> Result<TokenKey, StartError> {
    match known {
        Some(key) => Ok(key),
        None => {
            let key = SigningKey::passing()?;
            Ok(TokenKey { id: key.key_id, private_der: key.private_der, public: key.public })
        }
    }
}
