//! Reading: pages of a stream and of the whole log.
//!
//! A page is one bounded call. Its end must carry the protocol's own status:
//! a call that just ends is a node going down, and what it sent is no page but
//! a part of one, so it is read again. The whole log is read by the names that
//! this house gives its streams, so that the server's own events and other
//! people's stay outside. Positions are passed back as they were issued, never
//! computed: reading forwards from one gives that event again, and it is
//! dropped here.

use std::{sync::Arc, time::Duration};

use airside_kernel::{Direction, Page, Position, ReadError, Revision};
use tonic::{Code, Status, metadata::MetadataMap};

use super::{
    call::Attempts,
    cluster::{Cluster, Member},
    envelope::Opener,
    wire::{
        Empty, StreamIdentifier,
        streams::{
            ReadReq, ReadResp,
            read_req::{
                Options,
                options::{
                    self, AllOptions, CountOption, FilterOption, FilterOptions, ReadDirection, StreamOption,
                    StreamOptions, SubscriptionOptions, UuidOption, all_options, filter_options,
                    stream_options,
                },
            },
            read_resp::{self, Content, read_event},
            streams_client::StreamsClient,
        },
    },
};

/// The streams of this house: a category without a dash that does not begin
/// with a dollar sign, a dash, an id. The server's own streams and the one that
/// names the log are none of these.
const OUR_STREAMS: &str = "^[^$-][^-]*-.";

/// How many events the server looks through at once.
const SCANNED: u32 = 1_000;

/// The most bytes that a node may send as one message.
const MESSAGE_BYTES_MAX: usize = 32 << 20;

/// Positions and revisions above this were never issued by any server.
const ISSUED_MAX: u64 = i64::MAX as u64;

/// What is read, and from where.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// A stream, from a revision inclusive or from its near end.
    Stream(Arc<str>, Option<Revision>),
    /// The whole log, after a position or from its near end.
    All(Option<Position>),
}

/// Makes the client of a member.
pub(crate) fn client(member: &Member) -> StreamsClient<tonic::transport::Channel> {
    client_on(member.channel.clone())
}

/// Makes the client of a connection of its own.
pub(crate) fn client_on(channel: tonic::transport::Channel) -> StreamsClient<tonic::transport::Channel> {
    StreamsClient::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX)
}

/// Asks for at most `count` events.
fn page_of(place: &Place, direction: Direction, count: u64) -> ReadReq {
    request(place, direction, CountOption::Count(count))
}

/// Asks for everything of the whole log after a position, for ever.
pub(crate) fn subscription(after: Option<Position>) -> ReadReq {
    request(&Place::All(after), Direction::Forwards, CountOption::Subscription(SubscriptionOptions {}))
}

fn request(place: &Place, direction: Direction, count: CountOption) -> ReadReq {
    let backwards = direction == Direction::Backwards;
    let (stream, filter) = match place {
        Place::Stream(name, from) => {
            use stream_options::RevisionOption;
            let revision = match from {
                Some(from) => RevisionOption::Revision(from.0),
                None if backwards => RevisionOption::End(Empty {}),
                None => RevisionOption::Start(Empty {}),
            };
            let name = StreamIdentifier { stream_name: name.as_bytes().to_vec().into() };
            let stream = StreamOptions { stream_identifier: Some(name), revision_option: Some(revision) };
            (StreamOption::Stream(stream), FilterOption::NoFilter(Empty {}))
        }
        Place::All(after) => {
            use all_options::AllOption;
            let place = match after {
                Some(after) => {
                    let (commit_position, prepare_position) = after.parts();
                    AllOption::Position(options::Position { commit_position, prepare_position })
                }
                None if backwards => AllOption::End(Empty {}),
                None => AllOption::Start(Empty {}),
            };
            let filter = FilterOptions {
                checkpoint_interval_multiplier: 1,
                filter: Some(filter_options::Filter::StreamIdentifier(filter_options::Expression {
                    regex: OUR_STREAMS.to_owned(),
                    prefix: Vec::new(),
                })),
                window: Some(filter_options::Window::Max(SCANNED)),
            };
            (StreamOption::All(AllOptions { all_option: Some(place) }), FilterOption::Filter(filter))
        }
    };
    let direction = if backwards { ReadDirection::Backwards } else { ReadDirection::Forwards };
    let strings = options::uuid_option::Content::String(Empty {});
    ReadReq {
        options: Some(Options {
            read_direction: direction.into(),
            resolve_links: false,
            uuid_option: Some(UuidOption { content: Some(strings) }),
            control_option: None,
            stream_option: Some(stream),
            count_option: Some(count),
            filter_option: Some(filter),
        }),
    }
}

/// Reads a page of a stream.
///
/// # Errors
/// When no member answers in time, or what it sends is no event.
pub(crate) async fn stream_page(
    cluster: &Cluster,
    name: &str,
    direction: Direction,
    from: Option<Revision>,
    limit: usize,
) -> Result<Page, ReadError> {
    let forwards = direction == Direction::Forwards;
    let from = match from {
        Some(from) if from.0 > ISSUED_MAX && forwards => return Ok(Page { events: Vec::new(), end: true }),
        Some(from) if from.0 > ISSUED_MAX => None,
        from => from,
    };
    // Forwards one more than asked for tells whether that was all; backwards the first revision tells.
    let count = if forwards || limit == 0 { limit.saturating_add(1) } else { limit };
    let place = Place::Stream(name.into(), from);
    let mut page = page(cluster, &place, direction, count).await?;
    let first = page.events.last().is_some_and(|event| event.revision() == Revision::FIRST);
    page.end = if count == limit { page.events.len() < limit || first } else { page.events.len() <= limit };
    page.events.truncate(limit);
    Ok(page)
}

/// Reads a page of the whole log.
///
/// # Errors
/// When no member answers in time, or what it sends is no event.
pub(crate) async fn log_page(
    cluster: &Cluster,
    after: Option<Position>,
    limit: usize,
) -> Result<Page, ReadError> {
    if after.is_some_and(|after| after.parts().0 > ISSUED_MAX) {
        return Ok(Page { events: Vec::new(), end: true });
    }
    let count = limit.saturating_add(1 + usize::from(after.is_some()));
    let mut page = page(cluster, &Place::All(after), Direction::Forwards, count).await?;
    page.events.retain(|event| Some(event.position()) > after);
    page.end = page.events.len() <= limit;
    page.events.truncate(limit);
    Ok(page)
}

/// Returns the position of the last event of the whole log.
///
/// # Errors
/// When no member answers in time.
pub(crate) async fn head(cluster: &Cluster) -> Result<Option<Position>, ReadError> {
    let page = page(cluster, &Place::All(None), Direction::Backwards, 1).await?;
    Ok(page.events.first().map(airside_kernel::RecordedEvent::position))
}

/// Returns the last event of a stream as the node has it, for what is not in our envelope.
///
/// # Errors
/// When no member answers in time.
pub(crate) async fn raw_last(
    cluster: &Cluster,
    name: &str,
) -> Result<Option<read_event::RecordedEvent>, ReadError> {
    let place = Place::Stream(name.into(), None);
    Ok(raw(cluster, &place, Direction::Backwards, 1).await?.pop())
}

/// Reads at most `count` events in one call, as the node has them.
async fn raw(
    cluster: &Cluster,
    place: &Place,
    direction: Direction,
    count: usize,
) -> Result<Vec<read_event::RecordedEvent>, ReadError> {
    let mut attempts = Attempts::new(cluster);
    loop {
        let attempt =
            attempts.make(|member, within| collect(cluster, member, place, direction, count, within));
        match attempt.await {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => {}
            Err(fault) => return Err(ReadError::Unavailable { reason: fault.reason() }),
        }
    }
}

/// Reads at most `count` events in one call.
async fn page(
    cluster: &Cluster,
    place: &Place,
    direction: Direction,
    count: usize,
) -> Result<Page, ReadError> {
    let found = raw(cluster, place, direction, count).await?;
    // Events that are read backwards are opened forwards, so that their times do not decrease.
    let mut opener = Opener::default();
    let mut events = Vec::with_capacity(found.len());
    if direction == Direction::Forwards {
        for event in &found {
            events.push(opener.open(event)?);
        }
    } else {
        for event in found.iter().rev() {
            events.push(opener.open(event)?);
        }
        events.reverse();
    }
    Ok(Page { events, end: false })
}

async fn collect(
    cluster: &Cluster,
    member: Member,
    place: &Place,
    direction: Direction,
    count: usize,
    within: Duration,
) -> Result<Vec<read_event::RecordedEvent>, Status> {
    let request = cluster.request(page_of(place, direction, count as u64), Some(within));
    let response = client(&member).read(request).await?;
    let is_told = has_status(response.metadata());
    let mut answers = response.into_inner();
    let mut events = Vec::new();
    while let Some(answer) = answers.message().await? {
        // Where a stream begins and ends, that there is none, and whatever a newer server adds is no event.
        if let Some(Content::Event(event)) = answer.content {
            events.extend(event.event);
        }
    }
    if is_told || answers.trailers().await?.is_some_and(|trailers| has_status(&trailers)) {
        return Ok(events);
    }
    Err(Status::new(Code::Unavailable, "the read ended without a status"))
}

fn has_status(metadata: &MetadataMap) -> bool {
    metadata.contains_key("grpc-status")
}

/// What a message of a subscription means.
pub(crate) enum News {
    /// An event.
    Event(Box<read_event::RecordedEvent>),
    /// History has ended.
    CaughtUp,
    /// What comes next is history again.
    FellBehind,
    /// Nothing that matters.
    Other,
}

impl News {
    /// Reads a message.
    pub(crate) fn of(message: ReadResp) -> Self {
        match message.content {
            Some(Content::Event(read_resp::ReadEvent { event: Some(event), .. })) => {
                Self::Event(Box::new(event))
            }
            Some(Content::CaughtUp(_)) => Self::CaughtUp,
            Some(Content::FellBehind(_)) => Self::FellBehind,
            _ => Self::Other,
        }
    }
}
