//! What the player looks up in the venue's directory before it begins.

use std::collections::BTreeMap;

use airside_api::navigation::v1::{ListVenuesRequest, Place, SearchPlacesRequest};

use super::PlayOptions;
use crate::connect::{Clients, SimulatorError, refused};
use crate::script::ASK_FROM;
use crate::truth::VENUE;

/// What to close, the first that the venue has.
const CLOSABLE: [&str; 4] = ["escalator", "elevator", "lift", "stairs"];

/// The venue as far as the player needs it.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    /// The venue's code; nothing when the server has no map.
    pub(crate) venue: Option<String>,
    /// Feature ids by the word that was searched.
    pub(crate) places: BTreeMap<String, String>,
    /// The feature that is closed for a while.
    pub(crate) closable: Option<String>,
}

impl Directory {
    pub(crate) async fn look_up(clients: &Clients, options: &PlayOptions) -> Result<Self, SimulatorError> {
        let mut navigation = clients.navigation.clone();
        let venues = navigation.list_venues(ListVenuesRequest {}).await.map_err(refused("ListVenues"))?;
        let venues = venues.into_inner().venues;
        let ours = venues.iter().find(|venue| venue.code == VENUE).or_else(|| venues.first());
        let Some(venue) = ours.map(|venue| venue.code.clone()) else { return Ok(Self::default()) };
        let mut places = BTreeMap::new();
        for word in ASK_FROM {
            if let Some(place) = search(clients, &venue, word).await? {
                places.insert(word.to_owned(), place.id);
            }
        }
        let mut closable = options.closure_feature.clone();
        for word in CLOSABLE {
            if closable.is_none() {
                closable = search(clients, &venue, word).await?.map(|place| place.id);
            }
        }
        Ok(Self { venue: Some(venue), places, closable })
    }
}

async fn search(clients: &Clients, venue: &str, word: &str) -> Result<Option<Place>, SimulatorError> {
    let request = SearchPlacesRequest {
        venue: venue.to_owned(),
        query: word.to_owned(),
        page_size: 1,
        ..SearchPlacesRequest::default()
    };
    let found = clients.navigation.clone().search_places(request).await.map_err(refused("SearchPlaces"))?;
    Ok(found.into_inner().places.into_iter().next())
}
