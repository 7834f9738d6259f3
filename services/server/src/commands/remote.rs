//! How commands that call a running server reach it, and in whose name.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, bail};
use tonic::transport::{Channel, Endpoint};

/// How long a connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Returns the token that was given, or the one in the file.
pub(super) fn token(given: Option<&str>, file: Option<&Path>) -> anyhow::Result<String> {
    let text = match (given, file) {
        (Some(given), _) => given.to_owned(),
        (None, Some(file)) => {
            fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?
        }
        (None, None) => bail!("give a token, or a file that holds one"),
    };
    Ok(text.trim().to_owned())
}

/// Opens a connection whose calls are answered within a time.
pub(super) async fn dial(server: &str, answer_within: Duration) -> anyhow::Result<Channel> {
    let endpoint = Endpoint::from_shared(server.to_owned())
        .with_context(|| format!("--server: {server} is no URL such as http://127.0.0.1:7400"))?;
    let channel = endpoint.connect_timeout(CONNECT_WITHIN).timeout(answer_within).connect().await;
    channel.with_context(|| format!("{server} cannot be reached: start a server there"))
}
