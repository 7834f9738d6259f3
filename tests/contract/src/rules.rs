//! The rules of the port, each a function over any store.
//!
//! A rule asks for nothing but a store. It names its streams for itself and
//! looks only at what came after its beginning, so it runs on a log that has
//! events already, as long as nobody else writes at the same time.

mod appending;
mod following;
mod reading;
mod subject;

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use airside_kernel::{EventStore, ManualClock};
use tokio::time::{Instant, timeout};

pub use self::subject::Subject;
use crate::milliseconds;

/// How long a rule may take.
const RULE_WITHIN: Duration = Duration::from_secs(180);

/// Hands the names of all rules to a macro.
#[macro_export]
macro_rules! every_rule {
    ($callback:ident) => {
        $callback! {
            no_stream_is_agreed_with_once,
            an_exact_revision_is_the_last_one_and_no_other,
            any_revision_is_agreed_with,
            of_concurrent_writers_at_one_revision_one_wins,
            an_empty_append_is_answered_and_writes_nothing,
            the_largest_append_goes_in_whole_and_a_larger_one_is_refused,
            bytes_are_counted_over_payload_and_metadata,
            appends_of_one_call_keep_their_order_within_a_stream,
            many_appends_of_one_call_are_each_answered,
            positions_are_totally_ordered_and_answers_name_the_last_event,
            recorded_at_never_decreases_even_when_the_clock_does,
            the_envelope_comes_back_byte_for_byte,
            a_missing_stream_is_empty_and_at_its_end,
            where_nothing_was_appended_nothing_is_read,
            a_stream_reads_both_ways_from_anywhere,
            without_a_revision_a_read_begins_at_the_near_end,
            a_read_of_nothing_is_empty,
            the_whole_log_reads_from_every_position_in_any_page_size,
            a_position_beyond_the_head_reads_nothing,
            a_writer_reads_its_own_write_at_once,
            a_follower_from_every_position_sees_each_event_once_while_others_write,
            a_reader_never_sees_a_position_before_all_below_it,
            who_resumes_at_any_position_that_a_follower_was_handed_misses_nothing,
            a_follower_waits_for_the_first_event,
            a_cancelled_wait_loses_nothing,
            a_page_that_reaches_the_head_says_so,
            a_follower_beyond_the_head_waits_for_what_comes_after,
        }
    };
}

/// A rule, by its name.
#[derive(Clone, Copy)]
pub struct Rule {
    /// What it says.
    pub name: &'static str,
    run: fn(Subject) -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// What became of a rule.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Outcome {
    /// What the rule says.
    pub rule: &'static str,
    /// Whether it was kept.
    pub kept: bool,
    /// What was found instead.
    pub found: Option<String>,
    /// How long it took.
    pub milliseconds: u64,
}

impl Rule {
    /// Runs the rule on a store. `clock` is the store's, where it has one that can be turned.
    pub async fn run(self, store: Arc<dyn EventStore>, clock: Option<Arc<ManualClock>>) -> Outcome {
        let begun = Instant::now();
        let running = tokio::spawn(async move { (self.run)(Subject::new(store, clock).await).await });
        let stop = running.abort_handle();
        let found = match timeout(RULE_WITHIN, running).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(match error.try_into_panic() {
                Ok(panic) => said(&*panic),
                Err(error) => error.to_string(),
            }),
            Err(_) => {
                stop.abort();
                Some(format!("it is not done after {} s", RULE_WITHIN.as_secs()))
            }
        };
        let milliseconds = milliseconds(begun.elapsed());
        Outcome { rule: self.name, kept: found.is_none(), found, milliseconds }
    }
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}

/// Returns all rules.
pub fn rules() -> Vec<Rule> {
    use self::{appending::*, following::*, reading::*};
    macro_rules! table {
        ($($rule:ident,)*) => {
            vec![$(Rule { name: stringify!($rule), run: |subject| Box::pin($rule(subject)) }),*]
        };
    }
    every_rule!(table)
}

/// Returns the rule of a name, for tests that are named after it.
pub fn rule(name: &str) -> Option<Rule> {
    rules().into_iter().find(|rule| rule.name == name)
}
