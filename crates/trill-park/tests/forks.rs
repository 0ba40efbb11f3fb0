//! A child made by `fork` has the records of its parent's threads, but not the threads.
#![cfg(all(unix, not(miri)))] // Miri makes no processes.
#![allow(unsafe_code)] // Forking, which the standard library does not offer.
#![allow(clippy::disallowed_methods)] // A thread that blocks is a part of what is tested.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use trill_park::{Due, block_on};

/// Says once that it was fired.
struct Bell(Mutex<Option<(Instant, Sender<()>)>>);

impl Due for Bell {
    fn fire(&self, now: Instant) -> Option<Instant> {
        let mut bell = self.0.lock().unwrap();
        let (deadline, _) = bell.as_ref()?;
        if now < *deadline {
            return Some(*deadline);
        }
        let (_, send) = bell.take()?;
        let _ = send.send(());
        None
    }
}

/// Whether the helper thread fires what is served outside `block_on`.
fn attendant_fires() -> bool {
    let (send, fired) = mpsc::channel();
    let bell = Bell(Mutex::new(Some((trill_world::now(), send))));
    let bell: &'static Bell = Box::leak(Box::new(bell));
    if trill_park::thread().serve(bell).is_err() {
        return false;
    }
    trill_park::thread().unpark();
    fired.recv_timeout(Duration::from_secs(30)).is_ok()
}

/// Runs `body` in a child made by `fork`, and says whether it returned `true`.
fn in_fork(body: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child runs `body` and ends. The C library makes its allocator usable there, and every test here keeps
    // other threads out of the runtime's locks while it forks.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "{}", std::io::Error::last_os_error());
    if child == 0 {
        let code = i32::from(!body());
        // SAFETY: ends the process at once, without what the parent has registered for its own end.
        unsafe { libc::_exit(code) };
    }
    let mut status = 0;
    // SAFETY: the child was made here and nobody else waits for it; the status is writable.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
}

// Fault 29c
#[test]
fn a_child_starts_a_helper_thread_of_its_own() {
    // Another thread is inside `block_on` and parked, with nothing that the helper would look after.
    let parked = Arc::new(Barrier::new(2));
    let waker: Arc<Mutex<Option<Waker>>> = Arc::default();
    let other = {
        let (parked, waker) = (parked.clone(), waker.clone());
        let body = move || {
            let mut polls = 0;
            block_on(std::future::poll_fn(|cx| {
                *waker.lock().unwrap() = Some(cx.waker().clone());
                polls += 1;
                if polls == 1 {
                    parked.wait();
                    return Poll::Pending;
                }
                Poll::Ready(())
            }));
        };
        std::thread::Builder::new().spawn(body).unwrap()
    };
    parked.wait();
    assert!(attendant_fires());

    // In the child, and in a child of that.
    assert!(in_fork(|| attendant_fires() && in_fork(attendant_fires)));
    // A child that only blocks starts it as well: the memory it has may hold deadlines that were served outside.
    assert!(in_fork(|| {
        block_on(async {});
        attendant_fires()
    }));
    assert!(attendant_fires(), "the parent's goes on");

    waker.lock().unwrap().take().unwrap().wake();
    other.join().unwrap();
}
