//! What passengers do with their telephones.

use std::time::Duration;

use airside_api::baggage::v1::{Bag, GetBagRequest};
use airside_api::trips::v1::follow_bag_request::Proof;
use airside_api::trips::v1::{FollowBagRequest, FollowFlightRequest};
use tokio::time::sleep;
use tonic::{Code, Status};

use super::calls::attempt;
use super::lanes::Stage;
use super::session::{LineState, Watcher};
use super::tally::add;
use crate::connect::Clients;
use crate::script::Act;

/// A bag is announced before it can be followed; reading the announcement may take a moment. A
/// server lets a person try about this often at once.
const FOLLOW_TRIES: u32 = 9;
/// The first pause between two tries; it doubles.
const FOLLOW_AGAIN: Duration = Duration::from_millis(25);

/// Does what a passenger does.
pub(crate) async fn act(stage: &Stage, passenger: usize, act: Act) {
    let Ok(place) = stage.watchers.binary_search_by_key(&passenger, |watcher| watcher.passenger) else {
        return;
    };
    let watcher = &stage.watchers[place];
    match act {
        Act::FollowFlight => follow_flight(stage, watcher).await,
        Act::FollowBag { bag, by_locator } => follow_bag(stage, watcher, bag, by_locator).await,
        Act::ClaimStranger { bag } => claim(stage, watcher, bag).await,
        Act::EnterTunnel => watcher.set_line(LineState::Cut),
        Act::LeaveTunnel => watcher.set_line(LineState::Up),
    }
}

/// Returns a bag as its passenger sees it.
pub(crate) async fn own_bag(watcher: &Watcher, plate: &str) -> Option<Bag> {
    let request = GetBagRequest { plate: plate.to_owned(), ..GetBagRequest::default() };
    let answer = watcher.clients.baggage.clone().get_bag(request).await.ok()?;
    answer.into_inner().bag
}

async fn follow_flight(stage: &Stage, watcher: &Watcher) {
    let person = &stage.airport.passengers[watcher.passenger];
    let request = FollowFlightRequest {
        flight: stage.airport.flights[person.flight].id.clone(),
        surname: person.surname.clone(),
        record_locator: person.record_locator.clone(),
    };
    let answer = attempt(&stage.tally, "FollowFlight", || {
        let (mut client, request) = (watcher.clients.trips.clone(), request.clone());
        async move { client.follow_flight(request).await }
    });
    if answer.await.is_some() {
        stage.ledger.follows(watcher.passenger, &request.flight);
    }
}

async fn follow_bag(stage: &Stage, watcher: &Watcher, bag: usize, by_locator: bool) {
    let person = &stage.airport.passengers[watcher.passenger];
    let proof = if by_locator {
        Proof::RecordLocator(person.record_locator.clone())
    } else {
        Proof::Surname(person.surname.clone())
    };
    let plate = &stage.airport.bags[bag].plate;
    match follow_once_known(&watcher.clients, plate, &proof).await {
        Ok(()) => stage.ledger.follows(watcher.passenger, plate),
        Err(status) => {
            let (code, said) = (status.code(), status.message().to_owned());
            stage.tally.complain(|| format!("FollowBag of an own bag: {code:?}: {said}"));
        }
    }
}

/// Follows a bag that was announced a moment ago, and may not be known yet.
pub(crate) async fn follow_once_known(clients: &Clients, plate: &str, proof: &Proof) -> Result<(), Status> {
    let mut pause = FOLLOW_AGAIN;
    for _ in 1..FOLLOW_TRIES {
        match follow(clients, plate, proof.clone()).await {
            Err(status) if status.code() == Code::NotFound => {
                sleep(pause).await;
                pause *= 2;
            }
            answer => return answer,
        }
    }
    follow(clients, plate, proof.clone()).await
}

/// Claims a bag that is not theirs, as who reads a plate on a belt might.
async fn claim(stage: &Stage, watcher: &Watcher, bag: usize) {
    let person = &stage.airport.passengers[watcher.passenger];
    let proof = Proof::Surname(person.surname.clone());
    let tally = &stage.tally;
    match follow(&watcher.clients, &stage.airport.bags[bag].plate, proof).await {
        Err(status) if status.code() == Code::NotFound => add(&tally.count.claims_refused, 1),
        Err(status) => {
            let (code, said) = (status.code(), status.message().to_owned());
            tally.complain(|| format!("FollowBag of a stranger's bag: {code:?}: {said}"));
        }
        Ok(()) => {
            add(&tally.count.claims_granted, 1);
            tally.complain(|| "FollowBag let a passenger follow a stranger's bag".to_owned());
        }
    }
}

async fn follow(clients: &Clients, plate: &str, proof: Proof) -> Result<(), Status> {
    let request = FollowBagRequest { plate: plate.to_owned(), proof: Some(proof) };
    clients.trips.clone().follow_bag(request).await.map(drop)
}
