//! The operations of the reactor, as calls that block.

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, CWD, Mode};
use rustix::io::retry_on_intr;
use trill_reactor::op::{AnyOperation, Done, Read, Write};

use crate::leaf::Block;

impl<B: AsMut<[u8]> + Send + Unpin + 'static> Block for Read<B> {
    fn block(mut self) -> (io::Result<usize>, B) {
        let room = self.buffer.as_mut();
        let end = self.range.end.min(room.len());
        let room = room.get_mut(self.range.start..end).unwrap_or_default();
        let count = retry_on_intr(|| match self.offset {
            Some(offset) => rustix::io::pread(&self.file, &mut *room, offset),
            None => rustix::io::read(&self.file, &mut *room),
        });
        (count.map_err(io::Error::from), self.buffer)
    }

    fn refused(self, error: io::Error) -> (io::Result<usize>, B) {
        (Err(error), self.buffer)
    }
}

impl<B: AsRef<[u8]> + Send + Unpin + 'static> Block for Write<B> {
    fn block(self) -> (io::Result<usize>, B) {
        let bytes = self.buffer.as_ref();
        let end = self.range.end.min(bytes.len());
        let bytes = bytes.get(self.range.start..end).unwrap_or_default();
        let count = retry_on_intr(|| match self.offset {
            Some(offset) => rustix::io::pwrite(&self.file, bytes, offset),
            None => rustix::io::write(&self.file, bytes),
        });
        (count.map_err(io::Error::from), self.buffer)
    }

    fn refused(self, error: io::Error) -> (io::Result<usize>, B) {
        (Err(error), self.buffer)
    }
}

impl Block for AnyOperation {
    fn block(self) -> io::Result<Done> {
        match self {
            AnyOperation::Open(open) => {
                return super::open(&open.path, open.flags, open.mode).map(Done::Opened);
            }
            AnyOperation::Stat(stat) => {
                let told = super::stat::stat(stat.file.as_deref(), &stat.path, stat.follow);
                return told.map(Done::Attributes);
            }
            AnyOperation::Close(close) => drop(close),
            AnyOperation::CreateDir(create) => {
                let mode = Mode::from_bits_retain(create.mode as _);
                rustix::fs::mkdirat(CWD, &create.path, mode)?;
            }
            AnyOperation::Rename(rename) => {
                rustix::fs::renameat(CWD, &rename.from, CWD, &rename.to)?;
            }
            AnyOperation::SetLen(set_len) => {
                retry_on_intr(|| rustix::fs::ftruncate(&set_len.file, set_len.len))?;
            }
            // Not tried again after an error: the system reports one once, and what it could not write is gone.
            AnyOperation::Sync(sync) if sync.data_only => retry_on_intr(|| data_only(&sync.file))?,
            AnyOperation::Sync(sync) => retry_on_intr(|| rustix::fs::fsync(&sync.file))?,
            AnyOperation::Unlink(unlink) => {
                let flags = if unlink.directory {
                    AtFlags::REMOVEDIR
                } else {
                    AtFlags::empty()
                };
                rustix::fs::unlinkat(CWD, &unlink.path, flags)?;
            }
        }
        Ok(Done::Nothing)
    }

    fn refused(self, error: io::Error) -> io::Result<Done> {
        Err(error)
    }
}

#[cfg(not(target_vendor = "apple"))]
fn data_only(file: &OwnedFd) -> rustix::io::Result<()> {
    rustix::fs::fdatasync(file)
}

/// macOS knows no such call.
#[cfg(target_vendor = "apple")]
fn data_only(file: &OwnedFd) -> rustix::io::Result<()> {
    rustix::fs::fsync(file)
}
