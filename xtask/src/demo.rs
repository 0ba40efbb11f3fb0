//! `cargo xtask demo`: builds the demo as a user would and runs it.

use std::process::ExitCode;
use std::time::Instant;

use crate::process::Call;
use crate::{Trouble, report, setup, tree};

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, Trouble> {
    if let Some(first) = arguments.first() {
        return Err(Trouble::Usage(format!("demo takes no `{first}`")));
    }
    setup::linker()?;
    let build = Call::cargo(&[
        "build",
        "--release",
        "-p",
        "trill-examples",
        "--bin",
        "demo",
    ]);
    println!("building the demo: {}", build.shown());
    let start = Instant::now();
    build.run().map_err(|problem| {
        Trouble::Failed(format!(
            "the demo does not build ({problem}). Repeat with: {}",
            build.shown()
        ))
    })?;
    println!("built in {}\n", report::time(start.elapsed()));

    let name = format!("demo{}", std::env::consts::EXE_SUFFIX);
    let program = Call::built(&tree::target_dir().join("release").join(name), &[]);
    let status = program
        .status()
        .map_err(|problem| Trouble::Failed(format!("the demo {problem}")))?;
    match status.code() {
        // An exit code is eight bits wide on every system this runs on.
        Some(code) => Ok(ExitCode::from(u8::try_from(code).unwrap_or(1))),
        None => Err(Trouble::Failed(format!(
            "the demo was ended by a signal ({status}). Repeat with: {}",
            program.shown()
        ))),
    }
}
