//! `airside baggage send`.

use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use airside_api::baggage::v1::{RawMessage, SubmitMessagesRequest, raw_message::Content};
use airside_baggage::{
    drop::cut,
    link::{
        client::{Answer, Client, WINDOW_MAX},
        frame::AppId,
        session::Account,
    },
};
use airside_privacy::read_secret;
use airside_runtime::{
    requests::MAX_BATCH_ITEMS,
    tls::{self, Connector, Identity},
};
use airside_simulator::connect::{Bearer, Clients};
use anyhow::{Context, anyhow};
use bytes::Bytes;
use clap::{ArgGroup, Args};
use serde::Serialize;
use tokio::{net::TcpStream, time};
use tonic::transport::Endpoint;

use super::{
    super::{
        Outcome, block_on,
        operator::Bar,
        out::{note, say},
    },
    read,
};
use crate::operate::Progress;

/// How long a connection, and a handshake on it, may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How long a call may take to be answered.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// How many bytes of messages go into one call, below what a server takes.
const CALL_BYTES_MAX: usize = 512 * 1024;

/// Sends baggage messages and waits until each is safe on the other end's disk.
#[derive(Args)]
#[command(
    group(ArgGroup::new("to").required(true).args(["link", "server"])),
    after_help = "\
Files are cut behind each message's END line. All are read before the first message goes out.

Over a host link, as a baggage system does; --window 1 waits for each answer before the next message:
  airside baggage send --link 127.0.0.1:7401 --app BHS_SZX --password-file bhs.secret messages.txt
The same under TLS, trusting one authority:
  airside baggage send --link bags.example:7401 --tls --ca ca.pem --app BHS_SZX --password-file bhs.secret -
By calls, as a partner does:
  airside token --role partner --person bhs > bhs.token
  airside baggage send --server http://127.0.0.1:7400 --token-file bhs.token --source bhs.t3 messages.txt

Exit code 0 when every message is safe, 1 when one was refused or the connection broke (sending all of
them again is safe: what came already is kept and not read twice within ten minutes), 2 for wrong usage
or a file that cannot be read or holds no message."
)]
pub(in crate::commands) struct Send {
    /// Files with RP 1745 messages; `-` reads standard input to its end.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Send over a host link to this port.
    #[arg(long, value_name = "HOST:PORT", requires_all = ["app", "password_file"])]
    link: Option<String>,
    /// The application id to log in with: one to eight visible ASCII characters.
    #[arg(long, value_name = "NAME", requires = "link")]
    app: Option<String>,
    /// File with its password, which its owner alone may read.
    #[arg(long, value_name = "FILE", requires = "link")]
    password_file: Option<PathBuf>,
    /// Speak TLS on the link.
    #[arg(long, requires_all = ["link", "ca"])]
    tls: bool,
    /// The authorities to trust, as PEM.
    #[arg(long, value_name = "FILE", requires = "tls")]
    ca: Option<PathBuf>,
    /// The certificate to show when the other end asks for one, as PEM.
    #[arg(long, value_name = "FILE", requires_all = ["tls", "key"])]
    certificate: Option<PathBuf>,
    /// The private key of the certificate, as PEM.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// How many messages may be unanswered on the link, 1 to 16.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=WINDOW_MAX as i64), requires = "link")]
    window: u8,
    /// Send by calls to this server's public port, such as `http://127.0.0.1:7400`.
    #[arg(long, value_name = "URL", requires_all = ["source", "bearer"])]
    server: Option<String>,
    /// The source as which the messages are stored: 1 to 48 of a-z 0-9 _ and full stop.
    #[arg(long, value_name = "NAME", requires = "server")]
    source: Option<String>,
    /// File with a partner's token.
    #[arg(long, value_name = "FILE", requires = "server", group = "bearer")]
    token_file: Option<PathBuf>,
    /// A partner's token; others on this machine may see it, so a file is better.
    #[arg(long, value_name = "TOKEN", requires = "server", group = "bearer")]
    token: Option<String>,
    /// Print one JSON object: sent, acknowledged, refused, seconds.
    #[arg(long)]
    json: bool,
}

/// What became of the messages.
#[derive(Default, Serialize)]
struct Summary {
    /// Went out at least once.
    sent: usize,
    /// Are safe at the other end.
    acknowledged: usize,
    /// Were not taken.
    refused: usize,
    /// How long it took.
    seconds: f64,
}

/// Counts and shows how far it is.
struct Tally {
    summary: Summary,
    total: u64,
    bar: Bar,
}

impl Send {
    pub(in crate::commands) fn run(self) -> Outcome {
        let messages = match self.messages() {
            Ok(messages) => messages,
            Err(error) => {
                note!("airside: {error:#}");
                return Ok(ExitCode::from(2));
            }
        };
        let begun = Instant::now();
        let (summary, total) = (Summary::default(), messages.len() as u64);
        let mut tally = Tally { summary, total, bar: Bar::default() };
        let outcome = block_on(async {
            match &self.server {
                Some(server) => self.call(server, &messages, &mut tally).await,
                None => self.send(messages, &mut tally).await,
            }
        });
        let Tally { mut summary, bar, .. } = tally;
        drop(bar);
        summary.seconds = begun.elapsed().as_secs_f64();
        let is_whole = outcome.is_ok() && summary.acknowledged as u64 == total;
        if let Err(error) = outcome {
            note!("airside: {error:#}");
        }
        summary.print(self.json)?;
        Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Returns the messages of all files.
    fn messages(&self) -> anyhow::Result<Vec<Bytes>> {
        let mut messages = Vec::new();
        for file in &self.files {
            let bytes = Bytes::from(read(file)?);
            messages.extend(cut(&bytes).with_context(|| format!("{file} cannot be sent"))?);
        }
        Ok(messages)
    }

    /// Sends over a host link.
    async fn send(&self, messages: Vec<Bytes>, tally: &mut Tally) -> anyhow::Result<()> {
        let (address, app) = (self.link.as_deref().unwrap_or_default(), self.app.as_deref());
        let app = AppId::parse(app.unwrap_or_default()).context("--app cannot be used")?;
        let path = self.password_file.clone().unwrap_or_default();
        let secret = read_secret(&path)?.ok_or_else(|| anyhow!("{} is not there", path.display()))?;
        let account = Account::new(app, String::new(), &secret).context("--password-file cannot be used")?;
        let line = self.line(address).await?;
        let mut client = Client::log_in(line, app, &account.password).await?;
        let begun = Cell::new(0);
        let messages = messages.into_iter().inspect(|_| begun.set(begun.get() + 1));
        let window = usize::from(self.window);
        let sent = client.send_each(messages, window, |_, answer| tally.note(answer == Answer::Safe)).await;
        tally.summary.sent = begun.get();
        sent?;
        // All is safe; a peer that is gone already needs no good-bye.
        let _ = client.log_off().await;
        Ok(())
    }

    /// Connects, under TLS where that was asked for.
    async fn line(&self, address: &str) -> anyhow::Result<tls::Line> {
        let reach = || format!("{address} cannot be reached: start a server with a host link there");
        let stream = time::timeout(CONNECT_WITHIN, TcpStream::connect(address)).await;
        let stream = stream.with_context(reach)?.with_context(reach)?;
        stream.set_nodelay(true)?;
        let Some(ca) = &self.ca else { return Ok(Box::new(stream)) };
        let connector = self.connector(ca)?;
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
        let shaken = time::timeout(CONNECT_WITHIN, connector.connect(host, stream)).await;
        let problem = || format!("TLS with {address} did not come about");
        shaken.with_context(problem)?.with_context(problem)
    }

    fn connector(&self, ca: &Path) -> anyhow::Result<Connector> {
        let file = |path: &Path| fs::read(path).with_context(|| format!("{} cannot be read", path.display()));
        let authorities = file(ca)?;
        let shown = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => Some((file(certificate)?, file(key)?)),
            _ => None,
        };
        let identity = shown.as_ref().map(|(chain_pem, key_pem)| Identity { chain_pem, key_pem });
        Ok(Connector::new(&authorities, identity)?)
    }

    /// Sends by calls.
    async fn call(&self, server: &str, messages: &[Bytes], tally: &mut Tally) -> anyhow::Result<()> {
        let token = match (&self.token, &self.token_file) {
            (Some(token), _) => token.clone(),
            (None, path) => {
                let path = path.clone().unwrap_or_default();
                fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?
            }
        };
        let bearer = Bearer::new(token.trim(), "partner")?;
        let endpoint = Endpoint::from_shared(server.to_owned())
            .with_context(|| format!("--server: {server} is no URL such as http://127.0.0.1:7400"))?;
        let channel = endpoint.connect_timeout(CONNECT_WITHIN).timeout(ANSWER_WITHIN).connect().await;
        let channel = channel.with_context(|| format!("{server} cannot be reached: start a server there"))?;
        let mut baggage = Clients::new(&channel, &bearer).baggage;
        let mut rest = messages;
        while !rest.is_empty() {
            let (batch, others) = rest.split_at(one_call(rest));
            rest = others;
            let raw = |message: &Bytes| RawMessage { content: Some(Content::Raw(message.clone())) };
            let source = self.source.clone().unwrap_or_default();
            let request = SubmitMessagesRequest {
                source,
                messages: batch.iter().map(raw).collect(),
                ..Default::default()
            };
            tally.summary.sent += batch.len();
            let receipts = baggage
                .submit_messages(request)
                .await
                .map_err(|status| refusal(&status))?
                .into_inner()
                .receipts;
            for receipt in receipts {
                if !receipt.stored {
                    note!("airside: a message was refused: {}", receipt.problem);
                }
                tally.note(receipt.stored);
            }
        }
        Ok(())
    }
}

impl Tally {
    fn note(&mut self, is_safe: bool) {
        match is_safe {
            true => self.summary.acknowledged += 1,
            false => self.summary.refused += 1,
        }
        let done = (self.summary.acknowledged + self.summary.refused) as u64;
        self.bar.show(&Progress { what: "messages answered".to_owned(), done, total: self.total });
    }
}

impl Summary {
    fn print(&self, is_json: bool) -> anyhow::Result<()> {
        let Self { sent, acknowledged, refused, seconds } = self;
        match is_json {
            true => say!("{}", serde_json::to_string(self)?)?,
            false => say!("{sent} sent, {acknowledged} safe, {refused} refused, in {seconds:.1} s")?,
        }
        Ok(())
    }
}

/// Returns how many of the messages go into the next call, at least one.
fn one_call(messages: &[Bytes]) -> usize {
    let mut bytes = 0;
    let fits = |message: &&Bytes| {
        bytes += message.len();
        bytes <= CALL_BYTES_MAX
    };
    messages.iter().take(MAX_BATCH_ITEMS).take_while(fits).count().max(1)
}

fn refusal(status: &tonic::Status) -> anyhow::Error {
    anyhow!("the server refused the call ({:?}): {}", status.code(), status.message())
}
