//! Deciding with sealed facts.
//!
//! A decider may put personal data in clear into its facts; before the next
//! order sees them, and before they are stored, every such value is sealed. When
//! keys are not there yet, the orders are decided with seals that hold nothing,
//! to learn which; the keys are made, and the orders are decided again. Making
//! keys is a commit of the vault, and all that a call needs should share one.

use std::sync::Arc;

use airside_kernel::{
    Category, KeyError, Keyring, Revision, SealContext, Sealed, StoredEvent, StreamId, SubjectId,
};
use bytes::Bytes;

use super::{Failure, Folded, Order, Stored};

/// How often orders are decided again because keys were missing.
const MAX_KEY_ROUNDS: usize = 4;

/// What the rules said to some orders of one stream.
pub(super) struct Decided<D: Stored> {
    /// The revision that they were decided on.
    pub(super) base: Option<Revision>,
    /// The facts of each order, sealed.
    pub(super) facts: Vec<Result<Vec<D::Event>, D::Rejection>>,
    /// The state after them.
    pub(super) after: Arc<Folded<D::State>>,
}

/// Decides orders in their sequence; each sees the sealed facts of those before it.
pub(super) async fn decide<'a, D: Stored>(
    keys: &dyn Keyring,
    stream: &StreamId,
    base: Arc<Folded<D::State>>,
    orders: impl Iterator<Item = &'a Order<D::Command>> + Clone,
) -> Result<Decided<D>, Failure> {
    let mut missing = Vec::new();
    for _ in 0..MAX_KEY_ROUNDS {
        missing.clear();
        let decided = attempt(keys, stream, base.clone(), orders.clone(), &mut missing)?;
        if missing.is_empty() {
            return Ok(decided);
        }
        missing.sort();
        missing.dedup();
        keys.ensure(&missing).await.map_err(Failure::Seal)?;
    }
    let (subject, category) = missing.swap_remove(0);
    Err(Failure::Seal(KeyError::Missing { subject, category }))
}

/// Decides once and notes the keys that were missing. With none missing all
/// facts are sealed; else the decision is of no other use.
fn attempt<'a, D: Stored>(
    keys: &dyn Keyring,
    stream: &StreamId,
    base: Arc<Folded<D::State>>,
    orders: impl Iterator<Item = &'a Order<D::Command>>,
    missing: &mut Vec<(SubjectId, Category)>,
) -> Result<Decided<D>, Failure> {
    let mut decided = Decided { base: base.revision, facts: Vec::new(), after: base };
    for order in orders {
        let mut command = order.command.clone();
        inform::<D>(keys, stream, &decided.after.state, &mut command).map_err(Failure::Seal)?;
        let mut decision = D::decide(&decided.after.state, command);
        if let Ok(facts) = &mut decision
            && !facts.is_empty()
        {
            for fact in facts.iter_mut() {
                seal(keys, stream, fact, missing).map_err(Failure::Seal)?;
                if !missing.is_empty() {
                    seal_emptily(fact);
                }
            }
            decided.after = Arc::new(Arc::unwrap_or_clone(decided.after).after::<D>(facts));
        }
        decided.facts.push(decision);
    }
    Ok(decided)
}

/// Lets the rules look at what only keys tell. What does not open is as good as erased.
fn inform<D: Stored>(
    keys: &dyn Keyring,
    stream: &StreamId,
    state: &D::State,
    command: &mut D::Command,
) -> Result<(), KeyError> {
    let mut outcome = Ok(());
    D::inform(state, command, stream, &mut |value| match value.open(keys) {
        Ok(opened) => opened.known().cloned(),
        Err(error @ KeyError::Unavailable { .. }) => {
            outcome = Err(error);
            None
        }
        // One that was sealed emptily a moment ago is among them; the orders are decided again then.
        Err(KeyError::Missing { .. } | KeyError::Damaged { .. }) => None,
    });
    outcome
}

/// Replaces every value that is still in clear by a seal that holds nothing.
fn seal_emptily<E: StoredEvent>(event: &mut E) {
    event.personal_fields(&mut |field| {
        if field.slot.clear_bytes().is_some() {
            let context = SealContext {
                stream: String::new(),
                event_type: String::new(),
                field: field.field,
                schema_version: 0,
            };
            let (subject, category, ciphertext) = (field.subject, field.category, Bytes::new());
            field.slot.seal(Sealed { subject, category, key_version: 0, context, ciphertext });
        }
    });
}

/// Seals every personal value of an event that is still in clear, under keys
/// that [`Keyring::ensure`] has made.
///
/// # Errors
/// When a key is missing.
pub fn seal_event<E: StoredEvent>(
    keys: &dyn Keyring,
    stream: &StreamId,
    event: &mut E,
) -> Result<(), KeyError> {
    let mut missing = Vec::new();
    seal(keys, stream, event, &mut missing)?;
    match missing.pop() {
        None => Ok(()),
        Some((subject, category)) => Err(KeyError::Missing { subject, category }),
    }
}

/// Seals what there are keys for and notes for whom there are none.
fn seal<E: StoredEvent>(
    keys: &dyn Keyring,
    stream: &StreamId,
    event: &mut E,
    missing: &mut Vec<(SubjectId, Category)>,
) -> Result<(), KeyError> {
    let (event_type, schema_version) = (event.event_type(), event.schema_version());
    let mut outcome = Ok(());
    event.personal_fields(&mut |field| {
        let Some(clear) = field.slot.clear_bytes() else { return };
        let context = SealContext {
            stream: stream.to_string(),
            event_type: event_type.to_owned(),
            field: field.field,
            schema_version,
        };
        let sealed = keys.seal(&field.subject, field.category, context, &clear);
        drop(clear);
        match sealed {
            Ok(Some(sealed)) => field.slot.seal(sealed),
            Ok(None) => field.slot.erase(),
            Err(KeyError::Missing { subject, category }) => missing.push((subject, category)),
            Err(error) => outcome = Err(error),
        }
    });
    outcome
}
