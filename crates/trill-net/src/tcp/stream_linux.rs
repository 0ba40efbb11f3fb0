//! Options of a TCP connection that Linux has.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use super::stream::TcpStream;
use crate::sys;

impl TcpStream {
    /// Says whether received bytes are confirmed at once (`TCP_QUICKACK`). The kernel changes it by itself.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::set_quickack`].
    pub fn quickack(&self) -> io::Result<bool> {
        Ok(sys::option(self.as_fd(), libc::IPPROTO_TCP, libc::TCP_QUICKACK)? != 0)
    }

    /// Sets whether received bytes are confirmed at once, instead of together with an answer (`TCP_QUICKACK`).
    ///
    /// It holds for a while only: the kernel goes back to its own ways, so set it again after reading.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     client.set_quickack(true)?;
    ///     assert!(client.quickack()?);
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_quickack(&self, quickack: bool) -> io::Result<()> {
        let value = libc::c_int::from(quickack);
        sys::set_option(self.as_fd(), libc::IPPROTO_TCP, libc::TCP_QUICKACK, value)
    }

    /// Returns how long sent bytes may stay unconfirmed before the connection ends (`TCP_USER_TIMEOUT`); `None` if the
    /// system decides.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    ///
    /// # Examples
    ///
    /// See [`TcpStream::set_user_timeout`].
    pub fn user_timeout(&self) -> io::Result<Option<Duration>> {
        let ms = sys::option(self.as_fd(), libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT)?;
        Ok((ms > 0).then(|| Duration::from_millis(ms.unsigned_abs().into())))
    }

    /// Sets how long sent bytes may stay unconfirmed before the connection ends with the error `TimedOut`
    /// (`TCP_USER_TIMEOUT`), in milliseconds; `None` lets the system decide, which takes some 15 minutes.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for less than a millisecond or more than 24 days; else what the operating system says.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use trill_net::{TcpListener, TcpStream};
    ///
    /// trill_park::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let client = TcpStream::connect(listener.local_addr()?).await?;
    ///     client.set_user_timeout(Some(Duration::from_secs(20)))?;
    ///     assert_eq!(client.user_timeout()?, Some(Duration::from_secs(20)));
    ///     # Ok::<(), std::io::Error>(())
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_user_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        let ms = match timeout.map(|timeout| libc::c_int::try_from(timeout.as_millis())) {
            None => 0,
            Some(Ok(ms)) if ms > 0 => ms,
            Some(_) => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!("{timeout:?} is no user timeout: give 1 ms to 24 days, or None"),
                ));
            }
        };
        sys::set_option(self.as_fd(), libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT, ms)
    }
}
