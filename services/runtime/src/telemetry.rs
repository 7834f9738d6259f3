//! Logs and metrics.
//!
//! Policy of the logs: no personal data, by construction rather than by care.
//! A line holds the fields of [`ALLOWED_FIELDS`] and no others; what is not
//! listed is left out, counted, and its name (not its value) is shown, so that
//! a forgotten name is noticed. A text that looks like a telephone number, an
//! identity number or a token is blotted out. The rule for authors: a message
//! is a literal, and what varies is a field. A panic is logged by its place;
//! its text only when it is a literal.
//!
//! Metrics belong to a registry that is passed in; nothing here is global but
//! the subscriber that `tracing` itself keeps.

mod format;
mod metrics;
mod sources;

use std::{
    io::{self, IsTerminal},
    panic,
    sync::Arc,
};

use airside_kernel::Clock;
use prometheus_client::metrics::counter::Counter;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter, util::SubscriberInitExt};

pub use format::ALLOWED_FIELDS;
pub use metrics::{Metrics, Named, Outcome, RpcDone, Seconds, SecondsGauge};
pub use prometheus_client::registry::Registry;
pub use sources::{SourceFigures, SourceGauges};

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// For a person at a terminal; JSON when standard error is not one.
    Pretty,
}

/// How logs are written. They go to standard error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// Look of a line; `json` or `pretty`, default `json`.
    pub format: LogFormat,
    /// Least level, with exceptions by crate, such as `warn,airside=info,airside_store=debug`;
    /// default `warn,airside=info`. Foreign crates below `warn` may show what passengers sent.
    pub filter: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::default(), filter: "warn,airside=info".to_owned() }
    }
}

/// Logging that cannot begin.
#[derive(Debug, Error)]
pub enum LogError {
    /// The filter does not parse.
    #[error("log.filter {filter:?} is invalid: write levels such as `warn,airside=info`")]
    Filter {
        /// What was configured.
        filter: String,
        /// What is wrong with it.
        #[source]
        problem: tracing_subscriber::filter::ParseError,
    },
    /// Logging has begun already.
    #[error("log cannot begin twice in one process")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// Starts logging to standard error for the whole process, panics included.
///
/// # Errors
/// When the filter does not parse, or logging has begun already.
pub fn init(config: &LogConfig, clock: Arc<dyn Clock>, metrics: &Metrics) -> Result<(), LogError> {
    let is_pretty = config.format == LogFormat::Pretty && io::stderr().is_terminal();
    let format = if is_pretty { LogFormat::Pretty } else { LogFormat::Json };
    let config = LogConfig { format, ..config.clone() };
    subscriber(&config, clock, metrics.log_fields_dropped.clone(), io::stderr)?.try_init()?;
    panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// Makes what writes log lines to `writer`; [`init`] installs one for the process.
///
/// # Errors
/// When the filter does not parse.
pub fn subscriber<W>(
    config: &LogConfig,
    clock: Arc<dyn Clock>,
    dropped: Counter,
    writer: W,
) -> Result<impl Subscriber + Send + Sync + use<W>, LogError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder()
        .parse(&config.filter)
        .map_err(|problem| LogError::Filter { filter: config.filter.clone(), problem })?;
    Ok(tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .fmt_fields(format::Fields { format: config.format, dropped: dropped.clone() })
        .event_format(format::Line { format: config.format, dropped, clock })
        .finish())
}

/// Logs where a panic happened. Its text may hold anything, unless it is a literal.
fn log_panic(info: &panic::PanicHookInfo<'_>) {
    let literal = info.payload().downcast_ref::<&'static str>().copied();
    let location = info.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(location, panic = literal.unwrap_or("text left out: it may be personal"), "panicked");
}

#[cfg(test)]
mod tests;
