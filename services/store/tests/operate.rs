//! What an operator relies on: verify finds what is wrong, a backup is the log
//! up to its position, and what cannot be restored is refused unchanged.

#![allow(clippy::unwrap_used, reason = "a panic in a test is the report")]

#[path = "operate/backups.rs"]
mod backups;
#[path = "operate/bench.rs"]
mod bench;
#[path = "operate/damage.rs"]
mod damage;
#[path = "operate/flips.rs"]
mod flips;
#[path = "contract/folders.rs"]
mod folders;
#[path = "operate/forged.rs"]
mod forged;
#[path = "operate/indexes.rs"]
mod indexes;
#[path = "operate/refusals.rs"]
mod refusals;
#[path = "operate/sound.rs"]
mod sound;
#[path = "contract/words.rs"]
#[allow(dead_code, reason = "the contract suite uses the rest")]
mod words;
