//! An asynchronous runtime: executor, reactor, timers, sync, net and blocking work under one roof.
//!
//! # The smallest program
//!
//! ```
//! use std::time::Duration;
//!
//! fn main() {
//!     trill::run(async {
//!         let task = trill::spawn(async {
//!             trill::time::sleep(Duration::from_millis(10)).await;
//!             "later"
//!         });
//!         println!("now");
//!         println!("{}", task.await);
//!     });
//! }
//! ```
//!
//! With the attribute: `#[trill::main] async fn main() { … }`.
//!
//! # How it works
//!
//! * An executor is a future, a reactor is a place to park, and [`block_on`] joins one to the other. Any of them can be
//!   used alone or with somebody else's.
//! * [`Runtime`] joins trill's own: worker threads share a work-stealing [`Executor`] and park in one [`Reactor`].
//! * [`run`] makes a runtime for one future. [`spawn`] and [`unblock`] need no handle: they use the runtime of the
//!   thread, or a process-wide one.
//! * Sockets and timers work on any executor's threads.
//! * Time, chance and threads come through [`world`], so that tests can run in a virtual one.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `insight` | yes | each task keeps where it was spawned, what it waits for and how often it ran |
//! | `io` | yes | buffered streams with limits and flow control, in [`io`] |
//! | `macros` | yes | `#[trill::main]` and `#[trill::test]` |
//! | `signal` | yes | signals as streams, in `signal`, and Ctrl-C cancels main |
//! | `callback` | no | a loop of callbacks, in `callback`, for ports of event-driven programs |
//! | `debug` | no | debug mode, in `debug`: slow polls, blocked threads, tasks dropped unfinished; off until it is turned on |
//! | `fs` | no | files, in `fs`; Unix only |
//! | `handover` | no | listening sockets from a service manager or the process before, in `handover`; Unix only |
//! | `inspect` | no | what every task is doing, as a table, a tree and a graph of awaits, in `inspect` |
//! | `limit` | no | capacity, rates and retries, in `limit` |
//! | `pipe` | no | anonymous and named pipes, in `pipe`; Unix only |
//! | `polling` | no | the crate polling as a second back end of the reactor on Linux, for comparisons; elsewhere it is always there |
//! | `portal` | no | ways from threads into a runtime and back, in `portal` |
//! | `process` | no | children as awaitables, in `process`; Unix only |
//! | `server` | no | servers that end gracefully, in `server` |
//! | `splice` | no | bytes between files and streams, moved inside the kernel, in `splice`; Unix only |
//! | `stdio` | no | standard input, output and error, in `stdio` and [`io`] |
//! | `full` | no | all of the above |
//! | `tls` | no | TLS by rustls and ring, in `tls`; not in `full`, because ring compiles C |
//! | `tls-self-signed` | no | the same, and certificates made on the spot, for tests |
//! | `tokio-io` | no | `tokio::io::{AsyncRead, AsyncWrite}` on this crate's sockets |
//! | `hyper-rt` | no | `hyper::rt::{Read, Write}` on this crate's sockets, and an executor and a timer for hyper |
//!
//! Locks, channels, queues, promises, timers, sockets and structured concurrency are always there.
//! Features only add; they never change what the rest does.

mod ambient;
#[cfg(feature = "callback")]
pub mod callback;
pub mod channel;
#[cfg(feature = "debug")]
pub mod debug;
#[cfg(all(feature = "fs", unix))]
pub mod fs;
pub mod future;
#[cfg(all(feature = "handover", unix))]
pub mod handover;
#[cfg(feature = "hyper-rt")]
pub mod hyper;
#[cfg(feature = "inspect")]
pub mod inspect;
pub mod io;
#[cfg(feature = "limit")]
pub mod limit;
pub mod lock;
pub mod net;
#[cfg(all(feature = "pipe", unix))]
pub mod pipe;
#[cfg(feature = "portal")]
pub mod portal;
pub mod prelude;
#[doc(hidden)]
pub mod private;
#[cfg(all(feature = "process", unix))]
pub mod process;
pub mod promise;
pub mod queue;
mod runtime;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "signal")]
pub mod signal;
#[cfg(all(feature = "splice", unix))]
pub mod splice;
#[cfg(feature = "stdio")]
pub mod stdio;
pub mod task;
pub mod time;
#[cfg(feature = "tls")]
pub mod tls;
pub mod world;

pub use ambient::{block_on, run, spawn};
pub use futures_lite::{pin, ready, stream};
pub use runtime::{
    AtExit, Builder, Handle, Interrupted, RunError, Runner, Runtime, at_exit, shutdown_token,
};
pub use trill_blocking::{Unblock, to_thread, unblock};
pub use trill_executor::{Executor, LocalExecutor, Task};
#[cfg(feature = "macros")]
pub use trill_macros::{main, test};
pub use trill_reactor::{Async, Backend, Reactor};
pub use trill_timer::Timer;

#[doc(hidden)]
pub use private as __private;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
