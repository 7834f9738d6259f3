//! `airside log show`.

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

use clap::Args;

use crate::{
    commands::{Outcome, operator::Place, out::say},
    operate::{self, Order, Showed, ShownEvent},
};

/// How many events are shown unless told otherwise.
const LIMIT: u64 = 20;

/// Shows events as they are stored, one JSON object a line (a readable form on a terminal).
///
/// Without options the newest 20 of the whole log are shown, oldest first. A payload is printed as
/// proto JSON. Personal data stays masked: a sealed value shows whose it is and which key would open
/// it, and no key is ever asked for.
#[derive(Args)]
#[command(after_help = "\
Works on a running server and on a stopped one.
Example: airside log show --stream bag-0479123456
         airside log show --type baggage.BagStatusChanged --limit 5 --json | jq .payload
         airside log show --from 1200000 --limit 100
         airside log show --follow")]
pub(in crate::commands) struct Show {
    #[command(flatten)]
    place: Place,
    /// The one event at this position.
    #[arg(long, value_name = "P", conflicts_with_all = ["stream", "event_type", "from", "limit", "follow"])]
    position: Option<u64>,
    /// Only events of this stream.
    #[arg(long, value_name = "STREAM")]
    stream: Option<String>,
    /// Only events of this type, such as `baggage.BagScanned`.
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Events from this position on, instead of the newest.
    #[arg(long, value_name = "P")]
    from: Option<u64>,
    /// The most events of the past [default: 20; all of them with `--from` and `--follow`].
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Goes on with what is appended, until Ctrl-C; needs a running server.
    #[arg(long)]
    follow: bool,
    /// Print JSON also on a terminal.
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) fn run(self) -> Outcome {
        let is_json = self.json || !io::stdout().is_terminal();
        let is_endless = self.from.is_some() && self.follow;
        let order = operate::Show {
            position: self.position,
            stream: self.stream,
            event_type: self.event_type,
            from: self.from,
            limit: self.limit.or_else(|| (!is_endless).then_some(LIMIT)),
            follow: self.follow,
        };
        let print = |event| if is_json { print_json(&event) } else { print_readable(&event) };
        let Showed { .. } = self.place.order_hearing(Order::Show(order), print)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn print_json(event: &ShownEvent) -> io::Result<()> {
    say!("{}", serde_json::to_string(event)?)
}

fn print_readable(event: &ShownEvent) -> io::Result<()> {
    let ShownEvent { position, stream, revision, event_type, version, recorded_at, .. } = event;
    say!("{position:>9}  {recorded_at}  {event_type} v{version}  {stream} @{revision}")?;
    say!("           {}", serde_json::to_string(&event.payload)?)?;
    match &event.note {
        Some(note) => say!("           note: {note}"),
        None => Ok(()),
    }
}
