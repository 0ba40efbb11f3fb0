//! What hyper asks of a runtime: an executor and a timer. Needs the feature `hyper-rt`.
//!
//! The sockets of [`net`](crate::net) implement `hyper::rt::{Read, Write}` themselves.
//!
//! # Examples
//!
//! ```
//! use std::time::{Duration, Instant};
//! use hyper::rt::{Executor, Timer};
//!
//! trill::run(async {
//!     let (sender, receiver) = trill::channel::bounded(1);
//!     trill::hyper::HyperExecutor.execute(async move { sender.send(5).await });
//!     assert_eq!(receiver.recv().await, Ok(5));
//!     trill::hyper::HyperTimer.sleep(Duration::from_millis(1)).await;
//! });
//! ```

use std::future::Future;

use hyper::rt::Executor;

pub use trill_net::HyperTimer;

/// Spawns hyper's tasks on the thread's runtime, or on the process-wide one, as [`spawn`](crate::spawn) does.
///
/// # Examples
///
/// See the [module's page](crate::hyper).
#[derive(Clone, Copy, Debug, Default)]
pub struct HyperExecutor;

impl<F> Executor<F> for HyperExecutor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        crate::spawn(future).detach();
    }
}
