//! Names in several languages, and the languages answers are given in.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// A language that guidance is spoken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Simplified Chinese as spoken on the mainland.
    ZhCn,
}

/// Says that a language is not spoken here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("language {0:?} is not spoken; use \"en\" or \"zh-CN\"")]
pub struct UnknownLanguage(pub String);

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower = text.to_ascii_lowercase().replace('_', "-");
        match lower.split('-').next() {
            Some("en") => Ok(Self::En),
            Some("zh") => Ok(Self::ZhCn),
            _ => Err(UnknownLanguage(text.to_owned())),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::En => "en",
            Self::ZhCn => "zh-CN",
        })
    }
}

/// Names by language tag, as IMDF's LABELS: `{"en": "Gate A1", "zh-Hans": "A1登机口"}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Labels(pub(crate) BTreeMap<String, String>);

impl Labels {
    /// Returns the name in the language, else in English, else the first there is.
    pub fn get(&self, language: Language) -> Option<&str> {
        let wanted: &[&str] = match language {
            Language::En => &["en", "en-US", "en-GB"],
            Language::ZhCn => &["zh-Hans", "zh-CN", "zh", "zh-Hans-CN", "en"],
        };
        let found = wanted.iter().find_map(|tag| self.0.get(*tag));
        found.or_else(|| self.0.values().next()).map(String::as_str)
    }

    /// Tells whether there is no name at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns every name with its language tag.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(tag, name)| (tag.as_str(), name.as_str()))
    }
}
