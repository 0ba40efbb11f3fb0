//! A model of the lock of a wheel.
#![cfg(loom)]

use loom::sync::Arc;
use loom::thread;
use trill_timer::Gate;

#[test]
fn two_threads_never_use_the_value_at_once() {
    let mut builder = loom::model::Builder::new();
    // Only a bounded model begins with each of the threads in turn. Few orders need so many.
    builder.preemption_bound = Some(5);
    builder.check(|| {
        let gate = Arc::new(Gate::new(0));
        let threads = [1, 2].map(|times| {
            let gate = gate.clone();
            thread::spawn(move || {
                for _ in 0..times {
                    *gate.lock() += 1;
                }
            })
        });
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(*gate.lock(), 3);
    });
}
