//! What the admin port answers, over a real socket.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;
use crate::telemetry::Metrics;

async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn the_admin_port_tells_metrics_health_and_readiness() {
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry);
    metrics.appended_events.inc_by(3);
    let is_open = Arc::new(AtomicBool::new(false));
    let readiness = Readiness::default();
    let seen = is_open.clone();
    readiness.register("store", move || {
        if seen.load(Ordering::Relaxed) { Ok("position 3".to_owned()) } else { Err("opening".to_owned()) }
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(serve(listener, registry, readiness.clone(), stopped));

    let page = get(address, "/metrics").await;
    assert!(page.contains(METRICS_TYPE) && page.contains("airside_appended_events_total 3"), "{page}");
    assert!(page.ends_with("# EOF\n"), "{page}");
    assert!(get(address, "/healthz").await.starts_with("HTTP/1.1 200"));
    let unready = get(address, "/readyz").await;
    assert!(unready.starts_with("HTTP/1.1 503"), "{unready}");
    assert!(
        unready.ends_with(r#"{"checks":[{"detail":"opening","name":"store","ok":false}],"ready":false}"#)
    );
    assert!(!readiness.is_ready());
    is_open.store(true, Ordering::Relaxed);
    let ready = get(address, "/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 200") && ready.contains("position 3"), "{ready}");
    assert!(get(address, "/other").await.starts_with("HTTP/1.1 404"));

    stop.send(true).unwrap();
    serving.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
