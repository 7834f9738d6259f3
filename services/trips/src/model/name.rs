//! The name that a passenger gives and the name that a tag carries: one name in many forms.
//!
//! Tags carry Latin letters, with a party count (`2PAGE/L/B`), without blanks and
//! hyphens, with a title glued on (`ZHANG/SANMR`), in any case. A passenger may
//! type Chinese characters, and a character has several readings: 单 is DAN, SHAN
//! or CHAN. The letter ü is V, U or YU, as the system or the passport will have it.
//!
//! So what was given becomes all forms that a tag may carry, and what a tag
//! carries becomes all forms that may be given for it: the surname, or the whole
//! name in either order. The given name alone is no form: it is not what was asked.
//! Where a name is divided does not count, because systems lose blanks.

use std::str::FromStr;

use pinyin::ToPinyinMulti;

use super::Invalid;

/// The longest name that is taken.
const MAX_NAME_CHARS: usize = 60;
/// The most forms of a given name; a whole name of three characters seldom has ten.
const MAX_FORMS: usize = 64;
/// How many given names of a line of a tag are looked at.
const MAX_GIVEN_NAMES: usize = 4;
/// The surname, and with each given name, with and without its title, both orders.
const TAG_FORMS: usize = 1 + MAX_GIVEN_NAMES * 4;
/// How ü is written where there is none.
const UMLAUTS: [&str; 4] = ["Ü", "V", "U", "YU"];
/// What systems glue to a name, the longer before what they end in.
const TITLES: [&str; 8] = ["MSTR", "MISS", "MRS", "CHD", "INF", "MR", "MS", "DR"];
/// Surnames of two characters, in both scripts where they differ.
const COMPOUND: &str = "欧阳 歐陽 上官 司马 司馬 东方 東方 独孤 獨孤 南宫 南宮 万俟 萬俟 闻人 聞人 夏侯 \
    诸葛 諸葛 尉迟 尉遲 公羊 赫连 赫連 澹台 澹臺 皇甫 宗政 濮阳 濮陽 公冶 太叔 申屠 公孙 公孫 慕容 仲孙 仲孫 \
    钟离 鍾離 长孙 長孫 宇文 司徒 鲜于 鮮于 司空 闾丘 閭丘 亓官 司寇 巫马 巫馬 颛孙 顓孫 端木 漆雕 乐正 樂正 \
    拓跋 轩辕 軒轅 令狐 段干 百里 呼延 东郭 東郭 南门 南門 羊舌 梁丘 左丘 西门 西門 第五 达奚 達奚 太史 谷梁";

/// A surname as somebody gave it, in every form that a tag may carry; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Surname(Vec<String>);

impl Surname {
    /// Returns the surname of a name: what stands before the first slash.
    pub fn of(name: &str) -> Self {
        let letters = letters(name.split('/').next().unwrap_or_default());
        let mut forms = match letters.chars().any(is_han) {
            true => of_characters(&letters),
            false => spellings(&umlauted(&letters)),
        };
        forms.retain(|form| *form != letters);
        forms.insert(0, letters);
        forms.truncate(MAX_FORMS);
        Self(forms)
    }

    /// Returns it as it was given, without what is no letter, in upper case.
    pub fn as_str(&self) -> &str {
        &self.0[0]
    }

    /// Returns every form, as it was given first.
    pub fn forms(&self) -> &[String] {
        &self.0
    }
}

impl FromStr for Surname {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let surname = match text.chars().count() > MAX_NAME_CHARS {
            true => None,
            false => Some(Self::of(text)).filter(|surname| !surname.as_str().is_empty()),
        };
        surname.ok_or(Invalid("it is not 1 to 60 letters; send the surname as on the bag tag"))
    }
}

/// One passenger's name as a tag or a reader has it, in the forms that may be given for it.
pub struct TagName([String; TAG_FORMS]);

impl TagName {
    /// Returns the forms of a name as messages write it, `SURNAME/GIVEN`. There
    /// are always as many, so that every name is compared with as much work.
    pub fn of(name: &str) -> Self {
        let mut parts = name.split('/').map(letters);
        let surname = parts.next().unwrap_or_default();
        let is_whole = |given: &String| !given.is_empty() && !surname.is_empty();
        let given: Vec<_> = parts.filter(is_whole).take(MAX_GIVEN_NAMES).collect();
        let alone = given.is_empty().then(|| untitled(&surname).to_owned());
        let together = given
            .iter()
            .flat_map(|given| [given.as_str(), untitled(given)])
            .flat_map(|given| [format!("{surname}{given}"), format!("{given}{surname}")]);
        let mut forms = [surname.clone()].into_iter().chain(alone).chain(together);
        Self(std::array::from_fn(|_| forms.next().unwrap_or_default()))
    }

    /// Returns every form; some may be empty.
    pub fn forms(&self) -> &[String] {
        &self.0
    }
}

/// Returns the letters in upper case, with neither party count nor blanks, hyphens and apostrophes.
fn letters(name: &str) -> String {
    name.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_uppercase).collect()
}

fn untitled(name: &str) -> &str {
    let stripped = TITLES.iter().find_map(|title| name.strip_suffix(title));
    stripped.filter(|rest| !rest.is_empty()).unwrap_or(name)
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Returns the forms of a name in characters: of its surname, then of the whole.
fn of_characters(name: &str) -> Vec<String> {
    let chars: Vec<_> = name.chars().collect();
    let is_compound = |pair: &[char]| COMPOUND.split(' ').any(|one| one.chars().eq(pair.iter().copied()));
    let length = if chars.len() >= 2 && is_compound(&chars[..2]) { 2 } else { 1 };
    let surname = &chars[..length];
    let mut forms = vec![surname.iter().collect()];
    forms.extend(readings(surname));
    if chars.len() > length {
        forms.extend(readings(&chars));
    }
    forms
}

/// Returns every way to read some characters, at most [`MAX_FORMS`]; the usual ones come first.
fn readings(chars: &[char]) -> Vec<String> {
    let mut read = vec![String::new()];
    for c in chars {
        let mut syllables = Vec::new();
        for syllable in (*c).to_pinyin_multi().into_iter().flatten() {
            for spelling in spellings(&letters(syllable.plain())) {
                if !syllables.contains(&spelling) {
                    syllables.push(spelling);
                }
            }
        }
        if syllables.is_empty() {
            syllables.push(c.to_string());
        }
        let longer =
            |begun: &String| syllables.iter().map(|next| format!("{begun}{next}")).collect::<Vec<_>>();
        read = read.iter().flat_map(longer).take(MAX_FORMS).collect();
    }
    read
}

/// Returns a text in which what may stand for ü after L and N is ü again.
fn umlauted(latin: &str) -> String {
    let mut text = String::with_capacity(latin.len());
    let mut rest = latin;
    while let Some(first) = rest.chars().next() {
        let begins = UMLAUTS.iter().find_map(|umlaut| rest.strip_prefix(umlaut));
        match begins.filter(|_| text.ends_with(['L', 'N'])) {
            Some(after) => {
                text.push_str(UMLAUTS[0]);
                rest = after;
            }
            None => {
                text.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    text
}

/// Returns the ways to write a text with ü; the text alone when it has none.
fn spellings(text: &str) -> Vec<String> {
    match text.contains(UMLAUTS[0]) {
        true => UMLAUTS.iter().map(|umlaut| text.replace(UMLAUTS[0], umlaut)).collect(),
        false => vec![text.to_owned()],
    }
}

#[cfg(test)]
mod tests;
