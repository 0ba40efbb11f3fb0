//! Runs the rounds: every measurement in a child process, peers in turn.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::app::EXIT_MISSING;
use crate::args::{One, Options};
use crate::clock::start_thread;
use crate::rows::{Group, PeerName, ROWS, Row};
use crate::table::{Line, Outcome, number};

/// Measures the rows of a group that `options` ask for and returns their lines.
///
/// # Errors
///
/// When no child process can be started. A child that fails is part of the result instead.
pub(crate) fn rounds(group: Group, options: &Options) -> io::Result<Vec<Line>> {
    let rounds = options.rounds.unwrap_or(group.rounds());
    let wanted = |row: &&Row| row.group == group && options.wants(row.name);
    let mut lines = Vec::new();
    for row in ROWS.iter().filter(wanted) {
        for &workers in &options.workers {
            lines.extend(one_row(row, workers, rounds, options)?);
        }
    }
    Ok(lines)
}

fn one_row(
    row: &'static Row,
    workers: usize,
    rounds: usize,
    options: &Options,
) -> io::Result<Vec<Line>> {
    let suiting = options.peers.iter().filter(|peer| row.suits(**peer));
    let peers: Vec<PeerName> = suiting.copied().collect();
    let mut lines: Vec<Line> = row
        .figures
        .iter()
        .map(|figure| Line {
            row,
            figure,
            workers,
            outcomes: peers
                .iter()
                .map(|&peer| (peer, Outcome::default()))
                .collect(),
        })
        .collect();
    for round in 0..rounds {
        for turn in 0..peers.len() {
            // The order turns by one each round, so that no peer always runs after the same one.
            let index = (round + turn) % peers.len();
            if lines[0].outcomes[index].1.missing {
                continue;
            }
            let one = One {
                row: row.name.into(),
                peer: peers[index],
                workers,
                quick: options.quick,
            };
            let measured = measure(&one, row.figures.len())?;
            for (at, line) in lines.iter_mut().enumerate() {
                let outcome = &mut line.outcomes[index].1;
                match &measured {
                    Measured::Values(values) => outcome.values.push(values[at]),
                    Measured::Missing => outcome.missing = true,
                    Measured::Failed(why) => outcome.failures.push(why.clone()),
                }
            }
        }
    }
    for line in &lines {
        progress(line);
    }
    Ok(lines)
}

enum Measured {
    Values(Vec<f64>),
    Missing,
    Failed(String),
}

/// Runs one measurement in a child process.
fn measure(one: &One, figures: usize) -> io::Result<Measured> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(one.words("run-one"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (status, out, err) = match finish(&mut child) {
        Ok(Some(finished)) => finished,
        Ok(None) => {
            let text = format!("still running after {} s", CHILD_TIME_MAX.as_secs());
            return Ok(Measured::Failed(text));
        }
        Err(error) => {
            end(&mut child);
            return Err(error);
        }
    };
    if status.code() == Some(i32::from(EXIT_MISSING)) {
        return Ok(Measured::Missing);
    }
    if !status.success() {
        let said = err.lines().last().unwrap_or("").trim();
        return Ok(Measured::Failed(format!("{status}: {said}")));
    }
    let values: Result<Vec<f64>, _> = out.split_whitespace().map(str::parse).collect();
    Ok(match values {
        Ok(values) if values.len() == figures && values.iter().all(|v| v.is_finite()) => {
            Measured::Values(values)
        }
        _ => Measured::Failed(format!("printed {out:?} instead of {figures} numbers")),
    })
}

/// Waits for a child's output and end; `None` if it took too long and was killed.
fn finish(child: &mut Child) -> io::Result<Option<(ExitStatus, String, String)>> {
    let out = collect(child.stdout.take())?;
    let err = collect(child.stderr.take())?;
    let Ok(out) = out.recv_timeout(CHILD_TIME_MAX) else {
        end(child);
        return Ok(None);
    };
    // Its output has ended, so it is about to end or, at worst, holds its errors open.
    let err = err.recv_timeout(CHILD_TIME_MAX).unwrap_or_default();
    Ok(Some((child.wait()?, out, err)))
}

/// Reads a pipe to its end on a thread.
fn collect(pipe: Option<impl Read + Send + 'static>) -> io::Result<mpsc::Receiver<String>> {
    let (sender, receiver) = mpsc::channel();
    start_thread("pipe", move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is all there is.
            let _ = pipe.read_to_end(&mut bytes);
        }
        // Nobody waits any more if the child took too long.
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    })?;
    Ok(receiver)
}

fn end(child: &mut Child) {
    // Both fail only if it has ended already.
    let _ = child.kill();
    let _ = child.wait();
}

fn progress(line: &Line) {
    let mut words = format!("{}, {} workers:", line.title(), line.workers);
    for (peer, outcome) in &line.outcomes {
        words += &match outcome.summary() {
            Some(summary) => format!("  {peer} {}", number(summary.median)),
            None if outcome.missing => format!("  {peer} missing"),
            None => format!("  {peer} failed"),
        };
    }
    eprintln!("{words} {}", line.figure.unit);
}

/// The longest a measurement may take; the slowest of them needs about 20 s.
const CHILD_TIME_MAX: Duration = Duration::from_secs(120);
