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

    /// Says whether there is room, and notes that the job ends if there is not.
    fn has_room(&self, items_max: usize) -> bool {
        self.lock().has_room(items_max)
    }

    /// Adds an item, or the end; says whether there is room, and notes that the job ends if there is not.
    fn push(&self, item: Option<I>, items_max: usize) -> bool {
        let mut state = self.lock();
        match item {
            Some(item) => state.queue.push_back(item),
            None => state.ended = true,
        }
        let has_room = state.has_room(items_max);
        let waker = mem::take(&mut state.waker);
        drop(state);
        if let Some(waker) = waker {
            trill_park::wake(waker);
        }
        has_room
    }
}

impl<I> State<I> {
    fn has_room(&mut self, items_max: usize) -> bool {
        self.pulling = !self.ended && self.queue.len() < items_max;
        self.pulling
    }
}

/// The task's side of the queue.
struct Taker<I> {
    /// Items that were taken from the queue together, so that the lock is not taken for each. The mutex here is never
    /// contended: it only makes the items shareable.
    batch: Mutex<VecDeque<I>>,
    items: Arc<Items<I>>,
}

impl<I> Taker<I> {
    fn new() -> Taker<I> {
        Taker {
            batch: Mutex::default(),
            items: Arc::new(Items::new()),
        }
    }

    /// Takes the next item of the batch.
    fn pop(&mut self) -> Option<I> {
        self.batch().pop_front()
    }

    /// Takes everything from the queue, once the batch is empty.
    fn refill(&mut self) {
        let items = self.items.clone();
        mem::swap(self.batch(), &mut items.lock().queue);
    }

    fn batch(&mut self) -> &mut VecDeque<I> {
        self.batch.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Pulls until the queue is full, the iterator has ended, or nobody is interested any more; the job's part.
fn pull<T: Iterator>(from: &mut T, items: &Weak<Items<T::Item>>, items_max: usize) {
    let _pulling = Pulling(items);
    let mut has_room = items
        .upgrade()
        .is_some_and(|items| items.has_room(items_max));
    while has_room {
        let item = from.next();
        has_room = items
            .upgrade()
            .is_some_and(|items| items.push(item, items_max));
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
    fn taker(&mut self) -> &mut Taker<T::Item> {
        let taker = self
            .items
            .get_or_insert_with(|| Box::new(Taker::<T::Item>::new()));
        taker
            .downcast_mut()
            .expect("only this function sets the queue, and `T` has one type of item")
    }

    /// Submits a job that fills the queue. Only while none is under way.
    fn start_pull(&mut self, items: &Arc<Items<T::Item>>) -> io::Result<()> {
        // The other half may lie in the batch, less the item that was just taken.
        let items_max = self.queue_items.div_ceil(2);
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
        if let Some(item) = self.taker().pop() {
            return Poll::Ready(Some(item));
        }
        self.sought = None;
        let items = self.taker().items.clone();
        loop {
            let mut state = items.lock();
            if !state.queue.is_empty() {
                // After a panic the items before it come first.
                let wants_job = !state.pulling && !state.ended && !state.panicked;
                drop(state);
                // Before an item is taken: a panic here must not lose it.
                let may_start = wants_job && self.poll_idle(cx).is_ready();
                self.taker().refill();
                if may_start {
                    // If this is refused, there are still items, and a later call tries again.
                    let _ = self.start_pull(&items);
                }
                return Poll::Ready(self.taker().pop());
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
        let taker = self.items.as_ref();
        let taker = taker.and_then(|taker| taker.downcast_ref::<Taker<T::Item>>());
        let (queued, ended) = taker.map_or((0, false), |taker| {
            let batch = taker.batch.lock().unwrap_or_else(PoisonError::into_inner);
            let state = taker.items.lock();
            (batch.len() + state.queue.len(), state.ended)
        });
        (queued, ended.then_some(queued))
    }
}
