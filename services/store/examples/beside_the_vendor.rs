//! An append and the read of a stream's last event, one at a time, by the port of
//! the log and by the vendor's own client in turn.
//!
//! `cargo run --release -p airside-store --example beside_the_vendor -- kurrentdb://HOST:2113`;
//! without an address on a double in this process, which is no real server.
//! The bench `cluster` holds the port against bare calls. The vendor's client
//! brings another version of the transport, which no program of ours carries, so
//! it is measured here, where tests have it anyway.

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

use airside_contract::double::Double;
use airside_kernel::{
    Append, Direction, EventId, EventStore, Expected, Metadata, NewEvent, Revision, StreamId, SystemClock,
    Timestamp,
};
use airside_store::kurrent::KurrentStore;
use bytes::Bytes;
use eventstore::{AppendToStreamOptions, Client, EventData, ReadStreamOptions, StreamPosition, StreamState};
use uuid::Uuid;

/// How often each call is made.
const CALLS: u64 = 1_000;
/// What an event carries.
const PAYLOAD: Bytes = Bytes::from_static(&[b'x'; 330]);
/// The type of every event.
const KIND: &str = "bench.Measured";

type Done = Result<(), Box<dyn Error>>;

/// How long calls took.
#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    async fn take(&mut self, call: impl Future<Output = Done>) -> Done {
        let began = Instant::now();
        call.await?;
        self.0.push(began.elapsed());
        Ok(())
    }

    fn share(&self, percent: usize) -> f64 {
        self.0.get(self.0.len() * percent / 100).map_or(f64::NAN, |took| took.as_secs_f64() * 1e3)
    }
}

fn tell(name: &str, mut port: Times, mut vendor: Times) {
    port.0.sort_unstable();
    vendor.0.sort_unstable();
    println!(
        "{name}: port p50 {:.3} ms, p99 {:.3} ms; vendor p50 {:.3} ms, p99 {:.3} ms; {:.2} of the vendor's",
        port.share(50),
        port.share(99),
        vendor.share(50),
        vendor.share(99),
        port.share(50) / vendor.share(50),
    );
}

/// Appends by the port what its stream expects as its next event.
async fn append(port: &KurrentStore, stream: &StreamId, number: u64) -> Done {
    let event = NewEvent {
        id: EventId(Uuid::new_v4()),
        event_type: KIND.into(),
        schema_version: 1,
        occurred_at: Timestamp::UNIX_EPOCH,
        metadata: Metadata::default().encode(),
        payload: PAYLOAD,
    };
    let expected = number.checked_sub(1).map_or(Expected::NoStream, |last| Expected::Exact(Revision(last)));
    let fold_from = Revision::FIRST;
    port.append(Append { stream: stream.clone(), expected, fold_from, events: vec![event] }).await?;
    Ok(())
}

async fn vendor_append(vendor: &Client, stream: &str, number: u64) -> Done {
    let expected = number.checked_sub(1).map_or(StreamState::NoStream, StreamState::StreamRevision);
    let options = AppendToStreamOptions::default().stream_state(expected);
    vendor.append_to_stream(stream, &options, EventData::binary(KIND, PAYLOAD).id(Uuid::new_v4())).await?;
    Ok(())
}

async fn vendor_head(vendor: &Client, stream: &str) -> Done {
    let last = ReadStreamOptions::default().backwards().position(StreamPosition::End).max_count(1);
    vendor.read_stream(stream, &last).await?.next().await?.ok_or("a stream without a last event")?;
    Ok(())
}

#[tokio::main]
async fn main() -> Done {
    let named = std::env::args().nth(1);
    let double = if named.is_none() { Some(Double::start(1, Arc::new(SystemClock))?) } else { None };
    let url = named.or_else(|| double.as_ref().map(Double::url)).ok_or("no address")?;
    println!("on {}", double.as_ref().map_or("the server of the address", |_| "a double, no real server"));
    let (port, vendor) = (KurrentStore::connect(&url).await?, Client::new(url.parse()?)?);
    let own = StreamId::new("bench", Uuid::new_v4())?;
    let theirs = StreamId::new("bench", Uuid::new_v4())?;
    let (mut appends, mut reads) = (Times::default(), Times::default());
    let (mut vendor_appends, mut vendor_reads) = (Times::default(), Times::default());
    for number in 0..CALLS {
        appends.take(append(&port, &own, number)).await?;
        vendor_appends.take(vendor_append(&vendor, theirs.as_str(), number)).await?;
        let head = async {
            port.read_stream(&own, Direction::Backwards, None, 1).await?;
            Ok(())
        };
        reads.take(head).await?;
        vendor_reads.take(vendor_head(&vendor, theirs.as_str())).await?;
    }
    tell("append", appends, vendor_appends);
    tell("read of a last event", reads, vendor_reads);
    Ok(())
}
