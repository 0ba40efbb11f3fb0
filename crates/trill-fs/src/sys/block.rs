//! The operations of the reactor, as calls that block.

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, CWD, Mode};
use rustix::io::retry_on_intr;
use trill_reactor::op::{
    Attributes, Close, CreateDir, Open, Read, Rename, SetLen, Stat, Sync, Unlink, Write,
};

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

impl Block for Sync {
    fn block(self) -> io::Result<()> {
        // Not tried again after an error: the system reports one once, and what it could not write is gone.
        Ok(retry_on_intr(|| {
            if self.data_only {
                data_only(&self.file)
            } else {
                rustix::fs::fsync(&self.file)
            }
        })?)
    }

    fn refused(self, error: io::Error) -> io::Result<()> {
        Err(error)
    }
}

impl Block for SetLen {
    fn block(self) -> io::Result<()> {
        Ok(retry_on_intr(|| {
            rustix::fs::ftruncate(&self.file, self.len)
        })?)
    }

    fn refused(self, error: io::Error) -> io::Result<()> {
        Err(error)
    }
}

impl Block for Open {
    fn block(self) -> io::Result<OwnedFd> {
        super::open(&self.path, self.flags, self.mode)
    }

    fn refused(self, error: io::Error) -> io::Result<OwnedFd> {
        Err(error)
    }
}

impl Block for Stat {
    fn block(self) -> io::Result<Attributes> {
        super::stat::stat(self.file.as_deref(), &self.path, self.follow)
    }

    fn refused(self, error: io::Error) -> io::Result<Attributes> {
        Err(error)
    }
}

impl Block for Rename {
    fn block(self) -> io::Result<()> {
        Ok(rustix::fs::renameat(CWD, &self.from, CWD, &self.to)?)
    }

    fn refused(self, error: io::Error) -> io::Result<()> {
        Err(error)
    }
}

impl Block for Unlink {
    fn block(self) -> io::Result<()> {
        let flags = if self.directory {
            AtFlags::REMOVEDIR
        } else {
            AtFlags::empty()
        };
        Ok(rustix::fs::unlinkat(CWD, &self.path, flags)?)
    }

    fn refused(self, error: io::Error) -> io::Result<()> {
        Err(error)
    }
}

impl Block for CreateDir {
    fn block(self) -> io::Result<()> {
        let mode = Mode::from_bits_retain(self.mode as _);
        Ok(rustix::fs::mkdirat(CWD, &self.path, mode)?)
    }

    fn refused(self, error: io::Error) -> io::Result<()> {
        Err(error)
    }
}

impl Block for Close {
    fn block(self) -> io::Result<()> {
        drop(self.file);
        Ok(())
    }

    fn refused(self, error: io::Error) -> io::Result<()> {
        drop(self.file);
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
