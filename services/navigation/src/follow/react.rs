//! `navigation.ways`: what happens to a venue or a flight is told to those whose way it touches.
//!
//! Policy. The reactor folds in log order what is closed and where one waits, the gates of flights, and who
//! follows which way, and judges from what it has folded up to the cause, on the map that is shown. A closure
//! breaks a way when the way before it was another one than the way after; who follows another hears
//! nothing. A wait, a new gate or another time of departure is told where it makes a notable difference,
//! which the rules of the person's stream decide ([`super::decide`]), and they drop what another node said
//! already. So it is when a reported wait runs out and when a newly published map is shown ([`occasion`]).
//! While a venue has no map, nothing is said of its ways. A person whose key is gone follows none.
//!
//! Ways are searched one after the other beside what else the process does, so a closure that touches
//! thousands is told within seconds and nobody waits for it.

mod occasion;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use airside_kernel::{
    Cause, Classified, Code, DecodeError, Kept, KeyError, Keyring, PersonId, Personal, Projection,
    RecordedEvent, StoredEvent, SubjectId, Timestamp,
};
use airside_runtime::{
    executor::{Context, Executor, Order},
    reactors::{ReactError, Reactor, StartAt},
    status::chain,
};
use airside_wayfinding::{Overlay, Searcher};
use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tracing::error;
use uuid::Uuid;

use self::occasion::{Occasions, Origin};
use super::{
    decide::{Way, WayCommand},
    events::WayEvent,
    measure::{Question, is_another},
    model::{self, Followed, Goal, WAY},
};
use crate::{
    events::{VenueEvent, edition::MapEvent},
    model::{VENUE, VenueCode, edition::MAP},
    project::{
        Image, Live, Maps, Present,
        boards::{Boards, Signs},
    },
};

/// How many orders are carried out at once.
const ORDERS_AT_ONCE: usize = 128;
/// The most persons whose ways are followed; one more is told nothing.
const MAX_WAYS: usize = 100_000;

/// The reactor.
pub struct Ways {
    maps: Maps,
    keys: Arc<dyn Keyring>,
    executor: Executor<Way>,
    venues: BTreeMap<VenueCode, Arc<Present>>,
    boards: Boards,
    ways: BTreeMap<PersonId, Follower>,
    occasions: Occasions,
    touched: VecDeque<Touched>,
    searcher: Searcher,
    waiting: Vec<Order<WayCommand>>,
}

/// Who follows a way, and since when.
#[derive(Clone)]
struct Follower {
    way: Arc<Followed>,
    since: Timestamp,
}

/// Something that happened, and the ways that it may touch.
struct Touched {
    venue: VenueCode,
    /// What was closed before, where it closes something.
    before: Option<Arc<Present>>,
    now: Arc<Present>,
    ways: VecDeque<(PersonId, Arc<Followed>, Option<Signs>)>,
    /// The venue as it is judged, once that has begun.
    ground: Option<Ground>,
    at: Timestamp,
    cause: Cause,
    context: Context,
}

/// A venue before and after something happened.
struct Ground {
    live: Arc<Live>,
    before: Option<Overlay>,
    now: Overlay,
}

impl Ways {
    /// Makes the reactor over the maps.
    pub fn new(maps: Maps, keys: Arc<dyn Keyring>, executor: Executor<Way>) -> Self {
        Self {
            maps,
            keys,
            executor,
            venues: BTreeMap::new(),
            boards: Boards::default(),
            ways: BTreeMap::new(),
            occasions: Occasions::default(),
            touched: VecDeque::new(),
            searcher: Searcher::default(),
            waiting: Vec::new(),
        }
    }

    fn take_venue(&mut self, event: &RecordedEvent, act: bool) -> Result<(), DecodeError> {
        let code = VenueCode::of_event(event)?;
        let [fact] = VenueEvent::decode(event)?;
        let closes = matches!(fact, VenueEvent::ClosureSet(_));
        let present = self.venues.entry(code.clone()).or_default();
        let before = present.clone();
        Arc::make_mut(present).fold(fact);
        self.occasions.reported(&code, event);
        if act {
            let (origin, at) = (Origin::of(event), event.recorded_at());
            self.touch((&origin, 0, at), &code, closes.then_some(&before), |one| one.way.venue == code);
        }
        Ok(())
    }

    fn take_map(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let code = VenueCode::of_event(event)?;
        let [fact] = MapEvent::decode(event)?;
        self.occasions.published(code, fact.edition().version, event);
        Ok(())
    }

    fn take_flight(&mut self, event: &RecordedEvent, act: bool) -> Result<(), DecodeError> {
        let id = event.stream().strip_prefix("flight-").unwrap_or_default();
        let before = self.boards.by_id(id).cloned();
        self.boards.apply(event)?;
        if act && self.boards.by_id(id) != before.as_ref() {
            let ways = self.ways.values().filter(|one| one.way.goal.flight() == Some(id));
            let venues: BTreeSet<_> = ways.map(|one| one.way.venue.clone()).collect();
            let (origin, at) = (Origin::of(event), event.recorded_at());
            for venue in venues {
                self.touch((&origin, 0, at), &venue, None, |one| {
                    one.way.goal.flight() == Some(id) && one.way.venue == venue
                });
            }
        }
        Ok(())
    }

    fn take_way(&mut self, event: &RecordedEvent, act: bool) -> Result<(), DecodeError> {
        let person = model::person_of(event)?;
        let [fact] = WayEvent::decode(event)?;
        match fact {
            WayEvent::Followed(way) => {
                let now = event.recorded_at();
                self.ways.retain(|_, one| now < one.way.until);
                if self.ways.len() >= MAX_WAYS && !self.ways.contains_key(&person) {
                    return Ok(());
                }
                let (id, venue) = (way.id, way.venue.clone());
                self.ways.insert(person, Follower { way, since: now });
                if act {
                    self.touch((&Origin::of(event), 0, now), &venue, None, |one| one.way.id == id);
                }
            }
            WayEvent::Left { .. } => {
                self.ways.remove(&person);
            }
            WayEvent::Advised { .. } | WayEvent::Broken { .. } => {}
        }
        Ok(())
    }

    /// Remembers to judge those ways of a venue that fit, for an event, which of its causes, and its instant.
    fn touch(
        &mut self,
        (origin, index, at): (&Origin, u32, Timestamp),
        venue: &VenueCode,
        before: Option<&Arc<Present>>,
        fits: impl Fn(&Follower) -> bool,
    ) {
        let signs = |way: &Followed| way.goal.flight().and_then(|flight| self.boards.by_id(flight)).cloned();
        let touched = self.ways.iter().filter(|(_, one)| at < one.way.until && fits(one));
        let ways: VecDeque<_> =
            touched.map(|(person, one)| (*person, one.way.clone(), signs(&one.way))).collect();
        if ways.is_empty() {
            return;
        }
        self.touched.push_back(Touched {
            venue: venue.clone(),
            before: before.cloned(),
            now: self.venues.get(venue).cloned().unwrap_or_default(),
            ways,
            ground: None,
            at,
            cause: origin.cause(index),
            context: origin.context(),
        });
    }

    /// Judges what was touched, until there are enough orders.
    async fn judge(&mut self) -> Result<(), KeyError> {
        while self.waiting.len() < ORDERS_AT_ONCE
            && let Some(touched) = self.touched.front_mut()
        {
            if touched.ground.is_none() {
                touched.ground = self.maps.get(&touched.venue).map(|live| touched.ground(live));
            }
            match touched.ways.front().zip(touched.ground.as_ref()) {
                Some((way, ground)) => {
                    let order = touched.order(way, ground, &*self.keys, &mut self.searcher)?;
                    self.waiting.extend(order);
                    touched.ways.pop_front();
                }
                None => drop(self.touched.pop_front()),
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Carries out the orders; those that failed for now keep their places.
    async fn carry_out(&mut self) -> Result<(), ReactError> {
        let orders = std::mem::take(&mut self.waiting);
        let mut failure = None;
        for (order, answer) in orders.iter().zip(self.executor.execute_each(orders.clone()).await) {
            match answer {
                Ok(_) => {}
                Err(error) if error.code() == Code::DataLoss => {
                    error!(reactor = Self::NAME, stream = %order.stream, error = chain(&error), "way is given up");
                }
                Err(error) => {
                    failure = Some(ReactError::new(&error));
                    self.waiting.push(order.clone());
                }
            }
        }
        failure.map_or(Ok(()), Err)
    }
}

impl Touched {
    fn ground(&self, live: Arc<Live>) -> Ground {
        let overlay = |present: &Arc<Present>| present.overlay(&live.snapshot, self.at);
        let (before, now) = (self.before.as_ref().map(overlay), overlay(&self.now));
        Ground { live, before, now }
    }

    /// Returns the order that says what this means for a way; none when nobody can read the way.
    fn order(
        &self,
        (person, way, signs): &(PersonId, Arc<Followed>, Option<Signs>),
        Ground { live, before, now }: &Ground,
        keys: &dyn Keyring,
        searcher: &mut Searcher,
    ) -> Result<Option<Order<WayCommand>>, KeyError> {
        let opened = match way.question.open(keys) {
            Err(error @ KeyError::Unavailable { .. }) => return Err(error),
            opened => opened.unwrap_or(Personal::Erased),
        };
        let signs = signs.as_ref();
        let question = opened.known().and_then(|sealed| Question::read(sealed, &way.goal, signs, live));
        let Some(question) = question else { return Ok(None) };
        // A place that a newer map dropped: its person has to ask anew.
        let mut find = |overlay| question.way(live, overlay, searcher, self.at).ok().flatten();
        let after = find(now);
        let earlier = before.as_ref().and_then(find);
        let is_broken = earlier.is_some_and(|earlier| is_another(&earlier, after.as_ref()));
        if before.is_some() && !is_broken {
            return Ok(None);
        }
        let advice = question.advice(after.as_ref(), &self.now.waits, signs, self.at);
        let (id, cause, at) = (way.id, self.cause.clone(), self.at);
        let command = WayCommand::Judge { id, advice, is_broken, cause, at };
        Ok(Some(Order { stream: model::stream(*person), command, context: self.context.clone() }))
    }
}

/// A followed way on disk: sealed there as in the log.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeptWay {
    id: Uuid,
    venue: String,
    question: Personal<Bytes>,
    goal: Goal,
    until: Timestamp,
    since: Timestamp,
}

impl Kept for Ways {
    const SCHEMA: u32 = 2;
    type State =
        (BTreeMap<String, Image>, <Boards as Kept>::State, BTreeMap<PersonId, KeptWay>, occasion::Kept);

    fn image(&self) -> Self::State {
        let venues = self.venues.iter().map(|(code, present)| (code.to_string(), present.image()));
        let kept = |Follower { way, since }: &Follower| {
            let Followed { id, venue, question, goal, until, .. } = Followed::clone(way);
            KeptWay { id, venue: venue.to_string(), question, goal, until, since: *since }
        };
        let ways = self.ways.iter().map(|(person, one)| (*person, kept(one)));
        (venues.collect(), self.boards.image(), ways.collect(), self.occasions.image())
    }

    fn restore(&mut self, (venues, boards, ways, occasions): Self::State) {
        self.occasions = Occasions::restored(occasions);
        for (code, image) in venues {
            if let Ok(code) = code.parse() {
                self.venues.insert(code, Arc::new(Present::restored(image)));
            }
        }
        self.boards.restore(boards);
        for (person, KeptWay { id, venue, question, goal, until, since }) in ways {
            if let Ok(venue) = venue.parse() {
                let way = Followed { subject: SubjectId::new(person), id, venue, question, goal, until };
                self.ways.insert(person, Follower { way: Arc::new(way), since });
            }
        }
    }
}

#[async_trait]
impl Reactor for Ways {
    const NAME: &'static str = "navigation.ways";
    const BEGINS: Option<StartAt> = Some(StartAt::Beginning);

    fn wants(category: &str) -> bool {
        matches!(category, VENUE | MAP | WAY | "flight")
    }

    fn take(&mut self, event: &RecordedEvent, act: bool) -> Result<(), DecodeError> {
        match event.category() {
            VENUE => self.take_venue(event, act),
            MAP => self.take_map(event),
            WAY => self.take_way(event, act),
            _ => self.take_flight(event, act),
        }
    }

    fn due(&self) -> Option<Timestamp> {
        self.occasions.due(&self.venues)
    }

    fn strike(&mut self, now: Timestamp) {
        for due in self.occasions.strike(now, &self.venues, &self.maps) {
            self.touch((&due.origin, due.index, due.at), &due.venue, None, |one| {
                let is_of_before = due.before.is_none_or(|before| one.since < before);
                one.way.venue == due.venue && is_of_before && now < one.way.until
            });
        }
    }

    async fn flush(&mut self) -> Result<(), ReactError> {
        loop {
            self.judge().await.map_err(|error| ReactError::new(&error))?;
            if self.waiting.is_empty() {
                return Ok(());
            }
            self.carry_out().await?;
        }
    }
}

#[cfg(test)]
mod tests;
