//! What a task leaves for whoever awaits it.

use std::fmt;

use crate::quiet::{self, Payload};

/// A task's value or the payload of its panic.
///
/// Nobody may await it; async-task then drops it in the cell, and would abort the process on a panic there.
pub(crate) struct Output<T>(Option<Result<T, Payload>>);

impl<T> Output<T> {
    /// Keeps what the future returned, or what it panicked with.
    #[inline]
    pub(crate) fn new(result: Result<T, Payload>) -> Output<T> {
        Output(Some(result))
    }

    /// Takes it out.
    #[inline]
    pub(crate) fn into_result(mut self) -> Result<T, Payload> {
        self.0.take().expect("it is made full and taken once")
    }
}

impl<T> Drop for Output<T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(result) = self.0.take() {
            quiet::discard(result);
        }
    }
}

impl<T> fmt::Debug for Output<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").finish_non_exhaustive()
    }
}
