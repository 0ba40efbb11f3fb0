//! Signals as streams.
//!
//! # The smallest program
//!
//! ```no_run
//! use trill_signal::{Signal, Signals};
//!
//! trill_reactor::block_on(async {
//!     let mut signals = Signals::new([Signal::Hup, Signal::Term])?;
//!     loop {
//!         match signals.next().await {
//!             Signal::Hup => println!("reading the configuration again"),
//!             _ => break Ok(()),
//!         }
//!     }
//! })
//! # as std::io::Result<()>;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! [`ctrl_c`] waits for one Ctrl-C; [`signal`] listens for one kind.
//!
//! # How it works
//!
//! * The first listener for a signal installs a handler for it, the last one puts back what was there before. A handler
//!   that the program had installed is called, too, after ours.
//! * The handler sets a bit for each listener and, if the listener had taken its bits, rings at its socket. It takes no
//!   lock, allocates nothing and never waits, so a storm of signals costs the time of the handler and nothing more.
//! * A listener waits for its socket in the reactor of the thread that made it, as for any other source.
//! * Any number of listeners each get every signal.
//! * [`Interrupt`] hears a signal only while nobody else does, and leaves the second one to the system: what a runtime
//!   needs for its Ctrl-C.
//!
//! # Signals of one kind are joined
//!
//! As in the kernel: several that arrive before a listener looks come as one, but never as none.
//! Different kinds come in the order of their numbers, not in that of their arrival. Real-time signals are joined, too.
//!
//! # What it does not do
//!
//! It does not hear signals that cannot be caught (`KILL`, `STOP`) or that report a fault of the program itself
//! (`SEGV`, `BUS`, `FPE`, `ILL`), it does not tell who sent a signal, and it blocks none.
//! In a simulated world and on systems other than Unix every listener is refused.

mod ctrl_c;
mod disposition;
mod interrupt;
mod signal;
mod signals;
mod sys;

pub use ctrl_c::{CtrlC, ctrl_c};
pub use disposition::{Disposition, disposition, end_process};
pub use interrupt::Interrupt;
pub use signal::Signal;
pub use signals::{Next, Signals, signal};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
