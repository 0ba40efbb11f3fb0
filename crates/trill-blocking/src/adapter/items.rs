//! Iterators: a job that fills a queue.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker, ready};
use std::thread;

use futures_core::Stream;

use super::{Done, Unblock, tell};

/// Items on their way from a job to a task.
struct Items<I>(Mutex<State<I>>);

struct State<I> {
    queue: VecDeque<I>,
    /// Whether a job pulls.
    pulling: bool,
    /// Whether the last job panicked, and that was not seen yet.
    panicked: bool,
    /// Whether the iterator has returned `None`.
    ended: bool,
    /// The task that waits for an item.
    waker: Option<Waker>,
}

impl<I> Items<I> {
    fn new() -> Items<I> {
        Items(Mutex::new(State {
            queue: VecDeque::new(),
            pulling: false,
            panicked: false,
            ended: false,
            waker: None,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State<I>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an item, or the end.
    fn push(&self, item: Option<I>) {
        let mut state = self.lock();
        match item {
            Some(item) => state.queue.push_back(item),
            None => state.ended = true,
        }
        let waker = mem::take(&mut state.waker);
        drop(state);
        if let Some(waker) = waker {
            trill_park::wake(waker);
        }
    }

    /// Says whether there is room, and notes that the job ends if there is not.
    fn has_room(&self, items_max: usize) -> bool {
        let mut state = self.lock();
        state.pulling = !state.ended && state.queue.len() < items_max;
        state.pulling
    }
}

/// Pulls until the queue is full, the iterator has ended, or nobody is interested any more; the job's part.
fn pull<T: Iterator>(from: &mut T, items: &Weak<Items<T::Item>>, items_max: usize) {
    let _pulling = Pulling(items);
    while items
        .upgrade()
        .is_some_and(|items| items.has_room(items_max))
    {
        let item = from.next();
        if let Some(items) = items.upgrade() {
            items.push(item);
        }
    }
}

/// Notes when a job ends, also by a panic.
struct Pulling<'a, I>(&'a Weak<Items<I>>);

impl<I> Drop for Pulling<'_, I> {
    fn drop(&mut self) {
        if let Some(items) = self.0.upgrade() {
            let mut state = items.lock();
            state.pulling = false;
            state.panicked = thread::panicking();
        }
    }
}

impl<T> Unblock<T>
where
    T: Iterator + Send + 'static,
    T::Item: Send + 'static,
{
    /// The queue of this iterator's items.
    fn items(&mut self) -> Arc<Items<T::Item>> {
        let items = self
            .items
            .get_or_insert_with(|| Box::new(Arc::new(Items::<T::Item>::new())));
        items
            .downcast_ref::<Arc<Items<T::Item>>>()
            .expect("only this function sets the queue, and `T` has one type of item")
            .clone()
    }

    /// Submits a job that fills the queue. Only while none is under way.
    fn start_pull(&mut self, items: &Arc<Items<T::Item>>) -> io::Result<()> {
        let items_max = self.queue_items;
        let queue = Arc::downgrade(items);
        let mut state = items.lock();
        state.pulling = true;
        state.panicked = false;
        drop(state);
        let started = self.start(move |object| {
            pull(object, &queue, items_max);
            Done::Nothing
        });
        if started.is_err() {
            items.lock().pulling = false;
        }
        started
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<T::Item>> {
        self.sought = None;
        let items = self.items();
        loop {
            let mut state = items.lock();
            if !state.queue.is_empty() {
                let is_low = state.queue.len() <= self.queue_items / 2 + 1;
                // After a panic the items before it come first.
                let wants_job = is_low && !state.pulling && !state.ended && !state.panicked;
                drop(state);
                // Before the item is taken: a panic here must not lose it.
                if wants_job && self.poll_idle(cx).is_ready() {
                    // If this is refused, there are still items, and the next call tries again.
                    let _ = self.start_pull(&items);
                }
                return Poll::Ready(items.lock().queue.pop_front());
            }
            if state.ended {
                return Poll::Ready(None);
            }
            state.waker = Some(cx.waker().clone());
            drop(state);
            // Also hears of a panic of the job.
            ready!(self.poll_idle(cx));
            if self.object().is_none() {
                return Poll::Ready(None);
            }
            let state = items.lock();
            let is_over = state.ended || !state.queue.is_empty();
            drop(state);
            if !is_over {
                if let Err(error) = self.start_pull(&items) {
                    panic!("{error}");
                }
            }
        }
    }
}

impl<T> Stream for Unblock<T>
where
    T: Iterator + Send + 'static,
    T::Item: Send + 'static,
{
    type Item = T::Item;

    /// Returns the next item.
    ///
    /// Panics if no thread of the pool lives and none can be started: a stream of items has no place for an error.
    #[track_caller]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T::Item>> {
        tell(self.get_mut().poll_item(cx), Location::caller())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let queue = self.items.as_ref();
        let queue = queue.and_then(|items| items.downcast_ref::<Arc<Items<T::Item>>>());
        let (queued, ended) = queue.map_or((0, false), |items| {
            let state = items.lock();
            (state.queue.len(), state.ended)
        });
        (queued, ended.then_some(queued))
    }
}
