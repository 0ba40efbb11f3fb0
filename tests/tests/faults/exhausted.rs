//! No descriptors, no threads.

use std::io;
use std::os::unix::net::UnixStream as Plain;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use trill::net::{TcpListener, TcpStream, UdpSocket, unix};
use trill::signal::{Signal, Signals};
use trill_reactor::{Async, Backend, Reactor};
use trill_tests::{Alone, allowed};

use crate::fork::Fork;

/// Sets how many descriptors this process may have.
fn limit(descriptors: u64) {
    let limit = getrlimit(Resource::Nofile);
    let new = Rlimit {
        current: Some(descriptors),
        ..limit
    };
    setrlimit(Resource::Nofile, new).unwrap();
}

/// Takes all descriptors up to a limit of 64.
fn take_all() -> Vec<std::os::fd::OwnedFd> {
    limit(64);
    std::iter::from_fn(|| std::fs::File::open("/dev/null").ok())
        .map(Into::into)
        .collect()
}

/// The numbers of the descriptors that this process has open.
fn open() -> Vec<i32> {
    (0..256)
        .filter(|number| {
            // SAFETY: the call only looks, and an error says that there is none.
            #[allow(unsafe_code)]
            let flags = unsafe { libc::fcntl(*number, libc::F_GETFD) };
            flags >= 0
        })
        .collect()
}

/// Everything that takes descriptors, one after another; each may fail.
async fn scenario() -> Vec<io::Result<()>> {
    let mut results = Vec::new();
    let (near, _far) = match Plain::pair() {
        Ok(pair) => pair,
        Err(error) => return vec![Err(error)],
    };
    results.push(Async::new(near).map(drop));
    results.push(TcpListener::bind("127.0.0.1:0").await.map(drop));
    let connected = async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let stream = TcpStream::connect(listener.local_addr()?).await?;
        let (accepted, _) = listener.accept().await?;
        let _copy = accepted.clone();
        stream.write_all(b"x").await?;
        let mut byte = [0];
        accepted.read_exact(&mut byte).await
    };
    results.push(connected.await);
    results.push(UdpSocket::bind("127.0.0.1:0").await.map(drop));
    results.push(unix::UnixStream::pair().map(drop));
    results.push(unix::UnixDatagram::unbound().map(drop));
    results.push(Signals::new([Signal::Usr1]).map(drop));
    let mut command = trill::process::Command::new("true");
    results.push(command.output().await.map(drop));
    results.push(Reactor::builder().build().map(drop));
    results.push(
        Reactor::builder()
            .backend(Backend::Polling)
            .build()
            .map(drop),
    );
    let pair = trill_reactor::Async::<Plain>::pair();
    results.push(pair.map(drop));
    results
}

// Fault 2a
#[test]
fn every_limit_of_descriptors_gives_errors_and_leaves_nothing() {
    let test = "exhausted::every_limit_of_descriptors_gives_errors_and_leaves_nothing";
    Alone::new(test).passes(|| {
        // This process has a reactor, a pool and a signal listener; a child of it makes its own, under its limit.
        trill::block_on(scenario())
            .into_iter()
            .for_each(Result::unwrap);
        for few in 3..=40 {
            Fork::start(|| {
                limit(few);
                let results = trill::block_on(scenario());
                let failed = results.iter().filter(|result| result.is_err()).count();
                assert!(failed > 0 || few > 8, "at a limit of {few} nothing failed");
                assert!(failed == 0 || few < 40, "at a limit of {few}: {results:?}");
                // What is kept for good (a reactor, sockets of a signal) may have been made once more meanwhile. The
                // third time has nothing to make, and leaves nothing.
                trill::block_on(scenario());
                let kept = open();
                trill::block_on(scenario());
                assert_eq!(open(), kept, "at a limit of {few}");
                if let Ok(reactor) = Reactor::global() {
                    assert_eq!(reactor.sources(), 0, "at a limit of {few}");
                }
                // With enough of them all goes well.
                limit(200);
                trill::block_on(scenario())
                    .into_iter()
                    .for_each(Result::unwrap);
                true
            })
            .passes();
        }
    });
}

// Fault 2b
#[test]
fn a_reactor_that_cannot_be_made_is_an_error_of_the_first_call_and_tried_again() {
    let test =
        "exhausted::a_reactor_that_cannot_be_made_is_an_error_of_the_first_call_and_tried_again";
    Alone::new(test).passes(|| {
        let mut pairs: Vec<_> = (0..4).map(|_| Plain::pair().unwrap()).collect();
        let mut taken = Vec::new();
        for _ in 0..3 {
            taken.append(&mut take_all());
            let (near, far) = pairs.pop().unwrap();
            taken.push(std::os::fd::OwnedFd::from(far));
            let error = Async::new(near).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}");
            // The socket is closed, so one descriptor is free, which is not enough.
            let error = Reactor::global().unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}");
        }
        // What needs no reactor goes on.
        trill::block_on(trill::time::sleep(Duration::from_millis(1)));
        limit(200);
        let (near, far) = pairs.pop().unwrap();
        let near = Async::new(near).unwrap();
        drop(far);
        trill::block_on(near.readable()).unwrap();
    });
}

// Fault 1c
#[test]
fn incoming_yields_one_error_for_each_pause_and_goes_on() {
    Alone::new("exhausted::incoming_yields_one_error_for_each_pause_and_goes_on").passes(|| {
        trill::block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            // Warm: what follows opens nothing but connections.
            trill::time::sleep(Duration::from_millis(1)).await;
            let _client = TcpStream::connect(address).await.unwrap();
            let mut hoard = take_all();
            let mut incoming = listener.incoming();
            let start = std::time::Instant::now();
            let mut errors = 0;
            let accepted = loop {
                match incoming.next().await {
                    Some(Ok(stream)) => break stream,
                    Some(Err(error)) => {
                        assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
                        errors += 1;
                        // The sum of the pauses before this one: 5, 10, 20, 40, 80 ms.
                        let least = 5 * ((1 << (errors - 1)) - 1);
                        assert!(
                            start.elapsed() >= Duration::from_millis(least),
                            "error {errors}"
                        );
                        if errors == 6 {
                            hoard.pop();
                        }
                    }
                    None => unreachable!("a listener does not end"),
                }
            };
            assert_eq!(errors, 6);
            drop(accepted);
        });
    });
}

// Fault 6e, 32c
#[test]
fn a_user_who_may_have_no_more_threads_gets_errors_and_no_silence() {
    let test = "exhausted::a_user_who_may_have_no_more_threads_gets_errors_and_no_silence";
    // The limit counts all threads of a user and binds no root, so the process becomes somebody who has none elsewhere.
    let alone = if rustix::process::geteuid().is_root() {
        let user = 2_000_000_000 + std::process::id();
        let words = ["--reuid", "--regid"].map(|word| format!("{word}={user}"));
        let words = ["setpriv".to_owned(), "--clear-groups".to_owned()]
            .into_iter()
            .chain(words);
        Alone::new(test).under(words)
    } else {
        Alone::new(test)
    };
    alone.passes(|| {
        // This thread and the one of the test harness are there already.
        let limit = Rlimit {
            current: Some(1),
            maximum: Some(1),
        };
        setrlimit(Resource::Nproc, limit).unwrap();
        let refused = std::thread::Builder::new().spawn(|| ());
        if refused.is_ok() {
            return allowed::say_denied("a limit of threads", "6e, 32c");
        }

        // The pool: an error, or a panic where it is awaited, and the work is dropped.
        let error = trill_blocking::Pool::new()
            .try_unblock(|| 5)
            .map(drop)
            .unwrap_err();
        assert!(
            error
                .get_ref()
                .is_some_and(|inner| inner.is::<trill_blocking::Refused>()),
            "{error}"
        );
        let awaited = std::panic::catch_unwind(|| trill::block_on(trill::unblock(|| 5)));
        assert!(awaited.is_err());
        // A name has to be looked up on a thread, a number has not.
        assert!(trill::block_on(trill::net::resolve("localhost:80")).is_err());
        assert!(trill::block_on(trill::net::resolve("127.0.0.1:80")).is_ok());

        // A runtime: an error, or one worker, which is the calling thread.
        assert!(trill::Runtime::builder().workers(4).build().is_err());
        let answer = trill::Runtime::builder()
            .workers(1)
            .build()
            .unwrap()
            .run(async {
                trill::time::sleep(Duration::from_millis(1)).await;
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let stream = TcpStream::connect(listener.local_addr().unwrap())
                    .await
                    .unwrap();
                let (accepted, _) = listener.accept().await.unwrap();
                stream.write_all(b"x").await.unwrap();
                accepted.read_exact(&mut [0]).await.unwrap();
                trill::spawn(async { 7 }).await
            });
        assert_eq!(answer, 7);

        // Outside `block_on` somebody else has to wait for them: an error, and the next poll tries again.
        let (near, _far) = Plain::pair().unwrap();
        let near = Async::new(near).unwrap();
        for _ in 0..2 {
            let error = futures_lite::future::block_on(near.readable()).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EAGAIN), "{error}");
        }
    });
}
