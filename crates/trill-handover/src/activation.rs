//! Sockets that were opened before this program was started.
#![allow(unsafe_code)] // Takes over descriptors that are known by their numbers alone.

use std::env::{self, VarError};
use std::io;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::FdFlags;

use crate::sockets::Sockets;

/// Takes the sockets that a service manager has opened for this process ("socket activation", as systemd does it); none if
/// it was started otherwise.
///
/// The variables `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES` are read and left as they are: changing them while other
/// threads run is not safe, and children do not take them for theirs, as the first names this process. The descriptors
/// are marked so that programs which this one starts do not inherit them. Those without a name are called `unknown`.
///
/// Call it early, before descriptors are closed or opened by number.
///
/// # Errors
///
/// `AlreadyExists` if they were taken before; `InvalidData`, saying what is wrong, if the variables are for this process
/// and make no sense, or name descriptors that are not open. Nothing is taken then.
///
/// # Examples
///
/// ```no_run
/// use trill_net::TcpListener;
///
/// let mut sockets = trill_handover::activated()?;
/// trill_park::block_on(async {
///     let listener = match sockets.take_tcp_listener("web")? {
///         Some(listener) => listener,
///         None => TcpListener::bind("127.0.0.1:8080").await?,
///     };
///     println!("listening on {}", listener.local_addr()?);
///     # Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn activated() -> io::Result<Sockets> {
    let told = Told {
        pid: variable("LISTEN_PID")?,
        fds: variable("LISTEN_FDS")?,
        names: variable("LISTEN_FDNAMES")?,
    };
    let names = told.names(std::process::id())?;
    if names.is_empty() {
        return Ok(Sockets::default());
    }
    for (name, number) in names.iter().zip(FIRST..) {
        mark(number).map_err(|error| {
            wrong(format!(
                "LISTEN_FDS promises {} descriptors, and number {number} (`{name}`) is not open: {error}",
                names.len()
            ))
        })?;
    }
    // Relaxed: it only counts who is first; nothing else is read by it.
    if TAKEN.swap(true, Ordering::Relaxed) {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "the sockets of this process were taken before: take them once, and pass them on",
        ));
    }
    let all = names.into_iter().zip(FIRST..).map(|(name, number)| {
        // SAFETY: the descriptor must be open and nobody else's: it was asked above, the service manager has opened it
        // for this process as the variables say, and the flag lets this happen once. A descriptor that somebody else owned
        // would be closed twice: `a_started_process_takes_its_sockets` in `tests/activation.rs` would fail.
        let fd = unsafe { OwnedFd::from_raw_fd(number) };
        (name, fd)
    });
    Ok(Sockets::new(all.collect()))
}

/// Marks a descriptor as one that children do not inherit; fails if it is not open.
fn mark(number: RawFd) -> io::Result<()> {
    // SAFETY: the descriptor is not closed by anybody during the call, as the service manager has opened it for us, and it
    // is not -1. If it is not open the call says so. `promises_that_are_not_kept_are_errors` in `tests/activation.rs`.
    let fd = unsafe { BorrowedFd::borrow_raw(number) };
    let flags = rustix::io::fcntl_getfd(fd)?;
    Ok(rustix::io::fcntl_setfd(fd, flags | FdFlags::CLOEXEC)?)
}

fn variable(name: &str) -> io::Result<Option<String>> {
    match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(value)) => Err(wrong(format!("{name}={value:?} is no text"))),
    }
}

fn wrong(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

/// What the environment says.
struct Told {
    pid: Option<String>,
    fds: Option<String>,
    names: Option<String>,
}

impl Told {
    /// The names of the descriptors of the process `own`, in the order of their numbers.
    fn names(&self, own: u32) -> io::Result<Vec<String>> {
        let (Some(pid), Some(fds)) = (&self.pid, &self.fds) else {
            return Ok(Vec::new());
        };
        let pid: u32 = pid
            .parse()
            .map_err(|_| wrong(format!("LISTEN_PID={pid} is no process")))?;
        if pid != own {
            // They were for a parent.
            return Ok(Vec::new());
        }
        let count = fds.parse().ok().filter(|count| *count <= FDS_MAX);
        let count: usize = count.ok_or_else(|| {
            wrong(format!(
                "LISTEN_FDS={fds} is no number of descriptors from 0 to {FDS_MAX}"
            ))
        })?;
        let Some(names) = &self.names else {
            return Ok(vec!["unknown".to_owned(); count]);
        };
        let names: Vec<String> = names.split(':').map(str::to_owned).collect();
        if names.len() != count && count > 0 {
            return Err(wrong(format!(
                "LISTEN_FDNAMES has {} names and LISTEN_FDS says {count}",
                names.len()
            )));
        }
        Ok(names.into_iter().take(count).collect())
    }
}

/// Whether the sockets were taken.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The first descriptor that is handed over; those before are the standard streams.
const FIRST: RawFd = 3;

/// More than any service has, and few enough to ask for each.
const FDS_MAX: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pid: &str, fds: &str, names: Option<&str>) -> Result<Vec<String>, String> {
        let told = Told {
            pid: Some(pid.to_owned()),
            fds: Some(fds.to_owned()),
            names: names.map(str::to_owned),
        };
        told.names(7).map_err(|error| error.to_string())
    }

    #[test]
    fn names_belong_to_descriptors_in_order() {
        assert_eq!(names("7", "2", Some("a:b")).unwrap(), ["a", "b"]);
        assert_eq!(names("7", "2", None).unwrap(), ["unknown", "unknown"]);
        assert_eq!(names("7", "1", Some("")).unwrap(), [""]);
        assert!(names("7", "0", Some("")).unwrap().is_empty());
    }

    #[test]
    fn what_is_for_another_process_is_not_taken() {
        assert!(names("8", "2", Some("a:b")).unwrap().is_empty());
        assert!(names("8", "many", None).unwrap().is_empty());
        let none = Told {
            pid: None,
            fds: Some("3".to_owned()),
            names: None,
        };
        assert!(none.names(7).unwrap().is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_an_error_that_says_so() {
        for (pid, fds, given, part) in [
            ("seven", "1", None, "LISTEN_PID=seven"),
            ("7", "-1", None, "LISTEN_FDS=-1"),
            ("7", "1000000", None, "LISTEN_FDS=1000000"),
            ("7", "3", Some("a:b"), "2 names and LISTEN_FDS says 3"),
        ] {
            let error = names(pid, fds, given).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
