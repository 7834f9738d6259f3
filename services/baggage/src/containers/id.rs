//! Which container: the sign on its side.

use std::{fmt, str::FromStr};

use airside_kernel::StreamId;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::model::container_sign;

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
        let sign = container_sign(text);
        let is_sign =
            (1..=MAX_CHARS).contains(&sign.len()) && sign.bytes().all(|b| b.is_ascii_alphanumeric());
        if is_sign { Ok(Self(sign.into())) } else { Err(InvalidContainer) }
    }
}

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_has_one_spelling_and_one_stream() {
        let id: ContainerId = "AKE12345ZH".parse().unwrap();
        for text in ["ake12345zh", " AKE12345zh "] {
            assert_eq!(text.parse::<ContainerId>().unwrap(), id);
        }
        assert_eq!(id.stream().to_string(), "container-AKE12345ZH");
        for text in ["", " ", "AKE 12345 ZH", "AKE1234567890123Z", "行李车"] {
            assert_eq!(text.parse::<ContainerId>(), Err(InvalidContainer), "{text}");
        }
    }
}
