//! `cargo xtask test-all`: every check of the project in one command, and a table at its end.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::stages::{Report, STAGES, Stage};
use crate::{Trouble, report, setup};

/// What the command line asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wish {
    only: Vec<String>,
    skip: Vec<String>,
    fail_fast: bool,
    list: bool,
}

/// A stage that was run, or left out because an earlier one failed.
struct Row {
    stage: &'static Stage,
    report: Option<(Report, Duration)>,
}

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, Trouble> {
    let wish = Wish::parse(arguments)?;
    if wish.list {
        for stage in STAGES {
            println!("{:12}{}", stage.name, stage.what);
        }
        return Ok(ExitCode::SUCCESS);
    }
    setup::linker()?;
    let start = Instant::now();
    let mut rows: Vec<Row> = Vec::new();
    let mut failed = false;
    for stage in STAGES.iter().filter(|stage| wish.wants(stage.name)) {
        let report = if failed && wish.fail_fast {
            None
        } else {
            let done = run_stage(stage);
            failed |= !done.0.failures.is_empty();
            Some(done)
        };
        rows.push(Row { stage, report });
    }
    print_end(&rows, &wish, start.elapsed());
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn run_stage(stage: &Stage) -> (Report, Duration) {
    println!("\n=== {}: {}", stage.name, stage.what);
    let start = Instant::now();
    let mut report = Report::default();
    if let Err(Trouble::Failed(message) | Trouble::Usage(message)) = (stage.run)(&mut report) {
        report.fail(
            message,
            format!("cargo xtask test-all --only {}", stage.name),
        );
    }
    let time = start.elapsed();
    for failure in &report.failures {
        println!(
            "FAILED {}: {}\n  repeat: {}",
            stage.name, failure.what, failure.repeat
        );
    }
    (report, time)
}

fn print_end(rows: &[Row], wish: &Wish, time: Duration) {
    let mut cells = Vec::new();
    for Row { stage, report } in rows {
        let (result, time, notes) = match report {
            Some((report, time)) if report.failures.is_empty() => {
                ("passed", report::time(*time), report.notes.join("; "))
            }
            Some((report, time)) => ("FAILED", report::time(*time), report.notes.join("; ")),
            None => (
                "not run",
                String::new(),
                "an earlier stage failed".to_string(),
            ),
        };
        cells.push(vec![
            stage.name.to_string(),
            result.to_string(),
            time,
            notes,
        ]);
    }
    for stage in STAGES.iter().filter(|stage| !wish.wants(stage.name)) {
        let note = "left out by the command line".to_string();
        cells.push(vec![
            stage.name.to_string(),
            "not run".to_string(),
            String::new(),
            note,
        ]);
    }
    println!(
        "\n{}",
        report::table(&["stage", "result", "time", "note"], &cells)
    );

    let mut failed = 0;
    for Row { stage, report } in rows {
        let failures = report.iter().flat_map(|(report, _)| &report.failures);
        for (index, failure) in failures.enumerate() {
            failed += usize::from(index == 0);
            println!(
                "{}: {}\n  repeat: {}",
                stage.name, failure.what, failure.repeat
            );
        }
    }
    let run = rows.iter().filter(|row| row.report.is_some()).count();
    let passed = run - failed;
    println!(
        "{passed} of {} stages passed, {failed} failed, {} not run, in {}",
        STAGES.len(),
        STAGES.len() - run,
        report::time(time)
    );
}

impl Wish {
    fn parse(arguments: &[String]) -> Result<Wish, Trouble> {
        let mut wish = Wish::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value.to_string())),
                None => (argument.as_str(), None),
            };
            match name {
                "--only" | "--skip" => {
                    let value = value.or_else(|| arguments.next().cloned());
                    let stages = stages(name, value.as_deref().unwrap_or_default())?;
                    let list = if name == "--only" {
                        &mut wish.only
                    } else {
                        &mut wish.skip
                    };
                    list.extend(stages);
                }
                "--fail-fast" => wish.fail_fast = true,
                // What happens anyway; said aloud by those who are used to it.
                "--keep-going" => wish.fail_fast = false,
                "--list" => wish.list = true,
                other => {
                    return Err(Trouble::Usage(format!("test-all takes no `{other}`")));
                }
            }
        }
        Ok(wish)
    }

    fn wants(&self, name: &str) -> bool {
        let named = |list: &[String]| list.iter().any(|stage| stage == name);
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
    }
}

/// The stages in a list with commas, each of which must exist.
fn stages(option: &str, list: &str) -> Result<Vec<String>, Trouble> {
    let names: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
    let mut chosen = Vec::new();
    for name in list.split(',').map(str::trim) {
        if !names.contains(&name) {
            return Err(Trouble::Usage(format!(
                "{option}: there is no stage `{name}`; there are: {}",
                names.join(", ")
            )));
        }
        chosen.push(name.to_string());
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Wish, Trouble> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_string).collect();
        Wish::parse(&arguments)
    }

    #[test]
    fn without_options_every_stage_is_wanted() {
        let wish = parse("").expect("an empty line is good");
        assert!(STAGES.iter().all(|stage| wish.wants(stage.name)));
        assert!(!wish.fail_fast);
    }

    #[test]
    fn only_and_skip_choose_stages() {
        let wish = parse("--only fmt,tidy,deny --skip=deny --fail-fast").expect("all exist");
        let wanted: Vec<_> = STAGES.iter().filter(|s| wish.wants(s.name)).collect();
        let names: Vec<_> = wanted.iter().map(|stage| stage.name).collect();
        assert_eq!(names, ["fmt", "tidy"]);
        assert!(wish.fail_fast);
    }

    #[test]
    fn unknown_stages_and_options_are_usage_errors() {
        for line in ["--only nothing", "--skip fmt,", "--only", "--fast", "fmt"] {
            assert!(matches!(parse(line), Err(Trouble::Usage(_))), "{line}");
        }
    }

    #[test]
    fn a_stage_that_cannot_start_is_a_failure() {
        let stage = Stage {
            name: "x",
            what: "nothing",
            run: |_| Err(Trouble::Failed("no tool".into())),
        };
        let (report, _) = run_stage(&stage);
        assert_eq!(report.failures.len(), 1);
        assert_eq!(report.failures[0].repeat, "cargo xtask test-all --only x");
    }
}
