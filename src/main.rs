//! The command line: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    cabstand::cli::main(std::env::args_os())
}
