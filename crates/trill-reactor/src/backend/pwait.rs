//! Waiting in an epoll instance, to the nanosecond where the kernel can.
//!
//! `epoll_pwait2` came with Linux 5.11. rustix calls it only if told so at compile time, and then also where it does
//! not exist, for the whole program; so it is called from here, if a try at the making of the reactor has worked.
#![allow(unsafe_code)] // A system call that no safe wrapper offers beside its older form.

use std::ffi::{c_int, c_long, c_void};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::time::Duration;

use rustix::io::Errno;

/// Which call waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// `epoll_pwait2`, with nanoseconds.
    Nanoseconds,
    /// `epoll_wait`, with milliseconds, rounded up.
    Milliseconds,
}

/// What the kernel writes for an event.
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
            Ok(()) | Err(Errno::INTR) => Ok(Wait::Nanoseconds),
            // Sandboxes refuse calls they do not know with the second one.
            Err(Errno::NOSYS | Errno::PERM) => Ok(Wait::Milliseconds),
            Err(error) => Err(error.into()),
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
    ) -> Result<(), Errno> {
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

unsafe extern "C" {
    /// The C library's way to make any system call; returns -1 and sets `errno` if it fails.
    fn syscall(number: c_long, ...) -> c_long;

    fn epoll_wait(epoll: c_int, events: *mut Event, room: c_int, timeout_ms: c_int) -> c_int;
}

#[inline]
fn pwait2(
    epoll: BorrowedFd<'_>,
    events: &mut Vec<Event>,
    timeout: Option<Duration>,
) -> Result<(), Errno> {
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
        syscall(
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
) -> Result<(), Errno> {
    let timeout_ms = timeout.map_or(-1, |timeout| {
        c_int::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(c_int::MAX)
    });
    let room = events.spare_capacity_mut();
    let room_len = c_int::try_from(room.len()).unwrap_or(c_int::MAX);
    // SAFETY: as in `pwait2`. The unit test below would fail.
    let count = unsafe {
        epoll_wait(
            epoll.as_raw_fd(),
            room.as_mut_ptr().cast::<Event>(),
            room_len,
            timeout_ms,
        )
    };
    filled(events, count.into())
}

/// Takes over the `count` events that the kernel says it has written, or its error.
#[inline]
fn filled(events: &mut Vec<Event>, count: c_long) -> Result<(), Errno> {
    let Ok(count) = usize::try_from(count) else {
        let error = io::Error::last_os_error();
        return Err(Errno::from_io_error(&error).unwrap_or(Errno::INVAL));
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
    use std::os::fd::AsFd;

    use rustix::event::EventfdFlags;
    use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};

    use super::*;

    /// Both calls report the same event, and none when there is none.
    #[test]
    fn old_and_new_call_agree() {
        let instance = epoll::create(CreateFlags::CLOEXEC).unwrap();
        let event = rustix::event::eventfd(1, EventfdFlags::empty()).unwrap();
        for wait in [Wait::Nanoseconds, Wait::Milliseconds] {
            let mut events = Vec::with_capacity(4);
            let data = EventData::new_u64(u64::MAX - 7);
            epoll::add(&instance, &event, data, EventFlags::IN).unwrap();
            wait.wait(instance.as_fd(), &mut events, None).unwrap();
            assert_eq!(events.len(), 1, "{wait:?}");
            assert_eq!({ events[0].data }, u64::MAX - 7);
            assert_eq!({ events[0].flags }, EventFlags::IN.bits());
            epoll::delete(&instance, &event).unwrap();
            events.clear();
            let short = Some(Duration::from_nanos(1));
            wait.wait(instance.as_fd(), &mut events, short).unwrap();
            assert!(events.is_empty(), "{wait:?}");
        }
    }

    #[test]
    fn a_failure_is_an_error() {
        let no_epoll = rustix::event::eventfd(0, EventfdFlags::empty()).unwrap();
        for wait in [Wait::Nanoseconds, Wait::Milliseconds] {
            let mut events = Vec::with_capacity(4);
            let failed = wait.wait(no_epoll.as_fd(), &mut events, Some(Duration::ZERO));
            assert_eq!(failed, Err(Errno::INVAL), "{wait:?}");
        }
    }
}
