//! Operations in the system's terms.
//!
//! The pointers lead into the operation or to what it owns on the heap. They stay right because the operation lies in
//! its [`Flight`](super::journey::Flight), which is not moved, and is not touched until the system is done.
#![allow(unsafe_code)] // The system fills a structure.

use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};

use io_uring::{opcode, squeue, types};
use rustix::fs::{AtFlags, OFlags, Statx, StatxFlags};

use crate::op::{
    AnyOperation, Attributes, Close, CreateDir, Open, Read, Rename, SetLen, Stamp, Stat, Sync,
    Unlink, Write,
};

/// What the system writes about a file.
pub(crate) type RawStat = MaybeUninit<Statx>;

/// What a ring has to know of an operation.
pub trait Raw {
    /// The system's number for it.
    #[doc(hidden)]
    fn code(&self) -> u8;

    /// Whether ending it early loses nothing that somebody counts on.
    #[doc(hidden)]
    fn cancels(&self) -> bool;

    /// Whether one that was interrupted has done nothing, and can be submitted again.
    #[doc(hidden)]
    fn begins_anew(&self) -> bool {
        true
    }

    /// What to tell the system. The operation does not move from now on until the system is done.
    #[doc(hidden)]
    fn entry(&mut self) -> squeue::Entry;
}

impl<B: AsMut<[u8]>> Raw for Read<B> {
    fn code(&self) -> u8 {
        opcode::Read::CODE
    }

    fn cancels(&self) -> bool {
        true
    }

    fn entry(&mut self) -> squeue::Entry {
        let room = self.buffer.as_mut();
        let (start, end) = (self.range.start, self.range.end.min(room.len()));
        let room = room.get_mut(start..end).unwrap_or_default();
        let entry = opcode::Read::new(fd(&self.file), room.as_mut_ptr(), count(room.len()))
            .offset(self.offset.unwrap_or(OWN_POSITION))
            .build();
        on_a_worker_if_long(entry, room.len())
    }
}

impl<B: AsRef<[u8]>> Raw for Write<B> {
    fn code(&self) -> u8 {
        opcode::Write::CODE
    }

    fn cancels(&self) -> bool {
        false
    }

    fn entry(&mut self) -> squeue::Entry {
        let bytes = self.buffer.as_ref();
        let (start, end) = (self.range.start, self.range.end.min(bytes.len()));
        let bytes = bytes.get(start..end).unwrap_or_default();
        let entry = opcode::Write::new(fd(&self.file), bytes.as_ptr(), count(bytes.len()))
            .offset(self.offset.unwrap_or(OWN_POSITION))
            .build();
        on_a_worker_if_long(entry, bytes.len())
    }
}

impl Raw for Sync {
    fn code(&self) -> u8 {
        opcode::Fsync::CODE
    }

    fn cancels(&self) -> bool {
        false
    }

    fn entry(&mut self) -> squeue::Entry {
        let flags = if self.data_only {
            types::FsyncFlags::DATASYNC
        } else {
            types::FsyncFlags::empty()
        };
        opcode::Fsync::new(fd(&self.file)).flags(flags).build()
    }
}

impl Raw for SetLen {
    fn code(&self) -> u8 {
        opcode::Ftruncate::CODE
    }

    fn cancels(&self) -> bool {
        false
    }

    fn entry(&mut self) -> squeue::Entry {
        opcode::Ftruncate::new(fd(&self.file), self.len).build()
    }
}

impl Raw for Close {
    fn code(&self) -> u8 {
        opcode::Close::CODE
    }

    fn cancels(&self) -> bool {
        false
    }

    fn begins_anew(&self) -> bool {
        false
    }

    fn entry(&mut self) -> squeue::Entry {
        opcode::Close::new(fd(&self.file)).build()
    }
}

impl Raw for Open {
    fn code(&self) -> u8 {
        opcode::OpenAt::CODE
    }

    fn cancels(&self) -> bool {
        true
    }

    fn entry(&mut self) -> squeue::Entry {
        let flags = self.flags | OFlags::CLOEXEC.bits();
        let entry = opcode::OpenAt::new(HERE, self.path.as_ptr())
            .flags(flags as i32)
            .mode(self.mode)
            .build();
        if self.waits {
            entry.flags(squeue::Flags::ASYNC)
        } else {
            entry
        }
    }
}

impl Raw for Stat {
    fn code(&self) -> u8 {
        opcode::Statx::CODE
    }

    fn cancels(&self) -> bool {
        true
    }

    fn entry(&mut self) -> squeue::Entry {
        let answer = self
            .answer
            .0
            .get_or_insert_with(|| Box::new(MaybeUninit::zeroed()));
        let answer: *mut Statx = answer.as_mut_ptr();
        let (directory, flags) = match &self.file {
            Some(file) => (fd(file), AtFlags::EMPTY_PATH),
            None if self.follow => (HERE, AtFlags::empty()),
            None => (HERE, AtFlags::SYMLINK_NOFOLLOW),
        };
        let wanted = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
        opcode::Statx::new(directory, self.path.as_ptr(), answer.cast())
            .flags(flags.bits() as i32)
            .mask(wanted.bits())
            .build()
    }
}

impl Raw for Rename {
    fn code(&self) -> u8 {
        opcode::RenameAt::CODE
    }

    fn cancels(&self) -> bool {
        false
    }

    fn entry(&mut self) -> squeue::Entry {
        opcode::RenameAt::new(HERE, self.from.as_ptr(), HERE, self.to.as_ptr()).build()
    }
}

impl Raw for Unlink {
    fn code(&self) -> u8 {
        opcode::UnlinkAt::CODE
    }

    fn cancels(&self) -> bool {
        false
    }

    fn entry(&mut self) -> squeue::Entry {
        let flags = if self.directory {
            AtFlags::REMOVEDIR
        } else {
            AtFlags::empty()
        };
        opcode::UnlinkAt::new(HERE, self.path.as_ptr())
            .flags(flags.bits() as i32)
            .build()
    }
}

impl Raw for CreateDir {
    fn code(&self) -> u8 {
        opcode::MkDirAt::CODE
    }

    fn cancels(&self) -> bool {
        false
    }

    fn entry(&mut self) -> squeue::Entry {
        opcode::MkDirAt::new(HERE, self.path.as_ptr())
            .mode(self.mode)
            .build()
    }
}

impl Raw for AnyOperation {
    fn code(&self) -> u8 {
        raw(self).code()
    }

    fn cancels(&self) -> bool {
        raw(self).cancels()
    }

    fn begins_anew(&self) -> bool {
        raw(self).begins_anew()
    }

    fn entry(&mut self) -> squeue::Entry {
        match self {
            AnyOperation::Close(close) => close.entry(),
            AnyOperation::CreateDir(create) => create.entry(),
            AnyOperation::Open(open) => open.entry(),
            AnyOperation::Rename(rename) => rename.entry(),
            AnyOperation::SetLen(set_len) => set_len.entry(),
            AnyOperation::Stat(stat) => stat.entry(),
            AnyOperation::Sync(sync) => sync.entry(),
            AnyOperation::Unlink(unlink) => unlink.entry(),
        }
    }
}

fn raw(operation: &AnyOperation) -> &dyn Raw {
    match operation {
        AnyOperation::Close(close) => close,
        AnyOperation::CreateDir(create) => create,
        AnyOperation::Open(open) => open,
        AnyOperation::Rename(rename) => rename,
        AnyOperation::SetLen(set_len) => set_len,
        AnyOperation::Stat(stat) => stat,
        AnyOperation::Sync(sync) => sync,
        AnyOperation::Unlink(unlink) => unlink,
    }
}

/// What a `Stat` that the system has answered says.
pub(crate) fn attributes(stat: Stat) -> std::io::Result<Attributes> {
    let Some(raw) = stat.answer.0 else {
        return Err(std::io::ErrorKind::InvalidData.into());
    };
    // SAFETY: it is made of integers, and was zeros before the system wrote to it. `tests/operations.rs` compares each.
    let raw = unsafe { raw.assume_init() };
    let stamp = |time: rustix::fs::StatxTimestamp| Stamp {
        seconds: time.tv_sec,
        nanoseconds: time.tv_nsec,
    };
    let knows_birth = StatxFlags::from_bits_retain(raw.stx_mask).contains(StatxFlags::BTIME);
    Ok(Attributes {
        dev: rustix::fs::makedev(raw.stx_dev_major, raw.stx_dev_minor),
        ino: raw.stx_ino,
        mode: raw.stx_mode.into(),
        nlink: raw.stx_nlink.into(),
        uid: raw.stx_uid,
        gid: raw.stx_gid,
        rdev: rustix::fs::makedev(raw.stx_rdev_major, raw.stx_rdev_minor),
        len: raw.stx_size,
        blksize: raw.stx_blksize.into(),
        blocks: raw.stx_blocks,
        accessed: stamp(raw.stx_atime),
        modified: stamp(raw.stx_mtime),
        changed: stamp(raw.stx_ctime),
        created: knows_birth.then(|| stamp(raw.stx_btime)),
    })
}

fn fd(file: &OwnedFd) -> types::Fd {
    types::Fd(file.as_raw_fd())
}

/// How much of a transfer is asked for: the system moves 2 GiB at most anyway.
fn count(len: usize) -> u32 {
    u32::try_from(len.min(TRANSFER_MAX)).unwrap_or(u32::MAX)
}

/// Copying much is left to a worker of the system, so that it does not hold up the thread that submits.
fn on_a_worker_if_long(entry: squeue::Entry, len: usize) -> squeue::Entry {
    if len > LONG {
        entry.flags(squeue::Flags::ASYNC)
    } else {
        entry
    }
}

/// The working directory, `AT_FDCWD`.
const HERE: types::Fd = types::Fd(-100);

/// Stands for the file's own position.
const OWN_POSITION: u64 = u64::MAX;

/// The system's own limit for one transfer.
const TRANSFER_MAX: usize = 0x7fff_f000;

/// 1 MiB: copying so much takes some 60 µs. A worker takes twice the processor time for it, in another cache.
const LONG: usize = 1 << 20;
