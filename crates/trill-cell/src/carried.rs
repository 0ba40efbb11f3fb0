//! The locals of whoever runs here: of the task that is being polled, else of the thread.

use std::cell::RefCell;
use std::mem;

use crate::current::current;
use crate::locals::{Local, Locals};

thread_local! {
    /// What code outside any task carries, as the future of a `block_on`.
    static OUTSIDE: RefCell<Locals> = const { RefCell::new(Locals::new()) };
}

/// Returns the locals that the current task carries, or outside any the thread; to take them to another thread.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use trill_cell::{in_locals, local, locals, swap_local};
///
/// swap_local(1, false, Some(Arc::new(5)));
/// let mut carried = locals();
/// std::thread::scope(|scope| {
///     scope.spawn(move || {
///         in_locals(&mut carried, || assert!(local(1).is_some()));
///         assert!(local(1).is_none());
///     });
/// });
/// # swap_local(1, false, None);
/// ```
pub fn locals() -> Locals {
    read(Locals::snapshot).unwrap_or_default()
}

/// Makes these the current task's locals, or outside any the thread's, and returns those before.
///
/// # Examples
///
/// ```
/// use trill_cell::{Locals, replace_locals};
///
/// let before = replace_locals(Locals::new());
/// replace_locals(before);
/// ```
pub fn replace_locals(locals: Locals) -> Locals {
    change(|here| mem::replace(here, locals))
}

/// Returns the value that is carried here under a key.
///
/// # Examples
///
/// See [`locals`].
pub fn local(key: usize) -> Option<Local> {
    read(|here| here.find(key).cloned()).flatten()
}

/// Changes the value that is carried here under a key, as [`Locals::swap`].
///
/// # Examples
///
/// See [`locals`].
pub fn swap_local(key: usize, inherited: bool, value: Option<Local>) -> Option<Local> {
    change(|here| here.swap(key, inherited, value))
}

/// Runs `body` with these locals in place of those that are carried here; what it changes stays in `locals`.
///
/// # Examples
///
/// See [`locals`].
pub fn in_locals<R>(locals: &mut Locals, body: impl FnOnce() -> R) -> R {
    change(|here| mem::swap(here, locals));
    let _restore = Restore(locals);
    body()
}

/// What a task that is spawned here begins with.
#[inline]
pub(crate) fn inherited() -> Locals {
    let task = current(|task| match task.extras().get() {
        Some(extras) => extras.locals().inheritable(),
        None => Locals::new(),
    });
    match task {
        Some(locals) => locals,
        None => OUTSIDE
            .try_with(|outside| outside.borrow().inheritable())
            .unwrap_or_default(),
    }
}

/// Swaps the locals back, also when the body panics.
struct Restore<'a>(&'a mut Locals);

impl Drop for Restore<'_> {
    fn drop(&mut self) {
        change(|here| mem::swap(here, self.0));
    }
}

/// Reads what is carried here; `None` if the thread is about to end.
fn read<R>(with: impl FnOnce(&Locals) -> R) -> Option<R> {
    let mut with = Some(with);
    let mut call = |locals: &Locals| with.take().map(|with| with(locals));
    let task = current(|task| match task.extras().get() {
        Some(extras) => call(&extras.locals()),
        None => call(&Locals::new()),
    });
    match task {
        Some(result) => result,
        None => OUTSIDE
            .try_with(|outside| call(&outside.borrow()))
            .ok()
            .flatten(),
    }
}

/// Changes what is carried here. `with` runs no code of the program and drops no value.
fn change<R>(with: impl FnOnce(&mut Locals) -> R) -> R {
    let mut with = Some(with);
    let mut call = |locals: &mut Locals| {
        let with = with.take().expect("each of the ways below ends this call");
        with(locals)
    };
    if let Some(result) = current(|task| call(&mut task.extras().get_or_insert().locals())) {
        return result;
    }
    match OUTSIDE.try_with(|outside| call(&mut outside.borrow_mut())) {
        Ok(result) => result,
        // The thread is about to end: nobody can read what is set now.
        Err(_) => call(&mut Locals::new()),
    }
}
