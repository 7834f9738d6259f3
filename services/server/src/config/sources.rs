//! What an operator says of the systems that send baggage messages and scans.

use std::{collections::BTreeMap, time::Duration};

use airside_baggage::sources::silence::{Settings, Traffic};
use jiff::SignedDuration;
use serde::Deserialize;

use super::{Config, ConfigError, source};

/// The name under which every other source is configured; no source can have it.
const OTHERS: &str = "*";
/// The longest silence and the longest time around a flight.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A system that sends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SourceConfig {
    /// After how long without a word it is reported as silent while traffic is expected, such as
    /// `10m`, at most `7d`; `0s` is never. Default: as for `"*"`, else never.
    #[serde(with = "humantime_serde")]
    pub silence: Option<Duration>,
}

/// When baggage messages are expected, by the flight plan; always when there is none.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrafficConfig {
    /// IATA code of the airport whose flights count. Default: all flights count.
    pub airport: Option<String>,
    /// How long before a flight leaves, at most `7d`. Default `4h`.
    #[serde(with = "humantime_serde")]
    pub before_departure: Duration,
    /// How long after one landed, at most `7d`. Default `1h`.
    #[serde(with = "humantime_serde")]
    pub after_landing: Duration,
}

impl Default for TrafficConfig {
    fn default() -> Self {
        let hours = |hours: u64| Duration::from_secs(hours * 60 * 60);
        Self { airport: None, before_departure: hours(4), after_landing: hours(1) }
    }
}

impl Config {
    /// Returns what is said of sources.
    ///
    /// # Errors
    /// When a name is no source's, an airport is none, or a time is too long; it names the field.
    pub(crate) fn sources(&self) -> Result<Settings, ConfigError> {
        let mut silence = BTreeMap::new();
        let mut other_silence = None;
        for (name, one) in &self.sources {
            let field = format!("sources.{name:?}.silence");
            let time = one.silence.map(|time| span(&field, time)).transpose()?;
            if name == OTHERS {
                other_silence = time;
                continue;
            }
            source("sources", name)?;
            silence.extend(time.map(|time| (name.clone(), time)));
        }
        let TrafficConfig { airport, before_departure, after_landing } = &self.traffic;
        let airport = airport.as_deref().map(str::parse).transpose();
        let traffic = Traffic {
            airport: airport.map_err(|problem| ConfigError::of("traffic.airport", problem))?,
            before_departure: span("traffic.before_departure", *before_departure)?,
            after_landing: span("traffic.after_landing", *after_landing)?,
        };
        Ok(Settings { silence, other_silence, traffic })
    }
}

fn span(field: &str, time: Duration) -> Result<SignedDuration, ConfigError> {
    let span = SignedDuration::try_from(time).ok().filter(|_| time <= LONGEST);
    span.ok_or_else(|| ConfigError::of(field, "it is too long: write at most `7d`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, String> {
        let config: Config = toml::from_str(text).map_err(|error| error.to_string())?;
        config.sources().map_err(|error| error.to_string())
    }

    #[test]
    fn a_source_has_its_own_silence_and_others_theirs() {
        let read = read(
            "[sources.\"bhs.t3\"]\nsilence = \"10m\"\n[sources.dcs]\nsilence = \"0s\"\n\
             [sources.\"*\"]\nsilence = \"1h\"\n[traffic]\nairport = \"SZX\"\nbefore_departure = \"3h\"",
        );
        let read = read.unwrap();
        let of = |name| read.silence_of(name).map(|time| time.as_secs());
        assert_eq!([of("bhs.t3"), of("dcs"), of("bms")], [Some(600), None, Some(3_600)]);
        assert_eq!(read.traffic.airport, Some("SZX".parse().unwrap()));
        assert_eq!(read.traffic.before_departure, SignedDuration::from_hours(3));
        assert_eq!(read.traffic.after_landing, SignedDuration::from_hours(1));
    }

    #[test]
    fn nothing_is_silent_unless_it_is_configured() {
        assert_eq!(read(""), Ok(Settings::default()));
    }

    #[test]
    fn what_is_wrong_is_named_by_its_field() {
        for (text, words) in [
            ("[sources.BHS]\nsilence = \"10m\"", "sources is wrong: \"BHS\""),
            ("[sources.dcs]\nsilence = \"8d\"", "sources.\"dcs\".silence"),
            ("[sources.dcs]\nsilense = \"8d\"", "silense"),
            ("[traffic]\nairport = \"Shenzhen\"", "traffic.airport"),
            ("[traffic]\nafter_landing = \"9d\"", "traffic.after_landing"),
        ] {
            let problem = read(text).unwrap_err();
            assert!(problem.contains(words), "{problem}");
        }
    }
}
