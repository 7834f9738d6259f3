//! The host link of baggage systems: messages over a TCP line of their own.
//!
//! Many baggage and departure systems speak it: frames with a header of 20 bytes, a login, messages
//! that want an answer, resends under the same id, signs of life, pause and go-on. Without TLS the
//! password and the messages are in clear, and the line belongs in a network of its own, or in a tunnel.
//!
//! [`frame`] has the bytes, [`session`] decides, [`serve`] holds the sockets, [`lines`] knows which are
//! open, [`client`] is the other end. An acknowledgement means that the message is on disk, as everywhere.
//! What became of a message when it was read is told to who asks: see [`answers`] and [`verdicts`].

pub mod answers;
pub mod client;
pub mod frame;
pub mod lines;
pub mod serve;
pub mod session;
pub mod verdicts;

#[cfg(test)]
mod tests;
