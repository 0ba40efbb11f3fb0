//! Runs the rounds: every measurement in a child process, peers in turn.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::app::EXIT_MISSING;
use crate::args::{One, Options};
use crate::clock::start_thread;
use crate::flavour::Flavour;
use crate::rows::{Group, PeerName, Row, all};
use crate::table::{Line, Outcome, number};

/// Measures the rows of a group that `options` ask for and returns their lines.
///
/// # Errors
///
/// When no child process can be started. A child that fails is part of the result instead.
pub(crate) fn rounds(
    group: Group,
    options: &Options,
    peers: &[PeerName],
    programs: &Programs,
) -> io::Result<Vec<Line>> {
    let rounds = options.rounds.unwrap_or(group.rounds());
    let wanted = |row: &&'static Row| row.is_in(group) && options.wants(row.name);
    let mut lines = Vec::new();
    for row in all().filter(wanted) {
        for flavour in options.flavours(group) {
            let suiting = peers.iter().filter(|peer| row.suits(**peer, flavour));
            let suiting: Vec<PeerName> = suiting.copied().collect();
            if !suiting.is_empty() {
                lines.extend(one_row(
                    row,
                    flavour,
                    rounds,
                    options.quick,
                    &suiting,
                    programs,
                )?);
            }
        }
    }
    Ok(lines)
}

/// The programs that measure.
#[derive(Debug)]
pub(crate) struct Programs {
    own: PathBuf,
    /// That of another revision, if one is asked for.
    pub(crate) before: Option<PathBuf>,
}

impl Programs {
    /// This program alone.
    ///
    /// # Errors
    ///
    /// When the operating system does not say where it lies.
    pub(crate) fn own() -> io::Result<Self> {
        Ok(Self {
            own: std::env::current_exe()?,
            before: None,
        })
    }

    /// Who measures a peer, and under which name it is known there.
    fn of(&self, peer: PeerName) -> (&Path, PeerName) {
        match (peer, &self.before) {
            (PeerName::Before, Some(before)) => (before, PeerName::Trill),
            _ => (&self.own, peer),
        }
    }
}

fn one_row(
    row: &'static Row,
    flavour: Flavour,
    rounds: usize,
    quick: bool,
    peers: &[PeerName],
    programs: &Programs,
) -> io::Result<Vec<Line>> {
    let mut lines: Vec<Line> = row
        .figures
        .iter()
        .map(|figure| Line {
            row,
            figure,
            flavour,
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
            let (program, peer) = programs.of(peers[index]);
            let one = One {
                row: row.name.into(),
                peer,
                flavour,
                quick,
                backend: None,
            };
            let measured = measure(program, &one, row.figures.len())?;
            for (at, line) in lines.iter_mut().enumerate() {
                let outcome = &mut line.outcomes[index].1;
                match &measured {
                    Measured::Values(values) => outcome.values.extend(values[at]),
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
    /// A figure that this machine does not allow, such as more sockets than its limit, is absent.
    Values(Vec<Option<f64>>),
    Missing,
    Failed(String),
}

/// Runs one measurement in a child process.
fn measure(program: &Path, one: &One, figures: usize) -> io::Result<Measured> {
    let mut child = Command::new(program)
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
    let values: Option<Vec<Option<f64>>> = out.split_whitespace().map(value).collect();
    Ok(match values {
        Some(values) if values.len() == figures => Measured::Values(values),
        _ => Measured::Failed(format!("printed {out:?} instead of {figures} numbers")),
    })
}

/// One printed figure: a number, or that there is none.
fn value(word: &str) -> Option<Option<f64>> {
    match word.parse() {
        Ok(number) if f64::is_finite(number) => Some(Some(number)),
        Ok(number) if number.is_nan() => Some(None),
        _ => None,
    }
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
    let mut words = format!("{}, {}:", line.title(), line.flavour.words());
    for (peer, outcome) in &line.outcomes {
        words += &match outcome.summary() {
            Some(summary) => format!("  {peer} {}", number(summary.median)),
            None if outcome.missing => format!("  {peer} missing"),
            None if outcome.failures.is_empty() => format!("  {peer} –"),
            None => format!("  {peer} failed"),
        };
    }
    eprintln!("{words} {}", line.figure.unit);
}

/// The longest a measurement may take; the slowest of them needs about 20 s.
const CHILD_TIME_MAX: Duration = Duration::from_secs(120);
