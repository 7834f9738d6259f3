//! A bag's journey as a document, and the evidence of all that is known of its plate.

use airside_baggage::{
    decide::Bag,
    export::{self, Format},
    model::LicencePlate,
};
use airside_evidence::{Proof, prove_stream};
use airside_kernel::{Direction, StreamId};
use airside_runtime::executor;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{OrderError, Parts, ShownEvent};

/// Which bag's newest journey is told, and in whose words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// Its ten-digit licence plate.
    pub plate: String,
    /// In whose words.
    pub format: Format,
}

/// Tells a bag's newest journey.
pub(super) async fn export(order: &Export, parts: &Parts) -> Result<Value, OrderError> {
    let plate = plate(&order.plate)?;
    let folded =
        executor::load::<Bag>(&*parts.log.store(), &plate.stream()).await.map_err(OrderError::broken)?;
    let journey = folded.state.newest_journey().ok_or_else(|| unknown(plate))?;
    Ok(export::document(plate, journey, order.format))
}

/// Proves every event of a plate's stream that is signed, and shows each in words beside its bytes.
pub(super) async fn evidence(plate_text: &str, parts: &Parts) -> Result<Value, OrderError> {
    let plate = plate(plate_text)?;
    let stream = plate.stream();
    if parts.log.store().read_stream(&stream, Direction::Backwards, None, 1).await?.events.is_empty() {
        return Err(unknown(plate));
    }
    let proof = prove_stream(&**parts.embedded()?, &parts.places.evidence(), &stream).await;
    let proof = proof.map_err(OrderError::broken)?;
    let count = proof.events.len();
    let shown = shown(parts, &stream, count).await?;
    let last = parts.log.store().read_stream(&stream, Direction::Backwards, None, 1).await?.events.pop();
    let all = last.map_or(count, |last| usize::try_from(last.revision().0).unwrap_or(usize::MAX) + 1);
    join(plate, &proof, shown, all - count.min(all))
}

/// Returns the first events of a stream in words.
async fn shown(parts: &Parts, stream: &StreamId, count: usize) -> Result<Vec<Value>, OrderError> {
    let mut shown = Vec::with_capacity(count);
    let mut from = None;
    while shown.len() < count {
        let page =
            parts.log.store().read_stream(stream, Direction::Forwards, from, count - shown.len()).await?;
        let Some(last) = page.events.last() else { break };
        from = Some(last.revision().next());
        shown.extend(page.events.iter().map(|event| ShownEvent::new(event).payload));
    }
    Ok(shown)
}

/// Puts what an event says beside its proof. The proof keeps its own members, so
/// that who checks proofs can check it.
fn join(plate: LicencePlate, proof: &Proof, shown: Vec<Value>, unsigned: usize) -> Result<Value, OrderError> {
    let mut file = serde_json::to_value(proof).map_err(OrderError::broken)?;
    let events = file["events"].as_array_mut().into_iter().flatten();
    for (event, view) in events.zip(shown) {
        event["view"] = view;
    }
    file["evidence"] = json!({
        "plate": plate.to_string(),
        "events_signed_later": unsigned,
        "note": "each event's `view` shows its payload to people and is not part of the proof; \
                 what is proven are the stored bytes, in which personal values stay sealed",
    });
    Ok(file)
}

fn plate(text: &str) -> Result<LicencePlate, OrderError> {
    LicencePlate::parse(text).map_err(|error| OrderError::refused(format!("plate {text:?}: {error}")))
}

fn unknown(plate: LicencePlate) -> OrderError {
    OrderError::refused(format!("no bag wore plate {plate}: look at the tag again, all ten digits"))
}
