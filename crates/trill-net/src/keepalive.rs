//! How the system probes a silent peer.

use std::io;
use std::time::Duration;

use crate::sys::AsFd;
use socket2::{SockRef, TcpKeepalive};

/// How the system probes a TCP peer that has been silent, to find out whether it is still there.
///
/// What is not set is as the system has it; Linux probes first after two hours.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use trill_net::{Keepalive, TcpListener, TcpStream};
///
/// trill_park::block_on(async {
///     let listener = TcpListener::bind("127.0.0.1:0").await?;
///     let stream = TcpStream::connect(listener.local_addr()?).await?;
///     let keepalive = Keepalive::new()
///         .time(Duration::from_secs(60))
///         .interval(Duration::from_secs(10))
///         .retries(3);
///     stream.set_keepalive(Some(&keepalive))?;
///     assert!(stream.keepalive()?);
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Keepalive {
    time: Option<Duration>,
    interval: Option<Duration>,
    retries: Option<u32>,
}

impl Keepalive {
    /// Makes one in which everything is as the system has it.
    ///
    /// # Examples
    ///
    /// See [`Keepalive`].
    pub fn new() -> Keepalive {
        Keepalive::default()
    }

    /// Sets how long a peer is silent before the first probe; whole seconds.
    ///
    /// # Examples
    ///
    /// See [`Keepalive`].
    pub fn time(mut self, time: Duration) -> Keepalive {
        self.time = Some(time);
        self
    }

    /// Sets the time between two probes; whole seconds.
    ///
    /// # Examples
    ///
    /// See [`Keepalive`].
    pub fn interval(mut self, interval: Duration) -> Keepalive {
        self.interval = Some(interval);
        self
    }

    /// Sets how many probes without an answer end the connection, with the error `TimedOut`.
    ///
    /// # Examples
    ///
    /// See [`Keepalive`].
    pub fn retries(mut self, retries: u32) -> Keepalive {
        self.retries = Some(retries);
        self
    }

    /// Sets it for a socket; `None` ends the probes.
    pub(crate) fn apply(keepalive: Option<&Keepalive>, socket: &impl AsFd) -> io::Result<()> {
        let socket = socket.as_fd();
        let socket = SockRef::from(&socket);
        let Some(keepalive) = keepalive else {
            return socket.set_keepalive(false);
        };
        let mut options = TcpKeepalive::new();
        if let Some(time) = keepalive.time {
            options = options.with_time(time);
        }
        if let Some(interval) = keepalive.interval {
            options = options.with_interval(interval);
        }
        if let Some(retries) = keepalive.retries {
            options = options.with_retries(retries);
        }
        socket.set_tcp_keepalive(&options)
    }
}
