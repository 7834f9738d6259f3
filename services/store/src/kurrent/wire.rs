//! Generated code of KurrentDB's public protocol, the part in `proto/kurrent`,
//! and nothing else.

#![allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]

tonic::include_proto!("event_store.client");

/// Streams: appending and reading.
pub mod streams {
    tonic::include_proto!("event_store.client.streams");
}

/// Gossip: who the members are.
pub mod gossip {
    tonic::include_proto!("event_store.client.gossip");
}

/// What a node can do.
pub mod server_features {
    tonic::include_proto!("event_store.client.server_features");
}
