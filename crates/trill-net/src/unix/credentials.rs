//! Who is at the other end of a Unix socket.

/// Who is at the other end of a Unix socket: the process that connected, or that made the listener or the pair.
///
/// # Examples
///
/// ```
/// use trill_net::unix::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let peer = a.peer_cred()?;
/// assert_eq!(peer.pid(), Some(std::process::id() as i32));
/// println!("user {} of group {}", peer.uid(), peer.gid());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Credentials {
    pid: Option<i32>,
    uid: u32,
    gid: u32,
}

impl Credentials {
    #[cfg_attr(not(any(target_os = "linux", target_os = "android")), allow(dead_code))] // Only Linux is asked.
    pub(crate) fn new(pid: Option<i32>, uid: u32, gid: u32) -> Credentials {
        Credentials { pid, uid, gid }
    }

    /// Returns the process, if the system tells.
    ///
    /// # Examples
    ///
    /// See [`Credentials`].
    pub fn pid(&self) -> Option<i32> {
        self.pid
    }

    /// Returns the effective user of that process when it connected.
    ///
    /// # Examples
    ///
    /// See [`Credentials`].
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// Returns the effective group of that process when it connected.
    ///
    /// # Examples
    ///
    /// See [`Credentials`].
    pub fn gid(&self) -> u32 {
        self.gid
    }
}
