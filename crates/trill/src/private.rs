//! What the attributes expand to. Not part of the public interface.

use std::future::Future;

use crate::runtime::Runtime;

/// The options of an attribute; those that were not written are the default.
#[derive(Debug, Default)]
pub struct Options {
    pub workers: Option<usize>,
    pub ctrl_c: Option<bool>,
    pub terminate: Option<bool>,
}

/// Runs a program's `main`.
#[track_caller]
pub fn run_main<F: Future>(options: &Options, future: F) -> F::Output {
    let mut builder = Runtime::builder();
    if let Some(workers) = options.workers {
        builder = builder.workers(workers);
    }
    if let Some(ctrl_c) = options.ctrl_c {
        builder = builder.ctrl_c(ctrl_c);
    }
    if let Some(terminate) = options.terminate {
        builder = builder.terminate(terminate);
    }
    match builder.run(future) {
        Ok(output) => output,
        Err(error) => {
            eprintln!("trill: cannot start the runtime: {error}");
            std::process::exit(1);
        }
    }
}

/// Runs a test.
#[track_caller]
pub fn run_test<F: Future>(options: &Options, future: F) -> F::Output {
    // A test that is stopped by hand ends at once, and its threads are its own.
    let builder = Runtime::builder()
        .workers(options.workers.unwrap_or(1))
        .ctrl_c(options.ctrl_c.unwrap_or(false))
        .terminate(options.terminate.unwrap_or(false));
    match builder.run(future) {
        Ok(output) => output,
        Err(error) => panic!("cannot start the runtime: {error}"),
    }
}
