//! Runs the hottest paths so that callgrind can count their instructions.
//!
//! `cargo xtask guard` starts this program under valgrind and compares what it counts with
//! `xtask/guard/counts.txt`. Callgrind counts from the beginning of `guarded_path` to `path_counted`,
//! for each thread by itself; what counts is this one, which is the runtime's worker. Each path is run once uncounted, to warm up,
//! then for N and for 2N operations: the difference over N is the cost of one operation, without
//! starting a runtime and without what happens once.
//!
//! With `--list` it prints each path with its N, in the order in which they run.

mod io;
mod paths;

use std::process::ExitCode;

use paths::{PATHS, Path};

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if wanted.iter().any(|word| word == "--list") {
        for path in PATHS {
            println!("{}\t{}\t{}", path.name, path.count, path.what);
        }
        return ExitCode::SUCCESS;
    }
    let known = |word: &&String| !PATHS.iter().any(|path| path.name == **word);
    if let Some(word) = wanted.iter().find(known) {
        eprintln!("there is no path `{word}`: see --list");
        return ExitCode::from(2);
    }
    let is_wanted = |path: &&Path| wanted.is_empty() || wanted.iter().any(|word| word == path.name);
    for path in PATHS.iter().filter(is_wanted) {
        (path.run)(path.count);
        for count in [path.count, 2 * path.count] {
            guarded_path(path.run, count);
        }
    }
    ExitCode::SUCCESS
}

/// What callgrind counts: it starts at zero when this function begins, and stops at [`path_counted`]. It finds both by
/// their names, so neither may be inlined.
#[inline(never)]
fn guarded_path(run: fn(usize), count: usize) {
    run(std::hint::black_box(count));
    path_counted();
}

/// Callgrind writes what it counted when this begins.
#[inline(never)]
fn path_counted() {
    // Something that a compiler may not leave out, nor the call with it.
    std::hint::black_box(());
}
