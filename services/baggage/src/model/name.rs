//! Names on a screen that is not the passenger's own.

/// Shows a name without telling it: of Latin parts the first letter, of a
/// Chinese name the surname.
///
/// ```
/// use airside_baggage::model::masked_name;
/// assert_eq!(masked_name("ZHANG/SAN"), "Z*** S***");
/// assert_eq!(masked_name("王小明"), "王**");
/// assert_eq!(masked_name("欧阳娜娜"), "欧阳**");
/// ```
pub fn masked_name(name: &str) -> String {
    let parts =
        name.split(|c: char| c == '/' || c == '\n' || c.is_whitespace()).filter(|part| !part.is_empty());
    parts.map(masked_part).collect::<Vec<_>>().join(" ")
}

fn masked_part(part: &str) -> String {
    let first = part.chars().next().unwrap_or('*');
    if !('\u{3400}'..='\u{9fff}').contains(&first) {
        return format!("{first}***");
    }
    let length = part.chars().count();
    let shown = if length >= 4 { 2 } else { 1 };
    part.chars().take(shown).chain(std::iter::repeat_n('*', length.saturating_sub(shown).max(1))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_masked_name_never_shows_two_latin_letters_in_a_row(name in "[A-Z]{1,12}(/[A-Z]{1,12}){0,3}") {
            let masked = masked_name(&name);
            let letters: Vec<char> = masked.chars().collect();
            prop_assert!(letters.windows(2).all(|pair| !(pair[0].is_alphabetic() && pair[1].is_alphabetic())));
        }
    }
}
