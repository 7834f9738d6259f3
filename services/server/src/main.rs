//! The binary `airside`.

use std::process::ExitCode;

fn main() -> ExitCode {
    airside_server::commands::main()
}
