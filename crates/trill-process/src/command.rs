//! What is to be started, and how.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{CommandArgs, CommandEnvs, Stdio};

use trill_reactor::Reactor;
use trill_world::World;

use crate::child::{Child, OnDrop};
use crate::communicate::Communicate;
use crate::orphans;
use crate::status::Status;
use crate::watch::Watch;

/// Describes a child process, and starts it.
///
/// It is [`std::process::Command`] with [`spawn`](Command::spawn), [`status`](Command::status) and
/// [`output`](Command::output) that wait as futures.
///
/// # Examples
///
/// ```
/// use trill_process::Command;
///
/// trill_reactor::block_on(async {
///     let output = Command::new("pwd").current_dir("/").env_clear().output().await?;
///     assert_eq!(output.stdout, b"/\n");
///     Ok(())
/// })
/// # as std::io::Result<()>;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Command {
    inner: std::process::Command,
    stdin: Stream,
    stdout: Stream,
    stderr: Stream,
    on_drop: OnDrop,
    leads_group: bool,
    watch: Option<Watch>,
}

/// Who has set one of the standard streams.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    /// Nobody: the child inherits ours, or gets what a [`std::process::Command`] brought along.
    Untouched,
    /// [`Command::output`], for itself.
    Captured,
    /// The program.
    Chosen,
}

impl Command {
    /// Describes a child that runs `program`, which is looked for in `PATH` if it has no slash.
    ///
    /// By default it has no arguments, and inherits the environment, the directory and the standard streams.
    ///
    /// # Examples
    ///
    /// See [`Command`].
    pub fn new<S: AsRef<OsStr>>(program: S) -> Command {
        Command::from(std::process::Command::new(program))
    }

    /// Describes a child in which the shell, `/bin/sh`, runs `line`.
    ///
    /// Whatever is put into `line` is read by the shell: pass what comes from others as arguments, `$0` and up, or in the
    /// environment.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_process::Command;
    ///
    /// trill_reactor::block_on(async {
    ///     let output = Command::shell("echo \"$0\" | tr a-z A-Z").arg("$(no harm)").output().await?;
    ///     assert_eq!(output.stdout, b"$(NO HARM)\n");
    ///     Ok(())
    /// })
    /// # as std::io::Result<()>;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shell<S: AsRef<OsStr>>(line: S) -> Command {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(line);
        command
    }

    /// Adds an argument.
    ///
    /// # Examples
    ///
    /// See [`Command::args`].
    pub fn arg<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command {
        self.inner.arg(arg);
        self
    }

    /// Adds arguments.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_process::Command;
    ///
    /// let mut command = Command::new("ls");
    /// command.arg("-l").args(["/", "/tmp"]);
    /// assert!(command.get_args().eq(["-l", "/", "/tmp"]));
    /// ```
    pub fn args<I, S>(&mut self, args: I) -> &mut Command
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.inner.args(args);
        self
    }

    /// Sets a variable of the child's environment.
    ///
    /// # Examples
    ///
    /// See [`Command::envs`].
    pub fn env<K, V>(&mut self, key: K, value: V) -> &mut Command
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.inner.env(key, value);
        self
    }

    /// Sets variables of the child's environment.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_process::Command;
    ///
    /// trill_reactor::block_on(async {
    ///     let mut command = Command::new("env");
    ///     command.env_clear().env("A", "1").envs([("B", "2"), ("C", "3")]).env_remove("B");
    ///     assert_eq!(command.output().await?.stdout, b"A=1\nC=3\n");
    ///     Ok(())
    /// })
    /// # as std::io::Result<()>;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn envs<I, K, V>(&mut self, variables: I) -> &mut Command
    where
        I: IntoIterator<Item = (K, V)>,
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.inner.envs(variables);
        self
    }

    /// Removes a variable from the child's environment.
    ///
    /// # Examples
    ///
    /// See [`Command::envs`].
    pub fn env_remove<K: AsRef<OsStr>>(&mut self, key: K) -> &mut Command {
        self.inner.env_remove(key);
        self
    }

    /// Removes all variables from the child's environment.
    ///
    /// # Examples
    ///
    /// See [`Command::envs`].
    pub fn env_clear(&mut self) -> &mut Command {
        self.inner.env_clear();
        self
    }

    /// Sets the directory in which the child begins.
    ///
    /// # Examples
    ///
    /// See [`Command`].
    pub fn current_dir<P: AsRef<Path>>(&mut self, dir: P) -> &mut Command {
        self.inner.current_dir(dir);
        self
    }

    /// Sets the child's standard input.
    ///
    /// # Examples
    ///
    /// See [`Child::communicate`].
    pub fn stdin<T: Into<Stdio>>(&mut self, stdin: T) -> &mut Command {
        self.stdin = Stream::Chosen;
        self.inner.stdin(stdin);
        self
    }

    /// Sets the child's standard output.
    ///
    /// # Examples
    ///
    /// See [`Child::output`].
    pub fn stdout<T: Into<Stdio>>(&mut self, stdout: T) -> &mut Command {
        self.stdout = Stream::Chosen;
        self.inner.stdout(stdout);
        self
    }

    /// Sets the child's standard error.
    ///
    /// # Examples
    ///
    /// See [`Child::output`].
    pub fn stderr<T: Into<Stdio>>(&mut self, stderr: T) -> &mut Command {
        self.stderr = Stream::Chosen;
        self.inner.stderr(stderr);
        self
    }

    /// Makes the child a member of the process group with this number, or with 0 the leader of a new one.
    ///
    /// [`Child::signal_group`] reaches all of a new one, and so does [`Command::kill_on_drop`].
    ///
    /// # Examples
    ///
    /// See [`Child::signal_group`].
    pub fn process_group(&mut self, group: i32) -> &mut Command {
        self.leads_group = group == 0;
        self.inner.process_group(group);
        self
    }

    /// Sets whether dropping a [`Child`] that runs kills it, with its group if it leads one. The default is not.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::future;
    /// use trill_process::Command;
    ///
    /// trill_reactor::block_on(async {
    ///     let mut sleep = Command::new("sleep");
    ///     let status = sleep.arg("1000").kill_on_drop(true).status();
    ///     // Whoever gives up waiting also ends the child.
    ///     future::or(async { status.await.map(Some) }, async { Ok(None) }).await
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn kill_on_drop(&mut self, kill: bool) -> &mut Command {
        self.on_drop.kill = kill;
        self
    }

    /// Sets whether a child is reaped when it ends after its [`Child`] was dropped. The default is yes.
    ///
    /// Without it such a child stays in the system's table until somebody else waits for it, or this program ends.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_process::Command;
    ///
    /// // The program reaps its children itself.
    /// let mut command = Command::new("true");
    /// command.reap_on_drop(false);
    /// ```
    pub fn reap_on_drop(&mut self, reap: bool) -> &mut Command {
        self.on_drop.reap = reap;
        self
    }

    /// Chooses how the end of the child is learned, instead of the environment variable `TRILL_PIDFD` (`on` or `off`) or
    /// the system's default.
    ///
    /// [`Watch::Pidfd`] falls back to [`Watch::Thread`] where the system refuses it.
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_process::{Command, Watch};
    ///
    /// trill_reactor::block_on(async {
    ///     let child = Command::new("true").watch_by(Watch::Thread).spawn()?;
    ///     assert_eq!(child.watched_by(), Watch::Thread);
    ///     assert!(child.wait().await?.success());
    ///     Ok(())
    /// })
    /// # as std::io::Result<()>;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn watch_by(&mut self, watch: Watch) -> &mut Command {
        self.watch = Some(watch);
        self
    }

    /// Starts the child.
    ///
    /// It blocks the thread until the child runs its program: well under a millisecond unless the program's file is slow
    /// to come. Where that matters, call it on the blocking pool.
    ///
    /// # Errors
    ///
    /// What the system says: `NotFound` if there is no such program, and so on. `Unsupported` in a simulated world,
    /// `InvalidInput` if `TRILL_PIDFD` makes no sense. No child is left.
    ///
    /// # Examples
    ///
    /// See [`Child`].
    pub fn spawn(&mut self) -> io::Result<Child> {
        if self.stdin == Stream::Captured {
            self.inner.stdin(Stdio::inherit());
        }
        if self.stdout == Stream::Captured {
            self.inner.stdout(Stdio::inherit());
        }
        if self.stderr == Stream::Captured {
            self.inner.stderr(Stdio::inherit());
        }
        self.start()
    }

    /// Starts the child, in this call, and waits for its end. If its standard input is piped, that is closed.
    ///
    /// # Errors
    ///
    /// As [`Command::spawn`] and [`Child::wait`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the child: by default it goes on and is reaped when it ends, see
    /// [`Command::kill_on_drop`].
    ///
    /// # Examples
    ///
    /// ```
    /// use trill_process::Command;
    ///
    /// trill_reactor::block_on(async {
    ///     assert!(Command::new("true").status().await?.success());
    ///     assert_eq!(Command::new("false").status().await?.code(), Some(1));
    ///     Ok(())
    /// })
    /// # as std::io::Result<()>;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn status(&mut self) -> Status {
        Status::new(self.spawn())
    }

    /// Starts the child, in this call, collects what it writes, and waits for its end.
    ///
    /// Standard output and error are piped and standard input is empty, unless they were set.
    ///
    /// # Errors
    ///
    /// As [`Command::spawn`] and [`Child::output`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses what was read, and drops the child: by default it goes on and is reaped when it ends,
    /// see [`Command::kill_on_drop`].
    ///
    /// # Examples
    ///
    /// See [`Command`].
    pub fn output(&mut self) -> Communicate {
        if self.stdin != Stream::Chosen {
            self.stdin = Stream::Captured;
            self.inner.stdin(Stdio::null());
        }
        if self.stdout != Stream::Chosen {
            self.stdout = Stream::Captured;
            self.inner.stdout(Stdio::piped());
        }
        if self.stderr != Stream::Chosen {
            self.stderr = Stream::Captured;
            self.inner.stderr(Stdio::piped());
        }
        match self.start() {
            Ok(child) => child.output(),
            Err(error) => Communicate::failed(error),
        }
    }

    /// Returns the program.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_process::Command::new("ls").get_program(), "ls");
    /// ```
    pub fn get_program(&self) -> &OsStr {
        self.inner.get_program()
    }

    /// Returns the arguments.
    ///
    /// # Examples
    ///
    /// See [`Command::args`].
    pub fn get_args(&self) -> CommandArgs<'_> {
        self.inner.get_args()
    }

    /// Returns the variables that are set, and those that are removed, with `None`.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut command = trill_process::Command::new("ls");
    /// assert_eq!(command.env("A", "1").get_envs().count(), 1);
    /// ```
    pub fn get_envs(&self) -> CommandEnvs<'_> {
        self.inner.get_envs()
    }

    /// Returns the directory in which the child begins, if it is set.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(trill_process::Command::new("ls").get_current_dir(), None);
    /// ```
    pub fn get_current_dir(&self) -> Option<&Path> {
        self.inner.get_current_dir()
    }

    /// The standard library's command.
    pub(crate) fn inner(&mut self) -> &mut std::process::Command {
        &mut self.inner
    }

    /// Starts the child with the streams as they are set.
    fn start(&mut self) -> io::Result<Child> {
        if !World::current().is_os() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "a simulated world has no processes: start this one outside of it",
            ));
        }
        orphans::sweep();
        // What can fail comes before there is a child, as far as it can.
        let watch = Watch::choose(self.watch)?;
        Reactor::current()?;
        let child = self.inner.spawn()?;
        Child::adopt(child, self.leads_group, self.on_drop, watch)
    }
}

/// The standard streams stay as they were set, except that [`Command::output`] pipes them. A group that was set there is
/// not known here: set it again.
impl From<std::process::Command> for Command {
    fn from(inner: std::process::Command) -> Command {
        Command {
            inner,
            stdin: Stream::Untouched,
            stdout: Stream::Untouched,
            stderr: Stream::Untouched,
            on_drop: OnDrop {
                kill: false,
                reap: true,
            },
            leads_group: false,
            watch: None,
        }
    }
}

/// The command as one would type it.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
