//! Many signals at once.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![allow(unsafe_code)] // An allocator that counts, and the C library's `raise`, which allocates nothing either.

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use trill_reactor::block_on;
use trill_signal::{Signal, Signals, signal};

use support::alone;

/// Counts allocations and releases of each thread.
struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(address, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Sends a signal to the calling thread; the handler has run when it returns.
fn raise(number: i32) {
    // SAFETY: a handler is installed.
    assert_eq!(unsafe { libc::raise(number) }, 0);
}

// Fault 30b
#[test]
fn storms_do_not_allocate_in_the_handler() {
    alone("storms_do_not_allocate_in_the_handler", || {
        let mut listeners: Vec<Signals> = (0..10).map(|_| signal(Signal::Usr1).unwrap()).collect();
        // The handler runs on this thread, inside `raise`.
        let before = COUNT.get();
        for _ in 0..100_000 {
            raise(libc::SIGUSR1);
        }
        assert_eq!(COUNT.get(), before);
        for listener in &mut listeners {
            assert_eq!(block_on(listener.next()), Signal::Usr1);
        }
    });
}

// Fault 30a
#[test]
fn storms_to_listeners_that_take_them_lose_no_last_one() {
    alone(
        "storms_to_listeners_that_take_them_lose_no_last_one",
        || {
            let sent = Arc::new(AtomicUsize::new(0));
            let done = Arc::new(AtomicBool::new(false));
            let mut listeners: Vec<Signals> =
                (0..3).map(|_| signal(Signal::Usr1).unwrap()).collect();
            let mut last = signal(Signal::Usr2).unwrap();
            let (sender, over) = (sent.clone(), done.clone());
            trill_world::start_thread("storm", move || {
                for _ in 0..100_000 {
                    sender.fetch_add(1, Ordering::Relaxed);
                    raise(libc::SIGUSR1);
                }
                // Release: pairs with the Acquire below.
                over.store(true, Ordering::Release);
                raise(libc::SIGUSR2);
            })
            .unwrap();
            block_on(async {
                let mut heard = 0;
                // Acquire: pairs with the Release above.
                while !done.load(Ordering::Acquire) {
                    listeners[0].next().await;
                    heard += 1;
                    // The last one was heard in any case, so this must not wait for one more.
                    if sent.load(Ordering::Relaxed) == 100_000 {
                        break;
                    }
                }
                assert!(heard > 0);
                last.next().await;
                // Those that nobody polled meanwhile hear one.
                for listener in &mut listeners[1..] {
                    assert_eq!(listener.next().await, Signal::Usr1);
                }
            });
        },
    );
}

// Fault 30c
#[test]
fn listeners_made_and_dropped_in_a_storm_stay_whole() {
    alone("listeners_made_and_dropped_in_a_storm_stay_whole", || {
        let mut keeper = signal(Signal::Usr1).unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let stop = over.clone();
        let (ended, end) = mpsc::channel();
        trill_world::start_thread("storm", move || {
            while !stop.load(Ordering::Relaxed) {
                raise(libc::SIGUSR1);
            }
            ended.send(()).unwrap();
        })
        .unwrap();
        for _ in 0..1_000 {
            let mut listener = Signals::new([Signal::Usr1, Signal::Usr2]).unwrap();
            assert_eq!(block_on(listener.next()), Signal::Usr1);
        }
        assert_eq!(block_on(keeper.next()), Signal::Usr1);
        over.store(true, Ordering::Relaxed);
        // Without a listener one more signal would end the process.
        end.recv().unwrap();
        drop(keeper);
    });
}
