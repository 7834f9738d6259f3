//! How often things go otherwise than they should.

/// The noise of an airport; every rate is a share from 0 to 1 of what it names.
///
/// The defaults are a normal day at a large airport, as the industry reports it: one transfer bag
/// in ten arrives without a word of its airline, automatic readers miss one tag in twenty-five,
/// and about six bags of a thousand do not travel as they should.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// Transfer passengers whose bags no airline announces; default 0.10.
    pub transfers_unannounced: f64,
    /// Passengers who begin here and whose bags no airline announces; default 0.02.
    pub unannounced: f64,
    /// Readings of automatic readers that find no tag, so that nobody tells of the step; default 0.04.
    pub no_reads: f64,
    /// Scans and announcements that are sent twice; default 0.03.
    pub duplicates: f64,
    /// Scans that are sent half an hour after they were made; default 0.03.
    pub late: f64,
    /// Scans that are sent some minutes late, behind the next one of their bag; default 0.04.
    pub reordered: f64,
    /// By how much the clock of the arrival hall's readers is behind, and that of the hand scanners
    /// ahead, seconds; default 150.
    pub skew_s: i64,
    /// Plates that another bag wore six days before; default 0.02.
    pub plates_reused: f64,
    /// Bags that share their plate with another passenger's bag of the same day; default 0.004.
    pub twins: f64,
    /// Bags whose tag is torn off and replaced by one with another plate; default 0.01.
    pub retagged: f64,
    /// Departures whose gate changes; default 0.15.
    pub gate_changes: f64,
    /// Arrivals whose belt changes after the flight landed; default 0.10.
    pub belt_changes: f64,
    /// Departures that do not operate; default 0.02.
    pub cancelled: f64,
    /// Departures that leave late; default 0.20.
    pub delayed: f64,
    /// Arrivals that come so late that connections are missed; default 0.10.
    pub inbound_late: f64,
    /// Passengers whose announcement gains an exception code later (CHG); default 0.05.
    pub prioritised: f64,
    /// Passengers who were announced for another flight first (CHG); default 0.02.
    pub rebooked: f64,
    /// Passengers whose announcement is withdrawn before the bag was seen (DEL); default 0.01.
    pub withdrawn: f64,
    /// Passengers who do not board, so that their loaded bags come off (DEL or BUM); default 0.01.
    pub no_shows: f64,
    /// Bags that stay behind although they were in time; default 0.006.
    pub left_behind: f64,
    /// Bags left behind that a later flight of the day takes, if there is one; default 0.8.
    pub reflighted: f64,
    /// Bags taken by a later flight that travel under a rush tag; default 0.5.
    pub rush_tags: f64,
    /// Messages that cannot be read, for each passenger; default 0.025.
    pub malformed: f64,
    /// Messages in a telex envelope; default 0.10.
    pub enveloped: f64,
}

impl Default for Noise {
    fn default() -> Self {
        Self {
            transfers_unannounced: 0.10,
            unannounced: 0.02,
            no_reads: 0.04,
            duplicates: 0.03,
            late: 0.03,
            reordered: 0.04,
            skew_s: 150,
            plates_reused: 0.02,
            twins: 0.004,
            retagged: 0.01,
            gate_changes: 0.15,
            belt_changes: 0.10,
            cancelled: 0.02,
            delayed: 0.20,
            inbound_late: 0.10,
            prioritised: 0.05,
            rebooked: 0.02,
            withdrawn: 0.01,
            no_shows: 0.01,
            left_behind: 0.006,
            reflighted: 0.8,
            rush_tags: 0.5,
            malformed: 0.025,
            enveloped: 0.10,
        }
    }
}

impl Noise {
    /// Returns the noise of the demo: a wave is small, so that what passengers notice is frequent,
    /// and every bag leaves as it should, so that a wave ends in time.
    pub fn demo() -> Self {
        Self {
            unannounced: 0.05,
            no_reads: 0.0,
            reordered: 0.0,
            skew_s: 0,
            plates_reused: 0.0,
            twins: 0.0,
            retagged: 0.0,
            gate_changes: 0.35,
            belt_changes: 0.35,
            cancelled: 0.08,
            delayed: 0.25,
            inbound_late: 0.0,
            withdrawn: 0.02,
            no_shows: 0.02,
            left_behind: 0.0,
            ..Self::default()
        }
    }

    /// Returns the noise `factor` times as loud: 0 is a perfect airport, 1 this one. What becomes
    /// of a bag left behind is no noise and stays.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        let louder = |rate: f64| (rate * factor).clamp(0.0, 1.0);
        Self {
            transfers_unannounced: louder(self.transfers_unannounced),
            unannounced: louder(self.unannounced),
            no_reads: louder(self.no_reads),
            duplicates: louder(self.duplicates),
            late: louder(self.late),
            reordered: louder(self.reordered),
            skew_s: (self.skew_s as f64 * factor) as i64,
            plates_reused: louder(self.plates_reused),
            twins: louder(self.twins),
            retagged: louder(self.retagged),
            gate_changes: louder(self.gate_changes),
            belt_changes: louder(self.belt_changes),
            cancelled: louder(self.cancelled),
            delayed: louder(self.delayed),
            inbound_late: louder(self.inbound_late),
            prioritised: louder(self.prioritised),
            rebooked: louder(self.rebooked),
            withdrawn: louder(self.withdrawn),
            no_shows: louder(self.no_shows),
            left_behind: louder(self.left_behind),
            reflighted: self.reflighted,
            rush_tags: self.rush_tags,
            malformed: louder(self.malformed),
            enveloped: louder(self.enveloped),
        }
    }
}
