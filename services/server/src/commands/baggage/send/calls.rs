//! Sending by calls: batches that are stored once, however often an answer is lost.

use std::time::Duration;

use airside_api::baggage::v1::{
    RawMessage, SubmitMessagesRequest, SubmitMessagesResponse, baggage_service_client::BaggageServiceClient,
    raw_message::Content,
};
use airside_runtime::requests::MAX_BATCH_ITEMS;
use airside_simulator::connect::{Bearer, Clients, Line};
use anyhow::anyhow;
use bytes::Bytes;
use tokio::time;
use tonic::{Code, Status};
use uuid::Uuid;

use super::{Pauses, Send, Tally};
use crate::commands::{out::note, remote};

/// How long a call may take to be answered.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// How many bytes of messages go into one call, below what a server takes.
const CALL_BYTES_MAX: usize = 512 * 1024;

impl Send {
    /// Sends by calls.
    pub(super) async fn call(
        &self,
        server: &str,
        messages: &[Bytes],
        tally: &mut Tally,
    ) -> anyhow::Result<()> {
        let token = remote::token(self.token.as_deref(), self.token_file.as_deref())?;
        let bearer = Bearer::new(&token, "partner")?;
        let mut baggage = Clients::new(&remote::dial(server, ANSWER_WITHIN).await?, &bearer).baggage;
        let mut rest = messages;
        while !rest.is_empty() {
            let (batch, others) = rest.split_at(one_call(rest));
            rest = others;
            tally.summary.sent += batch.len();
            for receipt in self.submit(&mut baggage, batch).await?.receipts {
                if !receipt.stored {
                    note!("airside: a message was refused: {}", receipt.problem);
                }
                tally.note(receipt.stored);
            }
        }
        Ok(())
    }

    /// Sends one batch, again under its key when no answer comes.
    async fn submit(
        &self,
        baggage: &mut BaggageServiceClient<Line>,
        batch: &[Bytes],
    ) -> anyhow::Result<SubmitMessagesResponse> {
        let raw = |message: &Bytes| RawMessage { content: Some(Content::Raw(message.clone())) };
        let request = SubmitMessagesRequest {
            source: self.source.clone().unwrap_or_default(),
            messages: batch.iter().map(raw).collect(),
            idempotency_key: Uuid::new_v4().to_string(),
        };
        let mut pauses = Pauses::new(self.attempts);
        loop {
            let status = match baggage.submit_messages(request.clone()).await {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) => status,
            };
            let Some(pause) = pauses.next().filter(|_| may_pass(&status)) else {
                return Err(refusal(&status));
            };
            note!("airside: {:#}; calling again in {:.1} s", refusal(&status), pause.as_secs_f64());
            time::sleep(pause).await;
        }
    }
}

/// Returns how many of the messages go into the next call, at least one.
fn one_call(messages: &[Bytes]) -> usize {
    let mut bytes = 0;
    let fits = |message: &&Bytes| {
        bytes += message.len();
        bytes <= CALL_BYTES_MAX
    };
    messages.iter().take(MAX_BATCH_ITEMS).take_while(fits).count().max(1)
}

/// Whether the same call may be answered the next time. A connection that broke is told as unknown.
fn may_pass(status: &Status) -> bool {
    let codes = [Code::Unavailable, Code::DeadlineExceeded, Code::Cancelled, Code::Aborted, Code::Unknown];
    codes.contains(&status.code())
}

fn refusal(status: &Status) -> anyhow::Error {
    anyhow!("the server refused the call ({:?}): {}", status.code(), status.message())
}
