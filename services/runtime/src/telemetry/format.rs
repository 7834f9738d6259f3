//! Writes a log line of the allowed fields.

use std::{error::Error, fmt, sync::Arc};

use airside_kernel::Clock;
use prometheus_client::metrics::counter::Counter;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, format::Writer},
    registry::LookupSpan,
};

use super::LogFormat;
use crate::status::chain;

/// Every field that a log line may hold; none can hold personal data. Streams,
/// subjects and actors are opaque ids by the laws of the log.
pub const ALLOWED_FIELDS: &[&str] = &[
    "actor",
    "address",
    "admin",
    "attempt",
    "bytes",
    "caller",
    "category",
    "check",
    "code",
    "connection",
    "connections",
    "count",
    "domain",
    "elapsed_ms",
    "env",
    "epoch",
    "error",
    "event_id",
    "event_type",
    "events",
    "flushed",
    "folder",
    "format_version",
    "found",
    "head",
    "inbox",
    "incident",
    "key_id",
    "kind",
    "level",
    "limit",
    "link",
    "location",
    "log",
    "log_id",
    "message",
    "method",
    "name",
    "notice",
    "outcome",
    "panic",
    "parser_version",
    "part",
    "path",
    "position",
    "projection",
    "public",
    "reactor",
    "request_id",
    "revision",
    "role",
    "schema_version",
    "segment",
    "seq",
    "session",
    "source",
    "status",
    "stream",
    "streams",
    "subject",
    "venue",
    "version",
];

/// What stands for a text that looks personal.
const BLOT: &str = "[blotted out]";

/// Formats the fields of spans.
pub(super) struct Fields {
    pub(super) format: LogFormat,
    pub(super) dropped: Counter,
}

impl<'writer> FormatFields<'writer> for Fields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut visitor = Allowed::new(self.format, &self.dropped);
        fields.record(&mut visitor);
        writer.write_str(&visitor.text)
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &tracing::span::Record<'_>,
    ) -> fmt::Result {
        let mut visitor = Allowed::new(self.format, &self.dropped);
        fields.record(&mut visitor);
        current.fields.push_str(&visitor.text);
        Ok(())
    }
}

/// Formats a whole event.
pub(super) struct Line {
    pub(super) format: LogFormat,
    pub(super) dropped: Counter,
    pub(super) clock: Arc<dyn Clock>,
}

impl<S> FormatEvent<S, Fields> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, Fields>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut visitor = Allowed::new(self.format, &self.dropped);
        event.record(&mut visitor);
        let mut fields = visitor.text;
        for span in ctx.event_scope().into_iter().flatten() {
            if let Some(more) = span.extensions().get::<FormattedFields<Fields>>() {
                fields.push_str(&more.fields);
            }
        }
        let (level, target, time) = (event.metadata().level(), event.metadata().target(), self.clock.now());
        let message = visitor.message;
        match self.format {
            LogFormat::Json => {
                let (target, message) = (json(target), json(&message));
                write!(
                    out,
                    r#"{{"time":"{time:.6}","level":"{level}","target":{target},"message":{message}"#
                )?;
                write!(out, "{fields}")?;
                if !visitor.left_out.is_empty() {
                    write!(out, r#","left_out":{}"#, json(&visitor.left_out.join(" ")))?;
                }
                writeln!(out, "}}")
            }
            LogFormat::Pretty => {
                write!(out, "{time:.3} {level:>5} {target}: {message}{fields}")?;
                if !visitor.left_out.is_empty() {
                    write!(out, " (left out: {})", visitor.left_out.join(" "))?;
                }
                writeln!(out)
            }
        }
    }
}

/// Collects the allowed fields as text: `,"name":value` or ` name=value` for each.
struct Allowed<'a> {
    format: LogFormat,
    dropped: &'a Counter,
    text: String,
    message: String,
    left_out: Vec<&'static str>,
}

impl<'a> Allowed<'a> {
    fn new(format: LogFormat, dropped: &'a Counter) -> Self {
        Self { format, dropped, text: String::new(), message: String::new(), left_out: Vec::new() }
    }

    fn admits(&mut self, field: &Field) -> bool {
        let is_allowed = ALLOWED_FIELDS.binary_search(&field.name()).is_ok();
        if !is_allowed {
            self.dropped.inc();
            self.left_out.push(field.name());
        }
        is_allowed
    }

    fn text(&mut self, field: &Field, value: &str) {
        let value = if looks_personal(value) {
            self.dropped.inc();
            BLOT
        } else {
            value
        };
        match (field.name(), self.format) {
            ("message", LogFormat::Json) => value.clone_into(&mut self.message),
            ("message", LogFormat::Pretty) => self.message = value.escape_debug().to_string(),
            (name, LogFormat::Json) => self.text.push_str(&format!(r#","{name}":{}"#, json(value))),
            (name, LogFormat::Pretty) => self.text.push_str(&format!(" {name}={}", value.escape_debug())),
        }
    }

    fn number(&mut self, field: &Field, value: impl fmt::Display) {
        if self.admits(field) {
            match self.format {
                LogFormat::Json => self.text.push_str(&format!(r#","{}":{value}"#, field.name())),
                LogFormat::Pretty => self.text.push_str(&format!(" {}={value}", field.name())),
            }
        }
    }
}

impl Visit for Allowed<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if self.admits(field) {
            self.text(field, value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if self.admits(field) {
            self.text(field, &format!("{value:?}"));
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        if self.admits(field) {
            self.text(field, &chain(value));
        }
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.number(field, value.len());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.number(field, value);
        } else {
            self.record_debug(field, &value);
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.number(field, value);
    }
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The last net under the list of fields: a word of a text that is a Chinese
/// mobile number, a resident's id, an international number, or a token.
fn looks_personal(text: &str) -> bool {
    if !text.bytes().any(|b| b.is_ascii_digit()) && !text.contains("eyJ") {
        return false;
    }
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '+').any(|word| {
        let digits = |word: &str| word.bytes().all(|b| b.is_ascii_digit());
        let is_mobile = word.len() == 11
            && digits(word)
            && word.starts_with('1')
            && word.as_bytes().get(1).is_some_and(|b| *b >= b'3');
        let is_resident =
            word.len() == 18 && digits(&word[..17]) && (digits(&word[17..]) || word.ends_with(['X', 'x']));
        let is_international =
            word.strip_prefix('+').is_some_and(|rest| (8..=15).contains(&rest.len()) && digits(rest));
        is_mobile || is_resident || is_international || word.starts_with("eyJ")
    })
}
