//! Gossip and features of the double.

use std::sync::Arc;

use airside_store::kurrent::wire::{
    Empty, Uuid as WireUuid,
    gossip::{ClusterInfo, EndPoint, MemberInfo, gossip_server::Gossip},
    server_features::{SupportedMethod, SupportedMethods, server_features_server::ServerFeatures},
    uuid::Value,
};
use jiff::fmt::rfc2822::DateTimePrinter;
use tonic::{Request, Response, Status, async_trait};
use uuid::Uuid;

use super::world::World;

/// The calls that are served.
const METHODS: [&str; 5] = ["read", "append", "delete", "tombstone", "batchappend"];

/// Tells who the members are.
pub(super) struct Members(pub(super) Arc<World>);

#[async_trait]
impl Gossip for Members {
    async fn read(&self, _: Request<Empty>) -> Result<Response<ClusterInfo>, Status> {
        let seats = self.0.seats().clone();
        let members = seats.iter().enumerate().map(|(n, seat)| MemberInfo {
            instance_id: Some(WireUuid {
                value: Some(Value::String(Uuid::from_u128(n as u128 + 1).to_string())),
            }),
            time_stamp: self.0.now(),
            state: seat.state.into(),
            is_alive: seat.is_alive,
            http_end_point: Some(EndPoint {
                address: seat.address.ip().to_string(),
                port: seat.address.port().into(),
            }),
        });
        Ok(Response::new(ClusterInfo { members: members.collect() }))
    }
}

/// Tells the version and the calls.
pub(super) struct Features(pub(super) Arc<World>);

#[async_trait]
impl ServerFeatures for Features {
    async fn get_supported_methods(&self, _: Request<Empty>) -> Result<Response<SupportedMethods>, Status> {
        let method = |name: &str| SupportedMethod {
            method_name: name.to_owned(),
            service_name: "event_store.client.streams.streams".to_owned(),
            features: Vec::new(),
        };
        let (event_store_server_version, now) = {
            let levers = self.0.levers();
            (levers.version.clone(), levers.now)
        };
        let methods = METHODS.map(method).into();
        let mut answer = Response::new(SupportedMethods { methods, event_store_server_version });
        if let Some(date) = now.and_then(|now| DateTimePrinter::new().timestamp_to_rfc9110_string(&now).ok())
            && let Ok(date) = date.parse()
        {
            answer.metadata_mut().insert("date", date);
        }
        Ok(answer)
    }
}
