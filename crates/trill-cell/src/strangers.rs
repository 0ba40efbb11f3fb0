//! Warning a thread that it is about to run code of strangers.

use std::cell::Cell;

/// Has `alarm` called on this thread before it next runs code of strangers, at most once.
///
/// For a thread that has told others that it will be back in a moment: the few instructions with which it ends a task are
/// short, what they may call is as long as its author likes. Strangers' code is what crates of trill call without knowing it:
/// a waker that is not theirs, the drop of a task's output or of its locals, an observer. The alarm takes the place of one
/// that was set before.
///
/// # Examples
///
/// ```
/// use std::cell::Cell;
/// use trill_cell::{before_strangers, forget_alarm, strangers};
///
/// thread_local! { static WARNED: Cell<u32> = const { Cell::new(0) } }
///
/// before_strangers(|| WARNED.set(WARNED.get() + 1));
/// strangers();
/// strangers();
/// assert_eq!(WARNED.get(), 1);
///
/// before_strangers(|| WARNED.set(WARNED.get() + 1));
/// forget_alarm();
/// strangers();
/// assert_eq!(WARNED.get(), 1);
/// ```
pub fn before_strangers(alarm: fn()) {
    ALARM.set(Some(alarm));
}

/// Takes back what [`before_strangers`] set, if it was not called.
///
/// # Examples
///
/// See [`before_strangers`].
pub fn forget_alarm() {
    ALARM.set(None);
}

/// Says that code of strangers is about to run on this thread. Without an alarm it costs one load of a thread's word.
///
/// # Examples
///
/// See [`before_strangers`].
#[inline]
pub fn strangers() {
    if let Some(alarm) = ALARM.get() {
        ring(alarm);
    }
}

#[cold]
fn ring(alarm: fn()) {
    ALARM.set(None);
    alarm();
}

thread_local! {
    /// What is to be called before strangers' code.
    static ALARM: Cell<Option<fn()>> = const { Cell::new(None) };
}
