//! Futures that wait for readiness.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::direction::Direction;
use crate::slot::Who;
use crate::waiter::Waiter;
use crate::waiters::Ticket;
use crate::wrapper::Async;

macro_rules! borrowed {
    ($name:ident, $direction:ident, $method:literal) => {
        #[doc = concat!("Waits for readiness; from [`Async::", $method, "`].")]
        ///
        /// # Cancel safety
        ///
        /// Cancel safe: nothing is consumed.
        ///
        /// # Examples
        ///
        #[doc = concat!("See [`Async::", $method, "`].")]
        #[must_use = "futures do nothing unless awaited"]
        pub struct $name<'a, T> {
            waiter: Waiter<'a>,
            io: &'a Async<T>,
        }

        impl<'a, T> $name<'a, T> {
            pub(crate) fn new(io: &'a Async<T>) -> $name<'a, T> {
                $name {
                    waiter: io.source().waiter(Direction::$direction),
                    io,
                }
            }
        }

        impl<T> Unpin for $name<'_, T> {}

        impl<T> Future for $name<'_, T> {
            type Output = io::Result<()>;

            #[track_caller]
            fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.waiter.poll_asked(cx, Location::caller())
            }
        }

        impl<T: fmt::Debug> fmt::Debug for $name<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(self.io).finish()
            }
        }
    };
}

macro_rules! owned {
    ($name:ident, $direction:ident, $method:literal) => {
        #[doc = concat!("Waits for readiness; from [`Async::", $method, "`].")]
        ///
        /// # Cancel safety
        ///
        /// Cancel safe: nothing is consumed.
        ///
        /// # Examples
        ///
        #[doc = concat!("See [`Async::", $method, "`].")]
        #[must_use = "futures do nothing unless awaited"]
        pub struct $name<T> {
            io: Arc<Async<T>>,
            ticket: Ticket,
        }

        impl<T> $name<T> {
            pub(crate) fn new(io: Arc<Async<T>>) -> $name<T> {
                $name {
                    io,
                    ticket: Ticket::default(),
                }
            }
        }

        impl<T> Unpin for $name<T> {}

        impl<T> Future for $name<T> {
            type Output = io::Result<()>;

            #[track_caller]
            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                let $name { io, ticket } = self.get_mut();
                let (source, direction) = (io.source(), Direction::$direction);
                let who = Who::Own(ticket);
                source.poll_io_as(cx, direction, Location::caller(), who, || {
                    source.ask(direction)
                })
            }
        }

        impl<T> Drop for $name<T> {
            fn drop(&mut self) {
                let slot = self.io.source().entry().slot;
                slot.forget(Direction::$direction, &mut self.ticket);
            }
        }

        impl<T: fmt::Debug> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.io).finish()
            }
        }
    };
}

borrowed!(Readable, Read, "readable");
borrowed!(Writable, Write, "writable");
owned!(ReadableOwned, Read, "readable_owned");
owned!(WritableOwned, Write, "writable_owned");
