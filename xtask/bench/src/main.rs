//! Measures trill beside tokio and smol, so that a claim about speed or weight is one command away.
//!
//! `cargo xtask bench micro` runs this program; `trill-bench list` prints every row and how its
//! work is made the same for each runtime.
//!
//! How it measures: for each row and number of workers the parent process runs rounds. In a round
//! every runtime is measured once, each in a child process of its own, so that allocators, global
//! runtimes and thread pools never meet; the order turns by one each round, so that a drift of the
//! machine hits all of them alike. The table shows medians and the range of the rounds.

#[cfg(target_os = "linux")]
mod against;
#[cfg(target_os = "linux")]
mod alloc;
#[cfg(target_os = "linux")]
mod app;
mod args;
#[cfg(target_os = "linux")]
mod bare;
#[cfg(target_os = "linux")]
mod clock;
#[cfg(target_os = "linux")]
mod cost;
#[cfg(target_os = "linux")]
mod curve;
mod flavour;
#[cfg(target_os = "linux")]
mod host;
mod list;
#[cfg(target_os = "linux")]
mod load;
#[cfg(target_os = "linux")]
mod parent;
#[cfg(target_os = "linux")]
mod peers;
mod rows;
#[cfg(target_os = "linux")]
mod save;
#[cfg(target_os = "linux")]
mod serve;
mod stats;
mod svg;
mod table;
mod verdict;
#[cfg(target_os = "linux")]
mod weight;
#[cfg(target_os = "linux")]
mod work;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    app::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    eprintln!("the benchmarks count CPU time and drive sockets the Linux way: run them on Linux");
    std::process::ExitCode::from(2)
}
