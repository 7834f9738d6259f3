//! What a log line and a metrics page hold, and what they never hold.

use std::{
    io::Write,
    sync::{Mutex, PoisonError},
};

use airside_kernel::{ManualClock, Timestamp};
use serde_json::Value;
use tracing::subscriber::with_default;

use super::*;

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs `work` under a subscriber and returns what it wrote and how many fields were left out.
fn written(format: LogFormat, work: impl FnOnce()) -> (String, u64) {
    let (paper, dropped) = (Paper::default(), Counter::default());
    let clock = Arc::new(ManualClock::new(Timestamp::from_second(1_795_000_000).unwrap()));
    let config = LogConfig { format, ..LogConfig::default() };
    let writer = paper.clone();
    with_default(subscriber(&config, clock, dropped.clone(), move || writer.clone()).unwrap(), work);
    let bytes = paper.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (String::from_utf8(bytes).unwrap(), dropped.get())
}

#[test]
fn the_list_of_fields_is_sorted_so_that_it_can_be_searched() {
    assert!(ALLOWED_FIELDS.is_sorted());
}

#[test]
fn a_line_is_one_json_object_with_the_fields_of_its_spans() {
    let (text, dropped) = written(LogFormat::Json, || {
        let span = tracing::info_span!("call", method = "/a/B", request_id = tracing::field::Empty);
        let _entered = span.enter();
        span.record("request_id", "r-1");
        tracing::info!(count = 3, bytes = 2.5, code = "a \"quoted\"\nline", "done");
    });
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["message"], "done");
    assert_eq!(
        (&line["count"], &line["method"], &line["request_id"]),
        (&3.into(), &"/a/B".into(), &"r-1".into())
    );
    assert_eq!((line["code"].as_str(), line["bytes"].as_f64()), (Some("a \"quoted\"\nline"), Some(2.5)));
    assert!(line["time"].as_str().unwrap().starts_with("2026-11-1"));
    assert_eq!((dropped, text.lines().count()), (0, 1));
}

#[test]
fn a_field_that_is_not_on_the_list_is_left_out_and_counted() {
    for format in [LogFormat::Json, LogFormat::Pretty] {
        let (text, dropped) = written(format, || {
            let span = tracing::info_span!("call", passenger = "CANARY");
            let _entered = span.enter();
            let error: Box<dyn std::error::Error> = "CANARY".into();
            tracing::info!(
                surname = "CANARY",
                pnr = ?"CANARY",
                cause = error.as_ref(),
                raw = &b"CANARY"[..],
                phone = 13_800_138_000_u64,
                "scan recorded"
            );
        });
        assert!(!text.contains("CANARY") && !text.contains("138"), "{text}");
        assert!(text.contains("surname pnr cause raw phone"), "{text}");
        assert_eq!(dropped, 6);
    }
}

#[test]
fn a_text_that_looks_personal_is_blotted_out() {
    for personal in [
        "call 13800138000 back",
        "id 44030019900101123X",
        "id 440300199001011234",
        "+447700900123",
        "Bearer eyJhbGciOiJFZERTQSJ9.e30.x",
    ] {
        let (text, dropped) = written(LogFormat::Json, || tracing::info!(error = personal, "refused"));
        assert!(text.contains("[blotted out]") && !text.contains(personal), "{text}");
        assert_eq!(dropped, 1);
    }
}

#[test]
fn plates_positions_and_ids_are_not_taken_for_personal() {
    for plain in ["bag-0479123456", "1795000000000", "018f3c6e-1380-7138-8001-123456789012", "10.0.0.1:7400"]
    {
        let (text, _) = written(LogFormat::Json, || tracing::info!(stream = plain, "seen"));
        assert!(text.contains(plain), "{text}");
    }
}

#[test]
fn a_pretty_line_is_one_line_whatever_it_holds() {
    let (text, _) = written(LogFormat::Pretty, || tracing::info!(code = "a\nb\u{1b}[31m", "x\ny"));
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_filter_that_does_not_parse_is_refused_by_name() {
    let config = LogConfig { filter: "airside=loud".to_owned(), ..LogConfig::default() };
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    let error = subscriber(&config, clock, Counter::default(), io::sink).err().unwrap();
    assert!(error.to_string().starts_with("log.filter"), "{error}");
}

#[test]
fn metrics_carry_their_prefix_and_labels() {
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry);
    metrics.scan("recorded");
    metrics.rpc_seconds.get_or_create(&Named::new("/a/B")).observe(0.003);
    let mut page = String::new();
    prometheus_client::encoding::text::encode(&mut page, &registry).unwrap();
    assert!(page.contains("airside_scans_total{outcome=\"recorded\"} 1"), "{page}");
    assert!(page.contains("airside_rpc_seconds_bucket{le=\"0.005\",name=\"/a/B\"} 1"), "{page}");
}
