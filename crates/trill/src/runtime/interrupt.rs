//! Hearing Ctrl-C while main runs.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use trill_signal::Interrupt;
pub(super) use trill_signal::{Signal, end_process};

use super::interrupted::Interrupted;

/// Hears the signals that end main.
pub(super) struct Watch {
    interrupt: Interrupt,
    bell: Arc<Bell>,
    waker: Waker,
}

/// Keeps main's polls short: the signals are looked at only when this has rung.
struct Bell {
    rung: AtomicBool,
    main: Mutex<Waker>,
}

impl Watch {
    /// Starts to listen, if anything is to be listened to.
    pub(super) fn new(ctrl_c: bool, terminate: bool) -> Option<Watch> {
        if !(ctrl_c || terminate) {
            return None;
        }
        let signals = [(ctrl_c, Signal::Int), (terminate, Signal::Term)];
        let signals = signals.into_iter().filter(|(wanted, _)| *wanted);
        // A simulated world has no signals, and a system that refuses two descriptors still runs the program.
        let interrupt = Interrupt::new(signals.map(|(_, signal)| signal)).ok()?;
        let bell = Arc::new(Bell {
            rung: AtomicBool::new(true),
            main: Mutex::new(Waker::noop().clone()),
        });
        Some(Watch {
            interrupt,
            waker: Waker::from(bell.clone()),
            bell,
        })
    }

    /// Returns the signal that came.
    pub(super) fn poll(&mut self, cx: &Context<'_>) -> Option<Interrupted> {
        if !self.bell.rung.load(Ordering::Relaxed) {
            return None;
        }
        // Main is polled by one `block_on`, which has one waker, so this need not be done again.
        let before = std::mem::replace(&mut *self.bell.lock(), cx.waker().clone());
        drop(before);
        // Acquire: pairs with the Release in `wake`.
        self.bell.rung.swap(false, Ordering::Acquire);
        let mut cx = Context::from_waker(&self.waker);
        match Pin::new(&mut self.interrupt).poll(&mut cx) {
            Poll::Ready(signal) => Some(Interrupted(signal)),
            Poll::Pending => None,
        }
    }
}

impl Bell {
    fn lock(&self) -> std::sync::MutexGuard<'_, Waker> {
        self.main.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Release: pairs with the Acquire in `poll`.
        self.rung.store(true, Ordering::Release);
        let main = self.lock().clone();
        main.wake();
    }
}
