//! Models of the ring, the LIFO slot and the inbox: each item comes out exactly once.
#![cfg(loom)]

mod model;

use std::ptr::NonNull;

use loom::sync::Arc;
use loom::thread;
use trill_executor::model::{Inject, Item, Lifo, RING_LEN, Ring, Share};

use model::{at_once, check};

/// An item that is only a number.
fn item(number: usize) -> Item {
    NonNull::new(std::ptr::without_provenance_mut(number * 8 + 8)).unwrap()
}

fn number(item: Item) -> usize {
    item.as_ptr().addr() / 8 - 1
}

/// Steals once; returns the numbers that came along.
fn steal(victim: &Ring, share: Share) -> Vec<usize> {
    let own = Ring::new();
    let first = victim.steal_into(&own, share);
    let mut got: Vec<_> = first.into_iter().map(number).collect();
    got.extend(std::iter::from_fn(|| own.pop()).map(number));
    got
}

/// Asserts that the parts together are all numbers below `count`, each once.
fn assert_all(parts: &[Vec<usize>], count: usize) {
    let mut all = parts.concat();
    all.sort_unstable();
    assert_eq!(all, (0..count).collect::<Vec<_>>());
}

#[test]
fn owner_pops_while_a_thief_steals_half() {
    check(PREEMPTIONS, || {
        let ring = Arc::new(Ring::new());
        for n in 0..3 {
            ring.push(item(n)).unwrap();
        }
        let (victim, owned) = (ring.clone(), ring.clone());
        let (mut stolen, mut mine) = at_once(
            move || steal(&victim, Share::TakeLast),
            move || {
                let mut mine: Vec<_> = owned.pop().into_iter().map(number).collect();
                owned.push(item(3)).unwrap();
                mine.extend(std::iter::from_fn(|| owned.pop()).map(number));
                mine
            },
        );
        mine.extend(std::iter::from_fn(|| ring.pop()).map(number));
        assert!(stolen.is_sorted() && mine.is_sorted());
        stolen.append(&mut mine);
        assert_all(&[stolen], 4);
    });
}

#[test]
fn two_thieves_share_what_the_owner_pushes() {
    check(PREEMPTIONS, || {
        let ring = Arc::new(Ring::new());
        let thieves: Vec<_> = (0..2)
            .map(|_| {
                let victim = ring.clone();
                thread::spawn(move || steal(&victim, Share::TakeLast))
            })
            .collect();
        let owner = {
            let ring = ring.clone();
            thread::spawn(move || {
                for n in 0..3 {
                    ring.push(item(n)).unwrap();
                }
            })
        };
        owner.join().unwrap();
        let mut parts: Vec<_> = thieves.into_iter().map(|t| t.join().unwrap()).collect();
        parts.push(std::iter::from_fn(|| ring.pop()).map(number).collect());
        assert_all(&parts, 3);
    });
}

#[test]
fn slots_are_reused_only_after_they_were_read() {
    check(PREEMPTIONS, || {
        let ring = Arc::new(Ring::new());
        for n in 0..RING_LEN {
            ring.push(item(n)).unwrap();
        }
        let (victim, owned) = (ring.clone(), ring.clone());
        let (stolen, mut mine) = at_once(
            move || steal(&victim, Share::LeaveOne),
            move || {
                let mut mine = Vec::new();
                for n in RING_LEN..RING_LEN + 2 {
                    let mut left = item(n);
                    while let Err(back) = owned.push(left) {
                        left = back;
                        mine.extend(owned.pop().map(number));
                    }
                }
                mine
            },
        );
        mine.extend(std::iter::from_fn(|| ring.pop()).map(number));
        assert_all(&[mine, stolen], RING_LEN + 2);
    });
}

/// Puts two items in and takes them out again; returns the numbers.
fn put_and_take(lifo: &Lifo) -> Vec<usize> {
    let mut mine = Vec::new();
    for n in 0..2 {
        mine.extend(lifo.put(item(n)).map(number));
        mine.extend(lifo.take().map(number));
    }
    mine
}

#[test]
fn lifo_slot_gives_an_item_to_one_taker_while_its_owner_becomes_fast() {
    check(PREEMPTIONS, || {
        let lifo = Arc::new(Lifo::new());
        let (thief, owned) = (lifo.clone(), lifo.clone());
        let (stolen, mut mine) = at_once(
            move || thief.steal().map(number),
            move || put_and_take(&owned),
        );
        mine.extend(lifo.take().map(number));
        assert_all(&[mine, stolen.into_iter().collect()], 2);
    });
}

#[test]
fn lifo_slot_gives_an_item_to_one_taker_when_its_owner_is_fast() {
    check(PREEMPTIONS, || {
        let lifo = Arc::new(Lifo::new());
        // The first take is slow.
        assert!(lifo.put(item(9)).is_none());
        assert!(lifo.take().is_some());
        let (thief, owned) = (lifo.clone(), lifo.clone());
        let (stolen, mut mine) = at_once(
            move || thief.steal().map(number),
            move || put_and_take(&owned),
        );
        mine.extend(lifo.take().map(number));
        assert_all(&[mine, stolen.into_iter().collect()], 2);
    });
}

#[test]
fn lifo_slot_gives_an_item_to_one_of_two_thieves_or_to_its_owner() {
    check(2, || {
        let lifo = Arc::new(Lifo::new());
        assert!(lifo.put(item(9)).is_none());
        assert!(lifo.take().is_some());
        let thieves = [lifo.clone(), lifo.clone()];
        let thieves = thieves.map(|lifo| thread::spawn(move || lifo.steal().map(number)));
        let owner = {
            let lifo = lifo.clone();
            thread::spawn(move || {
                let before = lifo.put(item(0)).map(number);
                before.into_iter().chain(lifo.take().map(number)).collect()
            })
        };
        let stolen = thieves
            .into_iter()
            .filter_map(|thief| thief.join().unwrap());
        let mut mine: Vec<usize> = owner.join().unwrap();
        mine.extend(lifo.take().map(number));
        mine.extend(stolen);
        assert_all(&[mine], 1);
    });
}

#[test]
fn inbox_keeps_the_order_of_each_sender() {
    check(PREEMPTIONS, || {
        let inbox = Arc::new(Inject::new());
        let (sender, taker) = (inbox.clone(), inbox.clone());
        let ((), mut got) = at_once(
            move || {
                sender.push(item(0));
                sender.push(item(1));
            },
            move || {
                taker.push(item(2));
                let mut got = Vec::new();
                let first = taker.take(Share::All, usize::MAX, &mut |more| got.push(number(more)));
                got.splice(0..0, first.map(number));
                got
            },
        );
        got.extend(std::iter::from_fn(|| inbox.pop()).map(number));
        let place = |n| got.iter().position(|got| *got == n);
        assert!(place(0) < place(1));
        assert_all(&[got], 3);
    });
}

#[test]
fn owner_spills_while_a_thief_steals_half() {
    check(PREEMPTIONS, || {
        let ring = Arc::new(Ring::new());
        for n in 0..RING_LEN {
            ring.push(item(n)).unwrap();
        }
        let (victim, owned) = (ring.clone(), ring.clone());
        let (stolen, (mut mine, pushed)) = at_once(
            move || steal(&victim, Share::TakeLast),
            move || {
                let mine: Vec<_> = owned.spill().map(number).collect();
                assert!(mine.is_empty() || mine.len() == RING_LEN / 2);
                // The owner's next push may reuse a slot that was spilled or stolen.
                (mine, owned.push(item(RING_LEN)).is_ok())
            },
        );
        mine.extend(std::iter::from_fn(|| ring.pop()).map(number));
        assert_all(&[stolen, mine], RING_LEN + usize::from(pushed));
    });
}

/// Enough for each order of two steps against two.
const PREEMPTIONS: usize = 3;
