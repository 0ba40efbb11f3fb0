//! Which members of a combined future were woken.
//!
//! Each member has a waker of its own, so that a poll of the whole looks at those that were woken and at no others.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// The woken members of one combined future, in the order of their wakes.
pub(crate) struct ReadySet {
    shared: Arc<Shared>,
}

impl ReadySet {
    /// Starts without members.
    pub(crate) fn new() -> ReadySet {
        ReadySet {
            shared: Arc::new(Shared(Mutex::new(State {
                parent: None,
                woken: VecDeque::new(),
                places: Vec::new(),
            }))),
        }
    }

    /// Starts with members 0 to `len`, all of them woken, and returns their wakers.
    pub(crate) fn with_members(len: usize) -> (ReadySet, Vec<Waker>) {
        let mut set = ReadySet::new();
        {
            let mut state = set.shared.lock();
            state.woken.reserve(len);
            state.places.reserve(len);
        }
        let wakers = (0..len).map(|index| set.enter(index)).collect();
        (set, wakers)
    }

    /// Makes `index` a member that was woken, and returns its waker.
    ///
    /// Indices are used from 0 on, and again after [`leave`](Self::leave).
    pub(crate) fn enter(&mut self, index: usize) -> Waker {
        let mut state = self.shared.lock();
        if index == state.places.len() {
            state.places.push(Place::default());
        }
        state.forget_those_who_left();
        let place = &mut state.places[index];
        place.woken = true;
        let generation = place.generation;
        state.woken.push_back((index, generation));
        drop(state);
        Waker::from(Arc::new(Member {
            shared: self.shared.clone(),
            index,
            generation,
        }))
    }

    /// Makes wakers of this member do nothing from now on.
    pub(crate) fn leave(&mut self, index: usize) {
        let mut state = self.shared.lock();
        let place = &mut state.places[index];
        // Wakers of the member that left do not match any more. It would take 2^64 members in one place to meet again.
        place.generation = place.generation.wrapping_add(1);
        place.woken = false;
    }

    /// Begins a pass over the woken members; returns how many they are.
    ///
    /// `parent` is called once when a member is woken from now on. A pass takes no more members than there were at its
    /// begin, else one that always wakes itself would keep the thread for ever.
    pub(crate) fn begin(&mut self, parent: &Waker) -> usize {
        let mut state = self.shared.lock();
        let known = state.parent.as_ref();
        let before = match known.is_some_and(|known| known.will_wake(parent)) {
            true => None,
            false => state.parent.replace(parent.clone()),
        };
        let woken = state.woken.len();
        drop(state);
        drop(before);
        woken
    }

    /// Takes the member that was woken first, if any was.
    pub(crate) fn pop(&mut self) -> Option<usize> {
        let mut state = self.shared.lock();
        while let Some((index, generation)) = state.woken.pop_front() {
            let place = &mut state.places[index];
            if place.generation == generation {
                place.woken = false;
                return Some(index);
            }
        }
        None
    }
}

impl Drop for ReadySet {
    fn drop(&mut self) {
        // Members' wakers may live on; they find nobody to wake.
        let parent = self.shared.lock().parent.take();
        drop(parent);
    }
}

impl fmt::Debug for ReadySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.lock();
        f.debug_struct("ReadySet")
            .field("woken", &state.woken.len())
            .field("places", &state.places.len())
            .finish()
    }
}

/// What the members' wakers share with the set.
struct Shared(Mutex<State>);

struct State {
    /// Who polls the whole; gone once woken.
    parent: Option<Waker>,
    /// The woken members, each at most once, and some that have left: index and generation.
    woken: VecDeque<(usize, u64)>,
    places: Vec<Place>,
}

impl State {
    /// Bounds the queue where members come and go without a pass in between.
    fn forget_those_who_left(&mut self) {
        if self.woken.len() > 2 * self.places.len() {
            let places = &self.places;
            self.woken
                .retain(|&(index, generation)| places[index].generation == generation);
        }
    }
}

#[derive(Default)]
struct Place {
    /// Which of the members that were here one after the other.
    generation: u64,
    /// Whether it is in the queue.
    woken: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics while the lock is held but an allocation.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The waker of one member.
struct Member {
    shared: Arc<Shared>,
    index: usize,
    generation: u64,
}

impl Wake for Member {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut state = self.shared.lock();
        let place = &mut state.places[self.index];
        if place.generation != self.generation || place.woken {
            return;
        }
        place.woken = true;
        state.woken.push_back((self.index, self.generation));
        let parent = state.parent.take();
        drop(state);
        if let Some(parent) = parent {
            parent.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn counter() -> (Arc<Count>, Waker) {
        let count = Arc::new(Count(AtomicUsize::new(0)));
        (count.clone(), Waker::from(count))
    }

    #[test]
    fn members_come_in_the_order_of_their_wakes_and_once() {
        let (count, parent) = counter();
        let (mut set, wakers) = ReadySet::with_members(3);
        assert_eq!(set.begin(&parent), 3);
        assert_eq!(
            [set.pop(), set.pop(), set.pop()],
            [Some(0), Some(1), Some(2)]
        );
        for index in [2, 0, 2, 0] {
            wakers[index].wake_by_ref();
        }
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        assert_eq!(set.begin(&parent), 2);
        assert_eq!([set.pop(), set.pop(), set.pop()], [Some(2), Some(0), None]);
    }

    #[test]
    fn waker_of_a_member_that_left_does_nothing() {
        let (count, parent) = counter();
        let (mut set, wakers) = ReadySet::with_members(1);
        set.leave(0);
        assert_eq!(set.pop(), None);
        wakers[0].wake_by_ref();
        let again = set.enter(0);
        assert_eq!((set.begin(&parent), set.pop()), (1, Some(0)));
        wakers[0].wake_by_ref();
        assert_eq!(
            (set.begin(&parent), count.0.load(Ordering::Relaxed)),
            (0, 0)
        );
        again.wake();
        assert_eq!(
            (set.begin(&parent), count.0.load(Ordering::Relaxed)),
            (1, 1)
        );
    }

    #[test]
    fn queue_is_bounded_where_members_come_and_go() {
        let mut set = ReadySet::new();
        for _ in 0..1000 {
            let _ = set.enter(0);
            set.leave(0);
        }
        let _ = set.enter(0);
        assert!(set.shared.lock().woken.len() <= 3);
        assert_eq!((set.pop(), set.pop()), (Some(0), None));
    }

    #[test]
    fn waker_that_outlives_the_set_wakes_nobody() {
        let (count, parent) = counter();
        let (mut set, mut wakers) = ReadySet::with_members(1);
        set.begin(&parent);
        set.pop();
        drop(set);
        drop(parent);
        wakers.remove(0).wake();
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
        assert_eq!(Arc::strong_count(&count), 1);
    }
}
