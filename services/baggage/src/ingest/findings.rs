//! What the parser has to say about a message: one catalogue of findings.
//!
//! Severity follows one rule. **Error**: content was refused, or a bag cannot be known.
//! **Warning**: kept, but odd. **Info**: the rest. Apart from severity a finding may *hold* the
//! message: then applying it would be a guess, so the caller quarantines it with this reason.
//! A finding's words never quote the message, since messages name people.

use std::fmt;

use serde::Serialize;

use super::message::{Element, MessageType};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Info,
    /// Kept, but odd.
    Warning,
    /// Content was refused, or a bag cannot be known.
    Error,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The whole message.
    Message(MessageType),
    /// The element with this letter.
    Element(char),
    /// A line that is no element.
    Line,
}

/// One finding at one place of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What was found.
    pub finding: Finding,
    /// What it is about.
    pub subject: Subject,
    /// Line of the input, from 1.
    pub line: u32,
    /// Character of the line, from 1.
    pub column: u32,
}

impl Diagnostic {
    /// Returns how bad it is.
    pub fn severity(&self) -> Severity {
        self.finding.entry().0
    }

    /// Returns the stable code, such as `tag-unreadable`.
    pub fn code(&self) -> &'static str {
        self.finding.entry().2
    }

    /// Returns whether applying the message would be a guess, so that it belongs in quarantine.
    pub fn holds(&self) -> bool {
        self.severity() == Severity::Error || self.finding.entry().1
    }

    /// Returns the finding in words: the element, its rule and the remedy.
    pub fn text(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subject {
            Subject::Message(kind) => write!(f, "{kind} ")?,
            Subject::Element(letter) => write!(f, ".{letter} ")?,
            Subject::Line => f.write_str("line ")?,
        }
        f.write_str(self.finding.entry().3)
    }
}

/// Findings in the order of the text, each at most once a line, so that a line of a megabyte
/// cannot make a megabyte of findings.
#[derive(Default)]
pub(super) struct Notes(Vec<Diagnostic>);

impl Notes {
    /// Notes a finding at a byte offset of an element.
    pub(super) fn element(&mut self, finding: Finding, element: &Element<'_>, offset: usize) {
        if self.has(finding, element.line) {
            return;
        }
        let before = element.text.get(..offset).map_or(0, |text| text.chars().count());
        let column = element.column.saturating_add(u32::try_from(before).unwrap_or(u32::MAX));
        let subject = element.letter.map_or(Subject::Line, Subject::Element);
        self.0.push(Diagnostic { finding, subject, line: element.line, column });
    }

    /// Notes a finding about the whole message.
    pub(super) fn message(&mut self, finding: Finding, kind: MessageType, line: u32) {
        if !self.has(finding, line) {
            self.0.push(Diagnostic { finding, subject: Subject::Message(kind), line, column: 1 });
        }
    }

    fn has(&self, finding: Finding, line: u32) -> bool {
        self.0.iter().rev().take_while(|note| note.line == line).any(|note| note.finding == finding)
    }

    pub(super) fn sorted(mut self) -> Vec<Diagnostic> {
        self.0.sort_by_key(|note| (note.line, note.column));
        self.0
    }
}

/// Makes the enum and its table, so that neither can lack what the other has.
macro_rules! findings {
    ($($name:ident = $severity:ident, $hold:literal, $code:literal, $text:literal;)+) => {
        /// Everything the parser can find.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Finding {
            $(#[doc = concat!("`", $code, "`: ", $text, ".")] $name,)+
        }

        impl Finding {
            /// Every finding, for documents and tests.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            fn entry(self) -> &'static (Severity, bool, &'static str, &'static str) {
                const ENTRIES: &[(Severity, bool, &str, &str)] =
                    &[$((Severity::$severity, $hold, $code, $text),)+];
                &ENTRIES[self as usize]
            }
        }
    };
}

findings! {
    Truncated = Error, true, "truncated",
        "ends without its END line; what was read is kept, send the whole message again";
    WrongEnd = Error, true, "wrong-end",
        "is closed by the END line of another type, so two messages may be mixed; send it again";
    ChangeConflict = Error, true, "change-conflict",
        "says both CHG and DEL; send one of them, on the line after the type";
    TagUnreadable = Error, true, "tag-unreadable",
        "holds something that is not a ten-digit plate and a three-digit count; send 13 digits in one item";
    TagCountZero = Error, true, "tag-count-zero",
        "has count 000, so it names no bag; send a count of 001 to 999";
    PlateImpossible = Error, true, "plate-impossible",
        "has serial 000000, which no tag may carry; read the tag again";
    BagMissing = Error, true, "bag-missing",
        "names no bag; send .N, or .B in a BPM or BNS, with the plate";
    TooManyBags = Error, true, "too-many-bags",
        "takes the message past 100000 bags; the rest is refused, send them in parts";
    RangePastEnd = Warning, false, "range-past-end",
        "counts past serial 999999; it was continued at 000001 of the same issuer, send two ranges instead";
    TagRepeated = Warning, false, "tag-repeated",
        "names a plate that this group already has; it counts once, send each plate once";
    TagShared = Warning, true, "tag-shared",
        "names a plate of another passenger group; it stays with the first, send each plate in one group";
    TagCountMissing = Warning, false, "tag-count-missing",
        "has a plate without a count; it was read as one bag, send the three-digit count";
    NoRead = Warning, false, "no-read",
        "has plate 0000000000, which means that no tag was read; no bag is made of it";
    FallbackAnnounced = Warning, false, "fallback-announced",
        "announces a fallback tag (leading digit 1), for which no BSM should exist; check the plate";
    Order = Warning, false, "order",
        "stands after an element that it should precede; it was read where it stands";
    ElementUnknown = Warning, false, "element-unknown",
        "is no element of RP 1745; it is kept verbatim";
    ElementUnexpected = Warning, false, "element-unexpected",
        "does not belong in this type of message; it was read all the same";
    ElementRepeated = Warning, false, "element-repeated",
        "stands twice in one group; the first counts, begin the next group with .F or .N";
    ElementForm = Warning, false, "element-form",
        "begins with a full stop but has no letter and solidus; it is kept verbatim, send it as .X/...";
    StrayLine = Warning, false, "stray-line",
        "is no element; it is kept verbatim, begin each element with a full stop";
    LongLine = Warning, false, "long-line",
        "has more than 69 characters; it was read whole, break it as Type B asks";
    VersionMissing = Warning, true, "version-missing",
        "has no .V, so its airport is unknown; send .V/1LSZX or the like first";
    VersionUnreadable = Warning, true, "version-unreadable",
        "is not version digit, source letter and airport; send it as in .V/1LSZX";
    VersionRepeated = Warning, false, "version-repeated",
        "stands twice; the first counts";
    SourceUnknown = Warning, false, "source-unknown",
        "has a source other than L, T, X or R; it is treated as unknown";
    PartUnreadable = Warning, true, "part-unreadable",
        "has a part number outside 1 to 99; send PART1 to PART99";
    PartEnd = Warning, false, "part-end",
        "closes with a part number other than the one in .V; the one in .V counts";
    ChangeLate = Warning, false, "change-late",
        "has CHG or DEL after .V; it was applied, send it on the line after the type";
    ChangeRepeated = Warning, false, "change-repeated",
        "says CHG or DEL twice; it counts once";
    ChangeUnexpected = Warning, false, "change-unexpected",
        "says CHG or DEL, which this type of message does not have; it is kept but means nothing here";
    SecondaryMissing = Warning, true, "secondary-missing",
        "has no second line, so what it controls is unknown; send BAM, FOM, FCM, FMM or DBM below BCM";
    AnswerMissing = Warning, true, "answer-missing",
        "is an answer (BAM) without .A; send .A with the reference of the message that it answers";
    InboundMissing = Warning, false, "inbound-missing",
        "has no .I, so nobody knows what brings the bags; send the inbound flight first";
    SecondaryUnknown = Warning, false, "secondary-unknown",
        "has a secondary type other than BAM, FOM, FCM, FMM or DBM; it is kept verbatim";
    FlightUnreadable = Warning, true, "flight-unreadable",
        "has no flight of carrier, one to five digits and an optional letter; send it as in ZH9101";
    OnwardMany = Warning, false, "onward-many",
        "is past the eighth onward flight of its group; it is kept verbatim and not followed";
    FlightMissing = Warning, false, "flight-missing",
        "has no .F though its source is not X; send the outbound flight";
    FlightUnexpected = Warning, false, "flight-unexpected",
        "names an outbound flight though the bag ends here (source X); send .I alone";
    AirportUnreadable = Warning, false, "airport-unreadable",
        "has an airport that is not three letters; send the IATA code";
    DateMissing = Warning, false, "date-missing",
        "has no date, so its day is not known; send day and month as in 20NOV";
    DateUnresolvable = Warning, true, "date-unresolvable",
        "has no date that exists in the years around receipt; send day and month as in 20NOV";
    DateWindow = Warning, true, "date-window",
        "has a date too far from the time of receipt for this element; check the date";
    DateFar = Warning, false, "date-far",
        "has a date more than seven days ahead; it was accepted as a forward booking";
    DateSpaced = Warning, false, "date-spaced",
        "has a date with blanks in it; they were ignored, send it as in 20NOV";
    TimeUnreadable = Warning, false, "time-unreadable",
        "has no time of HHMM or HHMMSS; the time of receipt must serve, send it as in 151210L";
    TimeUnmarked = Warning, false, "time-unmarked",
        "has a time without L or Z; it was read as local, send the letter";
    TimeZoneless = Warning, false, "time-zoneless",
        "has a local time of an airport whose time zone is not known here; the time of receipt must serve, send it as in 071210Z";
    TimeGap = Warning, false, "time-gap",
        "has a local time that the clock change skipped; it was moved forward by the gap, send Z times";
    TimeMidnight = Warning, false, "time-midnight",
        "has time 2400; it was read as the end of that day, send 0000 of the next";
    CodeUnknown = Warning, false, "code-unknown",
        "has a code that RP 1745 does not list; it is kept verbatim and treated as absent";
    NumberUnreadable = Warning, false, "number-unreadable",
        "has a number that cannot be read; it is kept verbatim and treated as absent";
    StatusWithoutTag = Warning, false, "status-without-tag",
        "has a status and no plate; it speaks of every bag of its group, send the plate with it";
    StatusBesideTag = Warning, false, "status-beside-tag",
        "stands beside .N in one group; .B replaces .N, send one of them";
    GroupWithoutBag = Warning, false, "group-without-bag",
        "begins a group that names no bag; it is kept but means nothing";
    ProcessingMissing = Warning, false, "processing-missing",
        "has no .J, so nobody says when and where; the time of receipt must serve";
    Part = Info, false, "part",
        "is one part of several; it is complete when the part with the END line of the type is there";
    PossibleDuplicate = Info, false, "possible-duplicate",
        "came in an envelope marked PDM, so it may have come before";
    FallbackTag = Info, false, "fallback-tag",
        "has a fallback tag (leading digit 1); no BSM will come for it";
    RushTag = Info, false, "rush-tag",
        "has a rush tag (leading digit 2); the bag had another tag before";
    ZoneUnknown = Info, false, "zone-unknown",
        "names an airport whose time zone is not known here; days were read with a day of room, send times in Z";
    TimeOverlap = Info, false, "time-overlap",
        "has a local time that came twice that night; the one nearest to receipt was taken";
    Alphabet = Info, false, "alphabet",
        "has characters outside the Type B alphabet; they are kept as they came";
    LowerCase = Info, false, "lower-case",
        "is in lower case; it was read as upper case";
    NameEmpty = Info, false, "name-empty",
        "has no name";
    LocatorForm = Info, false, "locator-form",
        "has a record locator that is not five or six letters and digits; it is kept as it came";
}
