//! `airside baggage send`.
//!
//! Messages go over a host link (`line`) or by calls (`calls`). Either way what was not acknowledged
//! goes again after a pause, so that it is stored once: under the same ids, or under the same key.

mod calls;
mod line;

use std::{
    io,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use airside_baggage::{drop::cut, link::client::WINDOW_MAX};
use anyhow::Context;
use bytes::Bytes;
use clap::{ArgGroup, Args};
use serde::Serialize;

use super::{
    super::{
        Outcome, block_on,
        load::seconds,
        operator::Bar,
        out::{note, say},
    },
    read,
};
use crate::operate::Progress;

/// How long a connection, and a handshake on it, may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// The first pause before the other end is called again; each is twice the one before, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

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

A message that asks with an A behind the reference of its .V, such as .V/1LSZX//REF/A, is answered over
the link when it was read: ACK when all that it says is recorded, NAK with the reason when it is not.

A line that breaks, or a call that is not answered, is tried again after 0.5, 1, 2 and more seconds, with
what was not acknowledged, under the same ids or the same key, so that nothing is stored twice.

Exit code 0 when every message is safe and no answer is NAK, 1 when one was refused or the connection
could not be had again (sending all of them again is safe: what came already is kept and not read twice
within ten minutes), 2 for wrong usage or a file that cannot be read or holds no message."
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
    /// How long to wait at the end for what became of the messages that asked.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = seconds, requires = "link")]
    answers: Duration,
    /// How often in a row to call again when nothing was acknowledged since; 0 never.
    #[arg(long, value_name = "TIMES", default_value_t = 5)]
    attempts: u32,
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
    /// Print one JSON object: sent, acknowledged, refused, answered, refused_in_content, seconds.
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
    /// Asked what became of them and were told.
    answered: usize,
    /// Were told that all or a part of what they say is in quarantine.
    refused_in_content: usize,
    /// How long it took.
    seconds: f64,
}

/// Counts and shows how far it is.
struct Tally {
    summary: Summary,
    total: u64,
    bar: Bar,
    is_json: bool,
    /// Whether what became of messages could be printed.
    printed: io::Result<()>,
}

/// The pauses before the other end is called again.
struct Pauses {
    left: u32,
    next: Duration,
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
        let mut tally = Tally { summary, total, bar: Bar::default(), is_json: self.json, printed: Ok(()) };
        let outcome = block_on(async {
            match &self.server {
                Some(server) => self.call(server, &messages, &mut tally).await,
                None => self.send(&messages, &mut tally).await,
            }
        });
        let Tally { mut summary, bar, printed, .. } = tally;
        drop(bar);
        printed?;
        summary.seconds = begun.elapsed().as_secs_f64();
        let is_safe = outcome.is_ok() && summary.acknowledged as u64 == total;
        let is_whole = is_safe && summary.refused_in_content == 0;
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
}

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let pause = self.next;
        self.next = pause.saturating_mul(2).min(LONGEST_PAUSE);
        Some(pause)
    }
}

impl Pauses {
    fn new(times: u32) -> Self {
        Self { left: times, next: FIRST_PAUSE }
    }
}

impl Tally {
    /// Returns how many messages need not be sent any more.
    fn done(&self) -> usize {
        self.summary.acknowledged + self.summary.refused
    }

    fn note(&mut self, is_safe: bool) {
        match is_safe {
            true => self.summary.acknowledged += 1,
            false => self.summary.refused += 1,
        }
        let done = self.done() as u64;
        self.bar.show(&Progress { what: "messages answered".to_owned(), done, total: self.total });
    }
}

impl Summary {
    fn print(&self, is_json: bool) -> anyhow::Result<()> {
        let Self { sent, acknowledged, refused, answered, refused_in_content, seconds } = self;
        match is_json {
            true => say!("{}", serde_json::to_string(self)?)?,
            // What stopped it is told already, and a row of zeros would look like an outcome.
            false if acknowledged + refused == 0 => {}
            false => {
                say!("{sent} sent, {acknowledged} safe, {refused} refused, in {seconds:.1} s")?;
                if *answered > 0 {
                    say!("{answered} told what became of them, {refused_in_content} of them NAK")?;
                }
            }
        }
        Ok(())
    }
}
