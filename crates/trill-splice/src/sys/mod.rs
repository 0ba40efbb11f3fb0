//! What the kernel moves by itself.
//!
//! Each system's file offers the same items: `SEND`, `send_file`, `splice`, `pipe` and `is_resident`.

#[cfg_attr(any(target_os = "linux", target_os = "android"), path = "linux.rs")]
#[cfg_attr(
    not(any(target_os = "linux", target_os = "android")),
    path = "portable.rs"
)]
mod system;
mod transfer;

pub(crate) use system::{is_resident, pipe, send_file, splice};
pub(crate) use transfer::{
    file_len, read_at, read_now, sigpipe_ends_this_process, write_all_at, write_now,
};

use std::io;

use rustix::io::Errno;

/// Repeats a call that a signal interrupted.
fn again<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            result => return Ok(result?),
        }
    }
}

/// Whether an error says that the kernel cannot move bytes between these two, and not that it failed to.
pub(crate) fn cannot_move(error: &io::Error) -> bool {
    let code = error.raw_os_error().map(Errno::from_raw_os_error);
    error.kind() == io::ErrorKind::Unsupported
        || matches!(
            code,
            Some(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM | Errno::SPIPE)
        )
}
