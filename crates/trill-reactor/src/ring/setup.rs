//! Making rings, and finding out whether they work here.
//!
//! Containers and site policies refuse the calls, old kernels lack operations, and limits of memory or descriptors
//! are reached. All of that means: no rings. It is found out by doing, once per process.
#![allow(unsafe_code)] // The system is given pointers.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::OnceLock;

use io_uring::{IoUring, Probe, opcode, squeue, types};
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::event::{EventfdFlags, PollFlags, Timespec, eventfd};

/// What the system can do.
pub(crate) struct Abilities {
    probe: Probe,
}

impl Abilities {
    /// Whether the system has this operation.
    pub(crate) fn has(&self, code: u8) -> bool {
        self.probe.is_supported(code)
    }
}

/// What the system can do, or why it can do nothing; asked once.
pub(crate) fn abilities() -> Result<&'static Abilities, &'static str> {
    static ABILITIES: OnceLock<Result<Abilities, String>> = OnceLock::new();
    let known = ABILITIES.get_or_init(|| test().map_err(|error| error.to_string()));
    known.as_ref().map_err(String::as_str)
}

/// Makes a ring.
pub(crate) fn make() -> io::Result<IoUring> {
    let mut refused = None;
    for ambition in 0..3 {
        let mut builder = IoUring::builder();
        builder.setup_clamp().setup_cqsize(ANSWERS);
        if ambition < 2 {
            // No interrupt for answers: they are seen at the thread's next call of the system.
            builder.setup_coop_taskrun().setup_taskrun_flag();
        }
        if ambition < 1 {
            builder.setup_no_sqarray();
        }
        match builder.build(SUBMISSIONS) {
            Ok(ring) => {
                // An older kernel has no limit to set; then its own defaults hold.
                let mut workers = WORKERS;
                let _ = ring.submitter().register_iowq_max_workers(&mut workers);
                return Ok(ring);
            }
            // It does not know a flag.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => refused = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(refused.unwrap_or_else(|| io::ErrorKind::InvalidInput.into()))
}

/// Makes a ring, asks what it can do, and sees whether it does: an operation that does nothing, one that waits, and
/// its end by a request; and whether epoll tells of the answers.
fn test() -> io::Result<Abilities> {
    let ring = make().map_err(|error| explained("io_uring_setup was refused", &error))?;
    if !ring.params().is_feature_nodrop() || !ring.params().is_feature_ext_arg() {
        return Err(io::Error::other(
            "io_uring of this kernel is older than Linux 5.11",
        ));
    }
    let mut probe = Probe::new();
    ring.submitter()
        .register_probe(&mut probe)
        .map_err(|error| explained("io_uring did not tell what it can do", &error))?;
    let needed = [
        opcode::Nop::CODE,
        opcode::PollAdd::CODE,
        opcode::AsyncCancel::CODE,
        opcode::Read::CODE,
        opcode::Write::CODE,
    ];
    if let Some(missing) = needed.iter().find(|code| !probe.is_supported(**code)) {
        return Err(io::Error::other(format!(
            "io_uring of this kernel lacks operation {missing}"
        )));
    }
    live(&ring).map_err(|error| explained("io_uring does not work", &error))?;
    Ok(Abilities { probe })
}

fn live(ring: &IoUring) -> io::Result<()> {
    // SAFETY: the ring owns its descriptor and is borrowed for the whole function. The test itself would fail.
    let ring_fd = unsafe { BorrowedFd::borrow_raw(ring.as_raw_fd()) };
    let set = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let watched = EventFlags::IN | EventFlags::ET;
    epoll::add(&set, ring_fd, EventData::new_u64(0), watched)?;
    let silent = eventfd(0, EventfdFlags::CLOEXEC)?;
    let events = u32::from(PollFlags::IN.bits());
    push(ring, &opcode::Nop::new().build().user_data(1))?;
    let wait = opcode::PollAdd::new(types::Fd(silent.as_fd().as_raw_fd()), events);
    push(ring, &wait.build().user_data(2))?;
    ring.submit()?;
    push(ring, &opcode::AsyncCancel::new(2).build().user_data(3))?;
    ring.submit()?;
    let mut told = Vec::with_capacity(1);
    let at_most = Timespec {
        tv_sec: 1,
        tv_nsec: 0,
    };
    epoll::wait(
        &set,
        rustix::buffer::spare_capacity(&mut told),
        Some(&at_most),
    )?;
    if told.is_empty() {
        return Err(io::Error::other("epoll does not tell of its answers"));
    }
    let mut answers = [None; 3];
    // SAFETY: nobody else has the ring.
    for answer in unsafe { ring.completion_shared() } {
        let place = (answer.user_data() as usize).wrapping_sub(1);
        if let Some(place) = answers.get_mut(place) {
            *place = Some(answer.result());
        }
    }
    let canceled = -rustix::io::Errno::CANCELED.raw_os_error();
    if answers != [Some(0), Some(canceled), Some(0)] {
        return Err(io::Error::other(format!(
            "the answers to a first test were {answers:?}"
        )));
    }
    Ok(())
}

fn push(ring: &IoUring, entry: &squeue::Entry) -> io::Result<()> {
    // SAFETY: nobody else has the ring.
    let mut queue = unsafe { ring.submission_shared() };
    // SAFETY: these entries point to no memory, and the descriptor is open until the ring is gone.
    unsafe { queue.push(entry) }.map_err(io::Error::other)
}

fn explained(what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

/// Entries are submitted one by one; only requests to cancel come in numbers.
const SUBMISSIONS: u32 = 64;

/// What does not fit is kept by the system until there is room.
const ANSWERS: u32 = 512;

/// Threads of the system per ring: for files, and for what may wait without bound, as opening a FIFO. The first is
/// above the number of processors of small machines because disks like several requests at once.
const WORKERS: [u32; 2] = [16, 64];
