//! An airport with ground truth that drives the real interfaces as a client.
//!
//! It knows what really happens ([`truth`]), writes what the airport's systems say about it
//! ([`script`]), says it over public gRPC calls on a socket ([`player`]) and reports what the
//! server made of it ([`summary`], [`story`]). A whole day is judged notice by notice ([`judge`]). [`load`] sends the same calls as fast as they are
//! answered, for benches and load tests.
//!
//! Words: a *wave* is some hours of traffic around the present instant, played in some seconds; a
//! *watcher* is a passenger who holds a session of notices; a *lane* is a sequence of calls that
//! keeps its order; a *complaint* is anything that was not as the truth says.
//!
//! Invariants: the same seed gives the same truth and script, and neither reads a clock; no two
//! waves of a seed share a flight, a plate or a person; every name is synthetic; what must not
//! work (a stranger's bag) is tried and counted.
//!
//! It must never call anything but the public interfaces, hold a key, or depend on a crate of the
//! workspace other than `airside-api`. It owns no stream.

pub mod connect;
pub mod inbox;
pub mod judge;
pub mod load;
pub mod player;
pub mod script;
pub mod story;
pub mod summary;
pub mod truth;

pub use connect::{Endpoint, SimulatorError, Tokens};
pub use player::{DayOptions, Phase, PlayOptions, Progress, Report, Speed, play, simulate};
pub use story::Story;
pub use summary::{DayReport, DaySummary, Detail, Facts, NoFacts, ServerFacts, Summary};
pub use truth::Noise;
