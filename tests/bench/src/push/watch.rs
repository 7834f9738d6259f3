//! Sessions over gRPC, as partners' servers hold them: many streams on a connection.

use std::path::Path;

use airside_api::notifications::v1::WatchRequest;
use airside_simulator::connect::{Bearer, Clients};
use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use tokio::time::sleep;
use uuid::Uuid;

use super::{CALLING, IDLE, node::House};

/// How many streams a connection carries.
const STREAMS_PER_CONNECTION: usize = 250;

/// Returns the memory that a node takes for each idle `Watch`, bytes; its connections are in it.
pub(super) async fn bytes_per_stream(folder: &Path, streams: usize) -> Result<f64> {
    let house = House::open(folder)?;
    sleep(IDLE).await;
    let before = house.resident()?;
    let mut channels = Vec::new();
    for _ in 0..streams.div_ceil(STREAMS_PER_CONNECTION) {
        channels.push(house.endpoint.connect().await?);
    }
    let calls: Vec<_> = (0..streams).map(|at| channels[at / STREAMS_PER_CONNECTION].clone()).collect();
    let calls = stream::iter(calls).map(|channel| {
        let token = (house.endpoint.tokens.passenger)(&Uuid::new_v4().to_string());
        async move {
            let clients = Clients::new(&channel, &Bearer::new(&token, "passenger")?);
            let mut frames = clients.notifications.clone().watch(WatchRequest::default()).await?.into_inner();
            frames.message().await?;
            Ok::<_, anyhow::Error>(frames)
        }
    });
    let open: Vec<_> = calls.buffer_unordered(CALLING).try_collect().await?;
    sleep(IDLE).await;
    let bytes = (house.resident()? - before) / open.len() as f64;
    drop(open);
    house.close()?;
    Ok(bytes)
}
