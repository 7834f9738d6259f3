//! `parse`: RP 1745 messages read on one core, findings and groups included.
//!
//! A stream of 20,000 ordinary messages (announcements, transfers, sightings, unload requests),
//! as one text; held against the same text merely split into lines and checked for UTF-8.

use std::{fmt::Write, hint::black_box, time::Instant};

use airside_baggage::ingest::{decode, messages};
use anyhow::{Context, ensure};

use crate::{
    ROUNDS,
    measure::{Better, Measure},
};

const MESSAGES: usize = 20_000;
const FLOOR: f64 = 200_000.0;
const GOAL: f64 = 1_000_000.0;

/// Measures messages a second.
pub(crate) fn measure() -> anyhow::Result<Vec<Measure>> {
    let text = traffic()?;
    let receipt = "2026-11-20T09:20:00Z".parse().context("the time of receipt")?;
    let (mut best, mut lines) = (0.0_f64, 0.0_f64);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let (mut read, mut bags) = (0, 0);
        for message in messages(&decode(text.as_bytes()), receipt) {
            read += 1;
            bags += message.groups.iter().map(|group| group.bags.len()).sum::<usize>();
            ensure!(!message.has_errors(), "message {} has an error", message.index);
        }
        best = best.max(read as f64 / began.elapsed().as_secs_f64());
        ensure!(read == MESSAGES && bags >= MESSAGES, "{read} messages with {bags} bags were read");

        let began = Instant::now();
        black_box(decode(text.as_bytes()).lines().map(str::len).max());
        lines = lines.max(MESSAGES as f64 / began.elapsed().as_secs_f64());
    }
    let against = format!(
        "{lines:.0} messages/s: the same {} bytes each, checked for UTF-8 and split into lines",
        text.len() / MESSAGES
    );
    let speed = Measure::new("parse", "messages on one core", best, "1/s");
    Ok(vec![speed.bounds(Better::Higher, FLOOR, GOAL).against(against)])
}

/// Writes the messages, each about another bag.
fn traffic() -> anyhow::Result<String> {
    let mut text = String::new();
    for n in 1..=MESSAGES {
        let tag = format!("0479{n:06}001");
        match n % 8 {
            0 => write!(
                text,
                "BTM\n.V/1TSZX\n.I/CZ3502/20NOV/SHA/Y\n.F/ZH9009/20NOV/SIN/Y\n.N/{tag}\n.W/K/1/18\n.P/LI/SI\nENDBTM\n"
            ),
            1 => write!(
                text,
                "BUM\n.V/1LSZX\n.F/ZH9101/20NOV/PEK/Y\n.N/{tag}\n.S/N/32A/N/045\n.P/1ZHANG/SAN\nENDBUM\n"
            ),
            2..5 => write!(
                text,
                "BSM\n.V/1LSZX\n.F/ZH9101/20NOV/PEK/Y\n.N/{tag}\n.S/Y/32A/C/045//N/Y/A\n.W/K/1/18\n.P/1ZHANG/SAN\n.L/ABC123\nENDBSM\n"
            ),
            _ => write!(
                text,
                "BPM\n.V/1LSZX\n.J/R/HND22/HHT014/20NOV/151210L/S512/HLD\n.F/ZH9101/20NOV/PEK/Y\n.U/AKE12345ZH//T/Y/PEK/Y\n.N/{tag}\n.S/Y/32A/C/045\n.P/1ZHANG/SAN\nENDBPM\n"
            ),
        }?;
    }
    Ok(text)
}
