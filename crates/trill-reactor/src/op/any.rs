//! Operations of one type, for who runs many kinds and would have the same code compiled for each.

use std::io;

use crate::landed::Landed;
use crate::op::{
    Attributes, Close, CreateDir, Open, Operation, Rename, SetLen, Stat, Sync, Unlink,
};
use crate::sys::OwnedFile;

/// Any operation that lends the system no buffer.
#[derive(Debug)]
pub enum AnyOperation {
    /// Closes a file.
    Close(Close),
    /// Makes a directory.
    CreateDir(CreateDir),
    /// Opens a file.
    Open(Open),
    /// Gives a file another name.
    Rename(Rename),
    /// Sets the length of a file.
    SetLen(SetLen),
    /// Asks for a file's attributes.
    Stat(Stat),
    /// Brings a file to its disk.
    Sync(Sync),
    /// Removes a name.
    Unlink(Unlink),
}

/// What an [`AnyOperation`] has done.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // It is taken apart at once.
pub enum Done {
    /// What has no output but success.
    Nothing,
    /// `Open`.
    Opened(OwnedFile),
    /// `Stat`.
    Attributes(Attributes),
}

impl Operation for AnyOperation {
    type Output = io::Result<Done>;

    fn complete(self, landed: Landed) -> io::Result<Done> {
        let done = match self {
            AnyOperation::Open(open) => return open.complete(landed).map(Done::Opened),
            AnyOperation::Stat(stat) => return stat.complete(landed).map(Done::Attributes),
            AnyOperation::Close(close) => close.complete(landed),
            AnyOperation::CreateDir(create) => create.complete(landed),
            AnyOperation::Rename(rename) => rename.complete(landed),
            AnyOperation::SetLen(set_len) => set_len.complete(landed),
            AnyOperation::Sync(sync) => sync.complete(landed),
            AnyOperation::Unlink(unlink) => unlink.complete(landed),
        };
        done.map(|()| Done::Nothing)
    }
}
