//! One spelling for what is the same to people: case, width, blanks and signs; and how characters sound.

use pinyin::ToPinyinMulti;

/// The most ways to read a name that are kept.
const READINGS_MAX: usize = 8;

/// Tells whether a letter is a Chinese character.
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Returns a letter in lower case and ordinary width; `None` for blanks and signs.
fn letter(c: char) -> Option<impl Iterator<Item = char>> {
    let narrow = match c {
        // The full-width forms of ASCII lie in the same order, 0xFEE0 further on.
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        _ => c,
    };
    narrow.is_alphanumeric().then(|| narrow.to_lowercase())
}

/// Returns the letters and digits alone, in lower case and ordinary width.
pub(super) fn compact(text: &str) -> String {
    text.chars().filter_map(letter).flatten().collect()
}

/// Returns the words, each [`compact`]; a word also ends where characters meet letters.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut token = String::new();
    let mut was_han = None;
    for c in text.chars() {
        let Some(letters) = letter(c) else {
            // An apostrophe belongs to its word: McDonald's.
            if !matches!(c, '\'' | '\u{2019}') {
                tokens.push(std::mem::take(&mut token));
            }
            continue;
        };
        if was_han.replace(is_han(c)).is_some_and(|was| was != is_han(c)) {
            tokens.push(std::mem::take(&mut token));
        }
        token.extend(letters);
    }
    tokens.push(token);
    tokens.retain(|token| !token.is_empty());
    tokens
}

/// One way to read a name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Reading {
    pub(super) whole: String,
    pub(super) initials: String,
}

/// Returns the ways to read a name that has characters, the usual one first; what else it has stays.
pub(super) fn pinyin(text: &str) -> Vec<Reading> {
    if !text.chars().any(is_han) {
        return vec![];
    }
    let mut read = vec![Reading::default()];
    for c in text.chars() {
        let mut syllables: Vec<String> = Vec::new();
        for syllable in c.to_pinyin_multi().into_iter().flatten() {
            let plain = syllable.plain().replace('ü', "v");
            if !syllables.contains(&plain) {
                syllables.push(plain);
            }
        }
        if syllables.is_empty() {
            syllables.push(letter(c).into_iter().flatten().collect());
        }
        let one_more = |begun: &Reading| {
            let with = |next: &String| Reading {
                whole: format!("{}{next}", begun.whole),
                initials: begun.initials.chars().chain(next.chars().next()).collect(),
            };
            syllables.iter().map(with).collect::<Vec<_>>()
        };
        // The usual readings of every character come first, so that they are never those left out.
        let mut longer: Vec<_> = read.iter().map(one_more).collect();
        read = longer.iter_mut().map(|all| all.remove(0)).collect();
        read.extend(longer.into_iter().flatten());
        read.truncate(READINGS_MAX);
    }
    read
}

/// Returns the letters that a text has, one bit each.
pub(super) fn mask(text: &str) -> u64 {
    text.chars().fold(0, |mask, c| mask | 1 << (u32::from(c) % 64))
}

/// Returns a text cut at its numbers, so that A2 sorts before A10.
pub(super) fn natural(text: &str) -> Vec<(String, u64)> {
    let text = compact(text);
    let mut parts: Vec<(String, String)> = vec![];
    for c in text.chars() {
        match parts.last_mut() {
            Some((_, digits)) if c.is_ascii_digit() => digits.push(c),
            Some((word, digits)) if digits.is_empty() => word.push(c),
            _ if c.is_ascii_digit() => parts.push((String::new(), c.to_string())),
            _ => parts.push((c.to_string(), String::new())),
        }
    }
    parts.into_iter().map(|(word, digits)| (word, digits.parse().unwrap_or(0))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_width_blanks_and_signs_do_not_tell_texts_apart() {
        for text in ["Gate A12", "ＧＡＴＥ　Ａ１２", "gate-a12", " gateA12 "] {
            assert_eq!(compact(text), "gatea12", "{text}");
        }
    }

    #[test]
    fn a_word_ends_at_a_blank_a_sign_and_where_characters_meet_letters() {
        assert_eq!(tokens("A12登机口"), ["a12", "登机口"]);
        assert_eq!(tokens("Mei's Tea-House 2F"), ["meis", "tea", "house", "2f"]);
        assert!(tokens(" - ").is_empty());
    }

    #[test]
    fn a_character_with_two_readings_gives_both_and_the_usual_first() {
        let read = pinyin("长城");
        let wholes: Vec<_> = read.iter().map(|read| read.whole.as_str()).collect();
        assert!(wholes.contains(&"changcheng") && wholes.contains(&"zhangcheng"), "{wholes:?}");
        assert!(read.iter().any(|read| read.initials == "cc"));
        assert!(pinyin("Gate").is_empty());
        assert!(pinyin(&"长".repeat(64)).len() <= READINGS_MAX);
    }

    #[test]
    fn signs_sort_as_people_count() {
        let mut signs = ["A10", "B1", "A2", "A1"];
        signs.sort_by_key(|sign| natural(sign));
        assert_eq!(signs, ["A1", "A2", "A10", "B1"]);
    }
}
