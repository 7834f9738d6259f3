//! Which container: the sign on its side.

use std::{fmt, str::FromStr};

use airside_kernel::StreamId;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The longest sign. RP 1745 has ten characters; carts of some airports have more.
const MAX_CHARS: usize = 16;

/// The sign of a container or cart in upper case, such as `AKE12345ZH`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContainerId(Box<str>);

/// It is no sign of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "it is not 1 to 16 letters and digits; send the container as it is written on it, such as AKE12345ZH"
)]
pub struct InvalidContainer;

impl ContainerId {
    /// Returns its stream.
    pub fn stream(&self) -> StreamId {
        StreamId::new("container", self).expect("letters and digits make a stream name")
    }
}

impl FromStr for ContainerId {
    type Err = InvalidContainer;

    fn from_str(text: &str) -> Result<Self, InvalidContainer> {
        let is_sign =
            (1..=MAX_CHARS).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if is_sign { Ok(Self(text.to_ascii_uppercase().into())) } else { Err(InvalidContainer) }
    }
}

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
