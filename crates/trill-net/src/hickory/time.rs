//! Time as hickory asks for it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use hickory_net::runtime::Time;

/// Gives hickory this project's timers and clock; of a [`HickoryProvider`](crate::HickoryProvider).
///
/// # Examples
///
/// See [`HickoryProvider`](crate::HickoryProvider).
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct HickoryTime;

impl Time for HickoryTime {
    fn delay_for<'async_trait>(
        duration: Duration,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'async_trait>> {
        Box::pin(async move {
            trill_timer::sleep(duration).await;
        })
    }

    fn timeout<'async_trait, F>(
        duration: Duration,
        future: F,
    ) -> Pin<Box<dyn Future<Output = io::Result<F::Output>> + Send + 'async_trait>>
    where
        F: 'static + Future + Send + 'async_trait,
    {
        Box::pin(async move {
            let timed = trill_timer::timeout(duration, future).await;
            timed.map_err(|_| io::ErrorKind::TimedOut.into())
        })
    }

    fn current_time() -> u64 {
        let since = trill_world::system_time().duration_since(SystemTime::UNIX_EPOCH);
        since.map_or(0, |since| since.as_secs())
    }
}
