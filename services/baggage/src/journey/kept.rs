//! A plate on disk: what it knows, with the ids as plain text.

use std::sync::Arc;

use airside_kernel::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Journey, Known, Plate};
use crate::model::{Content, Observation};

#[derive(Serialize)]
struct Stored<'a> {
    journeys: &'a [Journey],
    loose: Vec<(&'a str, &'a (Observation, Content))>,
    known: Vec<(&'a str, &'a Known)>,
    newest: Option<Timestamp>,
    folded: u64,
}

#[derive(Deserialize)]
struct Restored {
    journeys: Vec<Journey>,
    loose: Vec<(String, (Observation, Content))>,
    known: Vec<(String, Known)>,
    newest: Option<Timestamp>,
    folded: u64,
}

impl Serialize for Plate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { journeys, loose, known, newest, folded } = self;
        Stored {
            journeys,
            loose: loose.iter().map(|(id, one)| (&**id, &**one)).collect(),
            known: known.iter().map(|(id, known)| (&**id, known)).collect(),
            newest: *newest,
            folded: *folded,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Plate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Restored { journeys, loose, known, newest, folded } = Restored::deserialize(deserializer)?;
        let loose = loose.into_iter().map(|(id, one)| (Arc::from(id), Arc::new(one))).collect();
        let known = known.into_iter().map(|(id, known)| (Arc::from(id), known)).collect();
        Ok(Self { journeys, loose, known, newest, folded })
    }
}
