//! What commands can do on Unix alone.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt as _;

use crate::command::Command;

/// Adds to [`Command`] what only Unix has.
///
/// For what is not here (`pre_exec`), make a [`std::process::Command`] and turn it into one of this crate.
///
/// # Examples
///
/// ```
/// use trill_process::{Command, unix::CommandExt};
///
/// trill_reactor::block_on(async {
///     let output = Command::shell("echo $0").arg0("other").output().await?;
///     assert_eq!(output.stdout, b"other\n");
///     Ok(())
/// })
/// # as std::io::Result<()>;
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait CommandExt: sealed::Sealed {
    /// Runs the child as the user with this number.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_process::{Command, unix::CommandExt};
    ///
    /// let mut command = Command::new("id");
    /// command.uid(65534).gid(65534);
    /// ```
    fn uid(&mut self, id: u32) -> &mut Command;

    /// Runs the child in the user group with this number.
    ///
    /// # Examples
    ///
    /// See [`CommandExt::uid`].
    fn gid(&mut self, id: u32) -> &mut Command;

    /// Replaces this process by the command. Returns only if that fails.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use trill_process::{Command, unix::CommandExt};
    ///
    /// let error = Command::new("login").exec();
    /// eprintln!("no login: {error}");
    /// ```
    fn exec(&mut self) -> io::Error;

    /// Sets the argument that tells the program its own name.
    ///
    /// # Examples
    ///
    /// See [`CommandExt`].
    fn arg0<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command;
}

impl CommandExt for Command {
    fn uid(&mut self, id: u32) -> &mut Command {
        self.inner().uid(id);
        self
    }

    fn gid(&mut self, id: u32) -> &mut Command {
        self.inner().gid(id);
        self
    }

    fn exec(&mut self) -> io::Error {
        self.inner().exec()
    }

    fn arg0<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command {
        self.inner().arg0(arg);
        self
    }
}

mod sealed {
    /// Keeps the trait to this crate, so that it can grow.
    pub trait Sealed {}

    impl Sealed for crate::command::Command {}
}
