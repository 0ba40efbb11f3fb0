//! What the attributes expand to. Not part of the public interface.

use std::future::Future;

use crate::runtime::Runtime;

/// Runs a program's `main`.
pub fn run_main<F: Future>(workers: Option<usize>, future: F) -> F::Output {
    let mut builder = Runtime::builder();
    if let Some(workers) = workers {
        builder = builder.workers(workers);
    }
    match builder.run_with_what_there_is(future) {
        Ok(output) => output,
        Err(error) => {
            eprintln!("trill: cannot start the runtime: {error}");
            std::process::exit(1);
        }
    }
}

/// Runs a test.
pub fn run_test<F: Future>(workers: Option<usize>, future: F) -> F::Output {
    match Runtime::builder().workers(workers.unwrap_or(1)).build() {
        Ok(runtime) => runtime.run(future),
        Err(error) => panic!("cannot start the runtime: {error}"),
    }
}
