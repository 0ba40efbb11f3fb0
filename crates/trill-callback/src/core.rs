//! What the handles of a loop share.

use std::io;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Instant;

use trill_reactor::Async;

use crate::bell::{Bell, Rouse};
use crate::origin::Origin;
use crate::queue::{Due, Gone, Queue};
use crate::reach::Reach;
use crate::sys::{self, RawFd};
use crate::watch::{Descriptor, Look, Registered, Side, Watch};

/// The queue of a loop and its bell.
///
/// The lock of the bell may be taken while the queue's is held, never the other way round.
pub(crate) struct Core<R: Reach> {
    queue: Mutex<Queue<R>>,
    pub(crate) bell: Arc<Bell>,
}

/// What the loop does next.
pub(crate) enum Step<R: Reach> {
    Local(Due<R>),
    Sent(Box<dyn FnOnce() + Send>, Origin),
    /// It was cancelled just now.
    Nothing,
    /// The turn is over.
    End,
}

impl<R: Reach> Core<R> {
    pub(crate) fn new() -> Core<R> {
        Core {
            queue: Mutex::new(Queue::new()),
            bell: Arc::default(),
        }
    }

    /// Locks. No code of strangers runs inside, and nothing panics.
    pub(crate) fn queue(&self) -> MutexGuard<'_, Queue<R>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a callback for the next turn; returns its name.
    pub(crate) fn add_soon(&self, callback: R::Once, origin: Origin) -> u64 {
        let mut queue = self.queue();
        // Under the lock, so that those who come here in an order stand in that order.
        let name = self.bell.place();
        queue.add_soon(name, callback, origin);
        drop(queue);
        self.bell.ring();
        name
    }

    /// Keeps a callback until its deadline; returns its name.
    pub(crate) fn add_timer(
        &self,
        deadline: Option<Instant>,
        callback: R::Once,
        origin: Origin,
    ) -> u64 {
        let mut queue = self.queue();
        let name = self.bell.place();
        let is_first = queue.add_timer(name, deadline, callback, origin);
        drop(queue);
        if is_first {
            self.bell.ring();
        }
        name
    }

    /// Watches a side of `descriptor`, in place of whoever does so now; returns the name of the watch.
    ///
    /// `fd` is the number by which the program knows the descriptor. With `is_own` it is its own number, and both sides
    /// share a registration.
    pub(crate) fn add_watch(
        &self,
        side: Side,
        descriptor: Descriptor,
        is_own: bool,
        callback: R::Each,
        origin: Origin,
    ) -> io::Result<u64> {
        let registered_fd = sys::number(&sys::borrow(&descriptor));
        let shared = || match is_own {
            true => self.registered(side, registered_fd),
            false => None,
        };
        let (registered, keeps_open) = match shared() {
            Some(registered) => (registered, Some(descriptor)),
            None => match Async::new_nonblocking(descriptor.clone()) {
                Ok(registered) => (Arc::new(registered), None),
                // Another thread may have been quicker with the other side.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    (shared().ok_or(error)?, Some(descriptor))
                }
                Err(error) => return Err(error),
            },
        };
        let mut queue = self.queue();
        let name = self.bell.place();
        let rouse = Rouse {
            bell: self.bell.clone(),
            watch: name,
        };
        let replaced = queue.add_watch(
            name,
            Watch {
                side,
                registered,
                registered_fd,
                _keeps_open: keeps_open,
                waker: Waker::from(Arc::new(rouse)),
                callback: Some((callback, origin)),
                place: None,
            },
        );
        drop(queue);
        replaced.into_iter().for_each(Gone::drop_here);
        self.bell.rouse(name);
        Ok(name)
    }

    /// The registration of the descriptor with this number, if one of its sides is watched.
    fn registered(&self, side: Side, fd: RawFd) -> Option<Registered> {
        let queue = self.queue();
        [side, side.other()]
            .into_iter()
            .filter_map(|side| queue.watch_of(side))
            .find(|watch| watch.registered_fd == fd)
            .map(|watch| watch.registered.clone())
    }

    pub(crate) fn cancel_call(&self, name: u64) -> bool {
        let gone = self.queue().cancel_call(name);
        dropped(gone)
    }

    pub(crate) fn cancel_watch(&self, name: u64) -> bool {
        let gone = self.queue().cancel_watch(name);
        dropped(gone)
    }

    pub(crate) fn cancel_side(&self, side: Side) -> bool {
        let gone = self.queue().cancel_side(side);
        dropped(gone)
    }

    /// Drops everything that has not run.
    pub(crate) fn clear(&self) {
        let gone = self.queue().clear();
        let sent = self.bell.take_all();
        drop(sent);
        gone.into_iter().for_each(Gone::drop_here);
    }

    /// Begins a turn: looks at descriptors, then at the clock, and returns the last place of the turn.
    pub(crate) fn begin_turn(&self, location: &'static Location<'static>) -> u64 {
        let mut roused = self.bell.take_roused();
        roused.append(&mut self.queue().take_active());
        for watch in roused {
            let look: Option<Look> = self.queue().watch(watch).map(Watch::look);
            match look.map(|look| look.poll(location)) {
                None | Some(std::task::Poll::Pending) => {}
                Some(std::task::Poll::Ready(Ok(()))) => {
                    let mut queue = self.queue();
                    let place = self.bell.place();
                    queue.queue_watch(watch, place);
                }
                Some(std::task::Poll::Ready(Err(error))) => self.end_watch(watch, &error),
            }
        }
        if self.queue().deadline().is_some() {
            let now = trill_world::now();
            for _ in 0..TURN_TIMERS_MAX {
                if !self.queue().move_due(now, || self.bell.place()) {
                    break;
                }
            }
        }
        self.bell.last_place()
    }

    /// Takes the next callback of the turn that ends with `last`.
    pub(crate) fn step(&self, last: u64) -> Step<R> {
        let mut queue = self.queue();
        let (local, sent) = (queue.first(), self.bell.first());
        let Some(place) = [local, sent].into_iter().flatten().min() else {
            return Step::End;
        };
        if place > last {
            return Step::End;
        }
        if local == Some(place) {
            return queue.take(place).map_or(Step::Nothing, Step::Local);
        }
        match self.bell.take(place) {
            Some((callback, origin)) => Step::Sent(callback, origin),
            None => Step::Nothing,
        }
    }

    /// Runs a callback. No lock is held.
    pub(crate) fn run(&self, due: Due<R>) {
        match due {
            Due::Once(callback, mut origin) => {
                origin.run(callback);
                origin.discard(());
            }
            Due::Each(watch, mut callback, mut origin) => {
                origin.run(&mut callback);
                let back = self.queue().put_back(watch, callback, origin);
                if let Err((callback, origin)) = back {
                    origin.discard(callback);
                }
            }
        }
    }

    /// Ends a watch that cannot be served any more, and says so.
    #[cold]
    fn end_watch(&self, watch: u64, error: &io::Error) {
        let gone = self.queue().cancel_watch(watch);
        let Some(Gone::Watch(mut watch)) = gone else {
            return;
        };
        if let Some((callback, origin)) = watch.callback.take() {
            let side = if watch.side.is_write {
                "writable"
            } else {
                "readable"
            };
            let fd = watch.side.fd;
            origin.report(&format_args!(
                "descriptor {fd} is no longer watched for {side}: {error}"
            ));
            origin.discard(callback);
        }
    }
}

impl<R: Reach> Drop for Core<R> {
    fn drop(&mut self) {
        self.bell.close();
    }
}

/// Drops what was taken out, here; says whether there was something.
fn dropped<R: Reach>(gone: Option<Gone<R>>) -> bool {
    gone.map(Gone::drop_here).is_some()
}

/// How many callbacks a turn takes from their deadlines, about a millisecond of work; the others follow in the next turn.
const TURN_TIMERS_MAX: usize = 4096;
