//! Reaching the body of a pinned timeout.
#![allow(unsafe_code)] // A projection through a pin cannot be written without; the body need not be `Unpin`.

use std::pin::Pin;

use super::{Limit, Timeout};

impl<F> Timeout<F> {
    /// Splits a pinned timeout into its pinned body and its limit, which is never pinned.
    #[inline]
    pub(super) fn split(self: Pin<&mut Self>) -> (Pin<&mut F>, &mut Limit) {
        // SAFETY: nothing is moved out of the reference: `limit` is never treated as pinned, and `body` is pinned again
        // below. This function upholds it; Miri on the test `body_that_points_to_itself_stays_in_place` would fail.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: `body` lies in a pinned timeout, which has no `Drop` of its own, is not `repr(packed)`, and is `Unpin`
        // only if `body` is, by the automatic rule. `timeout.rs` upholds it; the same test would fail.
        let body = unsafe { Pin::new_unchecked(&mut this.body) };
        (body, &mut this.limit)
    }
}
