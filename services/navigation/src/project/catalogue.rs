//! Which version of which venue's map is to be shown.
//!
//! Folding touches no map: what is wanted is told to the [`press`](crate::press), which compiles it beside
//! the work and swaps it in.

use std::collections::BTreeMap;

use airside_api::navigation::v1;
use airside_kernel::{DecodeError, Kept, Projection, RecordedEvent, StoredEvent};
use prost::Message;
use tokio::sync::watch;

use crate::{
    events::edition::{self, MapEvent},
    model::{
        VenueCode,
        edition::{Edition, MAP},
    },
};

/// What is to be shown by venue; `None` until the log was read.
pub type Wanted = Option<BTreeMap<VenueCode, Edition>>;

/// Follows the versions of the venues' maps.
#[derive(Debug)]
pub struct Catalogue {
    editions: BTreeMap<VenueCode, Edition>,
    wanted: watch::Sender<Wanted>,
}

impl Catalogue {
    /// Makes the projection; what is to be shown goes to `wanted`.
    pub fn new(wanted: watch::Sender<Wanted>) -> Self {
        Self { editions: BTreeMap::new(), wanted }
    }
}

impl Projection for Catalogue {
    const NAME: &'static str = "navigation.catalogue";

    fn wants(category: &str) -> bool {
        category == MAP
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let code = VenueCode::of_event(event)?;
        let [fact] = MapEvent::decode(event)?;
        self.editions.insert(code, fact.edition().clone());
        Ok(())
    }

    fn show(&mut self) {
        self.wanted.send_if_modified(|wanted| {
            let is_news = wanted.as_ref() != Some(&self.editions);
            if is_news {
                *wanted = Some(self.editions.clone());
            }
            is_news
        });
    }
}

impl Kept for Catalogue {
    const SCHEMA: u32 = 1;
    /// By venue code: the version as it is stored.
    type State = BTreeMap<String, Vec<u8>>;

    fn image(&self) -> Self::State {
        let stored = |Edition { version, map }: &Edition| {
            let (map, note) = (Some(edition::stored(map)), String::new());
            v1::VenuePublished { version: *version, map, note }.encode_to_vec()
        };
        self.editions.iter().map(|(code, edition)| (code.to_string(), stored(edition))).collect()
    }

    fn restore(&mut self, state: Self::State) {
        let venue = |(code, bytes): (String, Vec<u8>)| {
            let v1::VenuePublished { version, map, .. } = v1::VenuePublished::decode(&*bytes).ok()?;
            Some((code.parse().ok()?, edition::edition(Self::NAME, version, map).ok()?))
        };
        self.editions = state.into_iter().filter_map(venue).collect();
    }
}
