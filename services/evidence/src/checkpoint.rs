//! A checkpoint: what the log was when it had so many events, in the form of
//! c2sp.org/tlog-checkpoint.
//!
//! After origin, size and root come our own lines, in this order: `generation`,
//! `vault`, `recorded`, and, in a restored log, `restored`: how many events
//! it had when its generation began. So a signed history tells by itself which
//! events of an older generation were given up.

use std::{fmt, str::FromStr};

use airside_kernel::LogId;
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use uuid::Uuid;

use crate::{note::Malformed, tree::Hash};

/// What every origin begins with.
const ORIGIN: &str = "airside.log/";

/// What the log was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log.
    pub log: LogId,
    /// How many events it had; at least 1.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
    /// Which life of the log it was: 0 until it is restored, then a number that rises.
    pub generation: u64,
    /// How many changes the vault had made by then, at least.
    pub vault: u64,
    /// When the last of the events was recorded.
    pub recorded: Timestamp,
    /// How many events the log had when its generation began; 0 in generation 0.
    pub restored: u64,
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{ORIGIN}{}", self.log)?;
        writeln!(f, "{}", self.size)?;
        writeln!(f, "{}", STANDARD.encode(self.root))?;
        writeln!(f, "generation {}", self.generation)?;
        writeln!(f, "vault {}", self.vault)?;
        writeln!(f, "recorded {}", self.recorded)?;
        if self.generation > 0 {
            writeln!(f, "restored {}", self.restored)?;
        }
        Ok(())
    }
}

impl FromStr for Checkpoint {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut lines = text.split_terminator('\n');
        let mut line = |what: &'static str| {
            let missing = || Malformed::new("checkpoint", format!("it has no {what}"));
            lines.next().and_then(|line| line.strip_prefix(what)).ok_or_else(missing)
        };
        let id = line(ORIGIN)?;
        let id = Uuid::try_parse(id).map_err(|_| bad("log id", id))?;
        let size = number(line("")?)?;
        let root = line("")?;
        let root = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok());
        let root = root.ok_or_else(|| Malformed::new("checkpoint", "its root is not 32 bytes of base64"))?;
        let generation = number(line("generation ")?)?;
        let vault = number(line("vault ")?)?;
        let recorded = line("recorded ")?;
        let recorded = recorded.parse().map_err(|_| bad("time", recorded))?;
        let restored = if generation > 0 { number(line("restored ")?)? } else { 0 };
        let one = Self { log: LogId(id), size, root, generation, vault, recorded, restored };
        if one.to_string() != text {
            let problem = "it is not written as a checkpoint of this version; a newer program may read it";
            return Err(Malformed::new("checkpoint", problem));
        }
        Ok(one)
    }
}

fn number(text: &str) -> Result<u64, Malformed> {
    text.parse().map_err(|_| bad("number", text))
}

fn bad(what: &str, text: &str) -> Malformed {
    Malformed::new("checkpoint", format!("{text:?} is no {what}"))
}
