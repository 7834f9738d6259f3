//! The admin port: metrics, health and readiness, for those who run the system.
//!
//! It listens on loopback unless told otherwise, and answers three paths:
//! `/metrics` (OpenMetrics text), `/healthz` (the process lives) and `/readyz`
//! (the parts can work; 503 when one cannot, with its name and why).

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Router, body::Body, extract::State, response::Response, routing::get};
use http::{StatusCode, header::CONTENT_TYPE};
use prometheus_client::{encoding::text, registry::Registry};
use serde_json::json;
use tokio::{net::TcpListener, sync::watch, time};

/// Where the admin port listens unless told otherwise.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7402);

/// How long open admin calls may take after the stop.
const DRAIN: Duration = Duration::from_secs(2);

const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Check = Box<dyn Fn() -> Result<String, String> + Send + Sync>;

/// The checks that decide whether the system is ready. Clones share them.
#[derive(Clone, Default)]
pub struct Readiness(Arc<Mutex<Vec<(String, Check)>>>);

impl Readiness {
    /// Adds a check: `Ok` and `Err` carry a detail for the operator. It must
    /// answer at once from what it already knows, without I/O.
    pub fn register(
        &self,
        name: impl Into<String>,
        check: impl Fn() -> Result<String, String> + Send + Sync + 'static,
    ) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((name.into(), Box::new(check)));
    }

    /// Returns true when every check holds.
    pub fn is_ready(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().all(|(_, check)| check().is_ok())
    }

    /// Returns `{ready, checks: [{name, ok, detail}]}` and whether it is ready.
    fn report(&self) -> (bool, serde_json::Value) {
        let checks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut is_ready = true;
        let checks: Vec<_> = checks
            .iter()
            .map(|(name, check)| {
                let answer = check();
                is_ready &= answer.is_ok();
                json!({"name": name, "ok": answer.is_ok(), "detail": answer.unwrap_or_else(|problem| problem)})
            })
            .collect();
        (is_ready, json!({"ready": is_ready, "checks": checks}))
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Readiness")
    }
}

/// Serves the admin port until `stop` turns true.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    registry: Registry,
    readiness: Readiness,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let router = Router::new()
        .route("/metrics", get(metrics))
        .with_state(Arc::new(registry))
        .route("/readyz", get(readyz))
        .with_state(readiness)
        .route("/healthz", get(async || answer(StatusCode::OK, "text/plain", "alive\n".to_owned())));
    let mut drained = stop.clone();
    let serving = axum::serve(listener, router)
        .with_graceful_shutdown(async move {
            // A sender that is gone means stop as well.
            let _ = stop.wait_for(|stop| *stop).await;
        })
        .into_future();
    let deadline = async move {
        let _ = drained.wait_for(|stop| *stop).await;
        time::sleep(DRAIN).await;
    };
    tokio::select! {
        served = serving => served,
        () = deadline => Ok(()),
    }
}

async fn metrics(State(registry): State<Arc<Registry>>) -> Response {
    let mut page = String::new();
    match text::encode(&mut page, &registry) {
        Ok(()) => answer(StatusCode::OK, METRICS_TYPE, page),
        Err(_) => {
            answer(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", "metrics cannot be written\n".to_owned())
        }
    }
}

async fn readyz(State(readiness): State<Readiness>) -> Response {
    let (is_ready, report) = readiness.report();
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    answer(status, "application/json", report.to_string())
}

fn answer(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests;
