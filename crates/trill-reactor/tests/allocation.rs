//! Waiting and being woken allocates nothing once everything is warm.
#![allow(unsafe_code)] // An allocator that counts.

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::task::Context;

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use trill_reactor::{Async, Direction};

use support::{Count, in_each, tcp_pair, until};

/// Counts the allocations of each thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: everything is passed on to the system's allocator unchanged, and the count is a plain thread-local number.
// The test itself would crash.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the promises of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the promises of `dealloc`, and the pointer came from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[test]
fn an_echo_allocates_nothing() {
    in_each(|_| async {
        let (server, client) = tcp_pair();
        let client = Async::try_from(client).unwrap();
        let (mut server, mut client) = (&server, &client);
        let mut before = 0;
        for round in 0..1_000u32 {
            if round == 100 {
                before = ALLOCATIONS.get();
            }
            let send = async {
                client.write_all(&round.to_ne_bytes()).await.unwrap();
                let mut back = [0; 4];
                client.read_exact(&mut back).await.unwrap();
                assert_eq!(back, round.to_ne_bytes());
            };
            let echo = async {
                let mut buffer = [0; 4];
                server.read_exact(&mut buffer).await.unwrap();
                server.write_all(&buffer).await.unwrap();
            };
            // The echo is polled first, so it waits each time.
            futures_lite::future::zip(echo, send).await;
        }
        assert_eq!(ALLOCATIONS.get() - before, 0);
    });
}

#[test]
fn many_waiters_allocate_only_once() {
    in_each(|reactor| async move {
        let (a, mut b) = UnixStream::pair().unwrap();
        let a = Async::new(a).unwrap();
        let counts: Vec<_> = (0..50).map(|_| Count::waker()).collect();
        let mut before = 0;
        for round in 0..20 {
            if round == 5 {
                before = ALLOCATIONS.get();
            }
            for (_, waker) in &counts {
                assert!(
                    a.poll_readable(&mut Context::from_waker(waker))
                        .is_pending()
                );
            }
            b.write_all(b"x").unwrap();
            until(&reactor, || {
                counts.iter().all(|(count, _)| count.wakes() > round)
            })
            .await;
            let read = a
                .source()
                .try_io(Direction::Read, || a.get_ref().read(&mut [0]));
            assert_eq!(read.unwrap(), 1);
        }
        assert_eq!(ALLOCATIONS.get() - before, 0);
        assert!(counts.iter().all(|(count, _)| count.wakes() == 20));
    });
}
