//! Finding places by what people type: a name or its beginning, a code, a kind of place in everyday words,
//! pinyin or its initials, and all of that with a slip of the finger.
//!
//! Every word that leads to places is a [`Key`], made once when a map is compiled. A question is folded like
//! the keys and compared with each; an airport has some thousands, so no cleverer index is needed. How well a
//! place fits is its [`Fit`]; among equals the nearest comes first where a position is known, else the order
//! of levels and signs.

use std::collections::BTreeMap;

use crate::graph::{Graph, Place};

mod fold;
mod kinds;

use fold::{compact, is_han, mask, natural, pinyin, tokens};

/// The letters of a question that count; the rest is left out.
pub const QUERY_CHARS_MAX: usize = 64;

/// The shortest token in which a slip is forgiven, in letters.
const SLIP_MIN: usize = 4;
/// The shortest token in which two slips are forgiven.
const TWO_SLIPS_MIN: usize = 8;

/// What a key is of the places it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum KeyKind {
    /// The whole of a name or code.
    Name,
    /// A word of a name.
    Word,
    /// A kind of place, in the words of the map or of everyday.
    Kind,
    /// The pinyin of a name or kind.
    Pinyin,
    /// The initials of the pinyin of a name or kind.
    Initials,
}

/// A word that leads to places.
#[derive(Debug)]
struct Key {
    text: String,
    kind: KeyKind,
    /// The letters that it has, one bit each.
    mask: u64,
    places: Vec<u32>,
}

/// How well a place fits a question, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It is called this, or is of this kind.
    Whole,
    /// A name begins with it, or a word of a name is it.
    Begins,
    /// A word of a name begins with it.
    Word,
    /// A name holds it.
    Holds,
    /// It is the pinyin or the initials of a name, or the beginning of it.
    Sounds,
    /// A kind begins with it.
    KindBegins,
    /// It is one of these with a slip.
    Slip,
}

/// The words of a venue's places.
#[derive(Debug, Default)]
pub(crate) struct Finder {
    keys: Vec<Key>,
    /// Each place's turn by level, sign and id.
    turn: Vec<u32>,
}

impl Finder {
    pub(crate) fn of(graph: &Graph) -> Self {
        let mut keys = BTreeMap::<(String, KeyKind), Vec<u32>>::new();
        for (index, place) in (0_u32..).zip(&graph.places) {
            for (text, kind) in words_of(place) {
                let places = keys.entry((text, kind)).or_default();
                if places.last() != Some(&index) {
                    places.push(index);
                }
            }
        }
        let key =
            |((text, kind), places): ((String, KeyKind), _)| Key { mask: mask(&text), text, kind, places };
        Self { keys: keys.into_iter().map(key).collect(), turn: turns(graph) }
    }

    /// Returns the indexes of the places that fit, the best first; of no words, all places.
    ///
    /// `walk` tells how long one walks to a place; a place without it comes after those that have one.
    pub(crate) fn find(&self, words: &str, walk: impl Fn(u32) -> Option<u32>) -> Vec<u32> {
        let mut found: Vec<_> = (0_u32..)
            .zip(self.fits(words))
            .filter_map(|(place, fit)| {
                Some((fit?, walk(place).unwrap_or(u32::MAX), self.turn[place as usize], place))
            })
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, _, _, place)| place).collect()
    }

    /// Returns the first place of a kind with a name, code or word of a name that is the sign.
    pub(crate) fn signed<'a>(&self, kind: &str, sign: &str, places: &'a [Place]) -> Option<&'a Place> {
        let sign = compact(sign);
        let is_sign = |key: &&Key| matches!(key.kind, KeyKind::Name | KeyKind::Word) && key.text == sign;
        let signed = self.keys.iter().filter(is_sign).flat_map(|key| &key.places);
        let of_kind = signed.filter(|place| kinds::is_of(&places[**place as usize].category, kind));
        of_kind.min_by_key(|place| self.turn[**place as usize]).map(|place| &places[*place as usize])
    }

    /// Returns the places of a kind, called so in the words of the map or of everyday.
    pub(crate) fn of_kind(&self, words: &str) -> &[u32] {
        let words: String = words.chars().take(QUERY_CHARS_MAX).collect();
        let wanted = (compact(&words), KeyKind::Kind);
        let found = self.keys.binary_search_by(|key| (&key.text, key.kind).cmp(&(&wanted.0, wanted.1)));
        found.map_or(&[], |index| &self.keys[index].places)
    }

    fn fits(&self, words: &str) -> Vec<Option<Fit>> {
        let words: String = words.chars().take(QUERY_CHARS_MAX).collect();
        let (whole, parts) = (compact(&words), tokens(&words));
        if whole.is_empty() {
            return vec![words.trim().is_empty().then_some(Fit::Whole); self.turn.len()];
        }
        for slips in [false, true] {
            let mut fits = self.fit_token(&whole, slips);
            if parts.len() > 1 {
                let each: Vec<_> = parts.iter().map(|part| self.fit_token(part, slips)).collect();
                for (place, fit) in fits.iter_mut().enumerate() {
                    let all: Option<Vec<_>> = each.iter().map(|fits| fits[place]).collect();
                    let worst = all.and_then(|all| all.into_iter().max());
                    *fit = [*fit, worst].into_iter().flatten().min();
                }
            }
            if slips || fits.iter().any(Option::is_some) {
                return fits;
            }
        }
        vec![]
    }

    fn fit_token(&self, token: &str, slips: bool) -> Vec<Option<Fit>> {
        let mut fits = vec![None; self.turn.len()];
        let asked = Asked::new(token);
        for key in &self.keys {
            let fit = asked.fit(key).or_else(|| (slips && asked.slips(key)).then_some(Fit::Slip));
            let Some(fit) = fit else { continue };
            for place in &key.places {
                let known = &mut fits[*place as usize];
                if known.is_none_or(|known| fit < known) {
                    *known = Some(fit);
                }
            }
        }
        fits
    }
}

/// A token of a question, with what is needed to compare it.
struct Asked<'a> {
    token: &'a str,
    letters: usize,
    /// Whether it tells more than a single Latin letter does.
    tells: bool,
    mask: u64,
    /// Its own pinyin, when it is in characters: a slip may be a character that sounds alike.
    sound: Option<String>,
}

impl<'a> Asked<'a> {
    fn new(token: &'a str) -> Self {
        let letters = token.chars().count();
        let in_characters = token.chars().all(is_han);
        let sound = in_characters.then(|| pinyin(token).into_iter().next()).flatten().map(|read| read.whole);
        Self { token, letters, tells: in_characters || letters > 1, mask: mask(token), sound }
    }

    fn fit(&self, key: &Key) -> Option<Fit> {
        if self.mask & !key.mask != 0 {
            return None;
        }
        let (whole, begins) = (key.text == self.token, key.text.starts_with(self.token));
        match key.kind {
            KeyKind::Name | KeyKind::Kind if whole => Some(Fit::Whole),
            KeyKind::Word if whole => Some(Fit::Begins),
            KeyKind::Name if begins => Some(Fit::Begins),
            KeyKind::Word if begins => Some(Fit::Word),
            KeyKind::Name if self.tells && key.text.contains(self.token) => Some(Fit::Holds),
            KeyKind::Pinyin if begins && self.tells => Some(Fit::Sounds),
            KeyKind::Initials if begins && self.tells => Some(Fit::Sounds),
            KeyKind::Kind if begins && self.tells => Some(Fit::KindBegins),
            _ => None,
        }
    }

    /// Tells whether the key is the token with a letter wrong, missing, too many, or two that swapped places.
    /// A number is meant as it is typed: who asks for gate A33 is not sent to A53.
    fn slips(&self, key: &Key) -> bool {
        if let (Some(sound), KeyKind::Pinyin) = (&self.sound, key.kind) {
            return key.text.starts_with(sound.as_str());
        }
        let allowed = match self.letters {
            TWO_SLIPS_MIN.. => 2,
            SLIP_MIN.. => 1,
            _ => return false,
        };
        let apart = (self.mask & !key.mask).count_ones() as usize;
        let shorter = self.letters.saturating_sub(key.text.chars().count());
        apart <= allowed
            && shorter <= allowed
            && key.kind != KeyKind::Initials
            && digits(self.token).eq(digits(&key.text))
            && strsim::osa_distance(self.token, &key.text) <= allowed
    }
}

fn digits(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(char::is_ascii_digit)
}

/// Returns every key of a place.
fn words_of(place: &Place) -> Vec<(String, KeyKind)> {
    let mut words = Vec::new();
    for name in place.name.iter().map(|(_, name)| name).chain(place.codes.iter().map(String::as_str)) {
        words.push((compact(name), KeyKind::Name));
        let parts = tokens(name);
        if parts.len() > 1 {
            words.extend(parts.into_iter().map(|part| (part, KeyKind::Word)));
        }
        for read in pinyin(name) {
            words.push((read.whole, KeyKind::Pinyin));
            words.push((read.initials, KeyKind::Initials));
        }
    }
    for word in kinds::words(&place.category) {
        let kind = compact(word);
        for read in pinyin(&kind) {
            words.push((read.whole, KeyKind::Kind));
            words.push((read.initials, KeyKind::Initials));
        }
        words.push((kind, KeyKind::Kind));
    }
    words.retain(|(text, _)| !text.is_empty());
    words
}

/// Returns each place's turn: by level, then signs as people count (A2 before A10), then id.
fn turns(graph: &Graph) -> Vec<u32> {
    let mut order: Vec<_> = (0_u32..)
        .zip(&graph.places)
        .map(|(index, place)| {
            let sign = place
                .codes
                .first()
                .map(String::as_str)
                .or_else(|| place.name.get(crate::words::Language::En));
            (place.level, natural(sign.unwrap_or_default()), &place.id, index)
        })
        .collect();
    order.sort();
    let mut turn = vec![0; order.len()];
    for (place, (_, _, _, index)) in (0_u32..).zip(&order) {
        turn[*index as usize] = place;
    }
    turn
}
