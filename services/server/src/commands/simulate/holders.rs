//! Tokens from files, for servers whose key is not at hand.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, bail};

/// Reads the one token of a file.
pub(super) fn token(file: &Path) -> anyhow::Result<String> {
    let tokens = tokens(file)?;
    match tokens.as_slice() {
        [one] => Ok(one.clone()),
        _ => bail!("{} holds {} tokens; it must hold one", file.display(), tokens.len()),
    }
}

/// Reads the tokens of a file, one a line.
pub(super) fn tokens(file: &Path) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// Gives each passenger the next token; whoever asks again gets the same.
pub(super) fn in_turn(tokens: Vec<String>) -> Arc<dyn Fn(&str) -> String + Send + Sync> {
    let given: Mutex<HashMap<String, usize>> = Mutex::default();
    Arc::new(move |person| {
        let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
        let next = given.len();
        let place = *given.entry(person.to_owned()).or_insert(next);
        tokens.get(place).cloned().unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_passenger_keeps_a_token_of_their_own() {
        let holder = in_turn(vec!["a".to_owned(), "b".to_owned()]);
        let given: Vec<String> = ["p1", "p2", "p1", "p3"].into_iter().map(|person| holder(person)).collect();
        assert_eq!(given, ["a", "b", "a", ""]);
    }
}
