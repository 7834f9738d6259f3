//! Configuration of watched folders: what arrives as files.

use std::{collections::HashSet, path::PathBuf, time::Duration};

use airside_flights::model::AirportCode;
use airside_runtime::{folder::Options, requests};
use serde::Deserialize;

use super::ConfigError;
use crate::places::Places;

/// Folders in which files arrive.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FoldersConfig {
    /// How often each is looked at. Default 2 s.
    #[serde(with = "humantime_serde")]
    pub poll: Duration,
    /// How long a file stays as it is before it is taken, longer than a sender pauses. Default 10 s.
    #[serde(with = "humantime_serde")]
    pub settled: Duration,
    /// Folders of baggage messages (RP 1745). Default: none.
    pub messages: Vec<MessageFolder>,
    /// Folders of flights (AIDX XML or CSV). Default: none.
    pub flights: Vec<FlightFolder>,
}

/// A folder of baggage messages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageFolder {
    /// The folder; what was handled goes to `done` or `failed` in it.
    pub path: PathBuf,
    /// The source as which its messages are stored: 1 to 48 of a-z 0-9 _ and full stop.
    pub source: String,
}

/// A folder of flights.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlightFolder {
    /// The folder; what was handled goes to `done` or `failed` in it.
    pub path: PathBuf,
    /// The source of its reports: 1 to 48 of a-z 0-9 _ and full stop.
    pub source: String,
    /// The airport whose gates and belts these are, such as `SZX`.
    pub airport: String,
}

impl Default for FoldersConfig {
    fn default() -> Self {
        let Options { poll, settled, .. } = Options::default();
        Self { poll, settled, messages: Vec::new(), flights: Vec::new() }
    }
}

impl FoldersConfig {
    /// Returns how the folders are watched.
    ///
    /// # Errors
    /// When a source is none, a folder is named twice, or lies in the data folder.
    pub(crate) fn options(&self, places: &Places) -> Result<Options, ConfigError> {
        if self.poll.is_zero() {
            return Err(ConfigError::of("folders.poll", "give a time above zero, such as 2s"));
        }
        let mut seen = HashSet::new();
        let messages = self.messages.iter().map(|one| ("folders.messages", &one.path, &one.source));
        let flights = self.flights.iter().map(|one| ("folders.flights", &one.path, &one.source));
        for (field, path, name) in messages.chain(flights) {
            source(&format!("{field}.source"), name)?;
            let wrong = |problem: &str| ConfigError::of(field, format!("{}: {problem}", path.display()));
            if !seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
                return Err(wrong("it is named twice; a folder has one source"));
            }
            if places.around(path).is_some() {
                return Err(wrong("it lies in the data folder: name a folder of its own"));
            }
        }
        Ok(Options { poll: self.poll, settled: self.settled, ..Options::default() })
    }
}

impl FlightFolder {
    /// Returns the airport.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn airport(&self) -> Result<AirportCode, ConfigError> {
        self.airport.parse().map_err(|error| ConfigError::of("folders.flights.airport", error))
    }
}

/// Checks the name of a source in a field.
///
/// # Errors
/// When it is none.
pub(crate) fn source<'a>(field: &str, name: &'a str) -> Result<&'a str, ConfigError> {
    requests::source(name)
        .map_err(|_| ConfigError::of(field, format!("{name:?}: use 1 to 48 of a-z 0-9 _ . such as `bhs.t3`")))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn check(text: &str, words: &[&str]) {
        let data = Path::new("/srv/airside").to_owned();
        let places = Places { folder: data.clone(), log: data, second: None };
        let folders: FoldersConfig = toml::from_str(text).unwrap();
        let airports = folders.flights.iter().try_for_each(|one| one.airport().map(drop));
        let error = folders.options(&places).map(drop).and(airports).unwrap_err().to_string();
        for word in words {
            assert!(error.contains(word), "{word:?} is not in {error:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_by_its_field() {
        check("[[messages]]\npath = \"a\"\nsource = \"BHS\"", &["folders.messages.source", "a-z 0-9"]);
        check("poll = \"0s\"", &["folders.poll"]);
        check(
            "[[messages]]\npath = \"/srv/airside/in\"\nsource = \"bhs\"",
            &["folders.messages", "data folder"],
        );
        let twice = "[[messages]]\npath = \"/in\"\nsource = \"bhs\"\n";
        check(
            &format!("{twice}[[flights]]\npath = \"/in\"\nsource = \"aodb\"\nairport = \"SZX\""),
            &["folders.flights", "twice"],
        );
        let nowhere = "[[flights]]\npath = \"/in\"\nsource = \"aodb\"\nairport = \"Shenzhen\"";
        check(nowhere, &["folders.flights.airport"]);
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!(toml::from_str::<FoldersConfig>("[[messages]]\npath = \"a\"\nsorce = \"b\"").is_err());
    }
}
