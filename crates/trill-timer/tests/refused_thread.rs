//! What happens to timers outside `block_on` if the operating system refuses the attendant thread.
//!
//! Has no test harness, which would start threads of its own: this program runs itself again with a stack size for new
//! threads that no machine can give.

mod common;

use std::env;
use std::process::{Command, ExitCode};
use std::time::Duration;

use common::{Count, ms, poll_with};
use trill_timer::{Timer, sleep};

fn main() -> ExitCode {
    if env::var_os(STACK).is_some_and(|size| size == TOO_MUCH) {
        deadlines_are_kept_without_the_attendant();
        setting_wakes_without_the_attendant();
        return ExitCode::SUCCESS;
    }
    let status =
        env::current_exe().and_then(|this| Command::new(this).env(STACK, TOO_MUCH).status());
    match status {
        Ok(status) if status.success() => {
            println!("deadlines are kept without the attendant: ok");
            ExitCode::SUCCESS
        }
        other => {
            println!("deadlines are kept without the attendant: FAILED: {other:?}");
            ExitCode::FAILURE
        }
    }
}

fn deadlines_are_kept_without_the_attendant() {
    assert!(
        trill_world::start_thread("refused", || ()).is_err(),
        "threads start, so this tests nothing"
    );
    let (count, waker) = Count::new();
    let mut sleeping = sleep(ms(2));
    let mut polls = 0;
    while poll_with(&mut sleeping, &waker).is_pending() {
        polls += 1;
        assert_eq!(count.get(), polls, "a pending poll wakes its task at once");
    }
    assert!(polls > 0 && sleeping.is_elapsed());
}

fn setting_wakes_without_the_attendant() {
    let (count, waker) = Count::new();
    let mut timer = Timer::never();
    assert!(poll_with(&mut timer, &waker).is_pending());
    assert_eq!(count.get(), 0);
    timer.set_after(Duration::ZERO);
    assert!(poll_with(&mut timer, &waker).is_ready());
}

/// The standard library takes the stack size of new threads from here.
const STACK: &str = "RUST_MIN_STACK";

/// 1 PiB: more than there are addresses.
const TOO_MUCH: &str = "1125899906842624";
