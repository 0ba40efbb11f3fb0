//! A timer for hyper that is reset in place.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};

/// Tells hyper the time, and lets it sleep on this project's timers.
///
/// hyper resets the timer of a connection with each request; that moves it in place and allocates nothing.
///
/// # Examples
///
/// ```
/// use hyper::server::conn::http1;
/// use std::time::Duration;
/// use trill_net::HyperTimer;
///
/// let mut server = http1::Builder::new();
/// server.timer(HyperTimer).header_read_timeout(Duration::from_secs(10));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct HyperTimer;

impl Timer for HyperTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        Box::pin(HyperSleep(trill_timer::sleep(duration)))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(HyperSleep(trill_timer::sleep_until(deadline)))
    }

    fn now(&self) -> Instant {
        trill_world::now()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn Sleep>>, new_deadline: Instant) {
        match sleep.as_mut().downcast_mut_pin::<HyperSleep>() {
            Some(mut sleep) => sleep.0.reset(new_deadline),
            None => *sleep = self.sleep_until(new_deadline),
        }
    }
}

/// The future that [`HyperTimer`] makes.
///
/// # Examples
///
/// ```
/// use hyper::rt::Timer;
/// use std::time::Duration;
///
/// trill_park::block_on(trill_net::HyperTimer.sleep(Duration::from_millis(1)));
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct HyperSleep(trill_timer::Sleep);

impl Future for HyperSleep {
    type Output = ();

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl Sleep for HyperSleep {}

impl fmt::Debug for HyperSleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HyperSleep").field(&self.0).finish()
    }
}
