//! Readiness of file descriptors as futures, for any executor.
//!
//! [`Async<T>`](Async) makes a socket, pipe or other descriptor asynchronous. It works under this project's
//! executors, under [`block_on`], and under any other executor.
//!
//! # The smallest program
//!
//! ```
//! use std::net::{TcpListener, TcpStream};
//! use futures_lite::{AsyncReadExt, AsyncWriteExt};
//! use trill_reactor::{Async, block_on};
//!
//! # fn main() -> std::io::Result<()> {
//! block_on(async {
//!     let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0))?;
//!     let mut client = Async::<TcpStream>::connect(listener.get_ref().local_addr()?).await?;
//!     let (mut server, _) = listener.accept().await?;
//!     client.write_all(b"hello").await?;
//!     let mut buffer = [0; 5];
//!     server.read_exact(&mut buffer).await?;
//!     assert_eq!(&buffer, b"hello");
//!     Ok(())
//! })
//! # }
//! ```
//!
//! # How it works
//!
//! * A [`Source`] is registered once, or a direction at a time when it is first waited for, edge-triggered. What is
//!   known of its readiness is kept beside it, and an operation is tried at once; only if it would block does the task
//!   wait for the next event.
//! * A thread that parks in [`block_on`] waits inside the [`Reactor`] of its sources: one `epoll_pwait2` a turn. One
//!   thread is inside at a time; it delivers all events of the turn, then wakes those who waited, then goes on.
//! * A source that is polled where nobody parks, or whose thread is stuck in a poll, is served by a helper thread
//!   (`trill-park`'s attendant).
//! * Any number of tasks may wait for each direction of a source. Dropping a future takes its waker back.
//! * The back end is epoll on Linux, else the crate `polling`, which the feature `polling` adds on Linux, too. The
//!   environment variable `TRILL_REACTOR=epoll|polling` or [`Reactor::builder`] chooses; [`Reactor::backend`] tells which
//!   it is and why.
//!
//! * Files are always ready and block all the same: their operations are submitted as a whole, with what they own
//!   ([`op`]), to a ring of the submitting thread (io_uring), which is one more member of the epoll set.
//!   Where a test at run time finds no rings, [`Reactor::submit`] hands the operation back; [`Reactor::rings`] tells why,
//!   and `TRILL_URING=off` switches them off.
//!
//! # What it does not do
//!
//! It has no timers and no tasks (`trill-timer`, `trill-executor`), resolves no names and knows no socket options
//! (`trill-net`), and reads and writes no files where there are no rings (`trill-fs`). On Windows sources are sockets
//! and nothing else, and Unix sockets are missing. It needs Unix or Windows.

mod accept;
mod backend;
mod block_on;
mod choice;
mod core;
mod direction;
mod error;
mod event;
mod io_safe;
#[cfg_attr(not(feature = "uring"), allow(dead_code))] // What only rings call.
mod landed;
#[cfg_attr(not(feature = "uring"), allow(dead_code))] // What only rings call.
pub mod op;
#[cfg_attr(not(feature = "uring"), allow(dead_code))] // What only rings call.
mod pending;
mod place;
mod primitive;
mod reactor;
mod ready;
#[cfg(all(
    feature = "uring",
    target_os = "linux",
    any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        target_arch = "riscv64",
        target_arch = "loongarch64",
        target_arch = "powerpc64",
    )
))]
mod ring;
#[cfg(not(all(
    feature = "uring",
    target_os = "linux",
    any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        target_arch = "riscv64",
        target_arch = "loongarch64",
        target_arch = "powerpc64",
    )
)))]
#[path = "ring/no_ring.rs"]
mod ring;
mod rings;
mod slot;
mod slots;
mod source;
mod sys;
mod tcp;
mod ticket;
mod transfer;
mod udp;
#[cfg(unix)]
mod unix;
mod waiter;
mod waiters;
mod with;
mod word;
mod wrapper;

pub use accept::{Accept, Incoming};
pub use block_on::block_on;
pub use choice::{Backend, Choice, Reason};
pub use direction::Direction;
pub use io_safe::IoSafe;
pub use pending::Pending;
pub use reactor::{Builder, EnteredReactor, Reactor};
pub use ready::{Readable, ReadableOwned, Writable, WritableOwned};
pub use rings::{NoRings, Rings};
pub use slot::Seen;
pub use source::Source;
pub use tcp::Connect;
#[cfg(unix)]
pub use unix::ConnectUnix;
pub use waiter::Waiter;
pub use with::{ReadWith, ReadWithMut, WriteWith, WriteWithMut};
pub use wrapper::Async;

#[cfg(loom)]
#[doc(hidden)]
pub use {
    event::{Interest, Ready},
    slot::{Listed, Slot, Who},
    ticket::Ticket,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
