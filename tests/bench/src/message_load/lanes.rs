//! The sources: each brings its share by the clock and notes what is acknowledged.

use std::{collections::VecDeque, fs, path::Path, sync::Arc, time::Duration};

use airside_api::baggage::v1::{
    RawMessage, StreamMessagesRequest, SubmitMessagesRequest, raw_message::Content,
};
use airside_baggage::link::client::{Answer, Client, WINDOW_MAX};
use airside_simulator::connect::Clients;
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::mpsc,
    task::JoinSet,
    time::{self, Instant},
};
use tokio_stream::wrappers::ReceiverStream;

use super::{
    house::House,
    ledger::{Kind, Ledger, text},
};

/// Batches that may wait for one source; far more than a run has.
const QUEUE: usize = 100_000;
/// How often it is looked whether files are done.
const LOOK: Duration = Duration::from_millis(20);

/// What one kind of source brings.
struct Share {
    kind: Kind,
    /// Its part of all messages.
    part: f64,
    /// Messages that are due at once.
    batch: usize,
    /// Sources of the kind.
    sources: usize,
}

const SHARES: [Share; 5] = [
    Share { kind: Kind::Calls, part: 0.3, batch: 16, sources: 8 },
    Share { kind: Kind::Stream, part: 0.3, batch: 8, sources: 2 },
    Share { kind: Kind::Http, part: 0.15, batch: 50, sources: 4 },
    Share { kind: Kind::Link, part: 0.15, batch: 8, sources: 4 },
    Share { kind: Kind::Files, part: 0.1, batch: 200, sources: 1 },
];

/// Messages that are due at once.
struct Batch {
    kind: Kind,
    first: u64,
    count: usize,
    due: Instant,
}

impl Batch {
    fn numbers(&self) -> impl Iterator<Item = u64> + use<> {
        self.first..self.first + self.count as u64
    }

    fn texts(&self) -> impl Iterator<Item = String> + use<> {
        let kind = self.kind;
        self.numbers().map(move |number| text(kind, number))
    }
}

type Batches = mpsc::Receiver<Batch>;

/// Starts every source; each ends when its messages are acknowledged.
pub(super) async fn lanes(
    house: &House,
    ledger: &Arc<Ledger>,
    begin: Instant,
    end: Instant,
    per_s: f64,
) -> Result<JoinSet<Result<()>>> {
    let mut running = JoinSet::new();
    for Share { kind, part, batch, sources } in SHARES {
        let mut queues = Vec::new();
        for _ in 0..sources {
            let (queue, batches) = mpsc::channel(QUEUE);
            queues.push(queue);
            let ledger = ledger.clone();
            match kind {
                Kind::Calls => running.spawn(calls(house.partner().await?, batches, ledger)),
                Kind::Stream => running.spawn(stream(house.partner().await?, batches, ledger)),
                Kind::Http => running.spawn(http(Http::open(house).await?, batches, ledger)),
                Kind::Link => running.spawn(link(house.link().await?, batches, ledger)),
                Kind::Files => running.spawn(files(house.files.clone(), batches, ledger)),
            };
        }
        let every = Duration::from_secs_f64(batch as f64 / (per_s * part));
        let ledger = ledger.clone();
        running.spawn(async move {
            let mut due = begin;
            for queue in queues.iter().cycle() {
                if due >= end {
                    break;
                }
                time::sleep_until(due).await;
                let first = ledger.send(kind, batch);
                let sent = queue.send(Batch { kind, first, count: batch, due }).await;
                sent.ok().context("a source has ended early")?;
                due += every;
            }
            Ok(())
        });
    }
    Ok(running)
}

fn raw(text: String) -> RawMessage {
    RawMessage { content: Some(Content::Text(text)) }
}

async fn calls(caller: Clients, mut batches: Batches, ledger: Arc<Ledger>) -> Result<()> {
    let mut baggage = caller.baggage;
    while let Some(batch) = batches.recv().await {
        let request = SubmitMessagesRequest {
            source: batch.kind.source().to_owned(),
            messages: batch.texts().map(raw).collect(),
            ..SubmitMessagesRequest::default()
        };
        let receipts = baggage.submit_messages(request).await?.into_inner().receipts;
        ensure!(receipts.iter().all(|receipt| receipt.stored), "a call was not taken: {receipts:?}");
        ledger.acked(batch.kind, batch.numbers(), batch.due);
    }
    Ok(())
}

async fn stream(caller: Clients, mut batches: Batches, ledger: Arc<Ledger>) -> Result<()> {
    let (items, waiting) = mpsc::channel(QUEUE);
    let (dues, mut due) = mpsc::channel(QUEUE);
    let mut baggage = caller.baggage;
    let mut answers = baggage.stream_messages(ReceiverStream::new(waiting)).await?.into_inner();
    let send = async move {
        while let Some(batch) = batches.recv().await {
            for (number, text) in batch.numbers().zip(batch.texts()) {
                let source = batch.kind.source().to_owned();
                let item = StreamMessagesRequest { source, item: number, message: Some(raw(text)) };
                dues.send((number, batch.due)).await.ok().context("the answers have ended")?;
                items.send(item).await.ok().context("the stream has ended")?;
            }
        }
        Ok::<_, anyhow::Error>(())
    };
    let read = async move {
        while let Some(answer) = answers.message().await? {
            let (number, due) = due.recv().await.context("an answer to nothing")?;
            let is_stored = answer.receipt.as_ref().is_some_and(|receipt| receipt.stored);
            ensure!(is_stored && answer.item == number, "item {number} was not taken: {answer:?}");
            ledger.acked(Kind::Stream, [number], due);
        }
        ensure!(due.recv().await.is_none(), "a stream ended before its last answer");
        Ok(())
    };
    tokio::try_join!(send, read).map(drop)
}

/// A connection of HTTP/1.1 that is used again.
struct Http {
    stream: BufReader<TcpStream>,
    token: String,
}

impl Http {
    async fn open(house: &House) -> Result<Self> {
        let stream = TcpStream::connect(house.endpoint.public).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), token: house.endpoint.tokens.partner.clone() })
    }

    async fn post(&mut self, key: &str, body: &str) -> Result<Value> {
        let request = format!(
            "POST /airside.baggage.v1.BaggageService/SubmitMessages HTTP/1.1\r\nhost: airside\r\n\
             content-type: application/json\r\nauthorization: Bearer {}\r\nidempotency-key: {key}\r\n\
             content-length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        let (mut length, mut line) = (0, String::new());
        loop {
            line.clear();
            ensure!(self.stream.read_line(&mut line).await? > 0, "the connection was closed");
            let header = line.trim_end().to_ascii_lowercase();
            if let Some(value) = header.strip_prefix("content-length: ") {
                length = value.parse()?;
            }
            if header.is_empty() {
                break;
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).await?;
        Ok(serde_json::from_slice(&answer)?)
    }
}

async fn http(mut server: Http, mut batches: Batches, ledger: Arc<Ledger>) -> Result<()> {
    while let Some(batch) = batches.recv().await {
        let messages: Vec<_> = batch.texts().map(|text| json!({"text": text})).collect();
        let body = json!({"source": batch.kind.source(), "messages": messages}).to_string();
        let answer = server.post(&batch.first.to_string(), &body).await?;
        let receipts = answer["receipts"].as_array().map(Vec::as_slice).unwrap_or_default();
        let stored = receipts.iter().filter(|receipt| receipt["stored"] == true).count();
        ensure!(stored == batch.count, "a call over HTTP was not taken: {answer}");
        ledger.acked(batch.kind, batch.numbers(), batch.due);
    }
    Ok(())
}

async fn link(mut line: Client, mut batches: Batches, ledger: Arc<Ledger>) -> Result<()> {
    while let Some(batch) = batches.recv().await {
        let mut refused = 0;
        let numbers: Vec<_> = batch.numbers().collect();
        let tell = |place: usize, answer| match answer {
            Answer::Safe => ledger.acked(batch.kind, [numbers[place]], batch.due),
            Answer::Refused => refused += 1,
        };
        line.send_each(batch.texts().map(Into::into), WINDOW_MAX, tell).await?;
        ensure!(refused == 0, "{refused} messages of a host link were not taken");
    }
    Ok(line.log_off().await?)
}

async fn files(folder: impl AsRef<Path>, mut batches: Batches, ledger: Arc<Ledger>) -> Result<()> {
    let folder = folder.as_ref();
    let (mut waiting, mut tick) = (VecDeque::<(String, Batch)>::new(), time::interval(LOOK));
    let mut is_open = true;
    while is_open || !waiting.is_empty() {
        tokio::select! {
            batch = batches.recv(), if is_open => match batch {
                None => is_open = false,
                Some(batch) => {
                    let name = format!("{:08}.txt", batch.first);
                    let unfinished = folder.join(format!(".{name}"));
                    fs::write(&unfinished, batch.texts().collect::<String>())?;
                    fs::rename(unfinished, folder.join(&name))?;
                    waiting.push_back((name, batch));
                }
            },
            _ = tick.tick() => {
                while let Some((name, batch)) = waiting.front() {
                    if folder.join("failed").join(name).exists() {
                        bail!("a file was refused: {name}");
                    }
                    if !folder.join("done").join(name).exists() {
                        break;
                    }
                    ledger.acked(batch.kind, batch.numbers(), batch.due);
                    waiting.pop_front();
                }
            }
        }
    }
    Ok(())
}
