//! The limits of the edge.

use std::{num::NonZeroU32, time::Duration};

use serde::{Deserialize, Serialize};

use crate::Origin;

/// The limits of the edge. Each bounds something that a stranger could make grow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatewayConfig {
    /// Origins whose pages may call from a browser, such as `https://app.example.com`. The pages of
    /// this port need no entry. Default none.
    pub origins: Vec<Origin>,
    /// Open connections; more wait unaccepted. Default 20,000.
    pub connections_max: usize,
    /// Calls that run at once on one HTTP/2 connection. Default 256.
    pub streams_per_connection_max: u32,
    /// Size of all headers of a call, bytes. Default 16,384.
    pub header_bytes_max: u32,
    /// Size of a call's body, bytes. Default 1 MiB and 64 KiB, so that a batch of 1 MiB fits with its frame.
    pub body_bytes_max: usize,
    /// Time for the first bytes of a connection, and for the head of a request. Default 10 s.
    #[serde(with = "humantime_serde")]
    pub head_timeout: Duration,
    /// How often an idle HTTP/2 connection is asked whether it lives. Default 20 s.
    #[serde(with = "humantime_serde")]
    pub keep_alive_interval: Duration,
    /// How long it may take to answer that. Default 10 s.
    #[serde(with = "humantime_serde")]
    pub keep_alive_timeout: Duration,
    /// Longest time of a unary call, whatever its caller allows. Default 30 s.
    #[serde(with = "humantime_serde")]
    pub call_timeout_max: Duration,
    /// How long running calls may go on after the stop. Default 10 s.
    #[serde(with = "humantime_serde")]
    pub drain: Duration,
    /// WebSocket sessions that this process opens in a second; more are asked to come back. Default 5,000.
    pub sessions_per_second_max: NonZeroU32,
    /// Sessions that one person opens in a minute, gRPC aside. Default 30.
    pub sessions_of_person_per_minute_max: NonZeroU32,
    /// Frames that one session may send in a second. Default 20.
    pub frames_per_second_max: NonZeroU32,
    /// How long a session may be silent, which is longer than its pings are apart. Default 35 s.
    #[serde(with = "humantime_serde")]
    pub session_silence: Duration,
    /// How long a session may leave what is sent to it unread. Default 10 s.
    #[serde(with = "humantime_serde")]
    pub session_send_timeout: Duration,
    /// Live views that one session may have, at most 64. Default 16.
    pub views_per_session_max: usize,
    /// How far apart two states of one live view are at least; what changes meanwhile is said as one. Default 250 ms.
    #[serde(with = "humantime_serde")]
    pub view_interval: Duration,
    /// Reads for live views that one session causes in a second. Default 20.
    pub view_reads_per_second_max: NonZeroU32,
    /// Reads for live views that run at once, of all sessions. Default 8.
    pub view_reads_max: usize,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            connections_max: 20_000,
            streams_per_connection_max: 256,
            header_bytes_max: 16 * 1024,
            body_bytes_max: 1024 * 1024 + 64 * 1024,
            head_timeout: Duration::from_secs(10),
            keep_alive_interval: Duration::from_secs(20),
            keep_alive_timeout: Duration::from_secs(10),
            call_timeout_max: Duration::from_secs(30),
            drain: Duration::from_secs(10),
            sessions_per_second_max: number(5_000),
            sessions_of_person_per_minute_max: number(30),
            frames_per_second_max: number(20),
            session_silence: Duration::from_secs(35),
            session_send_timeout: Duration::from_secs(10),
            views_per_session_max: 16,
            view_interval: Duration::from_millis(250),
            view_reads_per_second_max: number(20),
            view_reads_max: 8,
        }
    }
}

const fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("a limit above zero")
}
