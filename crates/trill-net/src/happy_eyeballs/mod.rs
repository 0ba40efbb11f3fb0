//! Connecting to the first of several addresses that answers.

mod interleave;

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use trill_timer::Sleep;

use self::interleave::interleave;
use crate::address_error::most_useful;

/// Connects to the first of several addresses that answers, as [RFC 8305] describes ("Happy Eyeballs", version 2).
///
/// The addresses are tried in turns of their families (section 4), each attempt [`ATTEMPT_DELAY`] after the one
/// before it, or as soon as one fails (section 5). The first that succeeds wins; the other attempts are dropped. What
/// section 3 says of asking for both families at once is left to the operating system's look-up, which answers both
/// together.
///
/// [`TcpStream::connect`](crate::TcpStream::connect) does this on its own. Make one to connect by other means, as
/// through a proxy or with a handshake that belongs to the race.
///
/// # Errors
///
/// The output is the most useful error, which names its address and mentions the others, once all attempts failed;
/// `InvalidInput` if there are no addresses.
///
/// # Cancel safety
///
/// Cancel safe if the attempts are: all that are under way are dropped with it.
///
/// # Examples
///
/// ```
/// use trill_net::{HappyEyeballs, TcpListener, TcpStream};
///
/// trill_park::block_on(async {
///     let listener = TcpListener::bind("127.0.0.1:0").await?;
///     let refused = "127.0.0.1:1".parse().unwrap();
///     let addresses = [refused, listener.local_addr()?];
///
///     let stream = HappyEyeballs::new(addresses, |address| async move {
///         let stream = TcpStream::connect(address).await?;
///         stream.set_nodelay(true)?;
///         Ok(stream)
///     })
///     .await?;
///     assert_eq!(stream.peer_addr()?, listener.local_addr()?);
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// [RFC 8305]: https://www.rfc-editor.org/rfc/rfc8305
#[must_use = "futures do nothing unless awaited"]
pub struct HappyEyeballs<C, F> {
    connect: C,
    delay: Duration,
    /// Addresses that were not tried yet, the next one last.
    waiting: Vec<SocketAddr>,
    running: Vec<(SocketAddr, Pin<Box<F>>)>,
    failed: Vec<(SocketAddr, io::Error)>,
    /// When the next attempt begins; `None` if it may at once.
    pause: Option<Sleep>,
}

impl<C, F, T> HappyEyeballs<C, F>
where
    C: FnMut(SocketAddr) -> F,
    F: Future<Output = io::Result<T>>,
{
    /// Makes a race over `addresses`, which are in the order of preference; `connect` begins an attempt.
    ///
    /// # Cancel safety
    ///
    /// As [`HappyEyeballs`].
    ///
    /// # Examples
    ///
    /// See [`HappyEyeballs`].
    pub fn new(addresses: impl IntoIterator<Item = SocketAddr>, connect: C) -> HappyEyeballs<C, F> {
        let mut waiting = interleave(addresses);
        waiting.reverse();
        HappyEyeballs {
            connect,
            delay: ATTEMPT_DELAY,
            waiting,
            running: Vec::new(),
            failed: Vec::new(),
            pause: None,
        }
    }

    /// Changes how long an attempt has before the next one begins: at least 10 ms, as the RFC asks.
    ///
    /// # Cancel safety
    ///
    /// As [`HappyEyeballs`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_net::{HappyEyeballs, TcpStream};
    ///
    /// let addresses = ["127.0.0.1:1".parse().unwrap(), "[::1]:1".parse().unwrap()];
    /// let race = HappyEyeballs::new(addresses, TcpStream::connect).attempt_delay(Duration::from_millis(100));
    /// assert!(trill_park::block_on(race).is_err());
    /// ```
    pub fn attempt_delay(mut self, delay: Duration) -> HappyEyeballs<C, F> {
        self.delay = delay.max(ATTEMPT_DELAY_MIN);
        self
    }
}

impl<C, F> Unpin for HappyEyeballs<C, F> {}

impl<C, F, T> Future for HappyEyeballs<C, F>
where
    C: FnMut(SocketAddr) -> F,
    F: Future<Output = io::Result<T>>,
{
    type Output = io::Result<T>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let this = self.get_mut();
        loop {
            let mut at = 0;
            while let Some((address, attempt)) = this.running.get_mut(at) {
                match attempt.as_mut().poll(cx) {
                    Poll::Pending => at += 1,
                    Poll::Ready(Ok(winner)) => {
                        this.running.clear();
                        this.waiting.clear();
                        return Poll::Ready(Ok(winner));
                    }
                    Poll::Ready(Err(error)) => {
                        this.failed.push((*address, error));
                        drop(this.running.remove(at));
                        this.pause = None;
                    }
                }
            }
            if this.waiting.is_empty() && this.running.is_empty() {
                let failed = std::mem::take(&mut this.failed);
                return Poll::Ready(Err(most_useful("connect to", failed)));
            }
            if this.waiting.is_empty() || this.running.len() >= ATTEMPTS_MAX {
                return Poll::Pending;
            }
            if let Some(pause) = &mut this.pause {
                if Pin::new(pause).poll(cx).is_pending() {
                    return Poll::Pending;
                }
            }
            if let Some(address) = this.waiting.pop() {
                let attempt = Box::pin((this.connect)(address));
                this.running.push((address, attempt));
            }
            this.pause = (!this.waiting.is_empty()).then(|| trill_timer::sleep(this.delay));
        }
    }
}

impl<C, F> fmt::Debug for HappyEyeballs<C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running: Vec<_> = self.running.iter().map(|(address, _)| address).collect();
        f.debug_struct("HappyEyeballs")
            .field("waiting", &self.waiting)
            .field("running", &running)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

/// How long an attempt has before the next one begins: what RFC 8305 recommends (section 5, "Connection Attempt
/// Delay").
pub const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// The RFC forbids less: it would load networks and servers with connections that nobody needs.
const ATTEMPT_DELAY_MIN: Duration = Duration::from_millis(10);

/// How many attempts may be under way: a name with hundreds of dead addresses must not use up all descriptors.
const ATTEMPTS_MAX: usize = 16;
