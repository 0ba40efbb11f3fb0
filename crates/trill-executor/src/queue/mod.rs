//! The queues of runnables. They hold plain addresses and know nothing of tasks.

#![cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.

mod inject;
mod lifo;
mod ring;

use std::ptr::NonNull;

pub use inject::Inject;
pub use lifo::Lifo;
#[cfg(loom)]
pub use ring::RING_LEN;
pub use ring::{Ring, Share};

/// What queues hold: the address of a runnable's cell.
///
/// Each item that is pushed comes out exactly once.
pub type Item = NonNull<()>;
