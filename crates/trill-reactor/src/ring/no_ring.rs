//! Stands in for rings where there are none: everything is handed back.

use std::sync::Arc;

use crate::core::Core;
use crate::op::Operation;
use crate::pending::Pending;

/// Nothing: no operation runs here.
pub trait Raw {
    #[doc(hidden)]
    fn code(&self) -> u8 {
        0
    }
}

impl<T> Raw for T {}

/// What a system without rings knows about a file in its own terms: nothing.
pub(crate) enum RawStat {}

/// The way of an operation; there is none.
pub(crate) enum Journey<O> {
    #[expect(dead_code, reason = "there is none")]
    Never(std::convert::Infallible, std::marker::PhantomData<O>),
}

impl<O: Operation> Journey<O> {
    pub(crate) fn poll(&mut self, _: &std::task::Waker) -> std::task::Poll<Result<O::Output, O>> {
        unreachable!("a system without rings makes no journey")
    }

    pub(crate) fn core(&self) -> &'static Core {
        unreachable!("a system without rings makes no journey")
    }

    pub(crate) fn abandon(&mut self) -> bool {
        false
    }

    pub(crate) fn cancel(&self) {}

    pub(crate) fn is_over(&self) -> bool {
        true
    }
}

/// The ring of one thread; there is none.
pub(crate) enum Ring {}

impl Ring {
    pub(crate) fn submit<O: Operation>(self: Arc<Ring>, _: O) -> Result<Pending<O>, O> {
        match *self {}
    }
}

pub(crate) fn ring(_: &'static Core, _: u8) -> Option<Arc<Ring>> {
    None
}

/// What an answer says; there is none.
pub(crate) fn attributes(_: crate::op::Stat) -> std::io::Result<crate::op::Attributes> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Says why there are no rings.
pub(crate) fn test() -> Result<(), String> {
    if cfg!(all(target_os = "linux", not(feature = "uring"))) {
        return Err("the feature `uring` of trill-reactor is off".into());
    }
    Err("this system or machine has no io_uring".into())
}
