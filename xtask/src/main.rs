//! The project's own commands. `cargo xtask help` lists them.
//!
//! Standard library only, so that the first `cargo xtask` on a fresh machine starts within seconds.
//!
//! This is a tool that watches child processes, not a part of the runtime: it reads the clock and
//! waits for itself, which the world door forbids everywhere else.
#![allow(clippy::disallowed_methods)]

mod bench;
mod demo;
mod guard;
mod manifest;
mod process;
mod report;
mod setup;
mod source;
mod stages;
mod test_all;
mod tidy;
mod tree;

use std::process::ExitCode;

/// A command: its name, what it takes, what it does in one line, and the function that does it.
struct Command {
    name: &'static str,
    takes: &'static str,
    what: &'static str,
    run: fn(&[String]) -> Result<ExitCode, Trouble>,
}

/// Why a command stopped, as a sentence for the person who called it.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The command line cannot be understood: exit code 2.
    Usage(String),
    /// Something the command needs is not there or refused: exit code 1.
    Failed(String),
}

const COMMANDS: &[Command] = &[
    Command {
        name: "demo",
        takes: "",
        what: "builds and runs the demo: real sockets, real files, a table at the end",
        run: demo::run,
    },
    Command {
        name: "test-all",
        takes: "[--only a,b] [--skip a,b] [--fail-fast] [--list]",
        what: "runs every check of the project, as continuous integration does",
        run: test_all::run,
    },
    Command {
        name: "tidy",
        takes: "[rule ...] [--list] [--write faults]",
        what: "checks the rules that no compiler knows: layers, world door, docs, sizes, text",
        run: tidy::run,
    },
    Command {
        name: "bench",
        takes: "[group] [--rounds N] [--only name] ...",
        what: "measures trill beside its peers; every argument goes to the benchmark program",
        run: bench::run,
    },
    Command {
        name: "guard",
        takes: "[path ...] [--accept] [--list]",
        what: "counts the instructions of the hottest paths against those accepted so far",
        run: guard::run,
    },
    Command {
        name: "help",
        takes: "",
        what: "prints this list",
        run: |_| {
            print!("{}", help());
            Ok(ExitCode::SUCCESS)
        },
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        None => Err(Trouble::Usage("no command given".into())),
        Some((name, _)) if name == "--help" || name == "-h" => {
            print!("{}", help());
            Ok(ExitCode::SUCCESS)
        }
        Some((name, rest)) => match COMMANDS.iter().find(|command| command.name == name) {
            Some(command) if rest.iter().any(|a| a == "--help") && command.name != "bench" => {
                println!("{}", line(command));
                Ok(ExitCode::SUCCESS)
            }
            Some(command) => (command.run)(rest),
            None => Err(Trouble::Usage(format!("there is no command `{name}`"))),
        },
    };
    match outcome {
        Ok(code) => code,
        Err(Trouble::Usage(message)) => {
            eprintln!("xtask: {message}\n");
            eprint!("{}", help());
            ExitCode::from(2)
        }
        Err(Trouble::Failed(message)) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn help() -> String {
    let mut text = String::from("cargo xtask <command>\n\n");
    for command in COMMANDS {
        text.push_str(&line(command));
        text.push('\n');
    }
    text
}

fn line(command: &Command) -> String {
    let takes = if command.takes.is_empty() {
        String::new()
    } else {
        format!("\n{:12}{}", "", command.takes)
    };
    format!("  {:10}{}{takes}", command.name, command.what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_names_every_command() {
        let help = help();
        for command in COMMANDS {
            assert!(help.contains(command.name), "{} is missing", command.name);
            assert!(help.contains(command.what), "{} is missing", command.what);
        }
    }
}
