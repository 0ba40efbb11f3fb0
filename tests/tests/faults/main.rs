//! Faults that a runtime must survive, on the kernel: see `docs/faults.md`.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods)] // Tests drive processes, threads and sockets from outside.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod abort;
mod broken_reactor;
mod clocks;
mod crowds;
mod exhausted;
mod files;
mod fork;
mod injected;
mod memory;
mod network;
mod registered;
mod streams;
mod tasks;
