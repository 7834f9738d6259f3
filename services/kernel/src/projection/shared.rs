//! Parts that a state shares with its copies, stored as what they are.

use std::sync::Arc;

use serde::{Deserialize, Deserializer};

/// A value that goes to its place in memory once, however often its owner moves.
struct Owned<V>(Arc<V>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Owned<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        V::deserialize(deserializer).map(|value| Self(Arc::new(value)))
    }
}

/// A map of shared values.
pub mod map {
    use std::{
        collections::HashMap,
        hash::{BuildHasher, Hash},
        sync::Arc,
    };

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Owned;

    /// Stores the values themselves.
    ///
    /// # Errors
    /// When a key or a value has no stored form.
    pub fn serialize<K: Serialize, V: Serialize, H, S: Serializer>(
        map: &HashMap<K, Arc<V>, H>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(map.iter().map(|(key, value)| (key, &**value)))
    }

    /// Reads the values, each with one owner.
    ///
    /// # Errors
    /// When a key or a value cannot be read.
    pub fn deserialize<'de, K, V, H, D>(deserializer: D) -> Result<HashMap<K, Arc<V>, H>, D::Error>
    where
        K: Deserialize<'de> + Eq + Hash,
        V: Deserialize<'de>,
        H: BuildHasher + Default,
        D: Deserializer<'de>,
    {
        let owned = HashMap::<K, Owned<V>, H>::deserialize(deserializer)?;
        Ok(owned.into_iter().map(|(key, Owned(value))| (key, value)).collect())
    }
}

/// A list of shared values.
pub mod list {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Owned;

    /// Stores the values themselves.
    ///
    /// # Errors
    /// When a value has no stored form.
    pub fn serialize<V: Serialize, S: Serializer>(list: &[Arc<V>], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(|value| &**value))
    }

    /// Reads the values, each with one owner.
    ///
    /// # Errors
    /// When a value cannot be read.
    pub fn deserialize<'de, V: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Arc<V>>, D::Error> {
        Ok(Vec::<Owned<V>>::deserialize(deserializer)?.into_iter().map(|Owned(value)| value).collect())
    }
}
