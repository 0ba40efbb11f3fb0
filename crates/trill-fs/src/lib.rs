//! Files whose operations never block a task's thread.
//!
//! The functions and types of `std::fs`, as futures.
//!
//! # The smallest program
//!
//! ```
//! # let path = std::env::temp_dir().join(format!("trill-fs-{}", std::process::id()));
//! trill_reactor::block_on(async {
//!     trill_fs::write(&path, "some text").await?;
//!     assert_eq!(trill_fs::read_to_string(&path).await?, "some text");
//!     trill_fs::remove_file(&path).await
//! })
//! # as std::io::Result<()>;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # How it works
//!
//! * What is cached is read at once, by a call that returns instead of waiting for a disk. That takes half a microsecond. What is
//!   known of a cached name on a local disk is told in the same way.
//! * Else the operation, with what it owns, goes to io_uring where [`trill_reactor::Reactor::submit`] takes it: open, stat,
//!   read, write, sync, rename, remove, set the length, make a directory, close.
//! * Where that hands it back (another system, an old kernel, a container that forbids io_uring, `TRILL_URING=off`), and
//!   for all else, it goes to the blocking pool, in a class of its own of 64 threads, so that slow name look-ups
//!   do not hold up files.
//! * An operation at a [`File`]'s own position belongs to the file. Dropping a future loses neither bytes nor
//!   descriptors.
//! * [`File::read_at`] and [`File::write_at`] take a buffer and give it back, also with an error.
//!
//! # What it does not do
//!
//! It reads nothing ahead and caches nothing, maps no memory and locks no files. On other systems than Unix it is empty. In a simulated
//! world every operation is refused.

#![cfg(unix)]

mod at;
mod directory;
mod file;
mod flow;
pub mod futures;
mod leaf;
mod metadata;
mod now;
mod options;
mod own_position;
mod paths;
mod pool;
mod streams;
mod sys;
pub mod unix;
mod work;

pub use at::{ReadAt, WriteAt};
pub use directory::{DirBuilder, DirEntry, ReadDir};
pub use file::File;
pub use metadata::{FileType, Metadata};
#[doc(hidden)]
pub use now::set_try_now;
pub use options::OpenOptions;
pub use paths::{
    canonicalize, copy, create_dir, create_dir_all, hard_link, metadata, read, read_dir, read_link,
    read_to_string, remove_dir, remove_dir_all, remove_file, rename, set_permissions,
    symlink_metadata, write,
};
pub use sys::Permissions;
pub use work::Work;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
