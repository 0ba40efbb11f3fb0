//! Permits are conserved, and go to those who came first.
#![cfg(not(loom))]

mod lock_support;
mod schedule;

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;

use lock_support::Hand;
use schedule::{Request, Schedule, jitter, once_in, or_give_up, search};
use trill_sync::Semaphore;
use trill_world::pick;

// Behaviour 6: a big request at the head blocks smaller later ones.
#[test]
fn a_big_request_at_the_head_holds_up_smaller_ones() {
    let semaphore = Semaphore::new(2);
    let mut big = Hand::waiting(semaphore.acquire_many(3));
    let mut small = Hand::waiting(semaphore.acquire());
    assert!(semaphore.try_acquire().is_none());
    semaphore.add_permits(1);
    assert_eq!((big.wakes(), small.wakes()), (1, 0));
    drop(big.ready());
    drop(small.ready());
    assert_eq!(semaphore.available_permits(), 3);
}

// Behaviour 6: one release of k wakes as many as fit.
#[test]
fn one_release_wakes_as_many_as_fit() {
    let semaphore = Semaphore::new(0);
    let mut waiters: Vec<_> = [2, 1, 2, 1]
        .map(|permits| Hand::waiting(semaphore.acquire_many(permits)))
        .into();
    semaphore.add_permits(4);
    let wakes: Vec<_> = waiters.iter().map(Hand::wakes).collect();
    assert_eq!(wakes, [1, 1, 0, 0]);
    // One permit is left over and is not for those behind the third.
    assert_eq!(semaphore.available_permits(), 1);
    assert!(waiters[3].poll().is_pending());
}

// Behaviour 6: in flight to woken waiters counts, whether they take it or are cancelled.
#[test]
fn permits_on_their_way_to_one_that_is_cancelled_come_back() {
    for by_request in [false, true] {
        let semaphore = Semaphore::new(2);
        let request = Request::default();
        let held = semaphore.try_acquire_many(2);
        let mut woken = Hand::waiting(request.run(semaphore.acquire_many(2)));
        let mut next = [
            Hand::waiting(semaphore.acquire()),
            Hand::waiting(semaphore.acquire()),
        ];
        drop(held);
        assert_eq!((woken.wakes(), semaphore.available_permits()), (1, 0));
        if by_request {
            request.make();
            assert!(woken.ready().is_err());
        } else {
            woken.cancel();
        }
        for hand in &mut next {
            assert_eq!(hand.wakes(), 1);
            drop(hand.ready());
        }
        assert_eq!(semaphore.available_permits(), 2);
    }
}

/// What is known of a semaphore from outside.
struct Books {
    semaphore: Semaphore,
    /// Permits put in so far, less those taken out for good.
    total: Cell<usize>,
    held: Cell<usize>,
    /// Requests that wait, in order of arrival, with what they ask for.
    line: RefCell<Vec<(usize, u32)>>,
    next: Cell<usize>,
}

impl Books {
    fn new(permits: usize) -> Books {
        Books {
            semaphore: Semaphore::new(permits),
            total: Cell::new(permits),
            held: Cell::new(0),
            line: RefCell::new(Vec::new()),
            next: Cell::new(0),
        }
    }

    /// Acquires, and keeps the line.
    async fn acquire(&self, permits: u32) -> Held<'_> {
        let number = self.next.replace(self.next.get() + 1);
        let _in_line = InLine(self, number);
        let mut acquire = pin!(self.semaphore.acquire_many(permits));
        let guard = poll_fn(|cx| {
            let polled = acquire.as_mut().poll(cx);
            let mut line = self.line.borrow_mut();
            if polled.is_pending() && !line.iter().any(|(waits, _)| *waits == number) {
                line.push((number, permits));
            }
            polled
        })
        .await;
        Held::new(self, guard)
    }

    /// Available, held and in flight add up, and whoever fits has been woken.
    fn check(&self) {
        let line = self.line.borrow();
        // Those who were woken are the first in line.
        let woken = line.len() - self.semaphore.waiters();
        let in_flight: u32 = line[..woken].iter().map(|(_, permits)| permits).sum();
        let available = self.semaphore.available_permits();
        assert_eq!(
            available + self.held.get() + in_flight as usize,
            self.total.get()
        );
        if let Some((_, permits)) = line.get(woken) {
            assert!(
                *permits as usize > available,
                "the first in line fits and sleeps"
            );
        }
    }
}

/// Permits that are held.
struct Held<'a> {
    books: &'a Books,
    guard: Option<trill_sync::SemaphoreGuard<'a>>,
    permits: usize,
}

impl<'a> Held<'a> {
    fn new(books: &'a Books, guard: trill_sync::SemaphoreGuard<'a>) -> Held<'a> {
        let permits = guard.permits() as usize;
        books.held.set(books.held.get() + permits);
        Held {
            books,
            guard: Some(guard),
            permits,
        }
    }

    fn forget(mut self) {
        self.books.total.set(self.books.total.get() - self.permits);
        if let Some(guard) = self.guard.take() {
            guard.forget();
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.books.held.set(self.books.held.get() - self.permits);
    }
}

/// Takes a request out of line when dropped.
struct InLine<'a>(&'a Books, usize);

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        let mut line = self.0.line.borrow_mut();
        line.retain(|(number, _)| *number != self.1);
    }
}

/// Acquires of any size, gives up, adds and forgets permits, in an order the world chooses.
fn trade() {
    let books = Books::new(pick(4));
    let request = Request::default();
    let mut schedule = Schedule::new();
    for _ in 0..4 {
        schedule.spawn_fragile(async {
            for _ in 0..3 {
                jitter().await;
                let permits = pick(4) as u32;
                let held = match or_give_up(request.run(books.acquire(permits))).await {
                    Ok(Ok(held)) => held,
                    Ok(Err(_)) => break,
                    Err(_) => continue,
                };
                jitter().await;
                if once_in(5) {
                    held.forget();
                }
            }
        });
    }
    schedule.spawn(async {
        for _ in 0..4 {
            jitter().await;
            let permits = pick(4);
            if once_in(3) {
                let gone = books.semaphore.forget_permits(permits);
                books.total.set(books.total.get() - gone);
            } else {
                books.total.set(books.total.get() + permits);
                books.semaphore.add_permits(permits);
            }
        }
        request.make();
    });
    schedule.finish(|| books.check());
    drop(schedule);
    assert_eq!(books.semaphore.available_permits(), books.total.get());
    assert_eq!(books.semaphore.waiters(), 0);
}

// Behaviour 6: permits held + available + in flight to woken waiters is constant under any mix of acquire(n),
// release(n) and cancel; waiters complete in order. Over 10,000 schedules.
#[test]
fn permits_are_conserved_in_every_schedule() {
    search(10_000, trade);
}
