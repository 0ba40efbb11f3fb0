//! From which threads the callbacks of a loop may come.

use std::fmt;

/// Callbacks that may come from any thread and run on any: they are `Send`.
///
/// # Examples
///
/// See [`Callbacks`](crate::Callbacks).
#[derive(Clone, Copy)]
pub enum AnyThread {}

/// Callbacks that stay on the thread that made them: they need not be `Send`.
///
/// # Examples
///
/// See [`LocalCallbacks`](crate::LocalCallbacks).
#[derive(Clone, Copy)]
pub enum ThisThread {}

/// What [`AnyThread`] and [`ThisThread`] have in common; nobody else can implement it.
///
/// # Examples
///
/// ```
/// use trill_callback::{Callbacks, Reach};
///
/// fn is_idle<R: Reach>(callbacks: &Callbacks<R>) -> bool {
///     callbacks.statistics().soon == 0
/// }
/// assert!(is_idle(&Callbacks::new()) && is_idle(&Callbacks::local()));
/// ```
pub trait Reach: sealed::Sealed + Sized + 'static {
    /// A callback that runs once.
    #[doc(hidden)]
    type Once: FnOnce() + 'static;
    /// A callback that runs each time.
    #[doc(hidden)]
    type Each: FnMut() + 'static;
}

/// A loop of this reach takes `F` as a callback that runs once; what [`Callbacks::call_soon`](crate::Callbacks::call_soon)
/// asks for.
///
/// # Examples
///
/// See [`Callbacks`](crate::Callbacks).
#[diagnostic::on_unimplemented(
    message = "this is no callback for a loop of reach `{Self}`",
    note = "a callback is a closure without arguments and borrows nothing; for `Callbacks` it is `Send` as well"
)]
pub trait TakesOnce<F>: Reach {
    /// Boxes it.
    #[doc(hidden)]
    fn once(callback: F) -> Self::Once;
}

/// A loop of this reach takes `F` as a callback that runs each time; what [`Callbacks::add_reader`](crate::Callbacks::add_reader)
/// asks for.
///
/// # Examples
///
/// See [`Callbacks::add_reader`](crate::Callbacks::add_reader).
#[diagnostic::on_unimplemented(
    message = "this is no repeated callback for a loop of reach `{Self}`",
    note = "a callback is a closure without arguments and borrows nothing; for `Callbacks` it is `Send` as well"
)]
pub trait TakesEach<F>: Reach {
    /// Boxes it.
    #[doc(hidden)]
    fn each(callback: F) -> Self::Each;
}

impl Reach for AnyThread {
    type Once = Box<dyn FnOnce() + Send>;
    type Each = Box<dyn FnMut() + Send>;
}

impl Reach for ThisThread {
    type Once = Box<dyn FnOnce()>;
    type Each = Box<dyn FnMut()>;
}

impl<F: FnOnce() + Send + 'static> TakesOnce<F> for AnyThread {
    fn once(callback: F) -> Self::Once {
        Box::new(callback)
    }
}

impl<F: FnOnce() + 'static> TakesOnce<F> for ThisThread {
    fn once(callback: F) -> Self::Once {
        Box::new(callback)
    }
}

impl<F: FnMut() + Send + 'static> TakesEach<F> for AnyThread {
    fn each(callback: F) -> Self::Each {
        Box::new(callback)
    }
}

impl<F: FnMut() + 'static> TakesEach<F> for ThisThread {
    fn each(callback: F) -> Self::Each {
        Box::new(callback)
    }
}

impl fmt::Debug for AnyThread {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl fmt::Debug for ThisThread {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::AnyThread {}
    impl Sealed for super::ThisThread {}
}
