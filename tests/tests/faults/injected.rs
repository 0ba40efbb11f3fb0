//! Calls of the kernel that fail when they seldom do: `strace` puts the errors in.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream as Plain};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use futures_lite::AsyncReadExt;
use trill::net::{TcpListener, TcpStream};
use trill_reactor::{Async, Backend, Reactor};
use trill_tests::{Alone, allowed};

/// Runs the test in a process of its own, in which calls fail as these words say; see `strace -e inject`.
pub(crate) fn with(test: &'static str, faults: &str, injections: &[&str], body: impl FnOnce()) {
    let Some(mut words) = allowed::strace(faults) else {
        return;
    };
    let calls: Vec<&str> = injections
        .iter()
        .map(|injection| injection.split(':').next().unwrap())
        .collect();
    // Untraced calls are not stopped for, so only these cost time.
    words.extend(["-e".to_owned(), format!("trace={}", calls.join(","))]);
    for injection in injections {
        words.extend(["-e".to_owned(), format!("inject={injection}")]);
    }
    Alone::new(test).under(words).passes(body);
}

/// Connects from a thread, without any call that may be made to fail, and sends `text`.
fn client(address: SocketAddr, text: &'static str) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut stream = Plain::connect(address).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        // Until the peer closes.
        let _ = stream.read(&mut [0]);
    })
}

/// What comes after the first accept that succeeds, and the errors before it.
fn errors_before_a_connection() -> Vec<(Option<i32>, Duration)> {
    trill::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = client(listener.local_addr().unwrap(), "hello");
        let mut errors = Vec::new();
        let start = std::time::Instant::now();
        let (stream, _) = loop {
            match listener.accept().await {
                Ok(accepted) => break accepted,
                Err(error) => errors.push((error.raw_os_error(), start.elapsed())),
            }
        };
        // The connection stayed in the backlog.
        let mut text = [0; 5];
        (&mut &stream).read_exact(&mut text).await.unwrap();
        assert_eq!(&text, b"hello");
        drop(stream);
        client.join().unwrap();
        errors
    })
}

/// The same as with EMFILE, which can be had without `strace`.
fn exhausted(test: &'static str, injection: &str, code: i32) {
    with(test, "1b", &[injection], || {
        let errors = errors_before_a_connection();
        let codes: Vec<_> = errors.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, [Some(code); 3]);
        // Never early, so these bounds are exact.
        for ((_, waited), least) in errors.iter().zip([0, 5, 15]) {
            assert!(*waited >= Duration::from_millis(least), "{errors:?}");
        }
    });
}

// Fault 1b
#[test]
fn accept_pauses_when_the_system_has_no_descriptor() {
    let test = "injected::accept_pauses_when_the_system_has_no_descriptor";
    exhausted(test, "accept4:error=ENFILE:when=1..3", libc::ENFILE);
}

// Fault 1b
#[test]
fn accept_pauses_when_the_system_has_no_buffers() {
    let test = "injected::accept_pauses_when_the_system_has_no_buffers";
    exhausted(test, "accept4:error=ENOBUFS:when=1..3", libc::ENOBUFS);
}

// Fault 1b
#[test]
fn accept_pauses_when_the_system_has_no_memory() {
    let test = "injected::accept_pauses_when_the_system_has_no_memory";
    exhausted(test, "accept4:error=ENOMEM:when=1..3", libc::ENOMEM);
}

/// Such a connection is skipped in silence.
fn skipped(test: &'static str, injection: &str) {
    with(test, "3a", &[injection], || {
        assert_eq!(errors_before_a_connection(), []);
    });
}

// Fault 3a
#[test]
fn a_connection_that_was_aborted_is_skipped() {
    let test = "injected::a_connection_that_was_aborted_is_skipped";
    skipped(test, "accept4:error=ECONNABORTED:when=1..20");
}

// Fault 3a
#[test]
fn a_connection_with_a_broken_protocol_is_skipped() {
    let test = "injected::a_connection_with_a_broken_protocol_is_skipped";
    skipped(test, "accept4:error=EPROTO:when=1..3");
}

// Fault 3a
#[test]
fn a_connection_that_a_firewall_forbids_is_skipped() {
    let test = "injected::a_connection_that_a_firewall_forbids_is_skipped";
    skipped(test, "accept4:error=EPERM:when=1..3");
}

// Fault 3b
#[test]
fn connections_that_fail_without_end_leave_others_their_turn() {
    let test = "injected::connections_that_fail_without_end_leave_others_their_turn";
    let always = ["accept4:error=ECONNABORTED"];
    with(test, "3b", &always, || {
        trill::block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let _waiting = Plain::connect(listener.local_addr().unwrap()).unwrap();
            let accepting = async {
                listener.accept().await.unwrap();
                unreachable!("every accept fails");
            };
            // Another future of the same task is polled a thousand times beside it.
            let counting = async {
                for _ in 0..1_000 {
                    futures_lite::future::yield_now().await;
                }
            };
            futures_lite::future::or(accepting, counting).await;
        });
    });
}

// Fault 3b
#[test]
fn a_call_that_is_forbidden_for_ever_is_an_error() {
    let test = "injected::a_call_that_is_forbidden_for_ever_is_an_error";
    with(test, "3b", &["accept4:error=EPERM"], || {
        trill::block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let _waiting = Plain::connect(listener.local_addr().unwrap()).unwrap();
            let error = listener.accept().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        });
    });
}

/// Bytes over TCP and Unix sockets and through a child, a job, and timers.
fn everything() {
    trill::run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let echo = trill::spawn(async move {
            let (stream, _) = listener
                .incoming()
                .next()
                .await
                .unwrap()
                .map(|s| (s, ()))
                .unwrap();
            let (mut reading, mut writing) = (&stream, &stream);
            futures_lite::io::copy(&mut reading, &mut writing)
                .await
                .unwrap();
        });
        let stream = TcpStream::connect(address).await.unwrap();
        for round in 0..50u8 {
            stream.write_all(&[round; 100]).await.unwrap();
            let mut back = [0; 100];
            stream.read_exact(&mut back).await.unwrap();
            assert_eq!(back, [round; 100]);
        }
        drop(stream);
        echo.await;

        let (near, far) = trill::net::unix::UnixStream::pair().unwrap();
        for _ in 0..50 {
            far.write_all(b"unix").await.unwrap();
            let mut back = [0; 4];
            near.read_exact(&mut back).await.unwrap();
        }

        // The standard library's own reads and writes, which it does not repeat.
        let (near, far) = UnixStream::pair().unwrap();
        let (near, far) = (Async::new(near).unwrap(), Async::new(far).unwrap());
        for _ in 0..30 {
            let written = far.write_with(|mut far| far.write(b"std")).await;
            assert_eq!(written.unwrap(), 3);
            let read = near.read_with(|mut near| near.read(&mut [0; 8])).await;
            assert_eq!(read.unwrap(), 3);
        }

        let start = std::time::Instant::now();
        let mut command = trill::process::Command::new("cat");
        command
            .stdin(trill::process::Stdio::piped())
            .stdout(trill::process::Stdio::piped());
        let child = command.spawn().unwrap();
        let output = child.communicate(vec![7; 200_000]).await.unwrap();
        assert_eq!(output.stdout.len(), 200_000);
        assert_eq!(trill::unblock(|| 5).await, 5);

        // Deadlines are kept, and none is early.
        for _ in 0..20 {
            let begun = std::time::Instant::now();
            trill::time::sleep(Duration::from_millis(2)).await;
            assert!(begun.elapsed() >= Duration::from_millis(2));
        }
        assert!(start.elapsed() >= Duration::from_millis(40));
    });
}

// Fault 4a, 4c
#[test]
fn interrupted_calls_are_not_seen() {
    let test = "injected::interrupted_calls_are_not_seen";
    let injections = [
        "recvfrom,sendto,recvmsg,sendmsg,accept4,waitid,wait4:error=EINTR:when=1+3",
        "epoll_pwait2,epoll_pwait,epoll_wait,poll,ppoll:error=EINTR:when=2+2",
        // The first ones load the program.
        "read,write,readv,writev:error=EINTR:when=40+3",
    ];
    with(test, "4a, 4c", &injections, everything);
}

// Fault 4a, 4c
#[test]
fn interrupted_calls_are_not_seen_with_the_portable_back_end() {
    let Some(mut words) = allowed::strace("4a, 4c") else {
        return;
    };
    let calls = "recvfrom,sendto,accept4,epoll_pwait2,epoll_pwait,epoll_wait";
    words.extend(["-e".to_owned(), format!("trace={calls}")]);
    words.extend([
        "-e".to_owned(),
        format!("inject={calls}:error=EINTR:when=2+3"),
    ]);
    Alone::new("injected::interrupted_calls_are_not_seen_with_the_portable_back_end")
        .under(words)
        .variable("TRILL_REACTOR", "polling")
        .passes(everything);
}

/// How many descriptors this process has open.
fn open() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Registrations of which every third is refused.
fn refused_registrations(code: i32) {
    let reactor = Reactor::builder().backend(Backend::Epoll).build().unwrap();
    let _entered = reactor.enter();
    let mut kept = Vec::new();
    let mut refused = 0;
    for _ in 0..30 {
        let before = (open(), reactor.sources());
        let (near, far) = UnixStream::pair().unwrap();
        match Async::new(near) {
            Ok(near) => kept.push((near, far)),
            Err(error) => {
                assert_eq!(error.raw_os_error(), Some(code), "{error}");
                drop(far);
                assert_eq!((open(), reactor.sources()), before);
                refused += 1;
            }
        }
    }
    assert!(refused >= 5 && kept.len() >= 10, "{refused} of 30 refused");
    for (near, far) in &kept {
        (&mut &*far).write_all(b"x").unwrap();
        trill::block_on(near.readable()).unwrap();
    }
}

// Fault 5a
#[test]
fn a_registration_without_memory_is_an_error_and_leaves_nothing() {
    let test = "injected::a_registration_without_memory_is_an_error_and_leaves_nothing";
    with(test, "5a", &["epoll_ctl:error=ENOMEM:when=4+3"], || {
        refused_registrations(libc::ENOMEM);
    });
}

// Fault 5a
#[test]
fn a_registration_beyond_the_users_limit_is_an_error_and_leaves_nothing() {
    let test = "injected::a_registration_beyond_the_users_limit_is_an_error_and_leaves_nothing";
    with(test, "5a", &["epoll_ctl:error=ENOSPC:when=4+3"], || {
        refused_registrations(libc::ENOSPC);
    });
}

// Fault 5b
#[test]
fn a_refusal_in_the_middle_of_a_batch_loses_no_waker() {
    let test = "injected::a_refusal_in_the_middle_of_a_batch_loses_no_waker";
    // Each wait is asked for anew, so nearly every call of epoll_ctl stands in the middle of something.
    with(test, "5b", &["epoll_ctl:error=ENOMEM:when=60+5"], || {
        let reactor = Reactor::builder()
            .backend(Backend::Polling)
            .oneshot()
            .build()
            .unwrap();
        let _entered = reactor.enter();
        let pairs: Vec<_> = (0..8)
            .map(|_| {
                let (near, far) = UnixStream::pair().unwrap();
                (Async::new(near).unwrap(), Async::new(far).unwrap())
            })
            .collect();
        let executor = trill_executor::LocalExecutor::new();
        let mut tasks = Vec::new();
        for (near, far) in &pairs {
            // Both sides of each pair wait at the same time; who is refused learns of it and tries again.
            tasks.push(executor.spawn(async move {
                let mut errors = 0;
                for _ in 0..50 {
                    far.write_with(|mut far| far.write(b"x")).await.unwrap();
                    loop {
                        match near.read_with(|mut near| near.read(&mut [0; 1])).await {
                            Ok(count) => {
                                assert_eq!(count, 1);
                                break;
                            }
                            Err(_) => errors += 1,
                        }
                    }
                    // Nothing is there, and the answer comes from the other side.
                    let mut answer = [0; 1];
                    let waiting = async {
                        loop {
                            match far.read_with(|mut far| far.read(&mut answer)).await {
                                Ok(count) => break count,
                                Err(_) => errors += 1,
                            }
                        }
                    };
                    let answering = async {
                        futures_lite::future::yield_now().await;
                        (&mut near.get_ref()).write_all(b"y").unwrap();
                    };
                    let (count, ()) = futures_lite::future::zip(waiting, answering).await;
                    assert_eq!(count, 1);
                }
                errors
            }));
        }
        let errors = trill::block_on(executor.run(async {
            let mut errors = 0;
            for task in tasks {
                errors += task.await;
            }
            errors
        }));
        assert!(errors > 0, "no refusal was seen");
    });
}

/// A file for what `strace` prints.
fn report(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("trill-faults-{}-{name}", std::process::id()))
}

// Fault 15e
#[test]
fn the_outcome_of_a_connect_is_read_once() {
    let report = report("connects");
    let words = [
        "strace",
        "-f",
        "-qq",
        "-e",
        "trace=getsockopt,connect",
        "-o",
    ];
    let Some(_) = allowed::strace("15e") else {
        return;
    };
    let words = words
        .iter()
        .map(|word| (*word).to_owned())
        .chain([report.display().to_string()]);
    let ended = Alone::new("injected::the_outcome_of_a_connect_is_read_once")
        .under(words)
        .ends(|| {
            trill::block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                for _ in 0..10 {
                    TcpStream::connect(listener.local_addr().unwrap())
                        .await
                        .unwrap();
                }
            });
        });
    let Some(output) = ended else {
        return;
    };
    assert!(output.status.success(), "{output:?}");
    let text = std::fs::read_to_string(&report).unwrap();
    std::fs::remove_file(&report).unwrap();
    let count = |what: &str| text.lines().filter(|line| line.contains(what)).count();
    // On Linux a second `connect` tells the outcome, with a code and an address; elsewhere SO_ERROR does.
    assert_eq!(count("EINPROGRESS"), 10, "{text}");
    assert_eq!(count("connect(") + count("SO_ERROR"), 20, "{text}");
}
