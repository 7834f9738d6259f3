//! The program `airside` once more, so that stories can run it as a real process.
//!
//! Cargo tells a test only where the programs of its own package are
//! (`CARGO_BIN_EXE_...`), and stories kill, stop and misuse a whole process. So
//! this package has a program that is `airside` and nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    airside_server::commands::main()
}
