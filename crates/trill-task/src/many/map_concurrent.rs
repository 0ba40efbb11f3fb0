//! One future for each item, so many at a time.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::iter::Fuse;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use trill_cell::proceed;

use super::members::Members;

/// Calls `map` for each item and waits for the futures it returns, at most `width` at a time; returns the outputs in
/// the order of the items.
///
/// An item is taken only when there is a place for its future, so the iterator may be endless in memory. All run within
/// the task that awaits this.
///
/// # Panics
///
/// If `width` is 0. A panic in the iterator, in `map` or in a future leaves the poll.
///
/// # Cancel safety
///
/// As cancel safe as the futures are: dropping this drops those that run, and the outputs that were there already.
///
/// # Examples
///
/// ```
/// use trill_task::map_concurrent;
///
/// let squares = map_concurrent(1..=4, 2, |n: u32| async move { n * n });
/// assert_eq!(trill_park::block_on(squares), [1, 4, 9, 16]);
/// ```
#[track_caller]
pub fn map_concurrent<I, M, F>(items: I, width: usize, map: M) -> MapConcurrent<I::IntoIter, M, F>
where
    I: IntoIterator,
    M: FnMut(I::Item) -> F,
    F: Future,
{
    MapConcurrent(Some(Mapping::new(items.into_iter(), width, map)))
}

/// As [`map_concurrent`] for futures that may fail: at the first error the others are dropped and no more items are
/// taken.
///
/// # Errors
///
/// The first error of a future.
///
/// # Panics
///
/// As [`map_concurrent`].
///
/// # Cancel safety
///
/// As [`map_concurrent`].
///
/// # Examples
///
/// ```
/// use trill_task::try_map_concurrent;
///
/// let parsed = try_map_concurrent(["1", "x", "3"], 2, |text| async move { text.parse::<u32>() });
/// assert!(trill_park::block_on(parsed).is_err());
/// ```
#[track_caller]
pub fn try_map_concurrent<I, M, F, T, E>(
    items: I,
    width: usize,
    map: M,
) -> TryMapConcurrent<I::IntoIter, M, F>
where
    I: IntoIterator,
    M: FnMut(I::Item) -> F,
    F: Future<Output = Result<T, E>>,
{
    TryMapConcurrent(Some(Mapping::new(items.into_iter(), width, map)))
}

/// Waits for one future for each item; made by [`map_concurrent`].
///
/// # Cancel safety
///
/// See [`map_concurrent`].
///
/// # Examples
///
/// See [`map_concurrent`].
#[must_use = "futures do nothing unless awaited"]
pub struct MapConcurrent<I, M, F: Future>(Option<Mapping<I, M, F, F::Output>>);

/// Waits for one future for each item, or the first error; made by [`try_map_concurrent`].
///
/// # Cancel safety
///
/// See [`map_concurrent`].
///
/// # Examples
///
/// See [`try_map_concurrent`].
#[must_use = "futures do nothing unless awaited"]
pub struct TryMapConcurrent<I, M, F: Tries>(Option<Mapping<I, M, F, F::Value>>);

/// A future that may fail.
///
/// # Examples
///
/// ```
/// fn tries(_: impl trill_task::many::Tries<Value = u32, Error = ()>) {}
/// tries(std::future::ready(Ok::<u32, ()>(5)));
/// ```
pub trait Tries: Future<Output = Result<Self::Value, Self::Error>> {
    /// What it ends with if all is well.
    type Value;
    /// What it fails with.
    type Error;
}

impl<T, E, F: Future<Output = Result<T, E>>> Tries for F {
    type Value = T;
    type Error = E;
}

/// The items to come, the futures that run, the outputs so far.
struct Mapping<I, M, F, T> {
    items: Fuse<I>,
    map: M,
    width: NonZeroUsize,
    members: Members<F>,
    /// For each place of `members` the item's number.
    numbers: Vec<usize>,
    outputs: Vec<Option<T>>,
}

impl<I, M, F, T> Mapping<I, M, F, T>
where
    I: Iterator,
    M: FnMut(I::Item) -> F,
    F: Future,
{
    #[track_caller]
    fn new(items: I, width: usize, map: M) -> Self {
        let width = NonZeroUsize::new(width).expect("give it a width of at least 1");
        Mapping {
            items: items.fuse(),
            map,
            width,
            members: Members::new(),
            numbers: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// Polls what was woken, and takes items while there are places.
    #[track_caller]
    fn poll<E>(
        &mut self,
        cx: &mut Context<'_>,
        mut split: impl FnMut(F::Output) -> Result<T, E>,
    ) -> Poll<Result<Vec<T>, E>> {
        self.fill();
        loop {
            let (numbers, outputs) = (&self.numbers, &mut self.outputs);
            let error = self
                .members
                .poll_woken(cx, |place, output| match split(output) {
                    Ok(value) => {
                        outputs[numbers[place]] = Some(value);
                        ControlFlow::Continue(())
                    }
                    Err(error) => ControlFlow::Break(error),
                });
            if let Some(error) = error {
                return Poll::Ready(Err(error));
            }
            if !self.fill() {
                break;
            }
            // Futures that are always ready must not keep the thread for as long as there are items.
            ready!(proceed(cx));
        }
        if !self.members.is_empty() {
            return Poll::Pending;
        }
        let outputs = std::mem::take(&mut self.outputs).into_iter();
        let kept = outputs.map(|output| output.expect("each future that ended left its output"));
        Poll::Ready(Ok(kept.collect()))
    }

    /// Takes items while there are places; says whether one was taken.
    fn fill(&mut self) -> bool {
        let mut started = false;
        while self.members.len() < self.width.get() {
            let Some(item) = self.items.next() else { break };
            let place = self.members.insert(Box::pin((self.map)(item)));
            if place == self.numbers.len() {
                self.numbers.push(0);
            }
            self.numbers[place] = self.outputs.len();
            self.outputs.push(None);
            started = true;
        }
        started
    }
}

// Each future is in a box, and nothing else is ever pinned.
impl<I, M, F: Future> Unpin for MapConcurrent<I, M, F> {}
impl<I, M, F: Tries> Unpin for TryMapConcurrent<I, M, F> {}

impl<I, M, F> Future for MapConcurrent<I, M, F>
where
    I: Iterator,
    M: FnMut(I::Item) -> F,
    F: Future,
{
    type Output = Vec<F::Output>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let mapping = this
            .0
            .as_mut()
            .expect("a future is not polled after it was ready");
        let Ok(outputs) = ready!(mapping.poll(cx, Ok::<_, Infallible>));
        this.0 = None;
        Poll::Ready(outputs)
    }
}

impl<I, M, F, T, E> Future for TryMapConcurrent<I, M, F>
where
    I: Iterator,
    M: FnMut(I::Item) -> F,
    F: Future<Output = Result<T, E>>,
{
    type Output = Result<Vec<T>, E>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let mapping = this
            .0
            .as_mut()
            .expect("a future is not polled after it was ready");
        let outputs = ready!(mapping.poll(cx, |output| output));
        this.0 = None;
        Poll::Ready(outputs)
    }
}

impl<I, M, F: Future> fmt::Debug for MapConcurrent<I, M, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MapConcurrent").finish_non_exhaustive()
    }
}

impl<I, M, F: Tries> fmt::Debug for TryMapConcurrent<I, M, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryMapConcurrent").finish_non_exhaustive()
    }
}
