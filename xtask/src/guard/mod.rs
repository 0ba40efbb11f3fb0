//! `cargo xtask guard`: instructions of the hottest paths against the counts accepted so far.
//!
//! A count of instructions says the same on a loaded machine as on an idle one, so unlike a time it can
//! fail a build. The accepted counts are lines of `xtask/guard/counts.txt`: an intended change is
//! `cargo xtask guard --accept`, whose diff a reviewer sees.

mod callgrind;
mod counts;

use std::process::ExitCode;

use crate::process::Call;
use crate::stages::Report;
use crate::{Trouble, report, setup, tree};

use callgrind::{Cost, Program};
use counts::{Accepted, Tools, Verdict};

/// Where the accepted counts stand, from the root of the repository.
const ACCEPTED: &str = "xtask/guard/counts.txt";

/// How often a path that is over is counted again: on a busy machine the path through the kernel was seen over by chance.
const COUNTED_AGAIN: usize = 3;

/// The command. `--accept` writes down what was counted, `--list` names the paths; other words are paths to count.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, Trouble> {
    let mut is_accepting = false;
    let mut is_listing = false;
    let mut only: Vec<&str> = Vec::new();
    for argument in arguments {
        match argument.as_str() {
            "--accept" => is_accepting = true,
            "--list" => is_listing = true,
            word if word.starts_with('-') => {
                return Err(Trouble::Usage(format!("guard takes no `{word}`")));
            }
            word => only.push(word),
        }
    }
    if let Some(why) = elsewhere() {
        return Err(Trouble::Failed(why));
    }
    let program = build()?;
    if is_listing {
        for path in program.paths() {
            println!("{:20}{}", path.name, path.what);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut report = Report::default();
    let costs = count(&program, &only)?;
    if is_accepting {
        let text = read()?;
        let names: Vec<&str> = program.paths().iter().map(|p| p.name.as_str()).collect();
        let text = counts::accept(&text, &tools(), &costs, &names);
        std::fs::write(tree::root().join(ACCEPTED), text)
            .map_err(|error| Trouble::Failed(format!("{ACCEPTED} cannot be written: {error}")))?;
        println!("wrote {ACCEPTED}; its diff is what a reviewer has to agree with");
        return Ok(ExitCode::SUCCESS);
    }
    judge(&mut report, &program, costs, only.is_empty())?;
    for note in &report.notes {
        println!("note: {note}");
    }
    for failure in &report.failures {
        println!("FAILED: {}", failure.what);
    }
    Ok(match report.failures.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// The stage of `test-all`.
pub(crate) fn stage(report: &mut Report) -> Result<(), Trouble> {
    if let Some(why) = elsewhere() {
        report.note(why);
        return Ok(());
    }
    let program = build()?;
    let costs = count(&program, &[])?;
    judge(report, &program, costs, true)
}

/// Why nothing can be counted on this machine.
fn elsewhere() -> Option<String> {
    let here = cfg!(all(
        target_os = "linux",
        target_arch = "x86_64",
        target_env = "gnu"
    ));
    (!here).then(|| "not counted: the accepted counts are those of x86-64 Linux with glibc".into())
}

fn build() -> Result<Program, Trouble> {
    setup::linker()?;
    setup::valgrind()?;
    let call = Call::cargo(&["build", "--profile", "bench", "-p", "trill-guard"]);
    println!("$ {}", call.shown());
    call.run()
        .map_err(|problem| Trouble::Failed(format!("{} failed: {problem}", call.shown())))?;
    Program::find()
}

fn count(program: &Program, only: &[&str]) -> Result<Vec<Cost>, Trouble> {
    let costs = program.count(only)?;
    println!("callgrind's profiles are in {}", program.profiles());
    Ok(costs)
}

fn read() -> Result<String, Trouble> {
    std::fs::read_to_string(tree::root().join(ACCEPTED))
        .map_err(|error| Trouble::Failed(format!("{ACCEPTED} cannot be read: {error}")))
}

fn tools() -> Tools {
    let version = |name: &str| {
        let text = Call::program(name, &["--version"]).output();
        text.unwrap_or_default()
    };
    Tools::of(&version("rustc"), &version("valgrind"))
}

/// Compares and prints; `is_whole` says that every path was counted.
fn judge(
    report: &mut Report,
    program: &Program,
    mut costs: Vec<Cost>,
    is_whole: bool,
) -> Result<(), Trouble> {
    let accepted = Accepted::parse(&read()?)
        .map_err(|problem| Trouble::Failed(format!("{ACCEPTED}: {problem}")))?;
    let tools = tools();
    let differing = accepted.tools.differing(&tools);
    // A clock that turns at another moment can add a turn of the reactor: what is over is counted again, and the least
    // counts, which a path that became slower does not reach.
    for _ in 0..COUNTED_AGAIN {
        let over: Vec<String> = costs
            .iter()
            .filter(|cost| accepted.verdict(cost, differing.is_some()).is_over())
            .map(|cost| cost.name.clone())
            .collect();
        if over.is_empty() {
            break;
        }
        println!("counted again: {}", over.join(", "));
        let names: Vec<&str> = over.iter().map(String::as_str).collect();
        for again in program.count(&names)? {
            if let Some(cost) = costs.iter_mut().find(|cost| cost.name == again.name) {
                cost.instructions = cost.instructions.min(again.instructions);
            }
        }
    }
    let mut rows = Vec::new();
    for cost in &costs {
        let verdict = accepted.verdict(cost, differing.is_some());
        rows.push(vec![
            cost.name.clone(),
            format!("{:.1}", cost.instructions),
            accepted.shown(&cost.name),
            format!("{:.2}", cost.allocations),
            verdict.to_string(),
        ]);
        match verdict {
            Verdict::Within => {}
            Verdict::Less(_) => report.note(format!("{}: {verdict}", cost.name)),
            Verdict::More(_) | Verdict::Unknown => {
                report.fail(format!("{}: {verdict}", cost.name), repeat(&cost.name));
            }
        }
    }
    let header = ["path", "instructions", "accepted", "allocations", "verdict"];
    println!("\n{}", report::table(&header, &rows));
    if is_whole {
        for name in accepted.gone(&costs) {
            report.fail(
                format!("{name} is accepted but there is no such path"),
                "cargo xtask guard --accept",
            );
        }
    }
    report.notes.extend(differing);
    report.note(format!("paths: {}", costs.len()));
    Ok(())
}

fn repeat(name: &str) -> String {
    format!(
        "cargo xtask guard {name} (if the change is intended: cargo xtask guard {name} --accept)"
    )
}
