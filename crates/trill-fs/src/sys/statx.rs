//! Linux tells more, and can be asked for what it knows without asking a server.

use std::ffi::CStr;
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Statx, StatxFlags, StatxTimestamp, fstat,
    lstat, makedev, openat2, statx,
};
use rustix::io::{Errno, retry_on_intr};
use trill_reactor::op::{Attributes, Stamp};

pub(crate) fn stat(file: Option<&OwnedFd>, path: &CStr, follow: bool) -> io::Result<Attributes> {
    let wanted = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
    let told = retry_on_intr(|| match file {
        Some(file) => statx(file, c"", AtFlags::EMPTY_PATH, wanted),
        None if follow => statx(CWD, path, AtFlags::empty(), wanted),
        None => statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, wanted),
    });
    match told {
        Ok(told) => Ok(attributes(&told)),
        // Before Linux 4.11, and in sandboxes that do not know the call.
        Err(Errno::NOSYS | Errno::PERM) => {
            let stat = retry_on_intr(|| match file {
                Some(file) => fstat(file),
                None if follow => rustix::fs::stat(path),
                None => lstat(path),
            });
            Ok(super::attributes(&stat?))
        }
        Err(error) => Err(error.into()),
    }
}

/// What is known without waiting of a file on a disk of this machine: of an open one, or of a name whose directories are all in
/// memory. `None` asks for the way that may wait, also to learn an error.
///
/// A descriptor that stands for the name alone (`O_PATH`) is opened by what the cache of names says, asked, and closed: Linux has
/// no other question of a name that never waits. Without a device of its own the file may be on a network, whose answer from here
/// could be old. tmpfs, btrfs and overlayfs have none either: what a file system is, only `statfs` tells, which asks the server of
/// one on a network, and its answer cannot be kept, because the number of a device is given away again after an unmount.
pub(crate) fn stat_now(file: Option<&OwnedFd>, path: &CStr, follow: bool) -> Option<Attributes> {
    let named;
    let file = match file {
        Some(file) => file,
        None => {
            let mut flags = OFlags::PATH | OFlags::CLOEXEC;
            flags.set(OFlags::NOFOLLOW, !follow);
            named = openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED).ok()?;
            &named
        }
    };
    let told = now(file, StatxFlags::BASIC_STATS | StatxFlags::BTIME)?;
    (told.stx_dev_major != 0).then(|| attributes(&told))
}

/// The size of an open file as far as it is known here; a file on a network may have grown.
pub(crate) fn size_now(file: &OwnedFd) -> Option<u64> {
    now(file, StatxFlags::SIZE).map(|told| told.stx_size)
}

/// The kind of an open file.
pub(crate) fn kind_now(file: &OwnedFd) -> Option<FileType> {
    let told = now(file, StatxFlags::TYPE)?;
    Some(FileType::from_raw_mode(told.stx_mode.into()))
}

fn now(file: &OwnedFd, wanted: StatxFlags) -> Option<Statx> {
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    statx(file, c"", flags, wanted).ok()
}

fn attributes(told: &Statx) -> Attributes {
    let stamp = |time: &StatxTimestamp| Stamp {
        seconds: time.tv_sec,
        nanoseconds: time.tv_nsec,
    };
    let knows_birth = StatxFlags::from_bits_retain(told.stx_mask).contains(StatxFlags::BTIME);
    Attributes {
        dev: makedev(told.stx_dev_major, told.stx_dev_minor),
        ino: told.stx_ino,
        mode: told.stx_mode.into(),
        nlink: told.stx_nlink.into(),
        uid: told.stx_uid,
        gid: told.stx_gid,
        rdev: makedev(told.stx_rdev_major, told.stx_rdev_minor),
        len: told.stx_size,
        blksize: told.stx_blksize.into(),
        blocks: told.stx_blocks,
        accessed: stamp(&told.stx_atime),
        modified: stamp(&told.stx_mtime),
        changed: stamp(&told.stx_ctime),
        created: knows_birth.then(|| stamp(&told.stx_btime)),
    }
}
