//! Giving orders: at the door of a running server, else on the folder itself.

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::de::DeserializeOwned;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
    sync::mpsc,
};

use super::{block_on, out::note};
use crate::{
    Config,
    operate::{self, Answer, Caller, Order, Parts, Progress, ShownEvent, door},
};

/// How often progress is printed where there is no terminal.
const PLAIN_LINE_EVERY: Duration = Duration::from_secs(2);

/// Whose log it is.
#[derive(Args, Clone)]
pub(super) struct Place {
    /// The server's data folder [default: airside-data].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The server's configuration file, where it has one.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Place {
    /// Returns the configuration of the server that works there.
    pub(super) fn config(&self) -> anyhow::Result<Config> {
        let mut config = Config::load(self.config.as_deref(), std::env::vars())?;
        if let Some(folder) = &self.data {
            config.folder.clone_from(folder);
        }
        Ok(config)
    }

    /// Has an order carried out and returns its result.
    pub(super) fn order<T: DeserializeOwned>(&self, order: Order) -> anyhow::Result<T> {
        self.order_hearing(order, |_| Ok(()))
    }

    /// Has an order carried out, hears its events, and returns its result.
    pub(super) fn order_hearing<T: DeserializeOwned>(
        &self,
        order: Order,
        hear: impl FnMut(ShownEvent) -> io::Result<()>,
    ) -> anyhow::Result<T> {
        let config = self.config()?;
        block_on(async {
            let path = config.folder.join(door::NAME);
            let result = match UnixStream::connect(&path).await {
                Ok(stream) => at_the_door(stream, &order, hear).await?,
                // Nobody is there, or the path is too long for anybody to be there.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::NotFound
                            | io::ErrorKind::ConnectionRefused
                            | io::ErrorKind::InvalidInput
                    ) =>
                {
                    on_the_folder(&config, order, hear).await?
                }
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    let path = path.display();
                    return Err(error).with_context(|| {
                        format!("{path} cannot be asked: run it as the user who runs the server")
                    });
                }
                Err(error) => {
                    return Err(error).with_context(|| format!("{} cannot be asked", path.display()));
                }
            };
            serde_json::from_value(result).context("the server answers as another version would")
        })
    }
}

async fn at_the_door(
    mut stream: UnixStream,
    order: &Order,
    mut hear: impl FnMut(ShownEvent) -> io::Result<()>,
) -> anyhow::Result<serde_json::Value> {
    let mut line = serde_json::to_vec(order)?;
    line.push(b'\n');
    stream.write_all(&line).await.context("the server does not take the order")?;
    let mut lines = BufReader::new(stream).lines();
    let mut bar = Bar::default();
    while let Some(line) = lines.next_line().await.context("the server's answer broke off")? {
        let answer = serde_json::from_str(&line).context("the server answers as another version would")?;
        if let Some(result) = take(answer, &mut bar, &mut hear)? {
            return Ok(result);
        }
    }
    Err(anyhow!("the server ended before the order was done"))
}

async fn on_the_folder(
    config: &Config,
    order: Order,
    mut hear: impl FnMut(ShownEvent) -> io::Result<()>,
) -> anyhow::Result<serde_json::Value> {
    let parts = Parts::open(config.clone(), &order)?;
    let (caller, answers) = Caller::new();
    let (outcome, ()) = tokio::join!(listen(answers, &mut hear), operate::serve(order, &parts, caller));
    parts.close().await;
    outcome
}

async fn listen(
    mut answers: mpsc::Receiver<Answer>,
    hear: &mut impl FnMut(ShownEvent) -> io::Result<()>,
) -> anyhow::Result<serde_json::Value> {
    let mut bar = Bar::default();
    while let Some(answer) = answers.recv().await {
        if let Some(result) = take(answer, &mut bar, hear)? {
            return Ok(result);
        }
    }
    Err(anyhow!("the order ended without an answer"))
}

/// Takes one line of an answer in; `Some` is the end.
fn take(
    answer: Answer,
    bar: &mut Bar,
    hear: &mut impl FnMut(ShownEvent) -> io::Result<()>,
) -> anyhow::Result<Option<serde_json::Value>> {
    match answer {
        Answer::Progress(progress) => bar.show(&progress),
        Answer::Event(event) => {
            bar.clear();
            hear(*event)?;
        }
        Answer::Result(result) => return Ok(Some(result)),
        Answer::Error { message } => return Err(anyhow!(message)),
    }
    Ok(None)
}

/// Shows progress on standard error: a bar on a terminal, else a line now and then.
#[derive(Default)]
pub(super) struct Bar {
    bar: Option<ProgressBar>,
    printed: Option<Instant>,
}

impl Bar {
    /// Shows how far something is.
    pub(super) fn show(&mut self, progress: &Progress) {
        let Progress { what, done, total } = progress;
        if !io::stderr().is_terminal() {
            // What ends at once says nothing.
            let since = self.printed.get_or_insert_with(Instant::now);
            if since.elapsed() >= PLAIN_LINE_EVERY {
                *since = Instant::now();
                note!("{what}: {done} of {total}");
            }
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let style = "{msg} {wide_bar:.cyan} {human_pos} of {human_len}, {eta} to go";
            let style = ProgressStyle::with_template(style).expect("the template is well formed");
            ProgressBar::new(*total).with_style(style)
        });
        if bar.message() != *what {
            bar.set_message(what.clone());
            bar.reset_eta();
        }
        bar.set_length((*total).max(*done));
        bar.set_position(*done);
    }

    /// Takes the bar away.
    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.clear();
    }
}
