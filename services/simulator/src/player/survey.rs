//! What the server knows in the end, asked over its public interfaces.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use airside_api::baggage::v1::{
    Bag as KnownBag, BagException, Connection, GetBagRequest, ListBagsRequest, ListFlightBagsRequest,
    ListQuarantineRequest, Stage,
};
use airside_api::notifications::v1::ListNotificationsRequest;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use tokio::time::{Instant, sleep};
use tonic::{Code, Status};

use super::session::Watcher;
use super::tally::{Tally, add};
use crate::connect::{Clients, SimulatorError, refused};
use crate::summary::{Facts, ServerFacts};
use crate::truth::{Airport, Bag, Outcome};

/// Calls in flight while comparing.
const IN_FLIGHT: usize = 16;
/// Bags that differ from the truth and are named.
const EXAMPLES_MAX: usize = 5;
/// The pause between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// The pause between two questions whether all messages are read.
const READ_AGAIN: Duration = Duration::from_millis(10);
/// Nothing new for this long is the end.
const QUIET: Duration = Duration::from_millis(300);
/// Items on a page.
const PAGE: u32 = 200;
/// Pages read at most.
const PAGES_MAX: usize = 5_000;

/// What the server has in the end.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) bags: u64,
    pub(crate) messages_quarantined: u64,
    pub(crate) facts: Facts,
}

/// Waits until the stored messages are read, as far as the server tells.
pub(crate) async fn settle(facts: &impl ServerFacts, catch_up: Duration) {
    let until = Instant::now() + catch_up;
    while Instant::now() < until && facts.facts().await.messages_waiting.is_some_and(|left| left > 0) {
        sleep(READ_AGAIN).await;
    }
}

/// Compares every bag with the truth.
pub(crate) async fn compare(airport: &Airport, staff: &Clients, tally: &Tally, catch_up: Duration) {
    add(&tally.count.truth_checked, airport.bags.len());
    let differ = differing(airport, staff, catch_up).await;
    add(&tally.count.truth_equal, airport.bags.len() - differ.len());
    for (bag, difference) in differ.iter().take(EXAMPLES_MAX) {
        tally.complain(|| format!("bag {}: {difference}", bag.plate));
    }
    if differ.len() > EXAMPLES_MAX {
        tally.complain(|| format!("{} bags in all are not as the truth says", differ.len()));
    }
}

/// Returns the bags that the server knows otherwise than they are, each with how; a bag that
/// differs is looked at again while the server may still be catching up.
pub(crate) async fn differing<'a>(
    airport: &'a Airport,
    staff: &Clients,
    catch_up: Duration,
) -> Vec<(&'a Bag, Difference)> {
    let until = Instant::now() + catch_up;
    let mut open: Vec<&Bag> = airport.bags.iter().collect();
    loop {
        let looks: Vec<BoxFuture<'_, Option<Difference>>> =
            open.iter().map(|bag| difference(airport, staff, bag).boxed()).collect();
        let looked: Vec<Option<Difference>> = stream::iter(looks).buffered(IN_FLIGHT).collect().await;
        let differ: Vec<(&Bag, Difference)> =
            open.iter().zip(looked).filter_map(|(bag, difference)| Some((*bag, difference?))).collect();
        // Where nobody saw it go, there is nothing to wait for.
        if differ.iter().all(|(bag, _)| !bag.is_knowable()) || Instant::now() >= until {
            return differ;
        }
        open = differ.into_iter().map(|(bag, _)| bag).collect();
        sleep(LOOK_AGAIN).await;
    }
}

/// Waits until every session has what is in its inbox and nothing more comes, then counts.
pub(crate) async fn drain(airport: &Airport, watchers: &[Watcher], tally: &Tally, catch_up: Duration) {
    for watcher in watchers {
        // Who is still in a tunnel comes out.
        watcher.set_line(super::session::LineState::Up);
    }
    let until = Instant::now() + catch_up;
    let mut ends = inbox_ends(watchers, tally).await;
    let mut quiet_since = Instant::now();
    while Instant::now() < until {
        sleep(LOOK_AGAIN).await;
        let now = inbox_ends(watchers, tally).await;
        let whole = watchers.iter().zip(&now).all(|(watcher, end)| watcher.inbox().lost(*end) == 0);
        if now != ends || !whole {
            quiet_since = Instant::now();
        }
        ends = now;
        if quiet_since.elapsed() >= QUIET {
            break;
        }
    }
    for (watcher, end) in watchers.iter().zip(&ends) {
        let inbox = watcher.inbox();
        tally.settle(&inbox, *end);
        let lost = inbox.lost(*end);
        if lost > 0 {
            let flight = &airport.flights[airport.passengers[watcher.passenger].flight].id;
            tally.complain(|| format!("a passenger of {flight} lacks {lost} of {end} notices"));
        }
    }
}

/// Counts what the server has.
pub(crate) async fn count(
    staff: &Clients,
    facts: &impl ServerFacts,
    tally: &Tally,
) -> Result<Counts, SimulatorError> {
    let bags = count_bags(staff, tally).await?;
    let messages_quarantined = count_quarantined(staff, tally).await?;
    Ok(Counts { bags, messages_quarantined, facts: facts.facts().await })
}

async fn count_bags(staff: &Clients, tally: &Tally) -> Result<u64, SimulatorError> {
    let mut client = staff.baggage.clone();
    let mut journeys = HashSet::new();
    let mut page_token = String::new();
    for _ in 0..PAGES_MAX {
        let request = ListBagsRequest { page_size: PAGE, page_token, ..ListBagsRequest::default() };
        let page = client.list_bags(request).await.map_err(refused("ListBags"))?.into_inner();
        journeys.extend(page.bags.into_iter().map(|bag| bag.journey_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(journeys.len() as u64);
        }
    }
    tally.complain(|| format!("ListBags has more than {PAGES_MAX} pages; bags are counted in part"));
    Ok(journeys.len() as u64)
}

/// Counts messages, not observations; one message may be there for several reasons.
async fn count_quarantined(staff: &Clients, tally: &Tally) -> Result<u64, SimulatorError> {
    let mut client = staff.baggage.clone();
    let mut messages = HashSet::new();
    let mut page_token = String::new();
    for _ in 0..PAGES_MAX {
        let request =
            ListQuarantineRequest { page_size: PAGE, page_token, ..ListQuarantineRequest::default() };
        let page = client.list_quarantine(request).await.map_err(refused("ListQuarantine"))?.into_inner();
        let of_messages = page.items.into_iter().filter(|item| item.plate.is_empty());
        messages.extend(of_messages.map(|item| (item.source, item.number)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(messages.len() as u64);
        }
    }
    tally.complain(|| format!("ListQuarantine has more than {PAGES_MAX} pages; counted in part"));
    Ok(messages.len() as u64)
}

/// What the server says of a bag, and what is true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) said: String,
    pub(crate) truth: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server says {}, truth is {}", self.said, self.truth)
    }
}

/// Returns how a bag differs from the truth; nothing when it does not.
async fn difference(airport: &Airport, staff: &Clients, bag: &Bag) -> Option<Difference> {
    let truth = match bag.outcome {
        Outcome { offload: true, .. } => "offloaded".to_owned(),
        Outcome { left_behind: true, stage, .. } => left_behind(stage),
        Outcome { stage, .. } => in_words(stage),
    };
    let is_untold = bag.way.is_empty() && !airport.is_announced(bag);
    let known = match known(airport, staff, bag).await {
        Ok(known) => known,
        // Of what has not come yet and was not announced either, to know nothing is right.
        Err(status) if status.code() == Code::NotFound && is_untold => return None,
        Err(status) => return Some(Difference { said: format!("{:?}", status.code()), truth }),
    };
    let status = known.status.unwrap_or_default();
    let stage = match status.stage() {
        // It is in the hold, before and after the aircraft left.
        Stage::Departed => Stage::OnAircraft,
        stage => stage,
    };
    let said = match status.exception() {
        _ if status.offload => "offloaded".to_owned(),
        BagException::LeftBehind if !bag.outcome.just_left => left_behind(stage),
        // Of a bag that came too late for its flight that is said in these words.
        _ if bag.outcome.left_behind && status.connection() == Connection::Missed => left_behind(stage),
        _ => in_words(stage),
    };
    let at_belt = bag.way.last().filter(|_| stage == Stage::OnBelt).map(|step| &step.location);
    match at_belt {
        Some(belt) if said == truth && *belt != status.location => Some(Difference {
            said: format!("on belt {}", status.location),
            truth: format!("on belt {belt}"),
        }),
        _ if said != truth => Some(Difference { said, truth }),
        _ => None,
    }
}

/// Asks for a bag by the plate that it wore when it was last seen; where two bags wear one plate, by
/// its flight too.
async fn known(airport: &Airport, staff: &Clients, bag: &Bag) -> Result<KnownBag, Status> {
    let plate = bag.plate_last_seen().to_owned();
    if !bag.has_twin {
        let request = GetBagRequest { plate, ..GetBagRequest::default() };
        return Ok(staff.baggage.clone().get_bag(request).await?.into_inner().bag.unwrap_or_default());
    }
    let mut page_token = String::new();
    for _ in 0..PAGES_MAX {
        let flight = airport.flights[bag.flight].id.clone();
        let request =
            ListFlightBagsRequest { flight, page_size: PAGE, page_token, ..ListFlightBagsRequest::default() };
        let page = staff.handling.clone().list_flight_bags(request).await?.into_inner();
        if let Some(known) = page.bags.into_iter().find(|known| known.plate == plate) {
            return Ok(known);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    Err(Status::not_found("bag of the flight"))
}

fn left_behind(stage: Stage) -> String {
    format!("{} and left behind", in_words(stage))
}

fn in_words(stage: Stage) -> String {
    format!("{stage:?}").to_lowercase()
}

async fn inbox_ends(watchers: &[Watcher], tally: &Tally) -> Vec<u64> {
    let asks: Vec<BoxFuture<'_, u64>> =
        watchers.iter().map(|watcher| inbox_end(watcher, tally).boxed()).collect();
    stream::iter(asks).buffered(IN_FLIGHT).collect().await
}

async fn inbox_end(watcher: &Watcher, tally: &Tally) -> u64 {
    let request = ListNotificationsRequest { page_size: 1, ..ListNotificationsRequest::default() };
    match watcher.clients.notifications.clone().list_notifications(request).await {
        Ok(answer) => answer.into_inner().last_seq,
        Err(status) => {
            let (code, said) = (status.code(), status.message());
            tally.complain(|| format!("ListNotifications: {code:?}: {said}"));
            watcher.inbox().contiguous()
        }
    }
}
