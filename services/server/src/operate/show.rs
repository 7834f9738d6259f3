//! Shows events: one, the newest of a stream or a type, or everything from a place on.

use airside_kernel::{Direction, EventStore, Position, RecordedEvent, Revision, StreamId};
use serde::{Deserialize, Serialize};

use super::{Caller, OrderError, Parts, ShownEvent};

/// How many events are read at once.
const PAGE: usize = 512;

/// Which events to show. `position` stands alone; without `from`, the newest are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Show {
    /// The one event at this position.
    pub position: Option<u64>,
    /// Only events of this stream.
    pub stream: Option<String>,
    /// Only events of this type.
    pub event_type: Option<String>,
    /// Events from this position on, instead of the newest.
    pub from: Option<u64>,
    /// The most events of the past that are shown; none for all of them.
    pub limit: Option<u64>,
    /// Goes on with what is appended, until the caller leaves.
    pub follow: bool,
}

/// What was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Showed {
    /// How many events were shown.
    pub shown: u64,
    /// The last position of the log when it was asked; 0 for an empty log.
    pub head: u64,
}

/// Shows events to the caller.
pub(super) async fn show(order: &Show, parts: &Parts, caller: &Caller) -> Result<Showed, OrderError> {
    let head = parts.embedded()?.head().await?.map_or(0, |head| head.parts().0);
    if let Some(position) = order.position {
        return one(position, head, parts, caller).await;
    }
    if order.follow && !parts.is_running() {
        return Err(OrderError::refused(
            "nothing is appended while no server runs on the folder: start it, or leave `--follow` out",
        ));
    }
    let stream = match order.stream.as_deref().map(str::parse::<StreamId>).transpose() {
        Ok(stream) => stream,
        Err(error) => return Err(OrderError::refused(error.to_string())),
    };
    let mut showing = Showing { order, stream, caller, shown: 0 };
    match (&showing.stream, order.from) {
        (Some(stream), None) => showing.newest_of(&stream.clone(), head, parts).await?,
        (_, Some(from)) => showing.range(from, head, parts).await?,
        (None, None) => {
            let from = showing.newest_from(head, parts).await?;
            showing.range(from, head, parts).await?;
        }
    }
    if order.follow {
        let mut follower = parts.embedded()?.follow(Some(Position::from_parts(head, 0)));
        loop {
            for event in follower.next().await?.events {
                showing.show(&event).await?;
            }
        }
    }
    Ok(Showed { shown: showing.shown, head })
}

async fn one(position: u64, head: u64, parts: &Parts, caller: &Caller) -> Result<Showed, OrderError> {
    let nowhere =
        || OrderError::refused(format!("no event is at position {position}: the log has 1 to {head}"));
    let before = position.checked_sub(1).ok_or_else(nowhere)?;
    let page = parts.embedded()?.read_all(Some(Position::from_parts(before, 0)), 1).await?;
    let event = page.events.first().filter(|_| position <= head).ok_or_else(nowhere)?;
    caller.event(ShownEvent::new(event)).await?;
    Ok(Showed { shown: 1, head })
}

struct Showing<'a> {
    order: &'a Show,
    stream: Option<StreamId>,
    caller: &'a Caller,
    shown: u64,
}

impl Showing<'_> {
    fn wants(&self, event: &RecordedEvent) -> bool {
        self.stream.as_ref().is_none_or(|stream| stream.as_str() == event.stream())
            && self.order.event_type.as_deref().is_none_or(|wanted| wanted == event.event_type())
    }

    fn is_full(&self) -> bool {
        self.order.limit.is_some_and(|limit| self.shown >= limit)
    }

    async fn show(&mut self, event: &RecordedEvent) -> Result<(), OrderError> {
        if self.wants(event) {
            self.shown += 1;
            self.caller.event(ShownEvent::new(event)).await?;
        }
        Ok(())
    }

    /// Shows what is wanted from a position up to the head, as far as the limit goes.
    async fn range(&mut self, from: u64, head: u64, parts: &Parts) -> Result<(), OrderError> {
        let mut at = from.saturating_sub(1);
        while at < head && !self.is_full() {
            let page = parts.embedded()?.read_all(Some(Position::from_parts(at, 0)), PAGE).await?;
            let Some(last) = page.events.last().map(|event| event.position().parts().0) else { break };
            for event in page.events.iter().filter(|event| event.position().parts().0 <= head) {
                if self.is_full() {
                    break;
                }
                self.show(event).await?;
            }
            at = last;
            self.caller.progress("events looked at", at.min(head), head)?;
        }
        Ok(())
    }

    /// Returns the position of the first of the newest events that are wanted, looking backwards.
    async fn newest_from(&self, head: u64, parts: &Parts) -> Result<u64, OrderError> {
        let Some(limit) = self.order.limit else { return Ok(1) };
        if self.order.event_type.is_none() {
            return Ok(head.saturating_sub(limit) + 1);
        }
        let (mut end, mut found, mut first) = (head, 0, head + 1);
        while end > 0 && found < limit {
            let start = end.saturating_sub(PAGE as u64);
            let mut window = Vec::new();
            let mut at = start;
            while at < end {
                let wanted = usize::try_from(end - at).unwrap_or(PAGE);
                let page = parts.embedded()?.read_all(Some(Position::from_parts(at, 0)), wanted).await?;
                let Some(last) = page.events.last() else { break };
                at = last.position().parts().0;
                let positions = page.events.iter().filter(|event| self.wants(event));
                window.extend(positions.map(|event| event.position().parts().0));
            }
            for position in window.into_iter().rev().filter(|position| *position <= end) {
                if found == limit {
                    break;
                }
                (found, first) = (found + 1, position);
            }
            end = start;
            self.caller.progress("events looked through", head - end, head)?;
        }
        Ok(first)
    }

    /// Shows the newest events of a stream, oldest first.
    async fn newest_of(&mut self, stream: &StreamId, head: u64, parts: &Parts) -> Result<(), OrderError> {
        let last = parts.embedded()?.read_stream(stream, Direction::Backwards, None, 1).await?;
        let Some(last) = last.events.first().map(|event| event.revision().0) else { return Ok(()) };
        let limit = self.order.limit.unwrap_or(u64::MAX);
        let mut from = (last + 1).saturating_sub(limit);
        while from <= last && !self.is_full() {
            let page = parts
                .embedded()?
                .read_stream(stream, Direction::Forwards, Some(Revision(from)), PAGE)
                .await?;
            let Some(end) = page.events.last().map(|event| event.revision().0) else { break };
            for event in page.events.iter().filter(|event| event.position().parts().0 <= head) {
                if self.is_full() {
                    break;
                }
                self.show(event).await?;
            }
            from = end + 1;
        }
        Ok(())
    }
}
