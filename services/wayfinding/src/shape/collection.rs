//! A feature collection, read one feature after the other.
//!
//! Only one feature at a time is held as a tree, which takes some twenty times its bytes: a file of 64 MiB
//! costs its own bytes and what is kept of it, whatever stands in it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::check::Finding;

/// The most bytes of one feature; [`POINTS_MAX`](super::POINTS_MAX) points take some three million.
pub(crate) const FEATURE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The most features of one file; Narita's three terminals have four thousand links.
pub(crate) const FEATURES_MAX: usize = 100_000;

/// Reads the features of a collection, each with its number from 0.
///
/// What was read before an error stays read; the file is refused.
pub(crate) fn features(
    name: &str,
    bytes: &[u8],
    bytes_max: usize,
    mut read: impl FnMut(usize, &Value),
) -> Result<(), Finding> {
    let refuse = |rule, text: String, remedy: &str| Err(Finding::violation(rule, name, None, text, remedy));
    if bytes.len() > bytes_max {
        let text = format!("{} bytes are more than the {bytes_max} that are read", bytes.len());
        return refuse("file-too-large", text, "split the venue");
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut excess = None;
    let mut one = |index: usize, raw: &RawValue| {
        let bytes = raw.get().len();
        if bytes > FEATURE_BYTES_MAX {
            let text = format!("feature number {index} has {bytes} bytes, more than {FEATURE_BYTES_MAX}");
            excess = Some(("feature-too-large", text, "simplify its geometry"));
        } else if index >= FEATURES_MAX {
            let text = format!("more features than the {FEATURES_MAX} that are read");
            excess = Some(("venue-too-large", text, "split the venue"));
        }
        if excess.is_some() {
            return Err(serde_json::Error::custom("too much"));
        }
        match serde_json::from_str(raw.get()) {
            Ok(feature) => read(index, &feature),
            // Nested deeper than anybody draws.
            Err(cause) => {
                let text = format!("feature number {index} cannot be read: {cause}");
                excess = Some(("json-bad", text, "export the file again"));
                return Err(cause);
            }
        }
        Ok(())
    };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let whole = Collection(&mut one).deserialize(&mut reader).and_then(|found| reader.end().map(|()| found));
    match (whole, excess) {
        (_, Some((rule, text, remedy))) => refuse(rule, text, remedy),
        (Ok(true), None) => Ok(()),
        (Err(cause), None) if !cause.is_data() => {
            refuse("json-bad", format!("not valid JSON: {cause}"), "export the file again")
        }
        (Ok(false) | Err(_), None) => {
            let text = "no list of features in a FeatureCollection".to_owned();
            refuse("collection-missing", text, "wrap the features in a FeatureCollection")
        }
    }
}

/// Reads one feature, by its number.
type Read<'r> = &'r mut dyn FnMut(usize, &RawValue) -> Result<(), serde_json::Error>;

/// The object around the features; tells whether there were any.
struct Collection<'r>(Read<'r>);

impl<'de> DeserializeSeed<'de> for Collection<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Collection<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a FeatureCollection")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key == "features" {
                map.next_value_seed(List(&mut *self.0))?;
                found = true;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// The list of features.
struct List<'r>(Read<'r>);

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut index = 0;
        while let Some(raw) = list.next_element::<&RawValue>()? {
            (self.0)(index, raw).map_err(A::Error::custom)?;
            index += 1;
        }
        Ok(())
    }
}
