//! The twelve nodes of MH/T 1076.3-2023, clauses 5.2 to 5.13.
//!
//! A node is a step of handling that a bag has passed. Readings inside the
//! baggage system that belong to no node (induction, taking out of the store), an
//! offload, and what was said and not seen are left out.

use airside_api::baggage::v1::TrackingPoint;
use serde_json::{Value, json};

use super::{at, left_out};
use crate::{
    journey::Journey,
    model::{Content, LicencePlate},
};

/// A node of MH/T 1076.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// 5.2.
    CheckIn,
    /// 5.3.
    Security,
    /// 5.4.
    Storage,
    /// 5.5.
    Sorting,
    /// 5.6.
    ContainerLoading,
    /// 5.7.
    OutboundTransport,
    /// 5.8.
    AircraftLoading,
    /// 5.9.
    Transfer,
    /// 5.10.
    Unloading,
    /// 5.11.
    InboundTransport,
    /// 5.12.
    Arrival,
    /// 5.13.
    Claim,
}

impl Node {
    /// Every node, in the order of its clauses.
    pub const ALL: [Self; 12] = [
        Self::CheckIn,
        Self::Security,
        Self::Storage,
        Self::Sorting,
        Self::ContainerLoading,
        Self::OutboundTransport,
        Self::AircraftLoading,
        Self::Transfer,
        Self::Unloading,
        Self::InboundTransport,
        Self::Arrival,
        Self::Claim,
    ];

    /// Returns its clause, its name in the standard, and that name in English.
    pub fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::CheckIn => ("5.2", "值机", "check-in"),
            Self::Security => ("5.3", "安检", "security check"),
            Self::Storage => ("5.4", "存储", "storage"),
            Self::Sorting => ("5.5", "分拣", "sorting"),
            Self::ContainerLoading => ("5.6", "装箱/车", "container or cart loading"),
            Self::OutboundTransport => ("5.7", "出港运输", "outbound transport"),
            Self::AircraftLoading => ("5.8", "装机", "aircraft loading"),
            Self::Transfer => ("5.9", "中转", "transfer"),
            Self::Unloading => ("5.10", "卸载", "unloading"),
            Self::InboundTransport => ("5.11", "进港运输", "inbound transport"),
            Self::Arrival => ("5.12", "到达", "arrival"),
            Self::Claim => ("5.13", "提取", "claim"),
        }
    }

    /// Returns the node that a bag has passed when it is seen at a point.
    pub fn of(point: TrackingPoint) -> Option<Self> {
        match point {
            TrackingPoint::CheckIn => Some(Self::CheckIn),
            TrackingPoint::Screening => Some(Self::Security),
            TrackingPoint::StoreIn => Some(Self::Storage),
            TrackingPoint::Sortation => Some(Self::Sorting),
            TrackingPoint::ContainerLoad => Some(Self::ContainerLoading),
            TrackingPoint::AircraftSide => Some(Self::OutboundTransport),
            TrackingPoint::AircraftLoad => Some(Self::AircraftLoading),
            TrackingPoint::TransferInjection => Some(Self::Transfer),
            TrackingPoint::AircraftUnload => Some(Self::Unloading),
            TrackingPoint::ArrivalInjection => Some(Self::InboundTransport),
            TrackingPoint::ReclaimBelt => Some(Self::Arrival),
            TrackingPoint::Collection => Some(Self::Claim),
            TrackingPoint::Unspecified
            | TrackingPoint::BhsInduction
            | TrackingPoint::StoreOut
            | TrackingPoint::Offload => None,
        }
    }
}

/// Returns the nodes of a journey, oldest first.
pub(super) fn document(plate: LicencePlate, journey: &Journey) -> Value {
    let (mut nodes, mut others) = (Vec::new(), Vec::new());
    for (observation, content) in journey.observations() {
        let Content::Scanned(sighting) = content else {
            others.push(left_out(observation, content));
            continue;
        };
        let Some(node) = Node::of(sighting.point) else {
            others.push(left_out(observation, content));
            continue;
        };
        let (clause, name, name_en) = node.names();
        let (container, compartment) = sighting.stowage.clone().unwrap_or_default();
        nodes.push(json!({
            "clause": clause,
            "node": name,
            "node_en": name_en,
            "at": at(observation.happened_at()),
            "airport": observation.station,
            "location": sighting.location,
            "flight": sighting.leg.map(|leg| leg.flight),
            "container": container,
            "compartment": compartment,
            "inferred": sighting.is_inferred,
            "source": observation.source,
        }));
    }
    json!({
        "format": "mh-t-1076",
        "plate": plate.to_string(),
        "journey_id": journey.id.to_string(),
        "nodes": nodes,
        "left_out": others,
    })
}
