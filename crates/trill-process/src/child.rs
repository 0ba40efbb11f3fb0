//! A started child.

use std::fmt;
use std::io;
use std::process::ExitStatus;
use std::sync::Arc;

use rustix::process::{Pid, Signal};

use crate::communicate::Communicate;
use crate::orphans;
use crate::process::Process;
use crate::streams::{ChildStderr, ChildStdin, ChildStdout};
use crate::wait::Wait;
use crate::watch::Watch;

/// A child process; from [`Command::spawn`](crate::Command::spawn).
///
/// Dropping it closes its pipes. What else that does is up to the command: by default the child goes on and is reaped
/// when it ends; see [`Command::kill_on_drop`](crate::Command::kill_on_drop) and
/// [`Command::reap_on_drop`](crate::Command::reap_on_drop).
///
/// # Examples
///
/// ```
/// use trill_process::Command;
///
/// trill_reactor::block_on(async {
///     let child = Command::new("sleep").arg("1000").spawn()?;
///     child.kill()?;
///     assert!(!child.wait().await?.success());
///     Ok(())
/// })
/// # as std::io::Result<()>;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Child {
    /// The pipe to its standard input, if that is `Stdio::piped()`.
    pub stdin: Option<ChildStdin>,
    /// The pipe from its standard output, if that is `Stdio::piped()`.
    pub stdout: Option<ChildStdout>,
    /// The pipe from its standard error, if that is `Stdio::piped()`.
    pub stderr: Option<ChildStderr>,
    handle: Handle,
}

impl Child {
    /// Takes over a child that the standard library has started.
    ///
    /// # Errors
    ///
    /// If the system refuses to watch it or its pipes. It was killed and reaped then.
    pub(crate) fn adopt(
        mut child: std::process::Child,
        leads_group: bool,
        on_drop: OnDrop,
        by: Watch,
    ) -> io::Result<Child> {
        let adopted = Child::try_adopt(&mut child, leads_group, on_drop, by);
        if adopted.is_err() {
            // Nobody else has seen it yet, so what cannot be done here has no one to be told.
            let _ = child.kill();
            let _ = child.wait();
        }
        adopted
    }

    fn try_adopt(
        child: &mut std::process::Child,
        leads_group: bool,
        on_drop: OnDrop,
        by: Watch,
    ) -> io::Result<Child> {
        let stdin = child.stdin.take().map(ChildStdin::new).transpose()?;
        let stdout = child.stdout.take().map(ChildStdout::new).transpose()?;
        let stderr = child.stderr.take().map(ChildStderr::new).transpose()?;
        // At last: nothing may fail once a thread waits for it.
        let process = Process::watch(Pid::from_child(child), leads_group, by)?;
        Ok(Child {
            stdin,
            stdout,
            stderr,
            handle: Handle { process, on_drop },
        })
    }

    /// Returns the number of the process. Once the child was reaped the system may give it to another one.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_process::Command;
    ///
    /// let child = Command::new("true").spawn()?;
    /// assert_ne!(child.id(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn id(&self) -> u32 {
        self.handle.process.id()
    }

    /// Tells how its end is learned.
    ///
    /// # Examples
    ///
    /// See [`Command::watch_by`](crate::Command::watch_by).
    pub fn watched_by(&self) -> Watch {
        self.handle.process.watched_by()
    }

    /// Waits for its end, and for nothing else: neither its output nor its own children.
    ///
    /// Any number of tasks may wait, each with a future of its own. Standard input stays open; a child that reads it to
    /// the end goes on until that is dropped.
    ///
    /// # Errors
    ///
    /// [`StatusUnknown`](crate::StatusUnknown) if somebody else has reaped it, or what the reactor says if it cannot serve
    /// the child's descriptor.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the exit status is kept for others who wait, and for later.
    ///
    /// # Examples
    ///
    /// See [`Wait`].
    pub fn wait(&self) -> Wait {
        Wait::new(self.handle.process.clone())
    }

    /// Closes standard input, if it is still here, and waits for the end of the child as [`Child::wait`] does.
    ///
    /// # Errors
    ///
    /// As [`Child::wait`].
    ///
    /// # Cancel safety
    ///
    /// As [`Child::wait`]; standard input was closed in the call.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_process::{Command, Stdio};
    ///
    /// trill_reactor::block_on(async {
    ///     let mut child = Command::new("cat").stdin(Stdio::piped()).spawn()?;
    ///     assert!(child.status().await?.success());
    ///     Ok(())
    /// })
    /// # as std::io::Result<()>;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn status(&mut self) -> Wait {
        self.stdin = None;
        self.wait()
    }

    /// Returns the exit status if the child has ended.
    ///
    /// # Errors
    ///
    /// [`StatusUnknown`](crate::StatusUnknown) if somebody else has reaped it.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_process::Command;
    ///
    /// let child = Command::new("sleep").arg("1000").kill_on_drop(true).spawn()?;
    /// assert_eq!(child.try_status()?, None);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_status(&self) -> io::Result<Option<ExitStatus>> {
        Ok(self.handle.process.look().transpose()?)
    }

    /// Closes standard input, collects what the child writes, and waits for its end.
    ///
    /// Streams that are not piped, or were taken, are empty in the result. The output is collected until nobody holds the
    /// pipes open, which may be later than the end of the child if that has started others.
    ///
    /// # Errors
    ///
    /// As [`Child::wait`], and what reading says.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses what was read, and drops the child, see [`Child`].
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_process::{Command, Stdio};
    ///
    /// trill_reactor::block_on(async {
    ///     let child = Command::shell("echo out; echo err >&2").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    ///     let output = child.output().await?;
    ///     assert_eq!((&output.stdout[..], &output.stderr[..]), (&b"out\n"[..], &b"err\n"[..]));
    ///     Ok(())
    /// })
    /// # as std::io::Result<()>;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn output(self) -> Communicate {
        self.communicate(Vec::new())
    }

    /// Writes `input` to the child while it collects what the child writes, then waits for its end.
    ///
    /// Neither side waits for the other, however much there is. Standard input is closed when all is written; a child that
    /// closes its end earlier is no error, and the rest of `input` is dropped.
    ///
    /// # Errors
    ///
    /// As [`Child::output`], what writing says, and `InvalidInput` if there is input and standard input is not piped. The
    /// child is dropped then, see [`Child`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses what was read and not yet written, and drops the child, see [`Child`].
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_process::{Command, Stdio};
    ///
    /// trill_reactor::block_on(async {
    ///     let sort = Command::new("sort").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    ///     let output = sort.communicate("b\na\n").await?;
    ///     assert_eq!(output.stdout, b"a\nb\n");
    ///     Ok(())
    /// })
    /// # as std::io::Result<()>;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn communicate(self, input: impl Into<Vec<u8>>) -> Communicate {
        Communicate::new(self, input.into())
    }

    /// Ends the child at once (`SIGKILL`), without waiting for that. Does nothing if it has ended.
    ///
    /// # Errors
    ///
    /// What the system says; for instance, if the child has become another user's.
    ///
    /// # Examples
    ///
    /// See [`Child`].
    pub fn kill(&self) -> io::Result<()> {
        self.handle.process.send(Signal::KILL)
    }

    /// The same as [`Child::kill`], under the name that others use for it.
    ///
    /// # Errors
    ///
    /// As [`Child::kill`].
    ///
    /// # Examples
    ///
    /// See [`Child`].
    pub fn start_kill(&self) -> io::Result<()> {
        self.kill()
    }

    /// Asks the child to end (`SIGTERM`). Does nothing if it has ended.
    ///
    /// # Errors
    ///
    /// As [`Child::kill`].
    ///
    /// # Examples
    ///
    /// See [`Child::signal`].
    pub fn terminate(&self) -> io::Result<()> {
        self.handle.process.send(Signal::TERM)
    }

    /// Sends the signal of this number. Does nothing if the child has ended: the signal reaches no other process that got
    /// the number since.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the system has no such signal, or as [`Child::kill`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::process::ExitStatusExt;
    /// use trill_process::Command;
    ///
    /// trill_reactor::block_on(async {
    ///     let child = Command::new("sleep").arg("1000").spawn()?;
    ///     child.signal(14)?;
    ///     assert_eq!(child.wait().await?.signal(), Some(14));
    ///     child.signal(14)
    /// })
    /// # as std::io::Result<()>;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn signal(&self, number: i32) -> io::Result<()> {
        self.handle.process.send(named(number)?)
    }

    /// Sends the signal of this number to the group that the child leads: itself, and those of its descendants that did
    /// not leave.
    ///
    /// It is possible until the child's status was taken, because a child that was reaped no longer keeps the group's
    /// number.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the child was not started with
    /// [`process_group(0)`](crate::Command::process_group) or the system has no such signal, `NotFound` if the child was
    /// reaped, or as [`Child::kill`].
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_process::Command;
    ///
    /// trill_reactor::block_on(async {
    ///     let child = Command::shell("sleep 1000 | sleep 1000").process_group(0).spawn()?;
    ///     child.signal_group(15)?;
    ///     assert!(!child.wait().await?.success());
    ///     Ok(())
    /// })
    /// # as std::io::Result<()>;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn signal_group(&self, number: i32) -> io::Result<()> {
        self.handle.process.send_to_group(named(number)?)
    }
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child")
            .field("id", &self.id())
            .field("known", &self.handle.process.known())
            .field("watched_by", &self.watched_by())
            .field("stdin", &self.stdin)
            .field("stdout", &self.stdout)
            .field("stderr", &self.stderr)
            .finish()
    }
}

/// What dropping the handle of a running child does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OnDrop {
    pub(crate) kill: bool,
    pub(crate) reap: bool,
}

/// What ends with the handle; the pipes can be taken out of a [`Child`] because it is not that itself.
struct Handle {
    process: Arc<Process>,
    on_drop: OnDrop,
}

impl Drop for Handle {
    fn drop(&mut self) {
        // In a process that was forked since, it is the child of the parent, who still has a handle.
        if self.process.is_foreign() || self.process.known().is_some() {
            return;
        }
        if self.on_drop.kill {
            // A child that may not be killed goes on; there is nobody to be told.
            let _ = match self.process.leads_group() {
                true => self.process.send_to_group(Signal::KILL),
                false => self.process.send(Signal::KILL),
            };
        }
        match self.on_drop.reap {
            true => orphans::adopt(self.process.clone()),
            false => self.process.abandon(),
        }
    }
}

fn named(number: i32) -> io::Result<Signal> {
    Signal::from_named_raw(number).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("this system has no signal {number} that can be sent"),
        )
    })
}
