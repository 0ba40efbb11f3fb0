//! A model of the lock of a wheel.
#![cfg(loom)]

use loom::sync::Arc;
use loom::thread;
use trill_timer::Gate;

#[test]
fn two_threads_never_use_the_value_at_once() {
    loom::model(|| {
        let gate = Arc::new(Gate::new(0));
        let other = {
            let gate = gate.clone();
            thread::spawn(move || {
                *gate.lock() += 1;
                *gate.lock() += 1;
            })
        };
        *gate.lock() += 1;
        other.join().unwrap();
        assert_eq!(*gate.lock(), 3);
    });
}
