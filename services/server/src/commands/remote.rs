//! How commands that call a running server reach it, and in whose name.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use airside_simulator::connect::{Bearer, Clients};
use anyhow::{Context, anyhow, bail};
use clap::{ArgGroup, Args};
use tonic::{
    Status,
    transport::{Channel, Endpoint},
};

/// How long a connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How long the server may take to read a map, check it and show it.
const ANSWER_WITHIN: Duration = Duration::from_secs(300);

/// The server whose maps they are, and who asks.
#[derive(Args)]
#[command(group(ArgGroup::new("bearer").required(true).args(["token_file", "token"])))]
pub(super) struct Remote {
    /// The server's public port.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7400")]
    server: String,
    /// File with a token of staff: an operator's to change a map, a viewer's to list.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The token; others on this machine may see it, so a file is better.
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
}

impl Remote {
    /// Opens a connection to the server, in the caller's name.
    pub(super) async fn connect(&self) -> anyhow::Result<Clients> {
        let token = token(self.token.as_deref(), self.token_file.as_deref())?;
        let bearer = Bearer::new(&token, "operator")?;
        // A bare host and port is what people type.
        let server =
            if self.server.contains("://") { self.server.clone() } else { format!("http://{}", self.server) };
        Ok(Clients::new(&dial(&server, ANSWER_WITHIN).await?, &bearer))
    }
}

/// Returns what a server said that refused a call.
pub(super) fn refusal(status: &Status) -> anyhow::Error {
    anyhow!("the server refused the call ({:?}): {}", status.code(), status.message())
}

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
