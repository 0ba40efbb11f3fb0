//! A value on its way into a task's locals and out again.

use trill_cell::{Local, swap_local};

/// A value that is carried while something runs: inside it is in the locals, outside it is here.
pub(crate) struct Carried {
    key: usize,
    is_inherited: bool,
    /// `None` also if the inside has unset it.
    value: Option<Local>,
}

impl Carried {
    pub(crate) fn new(key: usize, is_inherited: bool, value: Local) -> Carried {
        Carried {
            key,
            is_inherited,
            value: Some(value),
        }
    }

    /// Carries another value, which was not entered yet.
    pub(crate) fn replace(&mut self, value: Local) {
        self.value = Some(value);
    }

    /// Puts the value in place of the one outside until the returned guard is dropped.
    ///
    /// A guard and no closure: the location of an await goes through calls, and not through closures.
    pub(crate) fn enter(&mut self) -> Inside<'_> {
        self.swap();
        Inside(self)
    }

    fn swap(&mut self) {
        self.value = swap_local(self.key, self.is_inherited, self.value.take());
    }
}

/// Brings back the value outside when dropped, also by a panic, and keeps what the one inside has become.
pub(crate) struct Inside<'a>(&'a mut Carried);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.swap();
    }
}
