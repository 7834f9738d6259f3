//! A rule for streams that only note: each report is noted once. Pure.
//!
//! What is told of a container, or of a flight's loading, is never refused because it
//! does not follow: what it means is found from the times of all that was told. So the
//! only rule is that a repeat adds nothing.

use std::{collections::VecDeque, marker::PhantomData};

use airside_kernel::Decider;

use crate::source::KnownAlready;

/// How many reports of one stream are remembered, to tell a repeat: some weeks.
const REMEMBERED: usize = 256;

/// A fact that is noted once.
pub trait Report: Clone {
    /// Returns what tells a repeat.
    fn id(&self) -> &str;
}

/// The rules of a stream of reports.
#[derive(Debug)]
pub struct Once<R>(PhantomData<R>);

/// The reports that are remembered, by id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    ids: VecDeque<String>,
}

impl<R: Report> Decider for Once<R> {
    type Command = R;
    type Event = R;
    type State = Told;
    type Rejection = KnownAlready;

    fn decide(told: &Told, report: R) -> Result<Vec<R>, KnownAlready> {
        if told.ids.iter().any(|id| id == report.id()) { Err(KnownAlready) } else { Ok(vec![report]) }
    }

    fn evolve(mut told: Told, report: &R) -> Told {
        if told.ids.len() == REMEMBERED {
            told.ids.pop_front();
        }
        told.ids.push_back(report.id().to_owned());
        told
    }

    fn forgets(told: &Told, folded: u64) -> u64 {
        folded.saturating_sub(told.ids.len().try_into().unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use airside_kernel::testing::given;

    use super::*;

    #[derive(Debug, Clone, PartialEq)]
    struct Word(String);

    impl Report for Word {
        fn id(&self) -> &str {
            &self.0
        }
    }

    fn word(id: &str) -> Word {
        Word(id.to_owned())
    }

    #[test]
    fn a_report_is_noted_once() {
        given::<Once<Word>>([]).when(word("1")).then([word("1")]);
        given::<Once<Word>>([word("1")]).when(word("1")).rejects(&KnownAlready);
        given::<Once<Word>>([word("1")]).when(word("2")).then([word("2")]);
    }

    #[test]
    fn a_stream_of_reports_folds_in_bounded_time() {
        let words = (0..REMEMBERED + 10).map(|id| word(&id.to_string()));
        let told = words.fold(Told::default(), |told, word| Once::evolve(told, &word));
        assert_eq!(told.ids.len(), REMEMBERED);
        let folded = (REMEMBERED + 10).try_into().unwrap();
        assert_eq!(Once::<Word>::forgets(&told, folded), 10);
    }
}
