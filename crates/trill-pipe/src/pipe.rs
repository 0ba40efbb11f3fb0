//! Making a pipe.

use std::io;

use trill_world::World;

use crate::reader::PipeReader;
use crate::sys;
use crate::writer::PipeWriter;

/// Makes a pipe.
///
/// # Errors
///
/// `Unsupported` in a simulated world, or what the operating system says, as when no descriptors are left.
///
/// # Examples
///
/// ```
/// let (reader, writer) = trill_pipe::pipe()?;
/// drop(writer);
/// assert_eq!(trill_reactor::block_on(reader.read(&mut [0]))?, 0);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    os_only()?;
    let (reader, writer) = sys::pipe()?;
    Ok((PipeReader::of(reader)?, PipeWriter::of(writer)?))
}

/// Fails in a simulated world.
pub(crate) fn os_only() -> io::Result<()> {
    if World::current().is_os() {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "a simulated world has no pipes of the operating system: make them outside of it",
    ))
}
