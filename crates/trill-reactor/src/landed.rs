//! What the system said at the end of an operation.
#![allow(unsafe_code)] // The system says a descriptor as a number.

use std::io;
use std::mem::ManuallyDrop;

use crate::sys::{self, CANCELED, OwnedFile};

/// What the system said at the end of an operation. Only a ring makes one, once per operation.
#[derive(Debug)]
pub struct Landed(i32);

impl Landed {
    /// # Safety
    ///
    /// `result` is what the system has given for the operation that this is handed to, and nobody else has it.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    pub(crate) unsafe fn new(result: i32) -> Landed {
        Landed(result)
    }

    /// A count of bytes.
    pub(crate) fn count(self) -> io::Result<usize> {
        usize::try_from(self.0).map_err(|_| io::Error::from_raw_os_error(-self.0))
    }

    /// Nothing but success.
    pub(crate) fn nothing(self) -> io::Result<()> {
        self.count().map(drop)
    }

    /// A new descriptor.
    pub(crate) fn descriptor(self) -> io::Result<OwnedFile> {
        let result = self.0;
        self.nothing()?;
        // SAFETY: the system has made this descriptor for the operation, and nobody else knows it: `Landed::new` asks
        // for that, and only `Open` calls this. `tests/operations.rs` counts descriptors.
        Ok(unsafe { sys::adopt(result) })
    }

    /// The end of a descriptor, unless the system did not get that far.
    pub(crate) fn closed(self, file: OwnedFile) -> io::Result<()> {
        let result = self.nothing();
        let untouched = matches!(&result, Err(error) if error.raw_os_error() == Some(CANCELED));
        if !untouched {
            // Closed, also if that came with an error.
            let _ = ManuallyDrop::new(file);
        }
        result
    }
}
