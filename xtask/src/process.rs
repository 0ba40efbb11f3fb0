//! Starting other programs, with the exact command line at hand for the person who must repeat it.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::tree;

/// How often a child with a time limit is looked at. Short against any limit, long against a poll.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A command line with the environment it needs.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    program: OsString,
    /// What a person types instead of `program`.
    shown: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

/// Why a call did not succeed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The program did not start: its name and what the system said.
    Start(String),
    /// It ended with this code; `None` if a signal ended it.
    Exit(Option<i32>),
    /// It ran longer than its limit and was killed.
    Time(Duration),
}

impl Call {
    /// The cargo that started this program, so that the tool chain stays the same.
    pub(crate) fn cargo(arguments: &[&str]) -> Call {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Call::new(program, "cargo", arguments)
    }

    pub(crate) fn program(name: &str, arguments: &[&str]) -> Call {
        Call::new(name.into(), name, arguments)
    }

    /// A program that was built here, shown by its path from the root where it lies inside it.
    pub(crate) fn built(path: &Path, arguments: &[&str]) -> Call {
        Call::new(path.into(), &tree::typed(path), arguments)
    }

    fn new(program: OsString, shown: &str, arguments: &[&str]) -> Call {
        Call {
            program,
            shown: shown.to_string(),
            arguments: arguments.iter().map(|a| (*a).to_string()).collect(),
            environment: Vec::new(),
        }
    }

    pub(crate) fn arg(mut self, argument: impl Into<String>) -> Call {
        self.arguments.push(argument.into());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<String>) -> Call {
        self.environment.push((name.to_string(), value.into()));
        self
    }

    /// The command as a person types it in the root of the repository.
    pub(crate) fn shown(&self) -> String {
        let environment = self
            .environment
            .iter()
            .map(|(name, value)| format!("{name}={}", quote(value)));
        environment
            .chain([quote(&self.shown)])
            .chain(self.arguments.iter().map(|a| quote(a)))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Runs to the end with the terminal shared.
    pub(crate) fn run(&self) -> Result<(), Problem> {
        ended(self.status())
    }

    /// Runs to the end with the terminal shared, and hands back how it ended.
    pub(crate) fn status(&self) -> Result<ExitStatus, Problem> {
        let _ = std::io::stdout().flush();
        self.command().status().map_err(|e| self.no_start(&e))
    }

    /// Runs with the terminal shared, and kills the program when the limit is over.
    pub(crate) fn run_within(&self, limit: Duration) -> Result<(), Problem> {
        let _ = std::io::stdout().flush();
        let mut child = self.command().spawn().map_err(|e| self.no_start(&e))?;
        wait(&mut child, limit).map_err(|e| self.no_start(&e))?
    }

    /// Runs quietly; true if the program exists and says that all is well.
    pub(crate) fn works(&self) -> bool {
        let status = self
            .command()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    }

    /// Runs quietly; true if the program exists, however it ends.
    pub(crate) fn starts(&self) -> bool {
        let started = self
            .command()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        started.is_ok()
    }

    /// What a program prints, if it exists and says that all is well.
    pub(crate) fn output(&self) -> Option<String> {
        let output = self.command().stderr(Stdio::null()).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success().then_some(text)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(tree::root());
        command
    }

    fn no_start(&self, error: &std::io::Error) -> Problem {
        Problem::Start(format!("{}: {error}", self.shown))
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Problem::Start(what) => write!(f, "did not start: {what}"),
            Problem::Exit(Some(code)) => write!(f, "exit code {code}"),
            Problem::Exit(None) => write!(f, "ended by a signal"),
            Problem::Time(limit) => write!(f, "killed after {} s", limit.as_secs()),
        }
    }
}

fn ended(status: Result<ExitStatus, Problem>) -> Result<(), Problem> {
    let status = status?;
    if status.success() {
        Ok(())
    } else {
        Err(Problem::Exit(status.code()))
    }
}

fn wait(child: &mut Child, limit: Duration) -> std::io::Result<Result<(), Problem>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(ended(Ok(status)));
        }
        if start.elapsed() >= limit {
            child.kill()?;
            child.wait()?;
            return Ok(Err(Problem::Time(limit)));
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Quotes a word for a shell where it needs it.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_=./,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_shown_can_be_typed() {
        let call = Call::cargo(&["test", "--test", "loom_*"]).env("RUSTFLAGS", "--cfg loom");
        assert_eq!(
            call.shown(),
            "RUSTFLAGS='--cfg loom' cargo test --test 'loom_*'"
        );
    }

    #[test]
    fn a_missing_program_is_a_problem_with_its_name() {
        let call = Call::program("no-such-program-here", &[]);
        assert!(!call.works());
        let Err(Problem::Start(text)) = call.run() else {
            panic!("it cannot have started");
        };
        assert!(text.contains("no-such-program-here"));
    }

    #[cfg(unix)]
    #[test]
    fn a_program_over_its_limit_is_killed() {
        let call = Call::program("sleep", &["600"]);
        let limit = Duration::ZERO;
        assert_eq!(call.run_within(limit), Err(Problem::Time(limit)));
    }

    #[cfg(unix)]
    #[test]
    fn an_exit_code_is_kept() {
        let call = Call::program("sh", &["-c", "exit 7"]);
        assert_eq!(call.run(), Err(Problem::Exit(Some(7))));
        let whole = call.run_within(Duration::from_secs(60));
        assert_eq!(whole, Err(Problem::Exit(Some(7))));
    }
}
