//! Sending over a host link: once more over a new line where one broke, and what the other end says.

use std::{cell::Cell, fs, io, path::Path};

use airside_baggage::{
    ingest::{Acknowledgement, decode, messages},
    link::{
        answers::asks,
        client::{Answer, Client, LinkError, Told},
        frame::AppId,
        session::Account,
    },
};
use airside_kernel::{Revision, Timestamp};
use airside_privacy::read_secret;
use airside_runtime::tls::{self, Connector, Identity};
use anyhow::{Context, anyhow};
use bytes::Bytes;
use tokio::{
    net::TcpStream,
    time::{self, Instant},
};

use super::{CONNECT_WITHIN, Pauses, Send, Tally};
use crate::commands::out::{note, say};

/// Where to call, and as whom.
struct Caller<'a> {
    options: &'a Send,
    app: AppId,
    password: Vec<u8>,
}

/// How far the messages are.
struct Course<'a> {
    messages: &'a [Bytes],
    /// Which of them need not be sent any more.
    settled: Vec<bool>,
    /// How many answers the line still owes.
    owed: usize,
}

impl Send {
    /// Sends over a host link.
    pub(super) async fn send(&self, messages: &[Bytes], tally: &mut Tally) -> anyhow::Result<()> {
        let caller = self.caller()?;
        let mut course = Course { messages, settled: vec![false; messages.len()], owed: 0 };
        let mut pauses = Pauses::new(self.attempts);
        let mut client = caller.call().await?;
        loop {
            let before = tally.done();
            let Err(error) = course.go(&mut client, usize::from(self.window), tally).await else { break };
            if tally.done() > before {
                pauses = Pauses::new(self.attempts);
            }
            client = caller.call_again(error.into(), &mut pauses).await?;
        }
        course.hear(&mut client, Instant::now() + self.answers, tally).await;
        // All is safe; a peer that is gone already needs no good-bye.
        let _ = client.log_off().await;
        Ok(())
    }

    fn caller(&self) -> anyhow::Result<Caller<'_>> {
        let app = AppId::parse(self.app.as_deref().unwrap_or_default()).context("--app cannot be used")?;
        let path = self.password_file.clone().unwrap_or_default();
        let secret = read_secret(&path)?.ok_or_else(|| anyhow!("{} is not there", path.display()))?;
        let account = Account::new(app, String::new(), &secret).context("--password-file cannot be used")?;
        Ok(Caller { options: self, app, password: account.password })
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
}

impl Caller<'_> {
    async fn call(&self) -> anyhow::Result<Client> {
        let line = self.options.line(self.options.link.as_deref().unwrap_or_default()).await?;
        Ok(Client::log_in(line, self.app, &self.password).await?)
    }

    /// Calls again until there is a line; gives up when the pauses are through or the login is refused.
    async fn call_again(&self, mut error: anyhow::Error, pauses: &mut Pauses) -> anyhow::Result<Client> {
        loop {
            let Some(pause) = pauses.next() else { return Err(error) };
            note!("airside: {error:#}; calling again in {:.1} s", pause.as_secs_f64());
            time::sleep(pause).await;
            match self.call().await {
                Ok(client) => return Ok(client),
                Err(refused) if matches!(refused.downcast_ref(), Some(LinkError::Refused)) => {
                    return Err(refused);
                }
                Err(again) => error = again,
            }
        }
    }
}

impl Course<'_> {
    /// Sends what is not settled, under the ids that follow from its place.
    async fn go(&mut self, client: &mut Client, window: usize, tally: &mut Tally) -> Result<(), LinkError> {
        // What an earlier line owed went with it.
        self.owed = 0;
        let begun = Cell::new(tally.summary.sent);
        let left: Vec<_> = (0..self.messages.len()).filter(|number| !self.settled[*number]).collect();
        let messages = left.into_iter().map(|number| {
            begun.set(begun.get().max(number + 1));
            (number, self.messages[number].clone())
        });
        let (settled, owed, all) = (&mut self.settled, &mut self.owed, self.messages);
        let sent = client.send_numbered(messages, window, |told| match told {
            Told::Answer(number, answer) => {
                settled[number] = true;
                if answer == Answer::Safe {
                    *owed += asks(&all[number], Revision::FIRST).len();
                }
                tally.note(answer == Answer::Safe);
            }
            Told::Message(message) => *owed = owed.saturating_sub(tally.hear(&message)),
        });
        let sent = sent.await;
        tally.summary.sent = begun.get();
        sent
    }

    /// Waits a while for the answers of those that asked what became of them.
    async fn hear(&mut self, client: &mut Client, until: Instant, tally: &mut Tally) {
        while self.owed > 0 {
            match client.hear(until).await {
                Ok(Some(message)) => self.owed = self.owed.saturating_sub(tally.hear(&message)),
                Ok(None) => break,
                Err(error) => {
                    note!("airside: {error}");
                    break;
                }
            }
        }
        if self.owed > 0 {
            note!("airside: {} answers did not come; send the messages again to hear them", self.owed);
        }
    }
}

impl Tally {
    /// Prints and counts the answers that a message of the other end holds, and returns how many.
    fn hear(&mut self, message: &[u8]) -> usize {
        let text = decode(message);
        let mut heard = 0;
        for answer in messages(&text, Timestamp::UNIX_EPOCH).filter_map(|parsed| parsed.acknowledgement) {
            heard += 1;
            self.summary.answered += 1;
            let is_refused = answer.accepted == Some(false);
            self.summary.refused_in_content += usize::from(is_refused);
            if !self.is_json && self.printed.is_ok() {
                self.printed = print(&answer);
            }
        }
        heard
    }
}

fn print(answer: &Acknowledgement<'_>) -> io::Result<()> {
    let (reference, of) = (answer.reference.unwrap_or("-"), answer.answers.unwrap_or("message"));
    let verdict = if answer.accepted == Some(false) { "NAK" } else { "ACK" };
    let why = answer.note.map(|why| format!(": {}", why.reveal())).unwrap_or_default();
    say!("{reference} {of} {verdict}{why}")
}
