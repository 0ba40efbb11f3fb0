//! A kernel that does not let the reactor wait for events any more.
#![allow(unsafe_code)] // Closing an epoll behind its owner's back.

use std::io::Write;
use std::os::fd::FromRawFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use trill::signal::{Signal, Signals};
use trill_reactor::{Async, Backend, Reactor};
use trill_tests::Alone;

/// Makes every epoll of this process something that cannot be waited for; returns how many there were.
fn break_epolls() -> usize {
    let null = std::fs::File::open("/dev/null").unwrap();
    let mut broken = 0;
    for entry in std::fs::read_dir("/proc/self/fd").unwrap() {
        let entry = entry.unwrap();
        let what = std::fs::read_link(entry.path());
        if what.is_ok_and(|what| what.as_os_str() == "anon_inode:[eventpoll]") {
            let number = entry.file_name().to_str().unwrap().parse().unwrap();
            // SAFETY: the number stays open and is not ours to close, so it is let go of below.
            let mut epoll = unsafe { std::os::fd::OwnedFd::from_raw_fd(number) };
            rustix::io::dup2(&null, &mut epoll).unwrap();
            std::mem::forget(epoll);
            broken += 1;
        }
    }
    broken
}

/// How many turns this thread and the helper took: one that spins takes thousands in a millisecond.
fn turns() -> (u64, u32) {
    (trill_park::thread().turns(), trill_cell::pulses())
}

fn waits_end_with_an_error(test: &'static str, backend: Backend) {
    Alone::new(test).passes(|| {
        let reactor = Reactor::builder().backend(backend).build().unwrap();
        let _entered = reactor.enter();
        let (near, _far) = UnixStream::pair().unwrap();
        let near = Async::new(near).unwrap();
        trill::block_on(async {
            // Somebody waits in the reactor when it breaks.
            let waiting = near.readable();
            let mut waiting = std::pin::pin!(waiting);
            assert!(
                futures_lite::future::poll_once(&mut waiting)
                    .await
                    .is_none()
            );
            assert!(break_epolls() > 0);
            let error = waiting.await.unwrap_err();
            assert!(
                error.to_string().contains("cannot wait for events"),
                "{error}"
            );

            // Who comes later hears of it, too, and again.
            for _ in 0..3 {
                let error = near.readable().await.unwrap_err();
                assert!(
                    error.to_string().contains("cannot wait for events"),
                    "{error}"
                );
            }
            // What need not wait works, and so do timers and wakes of other threads.
            assert_eq!(
                near.write_with(|mut near| near.write(b"x")).await.unwrap(),
                1
            );
            trill::time::sleep(Duration::from_millis(1)).await;
            assert_eq!(trill::unblock(|| 5).await, 5);

            // Nobody spins: neither this thread nor the helper while they have nothing to do.
            let before = turns();
            trill::time::sleep(Duration::from_millis(100)).await;
            let after = turns();
            let (mine, helpers) = (
                after.0.wrapping_sub(before.0),
                after.1.wrapping_sub(before.1),
            );
            assert!(
                (1..=TURNS_MAX).contains(&mine) && helpers <= TURNS_MAX as u32,
                "{mine} turns of the thread and {helpers} of the helper in one sleep"
            );
        });
    });
}

// Fault 6d
#[test]
fn waits_in_a_broken_epoll_end_with_an_error() {
    waits_end_with_an_error(
        "broken_reactor::waits_in_a_broken_epoll_end_with_an_error",
        Backend::Epoll,
    );
}

// Fault 6d
#[test]
fn waits_in_a_broken_poller_end_with_an_error() {
    waits_end_with_an_error(
        "broken_reactor::waits_in_a_broken_poller_end_with_an_error",
        Backend::Polling,
    );
}

// Fault 6d
#[test]
fn signals_are_heard_though_the_reactor_is_broken() {
    Alone::new("broken_reactor::signals_are_heard_though_the_reactor_is_broken").passes(|| {
        let mut signals = Signals::new([Signal::Usr1]).unwrap();
        trill::block_on(async {
            let mut next = signals.next();
            assert!(futures_lite::future::poll_once(&mut next).await.is_none());
            assert!(break_epolls() > 0);
            let this = rustix::process::getpid();
            rustix::process::kill_process(this, rustix::process::Signal::USR1).unwrap();
            assert_eq!(next.await, Signal::Usr1);
        });
    });
}

/// Turns in one sleep of 100 ms. 2 and 3 were seen; the helper takes one every 2 ms while a thread that runs is kept waiting.
const TURNS_MAX: u64 = 60;
