//! How sources are, as answers show it.

use std::collections::BTreeSet;

use airside_api::baggage::v1 as api;
use airside_kernel::Timestamp;
use airside_runtime::stored::timestamp_message;

use super::Baggage;
use crate::sources::{
    Sources,
    clock::Skew,
    silence::Settings,
    state::{Source, Transport},
};

/// Returns a page of sources by name, those that are configured and were never heard among them.
pub(super) fn list(service: &Baggage, after: &str, limit: usize) -> api::ListSourcesResponse {
    let (now, settings) = (service.clock.now(), &service.settings);
    service.sources.read(|sources| page(sources, settings, now, after, limit))
}

fn page(
    sources: &Sources,
    settings: &Settings,
    now: Timestamp,
    after: &str,
    limit: usize,
) -> api::ListSourcesResponse {
    let configured = settings.silence.keys().map(String::as_str);
    let names: BTreeSet<_> = sources.all().map(|(name, _)| name).chain(configured).collect();
    let unknown = Source::default();
    let rest = names.into_iter().filter(|name| *name > after);
    let states = rest.take(limit).map(|name| {
        let source = sources.find(name).unwrap_or(&unknown);
        message(name, source, settings.is_up(name, source, now))
    });
    let states: Vec<_> = states.collect();
    let next = states.last().filter(|_| states.len() == limit).map(|state| state.source.clone());
    api::ListSourcesResponse { sources: states, next_page_token: next.unwrap_or_default() }
}

fn message(name: &str, source: &Source, up: bool) -> api::SourceState {
    let (messages, scans, malformed) = (source.messages(), source.scans(), source.malformed());
    let skew = source.skew();
    let whole = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let ahead = match skew {
        Skew::Ahead(ms) => Some(ms),
        Skew::Unknown | Skew::CatchingUp => None,
    };
    api::SourceState {
        source: name.to_owned(),
        up,
        silent_since: source.silent().map(|silent| timestamp_message(silent.waited_from)),
        transports: source.transports().map(|(name, transport)| way(source, name, transport)).collect(),
        messages: messages.count,
        last_message_at: messages.last_at.map(timestamp_message),
        scans: scans.count,
        last_scan_at: scans.last_at.map(timestamp_message),
        malformed: whole(malformed.count),
        malformed_of: whole(malformed.of),
        lag_seconds: source.lag().map(|lag| seconds(lag.median_ms)),
        lag_p90_seconds: source.lag().map(|lag| seconds(lag.p90_ms)),
        clock_ahead_seconds: ahead.map(seconds),
        clock_skewed: skew.is_wrong(),
    }
}

fn way(source: &Source, name: &str, transport: Transport) -> api::SourceTransport {
    let open = source.lines().filter(|(_, line)| line.transport == name).count();
    api::SourceTransport {
        transport: name.to_owned(),
        count: transport.count,
        last_at: transport.last_at.map(timestamp_message),
        open_lines: u32::try_from(open).unwrap_or(u32::MAX),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a reader of seconds misses no milliseconds of a century")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}
