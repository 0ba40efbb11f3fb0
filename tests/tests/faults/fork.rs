//! Children made by `fork`: what belongs to the parent stays with it.
//!
//! Each test forks in a process of its own, in which no other test takes locks of the runtime meanwhile.
#![allow(unsafe_code)] // Forking, which the standard library does not offer.

use std::cell::Cell;
use std::future::pending;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal as Kind, kill_process};
use trill::signal::{Signal, Signals};
use trill_blocking::Pool;
use trill_reactor::{Async, Reactor, op};
use trill_tests::Alone;

/// A child made by `fork`.
pub(crate) struct Fork(i32);

impl Fork {
    /// Runs `body` in a child, which ends with success if that returns `true`.
    pub(crate) fn start(body: impl FnOnce() -> bool) -> Fork {
        // SAFETY: the child runs `body` and ends. The C library makes its allocator usable there; other threads of the
        // process only wait.
        let child = unsafe { libc::fork() };
        assert!(child >= 0, "{}", std::io::Error::last_os_error());
        if child == 0 {
            let passed = catch_unwind(AssertUnwindSafe(body)).unwrap_or(false);
            // SAFETY: ends the process at once, without what the parent has registered for its own end.
            unsafe { libc::_exit(i32::from(!passed)) };
        }
        Fork(child)
    }

    /// Waits for its end.
    fn status(self) -> i32 {
        let mut status = 0;
        // SAFETY: the child was made here and nobody else waits for it; the status is writable.
        let waited = unsafe { libc::waitpid(self.0, &raw mut status, 0) };
        assert_eq!(waited, self.0);
        status
    }

    pub(crate) fn passes(self) {
        let status = self.status();
        assert!(
            libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0,
            "{status:#x}"
        );
    }
}

/// Sends a byte through a pair of sockets while the other side waits for it.
fn a_byte_arrives() -> bool {
    let (near, far) = UnixStream::pair().unwrap();
    let near = Async::new(near).unwrap();
    let writer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(5));
        (&far).write_all(b"x").unwrap();
        far
    });
    let read = trill::block_on(near.read_with(|mut near| near.read(&mut [0; 8])));
    writer.join().unwrap();
    read.is_ok_and(|count| count == 1)
}

// Fault 29b
#[test]
fn sources_of_the_parent_are_refused_and_left_alone() {
    Alone::new("fork::sources_of_the_parent_are_refused_and_left_alone").passes(|| {
        let reactor = Reactor::global().unwrap();
        let (near, mut far) = UnixStream::pair().unwrap();
        // Taken out by the child, which changes a copy of the parent's memory.
        let mut near = Some(Async::new(near).unwrap());
        let sources = reactor.sources();
        Fork::start(|| {
            let near = near.take().unwrap();
            // It cannot be waited for, and nothing else can be registered with the reactor.
            let error = trill::block_on(near.readable()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().contains("forked"), "{error}");
            let (other, _other) = UnixStream::pair().unwrap();
            let error = Async::new_in(&reactor, other).unwrap_err();
            assert!(error.to_string().contains("forked"), "{error}");
            // An end of a registration here is not one in the parent, whatever becomes of the child's descriptor.
            drop(near);
            true
        })
        .passes();
        // The parent still hears of its events, and can end the registration itself.
        assert_eq!(reactor.sources(), sources);
        let near = near.unwrap();
        far.write_all(b"x").unwrap();
        trill::block_on(near.readable()).unwrap();
        assert_eq!((&mut near.get_ref()).read(&mut [0; 8]).unwrap(), 1);
        near.into_inner().unwrap();
    });
}

// Fault 29b
#[test]
fn events_of_a_child_do_not_come_to_its_parent() {
    Alone::new("fork::events_of_a_child_do_not_come_to_its_parent").passes(|| {
        assert!(a_byte_arrives());
        let reactor = Reactor::global().unwrap();
        let (before, sources) = (reactor.events(), reactor.sources());
        Fork::start(|| {
            for _ in 0..20 {
                assert!(a_byte_arrives());
            }
            // The interrupts of its threads are its own, too.
            trill::block_on(trill::unblock(|| 5)) == 5
        })
        .passes();
        // A turn of the parent finds nothing.
        trill::block_on(async {
            reactor.drive().unwrap();
            trill::time::sleep(Duration::from_millis(1)).await;
        });
        assert_eq!((reactor.events(), reactor.sources()), (before, sources));
    });
}

// Fault 29c
#[test]
fn a_child_goes_on_with_everything_of_its_own() {
    Alone::new("fork::a_child_goes_on_with_everything_of_its_own").passes(|| {
        let everything = || {
            assert!(a_byte_arrives());
            // Timers inside `block_on` and outside, a job, the process-wide runtime, a runtime, a child of the child.
            trill::block_on(trill::time::sleep(Duration::from_millis(1)));
            futures_lite::future::block_on(trill::time::sleep(Duration::from_millis(1)));
            assert_eq!(trill::block_on(trill::unblock(|| 5)), 5);
            assert_eq!(trill::block_on(trill::spawn(async { 6 })), 6);
            let ran = trill::run(async {
                let task = trill::spawn(async {
                    trill::time::sleep(Duration::from_millis(1)).await;
                    7
                });
                task.await
            });
            assert_eq!(ran, 7);
            true
        };
        everything();
        Fork::start(|| {
            everything();
            Fork::start(everything).passes();
            everything()
        })
        .passes();
        everything();
    });
}

// Fault 29b
#[test]
fn pools_of_the_parent_refuse_work() {
    Alone::new("fork::pools_of_the_parent_refuse_work").passes(|| {
        let mut pool = Some(Pool::new());
        let five = |pool: &Option<Pool>| trill::block_on(pool.as_ref().unwrap().unblock(|| 5));
        assert_eq!(five(&pool), 5);
        Fork::start(|| {
            let pool = pool.take().unwrap();
            let ran = Cell::new(false);
            let refused = pool.try_unblock(|| 5).map(|_| ran.set(true)).unwrap_err();
            assert!(refused.to_string().contains("forked"), "{refused}");
            assert!(
                catch_unwind(AssertUnwindSafe(|| trill::block_on(pool.unblock(|| 5)))).is_err()
            );
            drop(pool);
            trill::block_on(trill::unblock(|| 6)) == 6
        })
        .passes();
        assert_eq!(five(&pool), 5);
    });
}

// Fault 29b
#[test]
fn rings_of_the_parent_take_nothing_and_are_left_alone() {
    Alone::new("fork::rings_of_the_parent_take_nothing_and_are_left_alone").passes(|| {
        let reactor = Reactor::global().unwrap();
        let stat = || op::Stat::path(c"/", true);
        let Ok(pending) = reactor.submit(stat()) else {
            // Nothing to share, then.
            return trill_tests::allowed::say_denied("io_uring", "29b (rings)");
        };
        assert!(trill::block_on(pending).is_ok_and(|stat| stat.is_ok()));
        // A read that the system has not done when the process forks.
        let (near, mut far) = UnixStream::pair().unwrap();
        let mut reading = reactor
            .submit(op::Read::new(Arc::new(near.into()), vec![0; 8], None))
            .ok();
        assert_eq!(reactor.operations(), 1);
        Fork::start(|| {
            assert!(reactor.submit(stat()).is_err());
            let mut reading = reading.take().unwrap();
            let polled = catch_unwind(AssertUnwindSafe(|| trill::block_on(&mut reading)));
            assert!(polled.is_err());
            drop(reading);
            // Its own reactor has its own ring, and a thread that ends retires only that.
            let own = Reactor::global().unwrap();
            assert_ne!(own, reactor);
            trill::block_on(own.submit(stat()).ok().unwrap()).is_ok_and(|stat| stat.is_ok())
        })
        .passes();
        far.write_all(b"still").unwrap();
        let (count, _) = trill::block_on(reading.take().unwrap()).ok().unwrap();
        assert_eq!(count.unwrap(), 5);
    });
}

// Fault 29b
#[test]
fn a_child_made_inside_a_runtime_gets_errors_and_no_silence() {
    Alone::new("fork::a_child_made_inside_a_runtime_gets_errors_and_no_silence").passes(|| {
        let (near, mut far) = UnixStream::pair().unwrap();
        let near = Async::new(near).unwrap();
        trill::run(async {
            trill::time::sleep(Duration::from_millis(1)).await;
            let child = Fork::start(|| {
                // Inside the parent's `run`: timers go on, sockets say what is wrong.
                let waited = trill::block_on(async {
                    trill::time::sleep(Duration::from_millis(1)).await;
                    near.readable().await
                });
                waited.is_err() && a_byte_arrives()
            });
            child.passes();
            far.write_all(b"x").unwrap();
            near.readable().await.unwrap();
        });
    });
}

// Fault 29d
#[test]
fn a_signal_to_a_child_is_not_heard_by_its_parent() {
    Alone::new("fork::a_signal_to_a_child_is_not_heard_by_its_parent").passes(|| {
        let mut signals = Signals::new([Signal::Usr1]).unwrap();
        let (mut near, mut far) = UnixStream::pair().unwrap();
        let child = Fork::start(|| {
            far.write_all(b"x").unwrap();
            loop {
                std::thread::park();
            }
        });
        near.read_exact(&mut [0]).unwrap();
        let pid = Pid::from_raw(child.0).unwrap();
        kill_process(pid, Kind::USR1).unwrap();
        // Nobody listens in the child, so it ends as by default.
        let status = child.status();
        assert!(libc::WIFSIGNALED(status), "{status:#x}");
        assert_eq!(libc::WTERMSIG(status), libc::SIGUSR1);
        let mut next = signals.next();
        assert!(
            futures_lite::future::block_on(futures_lite::future::poll_once(&mut next)).is_none()
        );
        // The parent hears its own.
        kill_process(rustix::process::getpid(), Kind::USR1).unwrap();
        assert_eq!(trill::block_on(next), Signal::Usr1);
    });
}

// Fault 29b, 29d
#[test]
fn a_child_listens_for_itself() {
    Alone::new("fork::a_child_listens_for_itself").passes(|| {
        let mut signals = Signals::new([Signal::Usr1]).unwrap();
        Fork::start(|| {
            // The parent's listener says whose it is.
            let heard = catch_unwind(AssertUnwindSafe(|| trill::block_on(signals.next())));
            assert!(heard.is_err());
            let mut own = Signals::new([Signal::Usr1]).unwrap();
            kill_process(rustix::process::getpid(), Kind::USR1).unwrap();
            trill::block_on(own.next()) == Signal::Usr1
        })
        .passes();
        let nothing = trill::block_on(trill::time::timeout(
            Duration::from_millis(1),
            signals.next(),
        ));
        assert!(nothing.is_err());
    });
}

// Fault 29a
#[test]
fn a_child_that_executes_a_program_inherits_nothing() {
    Alone::new("fork::a_child_that_executes_a_program_inherits_nothing").passes(|| {
        // One of each kind that the runtime opens, all in use.
        assert!(a_byte_arrives());
        let _signals = Signals::new([Signal::Usr1]).unwrap();
        let _polling = Reactor::builder()
            .backend(trill_reactor::Backend::Polling)
            .build()
            .unwrap();
        trill::run(async {
            let listener = trill::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let client = trill::net::TcpStream::connect(address).await.unwrap();
            let (server, _) = listener.accept().await.unwrap();
            let udp = trill::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let sleeper = trill::process::Command::new("sleep")
                .arg("100")
                .kill_on_drop(true)
                .spawn()
                .unwrap();
            let waiting = trill::spawn(pending::<()>());
            // The standard library's child and ours.
            let list = ["-c", "ls -l /proc/self/fd"];
            let std = std::process::Command::new("sh")
                .args(list)
                .output()
                .unwrap();
            let ours = trill::process::Command::new("sh")
                .args(list)
                .output()
                .await
                .unwrap();
            for output in [std.stdout, ours.stdout] {
                let text = String::from_utf8(output).unwrap();
                assert!(
                    !text.contains("socket:") && !text.contains("anon_inode"),
                    "{text}"
                );
                assert!(text.contains(" 1 -> "), "{text}");
            }
            drop((client, server, udp, sleeper, waiting));
        });
    });
}

// Fault 29e
#[test]
fn a_handle_that_a_child_has_inherited_kills_nothing() {
    Alone::new("fork::a_handle_that_a_child_has_inherited_kills_nothing").passes(|| {
        let mut command = trill::process::Command::new("sleep");
        command.arg("1000").kill_on_drop(true);
        let mut process = Some(command.spawn().unwrap());
        Fork::start(|| {
            drop(process.take());
            true
        })
        .passes();
        let mut process = process.unwrap();
        // A signal that was sent would end it before this one, and be told as its end.
        process.signal(libc::SIGTERM).unwrap();
        let ended = trill::block_on(process.status()).unwrap();
        assert_eq!(ended.signal(), Some(libc::SIGTERM));
    });
}
