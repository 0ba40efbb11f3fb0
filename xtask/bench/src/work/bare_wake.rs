//! The row `foreign-wake` without a runtime: two threads that wake each other.
#![allow(clippy::disallowed_methods)] // A thread that parks without a runtime is what is measured.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use super::Plan;
use super::tasks::{WAKES, warm};
use crate::clock::{Clock, start_thread};
use crate::host::Cpu;

/// Time and CPU of a round trip between this thread, which parks, and one that receives from a std channel.
pub(crate) fn run(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(WAKES);
    let (ask, asked) = mpsc::channel();
    let is_set = Arc::new(AtomicBool::new(false));
    let (waiting, flag) = (std::thread::current(), is_set.clone());
    let thread = start_thread("foreign", move || {
        for () in asked {
            // Release: pairs with the swap below.
            flag.store(true, Ordering::Release);
            waiting.unpark();
        }
    })?;
    let mut figures = Vec::new();
    for times in warm(count) {
        let (clock, before) = (Clock::start(), Cpu::used());
        for _ in 0..times {
            let gone = |_: mpsc::SendError<()>| io::Error::other("the foreign thread panicked");
            ask.send(()).map_err(gone)?;
            // Acquire: pairs with the store above.
            while !is_set.swap(false, Ordering::Acquire) {
                std::thread::park();
            }
        }
        let used = Cpu::used().since(before).total();
        figures = vec![
            clock.ns_per(times) / 1000.0,
            crate::clock::per(used, times) / 1000.0,
        ];
    }
    drop(ask);
    thread
        .join()
        .map_err(|_| io::Error::other("the foreign thread panicked"))?;
    Ok(figures)
}
