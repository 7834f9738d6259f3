//! Messages that ask to be answered, and what they are answered: BCM/BAM. Pure.
//!
//! A message asks by an `A` behind the reference of its `.V`, as in `.V/1LSZX//6543210014/A`. The
//! acknowledgement of its frame says that it is on disk; this answer says what became of it. ACK: it
//! was read, and all that it says is recorded, now or before. NAK: all or a part of it is in
//! quarantine; the code of the first reason and as much of its words as one line holds say why, and
//! no text of the message does.
//!
//! Not answered, because it could not be done well: a part of a message, which says nothing by
//! itself; a message whose `.V` names no airport, or whose reference does not fit an answer. Not
//! answered either is an answer, or two ends would answer each other for ever.

use airside_kernel::Revision;

use crate::{
    ingest::{Change, MessageType, Parsed, Source, decode, is_piece, messages},
    model::AirportCode,
    project::Item,
    react::message_index,
};

/// The longest reference that is answered, in bytes; RP 1745 has ten, senders use more.
const REFERENCE_MAX: usize = 35;
/// A line of a Type B message has at most this many characters.
const LINE_CHARACTERS_MAX: usize = 69;

/// A stored message that asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The raw message that holds it, by its revision in the source's stream.
    pub message: Revision,
    /// Its place in the raw message, from 0.
    pub index: usize,
    /// What its sender calls it; may be empty.
    pub reference: String,
    message_type: MessageType,
    change: Option<Change>,
    source: Source,
    airport: AirportCode,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All that it says is recorded.
    Applied,
    /// All or a part of it is in quarantine.
    Refused {
        /// Stable code of the first reason.
        code: String,
        /// The reason in words, without any text of the message.
        reason: String,
    },
}

/// Returns what asks among the messages that some bytes hold, in their order.
pub fn asks(bytes: &[u8], message: Revision) -> Vec<Ask> {
    if !may_ask(bytes) {
        return Vec::new();
    }
    let text = decode(bytes);
    // No date is taken from it, so any time of receipt will do.
    messages(&text, jiff::Timestamp::UNIX_EPOCH).filter_map(|parsed| Ask::of(&parsed, message)).collect()
}

/// Tells most messages that ask nothing without reading them: a line must begin with `.V` and end with `/A`.
fn may_ask(bytes: &[u8]) -> bool {
    bytes.split(|byte| matches!(byte, b'\n' | b'\r')).any(|line| {
        let line = line.trim_ascii();
        let begins = line.get(..2).is_some_and(|begin| begin.eq_ignore_ascii_case(b".V"));
        begins && line.windows(2).any(|pair| pair.eq_ignore_ascii_case(b"/A"))
    })
}

impl Ask {
    fn of(parsed: &Parsed<'_>, message: Revision) -> Option<Self> {
        let header = parsed.header.filter(|header| header.wants_acknowledgement)?;
        let is_answer = parsed.message_type == MessageType::Bcm
            && parsed.secondary.is_some_and(|secondary| secondary.eq_ignore_ascii_case("BAM"));
        let reference = header.reference.unwrap_or_default();
        let fits = reference.len() <= REFERENCE_MAX && !reference.contains(char::is_control);
        (fits && !is_answer && !is_piece(parsed)).then_some(Self {
            message,
            index: parsed.index,
            reference: reference.to_owned(),
            message_type: parsed.message_type,
            change: parsed.change,
            source: header.source.unwrap_or(Source::Local),
            airport: header.airport?,
        })
    }

    /// Returns what became of it, by what of its raw message is in quarantine, oldest first.
    pub fn verdict<'a>(&self, quarantined: impl IntoIterator<Item = &'a Item>) -> Verdict {
        let is_of_it =
            |item: &&Item| item.said_in.is_some_and(|(_, index)| message_index(index) == self.index);
        match quarantined.into_iter().find(is_of_it) {
            Some(item) => Verdict::Refused { code: item.code.clone(), reason: item.reason.clone() },
            None => Verdict::Applied,
        }
    }

    /// Returns the answer as it goes over the line.
    pub fn answer(&self, verdict: &Verdict) -> String {
        let (letter, airport, change) = (self.source.letter(), self.airport, self.change.map(Change::as_str));
        let mut line = format!(".A/{}/{}{}", self.reference, self.message_type, change.unwrap_or_default());
        match verdict {
            Verdict::Applied => line.push_str("/ACK"),
            Verdict::Refused { code, reason } => {
                line.push_str("/NAK/");
                line.push_str(&plain(code));
                append_words(&mut line, &plain(reason));
            }
        }
        format!("BCM\r\nBAM\r\n.V/1{letter}{airport}\r\n{line}\r\nENDBCM\r\n")
    }
}

/// Appends the first words that one line holds.
fn append_words(line: &mut String, words: &str) {
    let mut room = LINE_CHARACTERS_MAX.saturating_sub(line.chars().count());
    for word in words.split_whitespace() {
        let Some(left) = room.checked_sub(word.len() + 1) else { return };
        room = left;
        line.push(' ');
        line.push_str(word);
    }
}

/// Returns a text in the characters of Type B, of which a solidus would begin another item.
fn plain(text: &str) -> String {
    let plain = |c: char| match c.to_ascii_uppercase() {
        c @ ('A'..='Z' | '0'..='9' | '-' | '.' | ',' | '(' | ')') => c,
        _ => ' ',
    };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use airside_kernel::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::ingest::BAGS_MAX;

    fn message(version: &str) -> String {
        format!("BSM\r\n{version}\r\n.F/ZH9101/20NOV/PEK/Y\r\n.N/3479000314001\r\nENDBSM\r\n")
    }

    fn asked(text: &str) -> Vec<Ask> {
        asks(text.as_bytes(), Revision(4))
    }

    fn one(version: &str) -> Ask {
        let [ask] = asked(&message(version)).try_into().unwrap();
        ask
    }

    fn item(index: u32, code: &str, reason: &str) -> Item {
        Item {
            number: 0,
            source: "bhs.t3".to_owned(),
            message: Some(Revision(4)),
            said_in: Some((Revision(4), index)),
            plate: String::new(),
            observation_id: String::new(),
            candidates: Vec::new(),
            code: code.to_owned(),
            reason: reason.to_owned(),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_message_asks_by_the_letter_behind_its_reference() {
        let ask = one(".V/1LSZX//6543210014/A");
        assert_eq!((ask.message, ask.index, ask.reference.as_str()), (Revision(4), 0, "6543210014"));
        assert_eq!(
            ask.answer(&Verdict::Applied),
            "BCM\r\nBAM\r\n.V/1LSZX\r\n.A/6543210014/BSM/ACK\r\nENDBCM\r\n"
        );
        assert_eq!(one(".v/1tszx///a").reference, "", "a message without a reference is answered too");
        for silent in [".V/1LSZX", ".V/1LSZX//REF", ".V/1LSZX//A", ".V/1LSZX//REF/B", ".V/1LSZX//REF//A"] {
            assert_eq!(asked(&message(silent)), [], "{silent}");
        }
    }

    #[test]
    fn a_part_an_answer_and_what_no_answer_could_name_are_not_answered() {
        let part = message(".V/1LSZX/PART1/REF/A").replace("ENDBSM", "ENDPART1");
        let last = message(".V/1LSZX/PART2/REF/A");
        let answer = "BCM\nBAM\n.V/1LSZX//REF/A\n.A/REF/BSM/NAK/NO\nENDBCM\n";
        let (nowhere, long) = (message(".V/1L//REF/A"), message(&format!(".V/1LSZX//{}/A", "R".repeat(36))));
        for text in [&part, &last, answer, &nowhere, &long] {
            assert_eq!(asked(text), [], "{text}");
        }
    }

    #[test]
    fn a_message_without_end_asks_and_so_does_each_of_several() {
        let truncated = message(".V/1LSZX//CUT/A").replace("ENDBSM\r\n", "");
        let change = message(".V/1LSZX//TWO/A").replace("BSM\r\n.V", "BSM\r\nCHG\r\n.V");
        let text = message(".V/1LSZX//ONE/A") + &message(".V/1LSZX") + &change + &truncated;
        let asks = asked(&text);
        let heads: Vec<_> = asks.iter().map(|ask| (ask.index, ask.reference.as_str())).collect();
        assert_eq!(heads, [(0, "ONE"), (2, "TWO"), (3, "CUT")]);
        assert!(asks[1].answer(&Verdict::Applied).contains(".A/TWO/BSMCHG/ACK\r\n"));
    }

    #[test]
    fn the_first_reason_in_quarantine_refuses_the_message_that_it_is_about_and_no_other() {
        let text = message(".V/1LSZX//ONE/A") + &message(".V/1LSZX//TWO/A");
        let [one, two] = asked(&text).try_into().unwrap();
        let second = u32::try_from(BAGS_MAX).unwrap() + 7;
        let items = [item(second, "too-old", "it is too old"), item(second + 1, "crowded", "too many")];
        assert_eq!(one.verdict(&items), Verdict::Applied);
        let refused = Verdict::Refused { code: "too-old".to_owned(), reason: "it is too old".to_owned() };
        assert_eq!(two.verdict(&items), refused);
        let of_a_part = Item { said_in: None, ..item(0, "part-missing", "a part never came") };
        assert_eq!(one.verdict([&of_a_part]), Verdict::Applied);
    }

    #[test]
    fn a_refusal_says_code_and_as_many_words_as_one_line_holds() {
        let refused = Verdict::Refused {
            code: "truncated".to_owned(),
            reason: "BSM ends before its END line; send all lines, and END/BSM as the last one".to_owned(),
        };
        let answer = one(".V/1LSZX//6543210014/A").answer(&refused);
        assert_eq!(
            answer.lines().nth(3).unwrap(),
            ".A/6543210014/BSM/NAK/TRUNCATED BSM ENDS BEFORE ITS END LINE SEND ALL"
        );
    }

    proptest! {
        /// Whatever is refused, its answer is one message that reads back as what was meant.
        #[test]
        fn an_answer_reads_back(reference in "[A-Z0-9]{0,35}", code in "[a-z]{2,9}(-[a-z]{2,9})?", reason in any::<String>()) {
            let ask = one(&format!(".V/1TSZX//{reference}/A"));
            let answer = ask.answer(&Verdict::Refused { code: code.clone(), reason });
            let read: Vec<_> = messages(&answer, Timestamp::UNIX_EPOCH).collect();
            prop_assert_eq!(read.len(), 1);
            let given = read[0].acknowledgement.unwrap();
            prop_assert_eq!(given.reference.unwrap_or_default(), reference);
            prop_assert_eq!((given.answers, given.accepted), (Some("BSM"), Some(false)));
            prop_assert!(given.note.unwrap().reveal().starts_with(&code.to_ascii_uppercase()));
            prop_assert!(answer.lines().all(|line| line.chars().count() <= LINE_CHARACTERS_MAX));
            prop_assert_eq!(asks(answer.as_bytes(), Revision(0)), []);
        }

        #[test]
        fn what_is_passed_over_unread_asks_nothing(text in "(BSM\n)?(\\.[VvF]/1LSZX(/[A/]{0,4})?[ \n]{1,2}){0,4}(ENDBSM\n)?") {
            let read = messages(&text, Timestamp::UNIX_EPOCH);
            let asks = read.filter_map(|parsed| Ask::of(&parsed, Revision(0))).count();
            prop_assert!(asks == 0 || may_ask(text.as_bytes()));
        }
    }
}
