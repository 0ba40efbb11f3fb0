//! What is known of a file, by calls that block.

#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "statx.rs"]
mod system;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "no_statx.rs"]
mod system;

pub(crate) use system::{kind_now, size_now, stat, stat_now};

use rustix::fs::Stat;
use trill_reactor::op::{Attributes, Stamp};

/// What the older call says. Its numbers have other widths on each system.
#[allow(clippy::unnecessary_cast)]
fn attributes(stat: &Stat) -> Attributes {
    let stamp = |seconds, nanoseconds| Stamp {
        seconds,
        nanoseconds,
    };
    Attributes {
        dev: stat.st_dev as u64,
        ino: stat.st_ino as u64,
        mode: stat.st_mode as u32,
        nlink: stat.st_nlink as u64,
        uid: stat.st_uid as u32,
        gid: stat.st_gid as u32,
        rdev: stat.st_rdev as u64,
        len: stat.st_size as u64,
        blksize: stat.st_blksize as u64,
        blocks: stat.st_blocks as u64,
        accessed: stamp(stat.st_atime as i64, stat.st_atime_nsec as u32),
        modified: stamp(stat.st_mtime as i64, stat.st_mtime_nsec as u32),
        changed: stamp(stat.st_ctime as i64, stat.st_ctime_nsec as u32),
        created: None,
    }
}
