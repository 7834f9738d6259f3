//! Which radio maps each venue has, and which one is in use.

use std::collections::BTreeMap;

use airside_kernel::{Decider, DecodeError, Kept, Projection, RecordedEvent, StoredEvent};

use super::{
    decide::{RadioMaps, RadioState},
    events::RadioMapPublished,
    model::{RADIO, RadioEdition},
};
use crate::model::VenueCode;

/// The radio maps of every venue.
#[derive(Debug, Clone, Default)]
pub struct RadioVersions(BTreeMap<VenueCode, RadioState>);

impl RadioVersions {
    /// Returns the radio map of a venue that is in use.
    pub fn current(&self, venue: &VenueCode) -> Option<&RadioEdition> {
        self.0.get(venue)?.current()
    }

    /// Returns the radio maps of a venue, the one in use first.
    pub fn editions(&self, venue: &VenueCode) -> Vec<RadioEdition> {
        self.0.get(venue).into_iter().flat_map(RadioState::editions).cloned().collect()
    }
}

impl Projection for RadioVersions {
    const NAME: &'static str = "navigation.radio-maps";

    fn wants(category: &str) -> bool {
        category == RADIO
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let code = VenueCode::of_event(event)?;
        let [fact] = RadioMapPublished::decode(event)?;
        let state = self.0.remove(&code).unwrap_or_default();
        self.0.insert(code, RadioMaps::evolve(state, &fact));
        Ok(())
    }
}

/// The facts that a state is made of, each with its number, and how many there were.
type Image = (Vec<(Vec<u8>, u64)>, u64);

impl Kept for RadioVersions {
    const SCHEMA: u32 = 1;
    type State = BTreeMap<String, Image>;

    fn image(&self) -> Self::State {
        let of = |(code, state): (&VenueCode, &RadioState)| {
            let (used, facts) = state.image();
            let fact = |(edition, said): &(RadioEdition, u64)| {
                (RadioMapPublished(edition.clone()).encode().to_vec(), *said)
            };
            (code.to_string(), (used.iter().map(fact).collect(), facts))
        };
        self.0.iter().map(of).collect()
    }

    fn restore(&mut self, state: Self::State) {
        let of = |(code, (used, facts)): (String, Image)| {
            let fact = |(payload, said): (Vec<u8>, u64)| {
                RadioMapPublished::of_payload(&payload).ok().map(|RadioMapPublished(edition)| (edition, said))
            };
            let used = used.into_iter().filter_map(fact).collect();
            Some((code.parse().ok()?, RadioState::of_image(used, facts)))
        };
        self.0 = state.into_iter().filter_map(of).collect();
    }
}
