//! Every public function that waits, dropped wherever it can be dropped.
//!
//! One case for each function of the crates that hold no descriptor; `cargo xtask tidy cancel-cases`
//! compares the list with the sources. What all cases check: whoever waits behind the dropped one gets
//! its turn, none of the dropped one's wakers is kept, and nothing panics. What a case checks on its own is
//! what the function's `# Cancel safety` says.

#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![allow(clippy::await_holding_refcell_ref)] // A play has one thread, and one that borrows at a time.

mod channels;
mod groups;
mod harness;
mod limits;
mod locks;
mod many;
mod mistakes;
mod next;
mod pipe;
mod promises;
mod queues;
mod streams;
mod timer;
mod tokens;
mod waits;
mod work;
