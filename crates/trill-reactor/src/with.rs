//! Futures that try an operation until it does not block.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::direction::Direction;
use crate::slot::Who;
use crate::waiter::Waiter;
use crate::waiters::Ticket;
use crate::wrapper::Async;

macro_rules! shared {
    ($name:ident, $direction:ident, $method:literal) => {
        #[doc = concat!("Tries an operation until it does not block; from [`Async::", $method, "`] and others.")]
        ///
        /// # Cancel safety
        ///
        /// As safe as the operation: it succeeds only in the poll that returns its result.
        ///
        /// # Examples
        ///
        #[doc = concat!("See [`Async::", $method, "`].")]
        #[must_use = "futures do nothing unless awaited"]
        pub struct $name<'a, T, F> {
            waiter: Waiter<'a>,
            io: &'a Async<T>,
            op: F,
            /// Whether `op` was called; the first call does not ask for readiness.
            tried: bool,
        }

        impl<'a, T, F> $name<'a, T, F> {
            pub(crate) fn new(io: &'a Async<T>, op: F) -> $name<'a, T, F> {
                $name {
                    waiter: io.source().waiter(Direction::$direction),
                    io,
                    op,
                    tried: false,
                }
            }
        }

        impl<T, F> Unpin for $name<'_, T, F> {}

        impl<T, R, F: FnMut(&T) -> io::Result<R>> Future for $name<'_, T, F> {
            type Output = io::Result<R>;

            #[track_caller]
            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
                let $name {
                    waiter,
                    io,
                    op,
                    tried,
                } = self.get_mut();
                waiter.poll_op(cx, Location::caller(), tried, || op(io.get_ref()))
            }
        }

        impl<T: fmt::Debug, F> fmt::Debug for $name<'_, T, F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(self.io).finish()
            }
        }
    };
}

macro_rules! exclusive {
    ($name:ident, $direction:ident, $method:literal) => {
        #[doc = concat!("Tries an operation until it does not block; from [`Async::", $method, "`].")]
        ///
        /// # Cancel safety
        ///
        /// As safe as the operation: it succeeds only in the poll that returns its result.
        ///
        /// # Examples
        ///
        #[doc = concat!("See [`Async::", $method, "`].")]
        #[must_use = "futures do nothing unless awaited"]
        pub struct $name<'a, T, F> {
            io: &'a mut Async<T>,
            ticket: Ticket,
            op: F,
            /// Whether `op` was called; the first call does not ask for readiness.
            tried: bool,
        }

        impl<'a, T, F> $name<'a, T, F> {
            pub(crate) fn new(io: &'a mut Async<T>, op: F) -> $name<'a, T, F> {
                $name {
                    io,
                    ticket: Ticket::default(),
                    op,
                    tried: false,
                }
            }
        }

        impl<T, F> Unpin for $name<'_, T, F> {}

        impl<T, R, F: FnMut(&mut T) -> io::Result<R>> Future for $name<'_, T, F> {
            type Output = io::Result<R>;

            #[track_caller]
            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
                let $name {
                    io,
                    ticket,
                    op,
                    tried,
                } = self.get_mut();
                let (source, io) = io.split_mut();
                let (direction, who) = (Direction::$direction, Who::Own(ticket));
                let here = Location::caller();
                source.poll_op_as(cx, direction, here, who, tried, || op(io))
            }
        }

        impl<T, F> Drop for $name<'_, T, F> {
            fn drop(&mut self) {
                let slot = self.io.source().entry().slot;
                slot.forget(Direction::$direction, &mut self.ticket);
            }
        }

        impl<T: fmt::Debug, F> fmt::Debug for $name<'_, T, F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.io).finish()
            }
        }
    };
}

shared!(ReadWith, Read, "read_with");
shared!(WriteWith, Write, "write_with");
exclusive!(ReadWithMut, Read, "read_with_mut");
exclusive!(WriteWithMut, Write, "write_with_mut");
