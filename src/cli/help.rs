//! `cabstand completions` and `cabstand man`: what a package installs beside the program.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use super::Cli;
use super::failure::Failure;

/// Options of `completions`.
#[derive(Debug, clap::Args)]
pub(super) struct Completions {
    /// For which shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self) -> Result<(), Failure> {
        // Made in memory first: clap's own writing gives up the process where the reader goes away.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "cabstand", &mut script);
        write(&script)
    }
}

/// Options of `man`.
#[derive(Debug, clap::Args)]
pub(super) struct Manual {
    /// The page of this command, instead of the program's
    command: Option<String>,
}

impl Manual {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let mut program = Cli::command();
        program.build();
        let command = match &self.command {
            None => program,
            Some(name) => program
                .find_subcommand(name)
                .cloned()
                .map(|sub| sub.name(format!("cabstand-{name}")))
                .ok_or_else(|| Failure::Usage(format!("there is no command \"{name}\"")))?,
        };
        let mut page = Vec::new();
        Man::new(command).render(&mut page).map_err(Failure::io("standard output"))?;
        write(&page)
    }
}

fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(Failure::io("standard output"))
}
