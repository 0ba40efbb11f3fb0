//! A value that somebody gives later: a promise and the future that waits for it.
//!
//! | to | use |
//! | --- | --- |
//! | give the value, an error, or nothing | [`Promise`] |
//! | wait for it, once | [`Promised`] |
//! | wait for it, many and many times | [`SharedPromised`] |
//! | be called when it is there | [`Promised::on_done`], [`SharedPromised::on_result`] |
//!
//! # The smallest program
//!
//! ```
//! use std::thread;
//! use trill_sync::promise::promise;
//!
//! # trill_park::block_on(async {
//! let (promise, promised) = promise::<i32, String>();
//! thread::spawn(move || promise.complete(7));
//! assert_eq!(promised.await, Ok(7));
//! # });
//! ```
//!
//! # How it works
//!
//! * A promise ends once: completed, failed, cancelled by either side, or abandoned when the [`Promise`] is dropped.
//!   The type sees to it: ending takes the `Promise`. Only a cancel by the other side may come first, and then value
//!   or error are given back.
//! * The outcome is moved out by whoever looks at it first. A failure that nobody looked at until the last handle is
//!   gone is reported, once, with the line on which the promise was made.
//! * Callbacks run on the thread that ends the promise, after its locks are released; in order, each once, and never
//!   one inside another, over all promises of the thread.
//!
//! # What it does not do
//!
//! There is no loop behind a promise to which callbacks could be queued: who adds one to a promise that has ended runs
//! it. For a message without errors, callbacks or sharing, [`oneshot`](crate::channel::oneshot) is cheaper.

mod callbacks;
mod error;
mod giver;
mod promised;
mod shared;
mod state;

use std::fmt;
use std::panic::Location;

use crate::primitive::Arc;
pub use callbacks::CallbackId;
pub use error::{Ending, PromiseError, TooLate};
pub use giver::{Cancelled, Promise};
pub use promised::Promised;
pub use shared::SharedPromised;
use state::State;

/// Makes a promise of a `T` or an error `E`, and the future that waits for it.
///
/// # Examples
///
/// See the [module's page](self).
#[track_caller]
pub fn promise<T, E: fmt::Debug>() -> (Promise<T, E>, Promised<T, E>) {
    let state = Arc::new(State::new(Location::caller()));
    (Promise::new(state.clone()), Promised::new(state))
}
