//! A panic in a callback is reported once, and the loop goes on.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, Once};

use support::{Log, in_world, turn};
use trill_callback::Callbacks;
use trill_cell::{What, on_unhandled};

/// What the hook has heard: message and line.
static HEARD: Mutex<Vec<(String, u32)>> = Mutex::new(Vec::new());

/// The hook is the process's, so these tests take turns.
static TURN: Mutex<()> = Mutex::new(());

/// Runs `body` and returns what the hook heard meanwhile.
fn heard(body: impl FnOnce()) -> Vec<(String, u32)> {
    static LISTEN: Once = Once::new();
    LISTEN.call_once(|| {
        on_unhandled(&|failure| {
            assert_eq!(failure.what, What::Callback);
            let site = failure.site.unwrap();
            assert_eq!(site.file(), file!());
            let heard = (failure.message.to_string(), site.line());
            HEARD.lock().unwrap().push(heard);
        });
    });
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    in_world(|_| body());
    std::mem::take(&mut HEARD.lock().unwrap())
}

/// Panics when it is dropped.
struct Bomb(&'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("{}", self.0);
        }
    }
}

#[test]
#[rustfmt::skip] // The lines are counted.
fn a_panic_is_reported_with_the_line_of_its_queueing_and_others_run() {
    let mut line = 0;
    let heard = heard(|| {
        let callbacks = Callbacks::new();
        let log = Log::new();
        callbacks.call_soon(log.adds(1));
        line = line!() + 1;
        callbacks.call_soon(|| panic!("no luck"));
        callbacks.call_soon_threadsafe(|| std::panic::panic_any("a text".to_string()));
        callbacks.remote().call_soon_threadsafe(|| std::panic::panic_any(5));
        callbacks.call_at(trill_world::now(), || panic!("at {}", "a deadline"));
        callbacks.call_soon(log.adds(2));
        turn(&callbacks);
        assert_eq!(log.take(), [1, 2]);
        // The loop is whole: it goes on in the next turn, too.
        callbacks.call_soon(log.adds(3));
        turn(&callbacks);
        assert_eq!(log.take(), [3]);
    });
    let of_no_text = "it panicked with a value that is no text".to_string();
    let expected = [
        ("no luck".to_string(), line),
        ("a text".to_string(), line + 1),
        (of_no_text, line + 2),
        ("at a deadline".to_string(), line + 3),
    ];
    let mut heard = heard;
    // The one with the deadline is queued behind the others when its turn begins.
    heard.sort_by_key(|(_, line)| *line);
    assert_eq!(heard, expected);
}

#[test]
fn a_payload_that_panics_when_dropped_takes_nobody_along() {
    let heard = heard(|| {
        let callbacks = Callbacks::new();
        let log = Log::new();
        callbacks.call_soon(|| std::panic::panic_any(Bomb("payload")));
        callbacks.call_soon(log.adds(1));
        turn(&callbacks);
        assert_eq!(log.take(), [1]);
    });
    assert_eq!(heard.len(), 1);
}

#[test]
fn a_drop_that_panics_after_the_run_is_reported() {
    let heard = heard(|| {
        let callbacks = Callbacks::new();
        let bomb = Bomb("captured");
        callbacks.call_soon(move || {
            let _kept = &bomb;
        });
        turn(&callbacks);
    });
    assert_eq!(heard[0].0, "captured");
}

#[test]
fn a_drop_that_panics_in_a_cancel_reaches_the_one_who_cancels_and_the_callback_is_gone() {
    let heard = heard(|| {
        let callbacks = Callbacks::new();
        let bomb = Bomb("captured");
        let handle = callbacks.call_soon(move || drop(bomb));
        let log = Log::new();
        callbacks.call_soon(log.adds(1));
        let caught = catch_unwind(AssertUnwindSafe(|| handle.cancel()));
        assert_eq!(
            *caught.unwrap_err().downcast::<String>().unwrap(),
            "captured"
        );
        assert!(!handle.cancel());
        turn(&callbacks);
        assert_eq!(log.take(), [1]);
    });
    assert_eq!(heard, []);
}

#[test]
fn a_loop_inside_its_own_callback_is_a_reported_mistake() {
    let heard = heard(|| {
        let callbacks = Callbacks::new();
        let this = callbacks.clone();
        callbacks.call_soon(move || support::run(&this));
        turn(&callbacks);
        assert!(!callbacks.is_running());
    });
    assert!(heard[0].0.contains("run already"));
}
