//! A source that is always ready lets others have their turn.

mod support;

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::task::{Context, Poll};

use trill_cell::{BUDGET_POLLS, Header, Kind, Spawned};
use trill_reactor::{Async, Direction};

use support::{Count, fill, in_each};

// Fault 27d
#[test]
fn a_source_that_is_always_ready_ends_its_poll_after_the_budget() {
    in_each(|_| async {
        let (a, b) = UnixStream::pair().unwrap();
        let (a, b) = (Async::new(a).unwrap(), Async::new(b).unwrap());
        fill(&b);
        let reads = Cell::new(0);
        let mut task = pin!(async {
            loop {
                a.read_with(|mut stream| stream.read(&mut [0]))
                    .await
                    .unwrap();
                reads.set(reads.get() + 1);
            }
        });
        let header = Header::new(Spawned::here());
        let (count, waker) = Count::waker();
        for turn in 1..=3 {
            let mut cx = Context::from_waker(&waker);
            let polled: Poll<()> = header.poll(|| task.as_mut().poll(&mut cx));
            assert!(polled.is_pending());
            assert_eq!(reads.get(), turn * BUDGET_POLLS);
            // It is woken at once, and is said to wait for its turn.
            assert_eq!(count.wakes(), turn as usize);
            assert_eq!(header.wait().unwrap().kind, Kind::Turn);
        }
    });
}

#[test]
fn waiting_costs_no_budget() {
    in_each(|_| async {
        let (a, _b) = UnixStream::pair().unwrap();
        let a = Async::new(a).unwrap();
        let (count, waker) = Count::waker();
        trill_cell::with_budget(|| {
            let mut cx = Context::from_waker(&waker);
            for _ in 0..2 * BUDGET_POLLS {
                assert!(a.poll_readable(&mut cx).is_pending());
                assert!(a.source().poll_ready(&mut cx, Direction::Read).is_pending());
                let mut read = pin!(a.read_with(|mut stream| stream.read(&mut [0])));
                assert!(read.as_mut().poll(&mut cx).is_pending());
            }
        });
        assert_eq!(count.wakes(), 0);
    });
}

#[test]
fn a_busy_task_does_not_starve_another() {
    in_each(|_| async {
        let (busy, sender) = UnixStream::pair().unwrap();
        let (busy, sender) = (Async::new(busy).unwrap(), Async::new(sender).unwrap());
        let (quiet, mut writer) = UnixStream::pair().unwrap();
        let quiet = Async::new(quiet).unwrap();
        writer.write_all(b"x").unwrap();
        // Always ready: what is read is written again.
        let reads = Cell::new(0);
        let mut pump = pin!(async {
            fill(&sender);
            loop {
                let mut byte = [0; 4096];
                let len = busy
                    .read_with(|mut stream| stream.read(&mut byte))
                    .await
                    .unwrap();
                reads.set(reads.get() + 1);
                let _ = sender.get_ref().write(&byte[..len]);
            }
        });
        let mut wait = pin!(quiet.readable());
        let tasks = [Spawned::here(), Spawned::here()].map(Header::new);
        poll_fn(|cx| {
            let pumping: Poll<()> = tasks[0].poll(|| pump.as_mut().poll(cx));
            assert!(pumping.is_pending());
            tasks[1].poll(|| wait.as_mut().poll(cx))
        })
        .await
        .unwrap();
        assert!(reads.get() <= 4 * BUDGET_POLLS, "{reads:?}");
    });
}
