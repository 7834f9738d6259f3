//! The two ways to the same server: the port of the log, and the generated client by itself.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use airside_kernel::{
    Append, Direction, EventId, EventStore, Expected, Metadata, NewEvent, Revision, StreamId, Timestamp, keys,
};
use airside_store::kurrent::{
    Bare, KurrentStore,
    wire::{
        self, Empty, StreamIdentifier,
        streams::{
            AppendReq, BatchAppendReq, BatchAppendResp, ReadReq, append_req, append_resp, batch_append_req,
            batch_append_resp, read_req, read_resp,
        },
    },
};
use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use tokio::sync::{Mutex, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use uuid::Uuid;

/// Payload of one event, in bytes; with its metadata some 350.
const PAYLOAD_BYTES: usize = 330;
/// What the port writes beside it, so that both ways send as much.
const CUSTOM: &str =
    r#"{"source":"bench","schema-version":"1","occurred-at":"2026-11-20T08:00:00Z","fold-from":"0"}"#;
/// The type of every event.
const KIND: &str = "bench.Measured";
/// How many requests wait on an open call.
const WAITING_MAX: usize = 1_024;

/// Events with the time at which a follower saw each.
pub(super) type Seen = mpsc::UnboundedReceiver<(Uuid, Instant)>;

/// A way to append and read.
pub(super) trait Way: Clone + Send + Sync + 'static {
    /// Appends and returns when it is stored.
    fn append(&self, append: Append) -> impl Future<Output = Result<()>> + Send;
    /// Appends to different streams and returns when all is stored.
    fn append_each(&self, appends: Vec<Append>) -> impl Future<Output = Result<()>> + Send;
    /// Reads the last event of a stream.
    fn head(&self, stream: &StreamId) -> impl Future<Output = Result<()>> + Send;
    /// Follows what comes from now on.
    fn follow(&self) -> impl Future<Output = Result<Seen>> + Send;
}

/// A stream that one writer appends to.
pub(super) struct Lane {
    stream: StreamId,
    expected: Expected,
}

impl Lane {
    /// Names a new stream.
    pub(super) fn new() -> Result<Self> {
        Ok(Self { stream: StreamId::new("bench", Uuid::new_v4())?, expected: Expected::NoStream })
    }

    /// Returns its name.
    pub(super) fn stream(&self) -> &StreamId {
        &self.stream
    }

    /// Makes the next append of one event.
    pub(super) fn next(&mut self) -> Append {
        let event = NewEvent {
            id: EventId(Uuid::new_v4()),
            event_type: KIND.into(),
            schema_version: 1,
            occurred_at: Timestamp::UNIX_EPOCH,
            metadata: Metadata::default().with(keys::SOURCE, "bench").encode(),
            payload: Bytes::from_static(&[b'x'; PAYLOAD_BYTES]),
        };
        let expected = self.expected;
        self.expected = Expected::Exact(match expected {
            Expected::Exact(Revision(revision)) => Revision(revision + 1),
            _ => Revision::FIRST,
        });
        Append { stream: self.stream.clone(), expected, fold_from: Revision::FIRST, events: vec![event] }
    }
}

/// The port of the log.
#[derive(Clone)]
pub(super) struct Port(pub(super) KurrentStore);

impl Way for Port {
    async fn append(&self, append: Append) -> Result<()> {
        self.0.append(append).await?;
        Ok(())
    }

    async fn append_each(&self, appends: Vec<Append>) -> Result<()> {
        for answer in self.0.append_each(appends).await {
            answer?;
        }
        Ok(())
    }

    async fn head(&self, stream: &StreamId) -> Result<()> {
        let page = self.0.read_stream(stream, Direction::Backwards, None, 1).await?;
        ensure!(page.events.len() == 1, "a stream without a last event");
        Ok(())
    }

    async fn follow(&self) -> Result<Seen> {
        let mut follower = self.0.follow(self.0.head().await?);
        let (out, seen) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok(page) = follower.next().await {
                let at = Instant::now();
                if page.events.iter().any(|event| out.send((event.id().0, at)).is_err()) {
                    return;
                }
            }
        });
        Ok(seen)
    }
}

/// The generated client by itself.
#[derive(Clone)]
pub(super) struct Stub {
    bare: Bare,
    batch: Arc<Mutex<Option<Batch>>>,
}

/// An open call for many appends.
type Batch = (mpsc::Sender<BatchAppendReq>, Streaming<BatchAppendResp>);

impl Stub {
    /// Connects to the member that the log has chosen.
    pub(super) async fn connect(log: &KurrentStore) -> Result<Self> {
        Ok(Self { bare: log.bare().await?, batch: Arc::default() })
    }

    async fn open(&self, requests: Vec<BatchAppendReq>) -> Result<Batch> {
        let (out, waiting) = mpsc::channel(WAITING_MAX);
        // A server may answer nothing, not even its headers, before it was asked something.
        for request in requests {
            out.send(request).await?;
        }
        let call = self.bare.request(ReceiverStream::new(waiting));
        Ok((out, self.bare.streams.clone().batch_append(call).await?.into_inner()))
    }
}

impl Way for Stub {
    async fn append(&self, append: Append) -> Result<()> {
        use append_req::{Content, Options, ProposedMessage, options::ExpectedStreamRevision as Believed};
        let believed = match append.expected {
            Expected::Exact(revision) => Believed::Revision(revision.0),
            Expected::NoStream => Believed::NoStream(Empty {}),
            Expected::Any => Believed::Any(Empty {}),
        };
        let options = Options {
            stream_identifier: Some(identifier(&append.stream)),
            expected_stream_revision: Some(believed),
        };
        let mut messages = vec![AppendReq { content: Some(Content::Options(options)) }];
        messages.extend(append.events.into_iter().map(|event| {
            let (id, metadata, custom_metadata, data) = parts(event);
            let message = ProposedMessage { id, metadata, custom_metadata, data };
            AppendReq { content: Some(Content::ProposedMessage(message)) }
        }));
        let call = self.bare.request(tokio_stream::iter(messages));
        match self.bare.streams.clone().append(call).await?.into_inner().result {
            Some(append_resp::Result::Success(_)) => Ok(()),
            other => bail!("a bare append was answered with {other:?}"),
        }
    }

    async fn append_each(&self, appends: Vec<Append>) -> Result<()> {
        let mut open = self.batch.lock().await;
        let count = appends.len();
        let requests: Vec<_> = appends.into_iter().map(batched).collect();
        let (_, answers) = match &mut *open {
            Some(batch) => {
                for request in requests {
                    batch.0.send(request).await?;
                }
                batch
            }
            none => none.insert(self.open(requests).await?),
        };
        for _ in 0..count {
            let answer = answers.message().await?.context("the server ended an open call")?;
            let Some(batch_append_resp::Result::Success(_)) = answer.result else {
                bail!("a bare append was answered with {:?}", answer.result)
            };
        }
        Ok(())
    }

    async fn head(&self, stream: &StreamId) -> Result<()> {
        use read_req::options::{StreamOption, StreamOptions, stream_options::RevisionOption};
        let stream = StreamOptions {
            stream_identifier: Some(identifier(stream)),
            revision_option: Some(RevisionOption::End(Empty {})),
        };
        let filter = read_req::options::FilterOption::NoFilter(Empty {});
        let count = read_req::options::CountOption::Count(1);
        let mut found = self.read(StreamOption::Stream(stream), filter, count, true).await?;
        let mut events = 0;
        while let Some(answer) = found.message().await? {
            events += usize::from(matches!(answer.content, Some(read_resp::Content::Event(_))));
        }
        ensure!(events == 1, "a stream without a last event");
        Ok(())
    }

    async fn follow(&self) -> Result<Seen> {
        use read_req::options::{
            AllOptions, CountOption, FilterOption, FilterOptions, StreamOption, SubscriptionOptions,
            all_options::AllOption,
            filter_options::{Expression, Filter, Window},
        };
        let all = StreamOption::All(AllOptions { all_option: Some(AllOption::End(Empty {})) });
        let names = Expression { regex: "^[^$-][^-]*-.".to_owned(), prefix: Vec::new() };
        let filter = FilterOptions {
            checkpoint_interval_multiplier: 1,
            filter: Some(Filter::StreamIdentifier(names)),
            window: Some(Window::Max(1_000)),
        };
        let subscription = CountOption::Subscription(SubscriptionOptions {});
        let mut news = self.read(all, FilterOption::Filter(filter), subscription, false).await?;
        let (out, seen) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok(Some(message)) = news.message().await {
                let Some(read_resp::Content::Event(event)) = message.content else { continue };
                let id = event.event.and_then(|event| event.id).and_then(|id| id.value);
                let Some(wire::uuid::Value::String(id)) = id else { continue };
                if out.send((id.parse().unwrap_or_default(), Instant::now())).is_err() {
                    return;
                }
            }
        });
        Ok(seen)
    }
}

impl Stub {
    async fn read(
        &self,
        stream: read_req::options::StreamOption,
        filter: read_req::options::FilterOption,
        count: read_req::options::CountOption,
        backwards: bool,
    ) -> Result<Streaming<wire::streams::ReadResp>> {
        use read_req::options::{ReadDirection, UuidOption, uuid_option::Content};
        let direction = if backwards { ReadDirection::Backwards } else { ReadDirection::Forwards };
        let options = read_req::Options {
            read_direction: direction.into(),
            resolve_links: false,
            uuid_option: Some(UuidOption { content: Some(Content::String(Empty {})) }),
            control_option: None,
            stream_option: Some(stream),
            count_option: Some(count),
            filter_option: Some(filter),
        };
        let call = self.bare.request(ReadReq { options: Some(options) });
        Ok(self.bare.streams.clone().read(call).await?.into_inner())
    }
}

fn batched(append: Append) -> BatchAppendReq {
    use batch_append_req::{Options, ProposedMessage, options::ExpectedStreamPosition as Believed};
    let believed = match append.expected {
        Expected::Exact(revision) => Believed::StreamPosition(revision.0),
        Expected::NoStream => Believed::NoStream(Empty {}),
        Expected::Any => Believed::Any(Empty {}),
    };
    let proposed_messages = append.events.into_iter().map(|event| {
        let (id, metadata, custom_metadata, data) = parts(event);
        ProposedMessage { id, metadata, custom_metadata, data }
    });
    BatchAppendReq {
        correlation_id: Some(uuid(Uuid::new_v4())),
        proposed_messages: proposed_messages.collect(),
        options: Some(Options {
            stream_identifier: Some(identifier(&append.stream)),
            expected_stream_position: Some(believed),
            deadline_option: None,
        }),
        is_final: true,
    }
}

fn identifier(stream: &StreamId) -> StreamIdentifier {
    StreamIdentifier { stream_name: stream.as_str().as_bytes().to_vec().into() }
}

fn uuid(id: Uuid) -> wire::Uuid {
    wire::Uuid { value: Some(wire::uuid::Value::String(id.to_string())) }
}

fn parts(event: NewEvent) -> (Option<wire::Uuid>, BTreeMap<String, String>, Bytes, Bytes) {
    let metadata = [("type", KIND), ("content-type", "application/octet-stream")];
    let metadata = metadata.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    (Some(uuid(event.id.0)), metadata, Bytes::from_static(CUSTOM.as_bytes()), event.payload)
}

#[cfg(test)]
mod tests {
    use airside_contract::double::Double;
    use airside_kernel::SystemClock;

    use super::*;

    async fn walked(way: impl Way) -> Vec<Uuid> {
        let mut lanes = [Lane::new().unwrap(), Lane::new().unwrap()];
        let mut seen = way.follow().await.unwrap();
        let first = lanes[0].next();
        let mut ids = vec![first.events[0].id.0];
        way.append(first).await.unwrap();
        way.head(lanes[0].stream()).await.unwrap();
        for _ in 0..2 {
            let appends: Vec<_> = lanes.iter_mut().map(Lane::next).collect();
            ids.extend(appends.iter().map(|append| append.events[0].id.0));
            way.append_each(appends).await.unwrap();
        }
        assert!(
            way.append(Lane { expected: Expected::NoStream, ..lanes.into_iter().next().unwrap() }.next())
                .await
                .is_err()
        );
        let mut found = Vec::new();
        while found.len() < ids.len() {
            found.push(seen.recv().await.unwrap().0);
        }
        found.sort();
        ids.sort();
        assert_eq!(found, ids, "a follower sees what was stored and nothing else");
        ids
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn both_ways_store_and_follow_the_same() {
        let double = Double::start(1, Arc::new(SystemClock)).unwrap();
        let log = KurrentStore::connect(&double.url()).await.unwrap();
        let mut ids = walked(Port(log.clone())).await;
        ids.extend(walked(Stub::connect(&log).await.unwrap()).await);
        let stored = log.read_all(None, 100).await.unwrap().events;
        let mut stored: Vec<_> = stored.iter().map(|event| event.id().0).collect();
        stored.sort();
        ids.sort();
        assert_eq!(stored, ids);
    }
}
