//! Waiting in an epoll instance, to the nanosecond where the kernel can.
//!
//! `epoll_pwait2` came with Linux 5.11, and not all C libraries know it; so it is called by its number, if a try at the making
//! of the reactor has worked.
#![allow(unsafe_code)] // A system call that no safe wrapper offers beside its older form.

use std::ffi::{c_int, c_long, c_void};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::time::Duration;

/// Which call waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// `epoll_pwait2`, with nanoseconds.
    Nanoseconds,
    /// `epoll_wait`, with milliseconds, rounded up.
    Milliseconds,
}

/// What the kernel writes for an event, as `libc::epoll_event`.
#[derive(Clone, Copy)]
#[repr(C)]
#[cfg_attr(target_arch = "x86_64", repr(packed))]
pub(crate) struct Event {
    pub(crate) flags: u32,
    pub(crate) data: u64,
}

impl Wait {
    /// Finds out which call there is.
    pub(crate) fn probe(epoll: BorrowedFd<'_>) -> io::Result<Wait> {
        match pwait2(epoll, &mut Vec::with_capacity(1), Some(Duration::ZERO)) {
            Ok(()) => Ok(Wait::Nanoseconds),
            Err(error) => match error.raw_os_error() {
                Some(libc::EINTR) => Ok(Wait::Nanoseconds),
                // Sandboxes refuse calls they do not know with the second one.
                Some(libc::ENOSYS | libc::EPERM) => Ok(Wait::Milliseconds),
                _ => Err(error),
            },
        }
    }

    pub(crate) fn precision(self) -> Duration {
        match self {
            Wait::Nanoseconds => Duration::from_nanos(1),
            Wait::Milliseconds => Duration::from_millis(1),
        }
    }

    /// Fills the spare room of `events`.
    #[inline]
    pub(crate) fn wait(
        self,
        epoll: BorrowedFd<'_>,
        events: &mut Vec<Event>,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        let timeout = timeout.map(|timeout| timeout.min(TIMEOUT_MAX));
        match self {
            Wait::Nanoseconds => pwait2(epoll, events, timeout),
            Wait::Milliseconds => wait_ms(epoll, events, timeout),
        }
    }
}

/// What the kernel takes for a time, on all machines.
#[repr(C)]
struct KernelTimespec {
    seconds: i64,
    nanoseconds: i64,
}

#[inline]
fn pwait2(
    epoll: BorrowedFd<'_>,
    events: &mut Vec<Event>,
    timeout: Option<Duration>,
) -> io::Result<()> {
    let timeout = timeout.map(|timeout| KernelTimespec {
        seconds: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
        nanoseconds: timeout.subsec_nanos().into(),
    });
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    let room = events.spare_capacity_mut();
    let room_len = c_int::try_from(room.len()).unwrap_or(c_int::MAX);
    // SAFETY: the kernel writes at most `room_len` events to `room`, which is borrowed for the call and has their
    // layout, and reads `timeout`, which is null or a local; a null signal mask changes nothing. This function upholds
    // it; `tests/readiness.rs` would read nonsense otherwise.
    let count = unsafe {
        libc::syscall(
            PWAIT2,
            c_long::from(epoll.as_raw_fd()),
            room.as_mut_ptr().cast::<c_void>(),
            c_long::from(room_len),
            timeout.cast::<c_void>(),
            ptr::null::<c_void>(),
            0usize,
        )
    };
    filled(events, count)
}

/// As `pwait2`, on kernels without it.
#[cold]
fn wait_ms(
    epoll: BorrowedFd<'_>,
    events: &mut Vec<Event>,
    timeout: Option<Duration>,
) -> io::Result<()> {
    let timeout_ms = timeout.map_or(-1, |timeout| {
        c_int::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(c_int::MAX)
    });
    let room = events.spare_capacity_mut();
    let room_len = c_int::try_from(room.len()).unwrap_or(c_int::MAX);
    // SAFETY: as in `pwait2`. The unit test below would fail.
    let count = unsafe {
        libc::epoll_wait(
            epoll.as_raw_fd(),
            room.as_mut_ptr().cast::<libc::epoll_event>(),
            room_len,
            timeout_ms,
        )
    };
    filled(events, count.into())
}

/// Takes over the `count` events that the kernel says it has written, or its error.
#[inline]
fn filled(events: &mut Vec<Event>, count: c_long) -> io::Result<()> {
    let Ok(count) = usize::try_from(count) else {
        return Err(io::Error::last_os_error());
    };
    let len = events.len() + count;
    // SAFETY: the callers, both in this file, pass what the kernel says it has filled behind the old length.
    // `tests/readiness.rs` would read nonsense otherwise.
    unsafe { events.set_len(len) };
    Ok(())
}

impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Event { flags, data } = *self;
        f.debug_struct("Event")
            .field("flags", &flags)
            .field("data", &data)
            .finish()
    }
}

/// 11 days: milliseconds of it still fit 32 bits. A longer wait returns early, and the caller waits again.
const TIMEOUT_MAX: Duration = Duration::from_secs(1_000_000);

/// The number of `epoll_pwait2`: the same everywhere but where the numbers of an ABI have an offset.
const PWAIT2: c_long = if cfg!(any(target_arch = "mips", target_arch = "mips32r6")) {
    4441
} else if cfg!(any(target_arch = "mips64", target_arch = "mips64r6")) {
    5441
} else if cfg!(all(target_arch = "x86_64", target_pointer_width = "32")) {
    0x4000_0000 + 441
} else {
    441
};

#[cfg(test)]
mod tests {
    use std::os::fd::{AsFd, OwnedFd};

    use super::*;
    use crate::backend::kernel::{READ, add, delete, epoll, eventfd};

    fn counter(value: u32) -> OwnedFd {
        eventfd(value).unwrap()
    }

    /// Both calls report the same event, and none when there is none.
    #[test]
    fn old_and_new_call_agree() {
        let instance = epoll().unwrap();
        let event = counter(1);
        for wait in [Wait::Nanoseconds, Wait::Milliseconds] {
            let mut events = Vec::with_capacity(4);
            let data = u64::MAX - 7;
            add(instance.as_fd(), event.as_fd(), READ, data).unwrap();
            wait.wait(instance.as_fd(), &mut events, None).unwrap();
            assert_eq!(events.len(), 1, "{wait:?}");
            assert_eq!({ events[0].data }, data);
            assert_eq!({ events[0].flags }, READ);
            delete(instance.as_fd(), event.as_fd()).unwrap();
            events.clear();
            let short = Some(Duration::from_nanos(1));
            wait.wait(instance.as_fd(), &mut events, short).unwrap();
            assert!(events.is_empty(), "{wait:?}");
        }
    }

    #[test]
    fn a_failure_is_an_error() {
        let no_epoll = counter(0);
        for wait in [Wait::Nanoseconds, Wait::Milliseconds] {
            let mut events = Vec::with_capacity(4);
            let failed = wait.wait(no_epoll.as_fd(), &mut events, Some(Duration::ZERO));
            let code = failed.unwrap_err().raw_os_error();
            assert_eq!(code, Some(libc::EINVAL), "{wait:?}");
        }
    }

    #[test]
    fn an_event_is_what_the_c_library_says() {
        assert_eq!(size_of::<Event>(), size_of::<libc::epoll_event>());
        let data = std::mem::offset_of!(Event, data);
        assert_eq!(data, std::mem::offset_of!(libc::epoll_event, u64));
    }
}
