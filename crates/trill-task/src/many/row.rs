//! What `gather`, `try_gather` and `race` are given: a tuple, or anything that iterates.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Futures that can be waited for together: a tuple of up to twelve, or anything that iterates over futures of one
/// type.
///
/// `Shape` is found by the compiler: it tells tuples from iterators.
///
/// # Examples
///
/// ```
/// use trill_task::{gather, many::Futures};
///
/// async fn both<Shape, F: Futures<Shape>>(futures: F) -> <F::Row as trill_task::many::Row>::Outputs
/// where
///     F::Row: trill_task::many::Row,
/// {
///     gather(futures).await
/// }
/// assert_eq!(trill_park::block_on(both((async { 1 }, async { "a" }))), (1, "a"));
/// ```
pub trait Futures<Shape> {
    /// The futures, each with a place for its output.
    type Row;

    /// Makes that row.
    fn into_row(self) -> Self::Row;
}

/// A row of futures that are polled one by one; see [`Futures`].
///
/// # Examples
///
/// See [`Futures`].
pub trait Row {
    /// All outputs, in the order of the futures.
    type Outputs;

    /// How many futures there are.
    fn size(&self) -> usize;

    /// Polls a future that has not ended, and keeps its output.
    #[track_caller]
    fn poll_at(&mut self, index: usize, cx: &mut Context<'_>) -> Poll<()>;

    /// Takes all outputs, once all futures have ended.
    fn outputs(&mut self) -> Self::Outputs;
}

/// A row of futures that may fail; see [`Futures`].
///
/// # Examples
///
/// See [`try_gather`](crate::try_gather).
pub trait TryRow {
    /// All values, in the order of the futures.
    type Values;
    /// What each may fail with.
    type Error;

    /// How many futures there are.
    fn size(&self) -> usize;

    /// Polls a future that has not ended, and keeps its value.
    #[track_caller]
    fn try_poll_at(&mut self, index: usize, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>>;

    /// Takes all values, once all futures have ended well.
    fn values(&mut self) -> Self::Values;
}

/// A row of futures whose outputs have the same type; see [`Futures`].
///
/// # Examples
///
/// See [`race`](crate::race).
pub trait RaceRow {
    /// What each may end with.
    type Output;

    /// How many futures there are.
    fn size(&self) -> usize;

    /// Polls a future that has not ended.
    #[track_caller]
    fn race_at(&mut self, index: usize, cx: &mut Context<'_>) -> Poll<Self::Output>;
}

/// Shape of what iterates over futures.
#[derive(Debug)]
pub struct Iterated(());

/// Shape of a tuple of futures.
#[derive(Debug)]
pub struct Tuple(());

/// A future, then its output.
pub struct Slot<F: Future>(Held<F>);

enum Held<F: Future> {
    Running(Pin<Box<F>>),
    Ended(F::Output),
    /// The output was taken, or the poll panicked.
    Gone,
}

// The future is in a box, and the output is never pinned.
impl<F: Future> Unpin for Slot<F> {}

impl<F: Future> fmt::Debug for Slot<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Held::Running(_) => "Running",
            Held::Ended(_) => "Ended",
            Held::Gone => "Gone",
        })
    }
}

impl<F: Future> Slot<F> {
    fn new(future: impl IntoFuture<IntoFuture = F>) -> Slot<F> {
        Slot(Held::Running(Box::pin(future.into_future())))
    }

    /// Polls a running future; drops it when it ends.
    #[track_caller]
    fn run(&mut self, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Held::Running(future) = &mut self.0 else {
            return Poll::Pending;
        };
        let output = ready!(future.as_mut().poll(cx));
        self.0 = Held::Gone;
        Poll::Ready(output)
    }

    #[track_caller]
    fn keep(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let output = ready!(self.run(cx));
        self.0 = Held::Ended(output);
        Poll::Ready(())
    }

    fn take(&mut self) -> F::Output {
        match std::mem::replace(&mut self.0, Held::Gone) {
            Held::Ended(output) => output,
            _ => panic!("a combined future was polled after it was ready, or after a panic"),
        }
    }
}

impl<T, E, F: Future<Output = Result<T, E>>> Slot<F> {
    #[track_caller]
    fn try_keep(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        let value = ready!(self.run(cx))?;
        self.0 = Held::Ended(Ok(value));
        Poll::Ready(Ok(()))
    }

    fn value(&mut self) -> T {
        match self.take() {
            Ok(value) => value,
            Err(_) => unreachable!("`try_keep` keeps no errors"),
        }
    }
}

impl<I> Futures<Iterated> for I
where
    I: IntoIterator,
    I::Item: IntoFuture,
{
    type Row = Vec<Slot<<I::Item as IntoFuture>::IntoFuture>>;

    fn into_row(self) -> Self::Row {
        self.into_iter().map(Slot::new).collect()
    }
}

impl<F: Future> Row for Vec<Slot<F>> {
    type Outputs = Vec<F::Output>;

    fn size(&self) -> usize {
        self.len()
    }

    #[track_caller]
    fn poll_at(&mut self, index: usize, cx: &mut Context<'_>) -> Poll<()> {
        self[index].keep(cx)
    }

    fn outputs(&mut self) -> Vec<F::Output> {
        std::mem::take(self).iter_mut().map(Slot::take).collect()
    }
}

impl<T, E, F: Future<Output = Result<T, E>>> TryRow for Vec<Slot<F>> {
    type Values = Vec<T>;
    type Error = E;

    fn size(&self) -> usize {
        self.len()
    }

    #[track_caller]
    fn try_poll_at(&mut self, index: usize, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        self[index].try_keep(cx)
    }

    fn values(&mut self) -> Vec<T> {
        std::mem::take(self).iter_mut().map(Slot::value).collect()
    }
}

impl<F: Future> RaceRow for Vec<Slot<F>> {
    type Output = F::Output;

    fn size(&self) -> usize {
        self.len()
    }

    #[track_caller]
    fn race_at(&mut self, index: usize, cx: &mut Context<'_>) -> Poll<F::Output> {
        self[index].run(cx)
    }
}

/// Implements the rows for a tuple. A macro, because Rust has no way to speak of tuples of any length.
macro_rules! tuple {
    ($len:literal: $($future:ident $output:ident $index:tt),+) => {
        impl<$($future: IntoFuture),+> Futures<Tuple> for ($($future,)+) {
            type Row = ($(Slot<$future::IntoFuture>,)+);

            fn into_row(self) -> Self::Row {
                ($(Slot::new(self.$index),)+)
            }
        }

        impl<$($future: Future),+> Row for ($(Slot<$future>,)+) {
            type Outputs = ($($future::Output,)+);

            fn size(&self) -> usize {
                $len
            }

            #[track_caller]
            fn poll_at(&mut self, index: usize, cx: &mut Context<'_>) -> Poll<()> {
                match index {
                    $($index => self.$index.keep(cx),)+
                    _ => Poll::Pending,
                }
            }

            fn outputs(&mut self) -> Self::Outputs {
                ($(self.$index.take(),)+)
            }
        }

        impl<Fault, $($output,)+ $($future: Future<Output = Result<$output, Fault>>),+> TryRow
            for ($(Slot<$future>,)+)
        {
            type Values = ($($output,)+);
            type Error = Fault;

            fn size(&self) -> usize {
                $len
            }

            #[track_caller]
            fn try_poll_at(
                &mut self,
                index: usize,
                cx: &mut Context<'_>,
            ) -> Poll<Result<(), Fault>> {
                match index {
                    $($index => self.$index.try_keep(cx),)+
                    _ => Poll::Pending,
                }
            }

            fn values(&mut self) -> Self::Values {
                ($(self.$index.value(),)+)
            }
        }

        impl<Same, $($future: Future<Output = Same>),+> RaceRow for ($(Slot<$future>,)+) {
            type Output = Same;

            fn size(&self) -> usize {
                $len
            }

            #[track_caller]
            fn race_at(&mut self, index: usize, cx: &mut Context<'_>) -> Poll<Same> {
                match index {
                    $($index => self.$index.run(cx),)+
                    _ => Poll::Pending,
                }
            }
        }
    };
}

tuple!(1: A A1 0);
tuple!(2: A A1 0, B B1 1);
tuple!(3: A A1 0, B B1 1, C C1 2);
tuple!(4: A A1 0, B B1 1, C C1 2, D D1 3);
tuple!(5: A A1 0, B B1 1, C C1 2, D D1 3, E E1 4);
tuple!(6: A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5);
tuple!(7: A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5, G G1 6);
tuple!(8: A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5, G G1 6, H H1 7);
tuple!(9: A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5, G G1 6, H H1 7, I I1 8);
tuple!(10: A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5, G G1 6, H H1 7, I I1 8, J J1 9);
tuple!(11: A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5, G G1 6, H H1 7, I I1 8, J J1 9, K K1 10);
tuple!(12: A A1 0, B B1 1, C C1 2, D D1 3, E E1 4, F F1 5, G G1 6, H H1 7, I I1 8, J J1 9, K K1 10, L L1 11);
