//! Reaching the body of a pinned future and what stands beside it.
#![allow(unsafe_code)] // A projection through a pin cannot be written without; the bodies need not be `Unpin`.

/// Gives a future type with two fields the method `split`: its pinned body, and the rest, which is never pinned.
///
/// The type has no other field that is ever pinned, is not `repr(packed)`, is `Unpin` by the automatic rule only, and its
/// `Drop`, if it has one, drops the body in place (`self.body = None`) or not at all.
macro_rules! split {
    ($name:ident<$($param:ident $(: $bound:path)?),*>, $body:ident: $of_body:ty, $rest:ident: $of_rest:ty) => {
        impl<$($param $(: $bound)?),*> $name<$($param),*> {
            #[allow(unsafe_code)]
            #[inline]
            fn split(self: std::pin::Pin<&mut Self>) -> (std::pin::Pin<&mut $of_body>, &mut $of_rest) {
                // SAFETY: nothing is moved out of the reference: `rest` is never treated as pinned, and the body is
                // pinned again below. This macro upholds it; Miri on `tests/pinned.rs` would fail.
                let this = unsafe { self.get_unchecked_mut() };
                // SAFETY: the body lies in a pinned value of a type that keeps the rules above. The files that call this
                // macro uphold them; Miri on `tests/pinned.rs` would fail.
                let body = unsafe { std::pin::Pin::new_unchecked(&mut this.$body) };
                (body, &mut this.$rest)
            }
        }
    };
}
pub(crate) use split;
