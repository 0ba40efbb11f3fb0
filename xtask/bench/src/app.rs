//! From the command line to results.

use std::error::Error;
use std::process::ExitCode;

use crate::args::{Command, HELP, One, Options};
use crate::flavour::Flavour;
use crate::parent::Programs;
use crate::peers::python;
use crate::rows::{Group, PeerName, all, find};
use crate::work::Plan;
use crate::{against, cost, curve, host, parent, peers, save, serve, table, weight};

/// Runs the program. Ends with 0 when all was measured, 1 when something failed, 2 when the command
/// line was not understood.
pub(crate) fn main() -> ExitCode {
    let done = match Command::parse(std::env::args().skip(1)) {
        Ok(Command::Help) => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        Ok(Command::List) => {
            list();
            Ok(ExitCode::SUCCESS)
        }
        Ok(Command::Rows(group, options)) => rows(group, &options),
        Ok(Command::Cost(options)) => cost::main(&options).map(|()| ExitCode::SUCCESS),
        Ok(Command::Build(options)) => weight::main(&options).map(|()| ExitCode::SUCCESS),
        Ok(Command::RunOne(one)) => run_one(&one),
        Ok(Command::Serve(one)) => serve_one(&one),
        Err(misuse) => {
            eprintln!("{misuse}\n\n{HELP}");
            return ExitCode::from(EXIT_MISUSE);
        }
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

/// Lines that say where and with what the results were made.
pub(crate) fn environment() -> Vec<String> {
    let versions = LOCKED
        .iter()
        .filter_map(|name| Some(format!("{name} {}", locked_version(LOCK_FILE, name)?)));
    let mut lines = vec![host::describe(), versions.collect::<Vec<_>>().join(", ")];
    lines.extend(host::load().map(|load| format!("load before the run {load}")));
    if cfg!(debug_assertions) {
        lines.push("built without optimization: times say nothing".into());
    }
    lines
}

fn list() {
    for row in all() {
        println!("{} ({}): {}", row.name, row.group.as_str(), row.title);
        println!("    {}", row.same);
    }
}

fn rows(group: Group, options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    let mut environment = environment();
    environment.push(format!(
        "{} rounds{}",
        options.rounds.unwrap_or(group.rounds()),
        if options.quick {
            " of a tenth of the work"
        } else {
            ""
        }
    ));
    let mut programs = Programs::own()?;
    if let Some(revision) = &options.against {
        let built = against::build(revision)?;
        environment.push(built.note);
        programs.before = Some(built.program);
    }
    let mut peers = options.peers();
    let is_local = options.flavours(group).contains(&Flavour::Local);
    if !is_local {
        peers.retain(|peer| !matches!(peer, PeerName::Asyncio | PeerName::Uvloop));
    }
    environment.extend(python::prepare(&mut peers));
    let lines = parent::rounds(group, options, &peers, &programs)?;
    if lines.is_empty() {
        return Err(format!("no row of {} has such a name: see `list`", group.as_str()).into());
    }
    println!("{}", environment.join("\n"));
    println!(
        "median [smallest–largest]; less is better, but for rates; ratio: trill / {}, below 1 is better\n",
        match options.against {
            Some(_) => "trill before",
            None => "better of tokio and smol",
        }
    );
    print!("{}", table::table(&lines, &peers));
    let curves = curve::curves(&lines);
    if !curves.is_empty() {
        print!("\n{}", curve::table(&curves));
        let path = save::folder()?.join("growth-curves.svg");
        std::fs::write(&path, curve::picture(&environment.join(". "), &curves))?;
        println!("wrote {}", path.display());
    }
    for path in save::save(&save::folder()?, group.as_str(), &environment, &lines)? {
        println!("wrote {}", path.display());
    }
    let mut outcomes = lines.iter().flat_map(|line| &line.outcomes);
    let failed = outcomes.any(|(_, outcome)| !outcome.failures.is_empty());
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn run_one(one: &One) -> Result<ExitCode, Box<dyn Error>> {
    let row = find(&one.row).ok_or_else(|| format!("no row `{}`: see `list`", one.row))?;
    host::die_with_parent()?;
    let plan = Plan { one: one.clone() };
    let Some(result) = peers::measure(one.peer, row.work, &plan) else {
        eprintln!("{} has no row {}", one.peer, one.row);
        return Ok(ExitCode::from(EXIT_MISSING));
    };
    for value in result? {
        println!("{value}");
    }
    Ok(ExitCode::SUCCESS)
}

fn serve_one(one: &One) -> Result<ExitCode, Box<dyn Error>> {
    let row = find(&one.row).ok_or_else(|| format!("no row `{}`: see `list`", one.row))?;
    host::die_with_parent()?;
    serve::main(one, row.work)?;
    Ok(ExitCode::SUCCESS)
}

/// The version `Cargo.lock` names for a package.
fn locked_version<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let entry = format!("\nname = \"{name}\"\nversion = \"");
    lock.split_once(&entry)?.1.split('"').next()
}

/// How a child says that its peer does not have the row.
pub(crate) const EXIT_MISSING: u8 = 3;
/// The command line was not understood.
const EXIT_MISUSE: u8 = 2;
/// What the peers are made of.
const LOCKED: [&str; 9] = [
    "tokio",
    "mio",
    "smol",
    "async-executor",
    "async-io",
    "monoio",
    "compio",
    "hyper",
    "trill",
];
/// The versions this program was built with.
const LOCK_FILE: &str = include_str!("../../../Cargo.lock");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_names_every_peer() {
        for name in LOCKED {
            let version = locked_version(LOCK_FILE, name).expect(name);
            assert_eq!(version.split('.').count(), 3, "{name} {version}");
        }
        assert_eq!(locked_version(LOCK_FILE, "no-such-package"), None);
    }
}
