//! Checks a proof of the log without the log: `airside-verifier PROOF.json --key KEY`.
//!
//! It shares no code with what makes proofs; it is written from
//! `services/evidence/FORMAT.md` alone, in two files that a doubter can read in
//! one sitting.

mod proof;

use std::{env, fs, process::ExitCode};

const HELP: &str = "\
Checks a proof that events are in a log, as `airside log prove` gives it.

Usage: airside-verifier PROOF.json --key KEY

  PROOF.json   the proof, or - for standard input
  --key KEY    the log's key, from whom you trust: name+hash+base64

It says what the proof shows. Exit 0: everything holds. Exit 1: something does
not. Exit 2: wrong usage.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let (path, key) = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [path, "--key", key] | ["--key", key, path] => (path, key),
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    let document = match path {
        "-" => std::io::read_to_string(std::io::stdin()),
        path => fs::read_to_string(path),
    };
    let checked = document
        .map_err(|error| format!("cannot read {path}: {error}"))
        .and_then(|document| proof::check(&document, key));
    match checked {
        Ok(shown) => {
            print!("{}", report(&shown));
            ExitCode::SUCCESS
        }
        Err(reason) => {
            println!("does not hold: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn report(shown: &proof::Shown) -> String {
    let checkpoint = &shown.checkpoint;
    let mut text = format!(
        "holds: {} had {} events ({}) when this was signed\n",
        checkpoint.origin,
        checkpoint.size,
        checkpoint.rest.join(", ")
    );
    for (index, stream, revision, event_type) in &shown.events {
        text += &format!("  event {} of the log: {event_type}, revision {revision} of {stream}\n", index + 1);
    }
    if let Some(stream) = &shown.stream {
        let count = shown.events.len();
        text += &format!(
            "  these are revisions 0 to {} of {stream} without a gap; that no later one was in the log by then is \
             not shown\n",
            count - 1
        );
    }
    text
}
