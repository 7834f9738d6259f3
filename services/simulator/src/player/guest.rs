//! The guest: a person who travels along, for somebody to look at what they would see.
//!
//! In each wave the guest is one of its passengers, one whose bags go their way as they should and whose gate
//! changes if any does: they follow that flight with its booking, and the bags once these are announced.
//! When the next wave begins they leave the trip before behind.

use std::sync::Arc;

use airside_api::trips::v1::follow_bag_request::Proof;
use airside_api::trips::v1::{
    FollowFlightRequest, ListFollowedRequest, UnfollowBagRequest, UnfollowFlightRequest,
};
use tokio::time::sleep_until;
use tonic::Status;

use super::acts::follow_once_known;
use super::lanes::Stage;
use crate::connect::Clients;
use crate::truth::{Airport, Announcement, Bag, Passenger, later};

/// Travels through a wave.
pub(crate) async fn travel(stage: Arc<Stage>, clients: Clients) {
    let Some(passenger) = role(&stage.airport) else { return };
    if let Err(status) = play(&stage, &clients, passenger).await {
        let (code, said) = (status.code(), status.message().to_owned());
        stage.tally.complain(|| format!("the guest does not get on: {code:?}: {said}"));
    }
}

/// Returns the passenger that the guest is: a gate that changes is worth seeing, and so are two bags.
fn role(airport: &Airport) -> Option<&Passenger> {
    let fits = |passenger: &&Passenger| {
        let flight = &airport.flights[passenger.flight];
        let is_plain = passenger.announcement == Announcement::Plain && passenger.boards(flight);
        let is_smooth = |bag: &Bag| {
            let outcome = bag.outcome;
            !outcome.offload && !outcome.left_behind && bag.new_tag.is_none() && !bag.has_twin
        };
        is_plain
            && !passenger.bags.is_empty()
            && passenger.bags.iter().all(|bag| is_smooth(&airport.bags[*bag]))
    };
    airport.passengers.iter().filter(fits).max_by_key(|passenger| {
        let flight = &airport.flights[passenger.flight];
        (flight.new_gate.is_some(), flight.delay.is_zero(), passenger.bags.len(), passenger.person)
    })
}

async fn play(stage: &Stage, clients: &Clients, passenger: &Passenger) -> Result<(), Status> {
    leave(clients).await?;
    let flight = &stage.airport.flights[passenger.flight];
    let request = FollowFlightRequest {
        flight: flight.id.clone(),
        surname: passenger.surname.clone(),
        record_locator: passenger.record_locator.clone(),
    };
    clients.trips.clone().follow_flight(request).await?;
    sleep_until(stage.pace.due(later(passenger.checked_in_at, 60))).await;
    let proof = Proof::RecordLocator(passenger.record_locator.clone());
    for bag in &passenger.bags {
        follow_once_known(clients, &stage.airport.bags[*bag].plate, &proof).await?;
    }
    Ok(())
}

/// Leaves the trip before behind.
async fn leave(clients: &Clients) -> Result<(), Status> {
    let mut trips = clients.trips.clone();
    let followed = trips.list_followed(ListFollowedRequest::default()).await?.into_inner();
    for bag in followed.bags {
        trips.unfollow_bag(UnfollowBagRequest { journey_id: bag.journey_id }).await?;
    }
    for flight in followed.flights {
        trips.unfollow_flight(UnfollowFlightRequest { flight: flight.flight }).await?;
    }
    Ok(())
}
