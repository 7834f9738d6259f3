//! The stories of wayfinding, each on a real or drawn map from its files to the answer.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "../../examples/testville.rs"]
mod testville;

#[path = "../../examples/lingnan.rs"]
mod lingnan;

mod crossings;
mod data;
mod dump;
mod finding;
mod findings;
mod findings_rare;
mod guidance;
mod guiding;
mod hostile;
mod hostile_maps;
mod lingnan_itself;
mod live;
mod narita;
mod narita_lines;
mod networks;
mod open_when;
mod oracle;
mod order;
mod other_ways;
mod pictures;
mod positions;
mod questions;
mod radio_files;
mod reaching;
mod real_map;
mod reroute;
mod rides;
mod small_maps;
mod stations;
mod stops;
mod taut_lines;
mod town_itself;
mod walking;

use airside_wayfinding::{
    BarrierKind, FeatureId, Language, Outcome, Overlay, Profile, Reason, Rights, Route, RouteError,
    RouteRequest, Searcher, Snapshot, Source, route,
};
use testville::town::Town;

/// A venue with what is closed on it.
struct Venue {
    snapshot: Snapshot,
    overlay: Overlay,
}

impl Venue {
    fn testville() -> Self {
        Self::of(testville::files())
    }

    fn drawn(town: Town) -> Self {
        Self::of(town.files())
    }

    fn of(files: Vec<(String, String)>) -> Self {
        let snapshot = Snapshot::from_source(&Source::from_files(files)).unwrap();
        Self { snapshot, overlay: Overlay::open() }
    }

    /// Closes the places of these names, besides feature ids.
    fn closing(mut self, names: &[&str]) -> Self {
        let id = |name: &&str| {
            let place = self.snapshot.search(name, 1).first().map(|place| place.id.clone());
            place.unwrap_or_else(|| FeatureId::parse(name).unwrap())
        };
        self.overlay = Overlay::closing(&self.snapshot, names.iter().map(id));
        assert_eq!(self.overlay.unknown(), []);
        self
    }

    fn ask(&self, from: &str, to: &str, profile: Profile, language: Language) -> Result<Outcome, RouteError> {
        let request =
            RouteRequest { from: from.into(), to: to.into(), profile, language, ..RouteRequest::default() };
        self.put(&request)
    }

    fn walk(&self, from: &str, to: &str) -> Route {
        found(self.ask(from, to, Profile::Walk, Language::En))
    }

    fn walk_as(&self, rights: Rights, from: &str, to: &str) -> Route {
        found(self.put(&RouteRequest { rights, ..walk(from, to) }))
    }

    /// Returns what a passenger on foot may not pass, where that is why there is no way.
    fn barrier(&self, from: &str, to: &str) -> Option<BarrierKind> {
        self.barrier_to(Rights::Passenger, from, to).map(|(kind, _)| kind)
    }

    /// Returns the same for whoever it is, with the words.
    fn barrier_to(&self, rights: Rights, from: &str, to: &str) -> Option<(BarrierKind, String)> {
        match self.put(&RouteRequest { rights, ..walk(from, to) }).unwrap() {
            Outcome::NotFound { reason: Reason::ZoneForbidden(barrier), text, .. } => {
                Some((barrier.kind, text))
            }
            _ => None,
        }
    }

    fn put(&self, request: &RouteRequest) -> Result<Outcome, RouteError> {
        route(&self.snapshot, &self.overlay, &mut Searcher::new(), request)
    }

    fn roll(&self, from: &str, to: &str) -> Route {
        found(self.ask(from, to, Profile::Wheelchair, Language::En))
    }

    fn refused(&self, from: &str, to: &str, profile: Profile) -> (Reason, String) {
        match self.ask(from, to, profile, Language::En).unwrap() {
            Outcome::NotFound { reason, text, .. } => (reason, text),
            Outcome::Found(route) => panic!("there is a way: {:?}", texts(&route)),
        }
    }
}

fn walk(from: &str, to: &str) -> RouteRequest {
    RouteRequest { from: from.into(), to: to.into(), ..RouteRequest::default() }
}

fn found(outcome: Result<Outcome, RouteError>) -> Route {
    match outcome.unwrap() {
        Outcome::Found(route) => route,
        Outcome::NotFound { text, .. } => panic!("no way: {text}"),
    }
}

fn texts(route: &Route) -> Vec<&str> {
    route.steps.iter().map(|step| step.text.as_str()).collect()
}
