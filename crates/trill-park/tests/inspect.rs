//! What an inspector hears. One test, because there is one inspector in a process.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::panic::Location;
use std::sync::Mutex;

use trill_park::{Inspect, block_on, inspected, may_block, set_inspector};

/// Remembers the lines at which threads blocked.
#[derive(Default)]
struct Lines(Mutex<Vec<u32>>);

impl Inspect for Lines {
    fn blocking(&self, at: &'static Location<'static>) {
        assert_eq!(at.file(), file!());
        self.0.lock().unwrap().push(at.line());
    }
}

static LINES: Lines = Lines(Mutex::new(Vec::new()));

#[test]
fn inspector_hears_of_a_thread_that_blocks_inside_a_poll_until_it_is_taken_back() {
    block_on(async { block_on(async {}) });
    inspected(|_| panic!("nobody listens yet"));
    assert_eq!(*LINES.0.lock().unwrap(), []);

    set_inspector(Some(&LINES));
    block_on(async {});
    block_on(async { may_block(|| block_on(async {})) });
    assert_eq!(*LINES.0.lock().unwrap(), []);
    block_on(async { block_on(async {}) });
    assert_eq!(*LINES.0.lock().unwrap(), [line!() - 1]);

    set_inspector(None);
    block_on(async { block_on(async {}) });
    inspected(|_| panic!("nobody listens any more"));
    assert_eq!(LINES.0.lock().unwrap().len(), 1);
}
