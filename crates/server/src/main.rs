//! The command `hongyan`.

use std::process::ExitCode;

fn main() -> ExitCode {
    hongyan_server::cli::main()
}
