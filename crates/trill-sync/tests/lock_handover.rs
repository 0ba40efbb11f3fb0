//! Strict locks under cancelling: who gets the lock next, and that nobody gets ahead.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![cfg(not(loom))]

mod lock_support;
mod schedule;

use std::cell::{Cell, RefCell};
use std::future::Future;

use lock_support::Hand;
use schedule::{Request, Schedule, jitter, once_in, or_give_up, search};
use trill_sync::{FairMutex, FairMutexGuard, Semaphore, SemaphoreGuard};

/// A lock that is strictly first come, first served.
trait Strict: Default {
    /// How many parts it has.
    const PARTS: u32 = 1;

    type Guard<'a>
    where
        Self: 'a;

    /// Takes some parts of the lock at once.
    fn lock_some(&self, parts: u32) -> impl Future<Output = Self::Guard<'_>>;

    /// Takes all of the lock.
    fn lock(&self) -> impl Future<Output = Self::Guard<'_>> {
        self.lock_some(Self::PARTS)
    }

    /// Takes one part.
    fn try_lock(&self) -> Option<Self::Guard<'_>>;
}

impl Strict for FairMutex<()> {
    type Guard<'a> = FairMutexGuard<'a, ()>;

    fn lock_some(&self, parts: u32) -> impl Future<Output = Self::Guard<'_>> {
        assert_eq!(parts, 1);
        FairMutex::lock(self)
    }

    fn try_lock(&self) -> Option<Self::Guard<'_>> {
        FairMutex::try_lock(self)
    }
}

/// A semaphore of which most take all permits and some take one. While one waits for all there may be a permit left over,
/// which is what a newcomer could take ahead of it.
struct Permits<const N: u32>(Semaphore);

type OnePermit = Permits<1>;
type TwoPermits = Permits<2>;

impl<const N: u32> Default for Permits<N> {
    fn default() -> Permits<N> {
        Permits(Semaphore::new(N as usize))
    }
}

impl<const N: u32> Strict for Permits<N> {
    const PARTS: u32 = N;

    type Guard<'a> = SemaphoreGuard<'a>;

    fn lock_some(&self, parts: u32) -> impl Future<Output = Self::Guard<'_>> {
        self.0.acquire_many(parts)
    }

    fn try_lock(&self) -> Option<Self::Guard<'_>> {
        self.0.try_acquire()
    }
}

/// How a waiting future is given up.
#[derive(Clone, Copy, Debug)]
enum How {
    Drop,
    Request,
}

/// What happens to the holder A and the waiters B, C and D.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Unlock,
    Cancel(usize),
}

/// All orders of the steps.
fn orders(steps: &[Step]) -> Vec<Vec<Step>> {
    if steps.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (index, first) in steps.iter().enumerate() {
        let mut rest = steps.to_vec();
        rest.remove(index);
        for mut order in orders(&rest) {
            order.insert(0, *first);
            all.push(order);
        }
    }
    all
}

/// A holds, three wait, and `steps` happen before any of them is polled: the first who is left has the lock at once.
fn hand_over<L: Strict>(how: How, steps: &[Step]) {
    let lock = L::default();
    let requests: [Request; 3] = Default::default();
    let mut holder = Some(lock.try_lock().unwrap());
    let mut waiters: Vec<_> = requests
        .iter()
        .map(|request| Hand::waiting(request.run(lock.lock())))
        .collect();
    for step in steps {
        match (step, how) {
            (Step::Unlock, _) => holder = None,
            (Step::Cancel(index), How::Drop) => waiters[*index].cancel(),
            (Step::Cancel(index), How::Request) => {
                requests[*index].make();
                assert!(waiters[*index].ready().is_err());
                waiters[*index].cancel();
            }
        }
    }
    assert!(holder.is_none());
    let stays = |index: &usize| !steps.contains(&Step::Cancel(*index));
    let Some(first) = (0..3).find(stays) else {
        assert!(lock.try_lock().is_some(), "{how:?} {steps:?}");
        return;
    };
    // It was woken already, and nobody else can have the lock.
    assert_eq!(waiters[first].wakes(), 1, "{how:?} {steps:?}");
    assert!(lock.try_lock().is_none());
    for later in (first + 1..3).filter(stays) {
        assert_eq!(waiters[later].wakes(), 0);
        assert!(waiters[later].poll().is_pending());
    }
    let guard = waiters[first].ready().unwrap();
    assert!(lock.try_lock().is_none());
    drop(guard);
}

// Behaviour 4: A holds, B and C wait; A unlocks (B is chosen) and B is cancelled before being polled: C gets the lock,
// for every order of unlock and cancel.
// Fault 40d
#[test]
fn the_next_waiter_gets_the_lock_when_the_chosen_one_is_cancelled() {
    use Step::{Cancel, Unlock};
    let cancelled: [&[Step]; 5] = [
        &[Unlock, Cancel(0)],
        &[Unlock, Cancel(1)],
        &[Unlock, Cancel(0), Cancel(1)],
        &[Unlock, Cancel(0), Cancel(2)],
        &[Unlock, Cancel(0), Cancel(1), Cancel(2)],
    ];
    for steps in cancelled.into_iter().flat_map(orders) {
        for how in [How::Drop, How::Request] {
            hand_over::<FairMutex<()>>(how, &steps);
            hand_over::<OnePermit>(how, &steps);
            hand_over::<TwoPermits>(how, &steps);
        }
    }
}

/// A newcomer, at each moment from before the unlock until the waiter runs; before it one that waited first is given up.
fn newcomers_queue<L: Strict>(how: How) {
    let lock = L::default();
    let request = Request::default();
    let holder = lock.try_lock().unwrap();
    let mut leaves = Hand::waiting(request.run(lock.lock()));
    let mut waiter = Hand::waiting(lock.lock());
    let mut early = Hand::waiting(lock.lock_some(1));
    assert!(lock.try_lock().is_none());
    if let How::Request = how {
        request.make();
        assert!(leaves.ready().is_err());
    }
    leaves.cancel();
    // The one at the head has left, and there is another one.
    assert!(lock.try_lock().is_none());
    let mut second = Hand::waiting(lock.lock_some(1));
    drop(holder);
    // The window after the unlock and before the waiter runs.
    assert!(lock.try_lock().is_none());
    let mut late = Hand::waiting(lock.lock());
    assert!(early.poll().is_pending());
    let guard = waiter.ready();
    assert!(lock.try_lock().is_none());
    drop(guard);
    assert!(late.poll().is_pending());
    assert!(lock.try_lock().is_none());
    drop(early.ready());
    drop(second.ready());
    drop(late.ready());
    assert!(lock.try_lock().is_some());
}

// Behaviour 5: while a waiter exists a newcomer's lock is queued behind it and try_lock fails, even in the window after
// the unlock and before the waiter runs.
#[test]
fn a_newcomer_queues_behind_waiters_and_try_lock_is_honest() {
    for how in [How::Drop, How::Request] {
        newcomers_queue::<FairMutex<()>>(how);
        newcomers_queue::<OnePermit>(how);
        newcomers_queue::<TwoPermits>(how);
    }
}

/// A queue of which nobody is left.
fn cancelled_queue<L: Strict>(how: How, unlock_first: bool) {
    let lock = L::default();
    let request = Request::default();
    let mut holder = Some(lock.try_lock().unwrap());
    let mut waiters: Vec<_> = (0..3)
        .map(|_| Hand::waiting(request.run(lock.lock())))
        .collect();
    if unlock_first {
        holder = None;
    }
    match how {
        How::Drop => waiters.clear(),
        How::Request => {
            request.make();
            for waiter in &mut waiters {
                assert!(waiter.ready().is_err());
            }
        }
    }
    drop(holder);
    assert!(lock.try_lock().is_some(), "{how:?} {unlock_first}");
}

// Behaviour 5: a cancelled queue is skipped.
#[test]
fn a_queue_of_which_all_were_cancelled_holds_up_nobody() {
    for how in [How::Drop, How::Request] {
        for unlock_first in [false, true] {
            cancelled_queue::<FairMutex<()>>(how, unlock_first);
            cancelled_queue::<OnePermit>(how, unlock_first);
            cancelled_queue::<TwoPermits>(how, unlock_first);
        }
    }
}

/// Tasks that lock, try, give up and are dropped, in an order the world chooses.
fn contend<L: Strict>() {
    let lock = L::default();
    let request = Request::default();
    let books = Books {
        parts: L::PARTS,
        ..Books::default()
    };
    let next = Cell::new(0);
    let hold = async |guard: L::Guard<'_>, parts| {
        let _held = Held::new(&books, parts);
        jitter().await;
        drop(guard);
    };
    let mut schedule = Schedule::new();
    for task in 0..4 {
        let contend = async {
            for _ in 0..3 {
                jitter().await;
                if once_in(4) {
                    if let Some(guard) = lock.try_lock() {
                        books.check_turn(next.get(), 1);
                        hold(guard, 1).await;
                    }
                    continue;
                }
                let number = next.replace(next.get() + 1);
                let parts = if once_in(2) { 1 } else { L::PARTS };
                let in_line = InLine {
                    line: &books.line,
                    number,
                };
                let locked = async {
                    let mut waits = std::pin::pin!(lock.lock_some(parts));
                    std::future::poll_fn(|cx| {
                        let polled = waits.as_mut().poll(cx);
                        if polled.is_ready() {
                            books.check_turn(number, parts);
                        } else {
                            books.enter_line(number, parts);
                        }
                        polled
                    })
                    .await
                };
                let given_up = or_give_up(request.run(locked)).await;
                drop(in_line);
                match given_up {
                    Ok(Ok(guard)) => hold(guard, parts).await,
                    Ok(Err(_)) => break,
                    Err(_) => {}
                }
            }
        };
        if task == 0 {
            schedule.spawn(contend);
        } else {
            schedule.spawn_fragile(contend);
        }
    }
    schedule.spawn(async {
        for _ in 0..8 {
            jitter().await;
        }
        if once_in(2) {
            request.make();
        }
    });
    schedule.finish(|| assert!(books.held.get() <= L::PARTS));
    assert!(lock.try_lock().is_some(), "the lock is free in the end");
}

/// Who has the lock and who waits for it.
#[derive(Default)]
struct Books {
    /// What there is.
    parts: u32,
    /// What guards hold.
    held: Cell<u32>,
    /// Who was pending once, by number of arrival, and how much each asks for.
    line: RefCell<Vec<(usize, u32)>>,
}

impl Books {
    fn enter_line(&self, number: usize, parts: u32) {
        let mut line = self.line.borrow_mut();
        if line.iter().all(|(waits, _)| *waits != number) {
            line.push((number, parts));
        }
    }

    /// Who is let in now: there must be room for it and for all that came before it and still wait or were let in and did
    /// not run yet.
    fn check_turn(&self, number: usize, parts: u32) {
        let line = self.line.borrow();
        let earlier = line.iter().filter(|(waits, _)| *waits < number);
        let ahead: u32 = earlier.map(|(_, parts)| parts).sum();
        assert!(
            self.held.get() + ahead + parts <= self.parts,
            "nobody gets ahead of those in line"
        );
    }
}

/// Counts a guard.
struct Held<'a>(&'a Books, u32);

impl<'a> Held<'a> {
    fn new(books: &'a Books, parts: u32) -> Held<'a> {
        books.held.set(books.held.get() + parts);
        assert!(
            books.held.get() <= books.parts,
            "nothing is held by two at a time"
        );
        Held(books, parts)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.held.set(self.0.held.get() - self.1);
    }
}

/// Takes a number out of line when dropped.
struct InLine<'a> {
    line: &'a RefCell<Vec<(usize, u32)>>,
    number: usize,
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.line
            .borrow_mut()
            .retain(|(number, _)| *number != self.number);
    }
}

// Behaviours 4 and 5, over 10,000 schedules each: exactly one guard, no barging, no lock lost.
#[test]
fn a_strict_lock_is_never_lost_and_never_barged_in_any_schedule() {
    search(10_000, contend::<FairMutex<()>>);
    search(10_000, contend::<OnePermit>);
    search(10_000, contend::<TwoPermits>);
}
