//! `cargo xtask bench`: builds the benchmark program with its own profile and hands over to it.

use std::process::ExitCode;

use crate::process::Call;
use crate::{Trouble, setup};

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, Trouble> {
    setup::linker()?;
    if arguments.first().is_some_and(|group| group == "http") {
        setup::wrk()?;
    }
    if arguments.first().is_some_and(|group| group == "cost") {
        setup::valgrind()?;
        setup::strace()?;
    }
    let mut call = Call::cargo(&["run", "--profile", "bench", "-p", "trill-bench"])
        .arg("--bin")
        .arg("trill-bench")
        .arg("--");
    for argument in arguments {
        call = call.arg(argument.as_str());
    }
    let status = call
        .status()
        .map_err(|problem| Trouble::Failed(format!("cargo {problem}")))?;
    match status.code() {
        Some(code) => Ok(ExitCode::from(u8::try_from(code).unwrap_or(1))),
        None => Err(Trouble::Failed(format!(
            "the benchmark was ended by a signal ({status}). Repeat with: {}",
            call.shown()
        ))),
    }
}
