//! Models of the ring, the LIFO slot and the inbox: each item comes out exactly once.
#![cfg(loom)]

use std::ptr::NonNull;

use loom::sync::Arc;
use loom::thread;
use trill_executor::model::{Inject, Item, Lifo, RING_LEN, Ring, Share};

fn model(body: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(body);
}

/// An item that is only a number.
fn item(number: usize) -> Item {
    NonNull::new(std::ptr::without_provenance_mut(number * 8 + 8)).unwrap()
}

fn number(item: Item) -> usize {
    item.as_ptr().addr() / 8 - 1
}

/// Asserts that the parts together are all numbers below `count`, each once.
fn assert_all(parts: &[Vec<usize>], count: usize) {
    let mut all = parts.concat();
    all.sort_unstable();
    assert_eq!(all, (0..count).collect::<Vec<_>>());
}

#[test]
fn owner_pops_while_a_thief_steals_half() {
    model(|| {
        let ring = Arc::new(Ring::new());
        for n in 0..3 {
            ring.push(item(n)).unwrap();
        }
        let victim = ring.clone();
        let thief = thread::spawn(move || {
            let own = Ring::new();
            let first = victim.steal_into(&own, Share::TakeLast);
            let mut got: Vec<_> = first.into_iter().map(number).collect();
            got.extend(std::iter::from_fn(|| own.pop()).map(number));
            got
        });
        let mut mine: Vec<_> = ring.pop().into_iter().map(number).collect();
        ring.push(item(3)).unwrap();
        mine.extend(std::iter::from_fn(|| ring.pop()).map(number));
        let mut stolen = thief.join().unwrap();
        mine.extend(std::iter::from_fn(|| ring.pop()).map(number));
        assert!(stolen.is_sorted() && mine.is_sorted());
        stolen.append(&mut mine);
        assert_all(&[stolen], 4);
    });
}

#[test]
fn two_thieves_share_what_the_owner_pushes() {
    model(|| {
        let ring = Arc::new(Ring::new());
        let thieves: Vec<_> = (0..2)
            .map(|_| {
                let victim = ring.clone();
                thread::spawn(move || {
                    let own = Ring::new();
                    let first = victim.steal_into(&own, Share::TakeLast);
                    let mut got: Vec<_> = first.into_iter().map(number).collect();
                    got.extend(std::iter::from_fn(|| own.pop()).map(number));
                    got
                })
            })
            .collect();
        for n in 0..3 {
            ring.push(item(n)).unwrap();
        }
        let mut parts: Vec<_> = thieves.into_iter().map(|t| t.join().unwrap()).collect();
        parts.push(std::iter::from_fn(|| ring.pop()).map(number).collect());
        assert_all(&parts, 3);
    });
}

#[test]
fn slots_are_reused_only_after_they_were_read() {
    model(|| {
        let ring = Arc::new(Ring::new());
        for n in 0..RING_LEN {
            ring.push(item(n)).unwrap();
        }
        let victim = ring.clone();
        let thief = thread::spawn(move || {
            let own = Ring::new();
            let first = victim.steal_into(&own, Share::LeaveOne);
            let mut got: Vec<_> = first.into_iter().map(number).collect();
            got.extend(std::iter::from_fn(|| own.pop()).map(number));
            got
        });
        let mut mine = Vec::new();
        for n in RING_LEN..RING_LEN + 2 {
            let mut left = item(n);
            while let Err(back) = ring.push(left) {
                left = back;
                mine.extend(ring.pop().map(number));
            }
        }
        let stolen = thief.join().unwrap();
        mine.extend(std::iter::from_fn(|| ring.pop()).map(number));
        assert_all(&[mine, stolen], RING_LEN + 2);
    });
}

#[test]
fn lifo_slot_gives_an_item_to_one_taker() {
    model(|| {
        let lifo = Arc::new(Lifo::new());
        let taker = lifo.clone();
        let thief = thread::spawn(move || taker.take().map(number));
        let mut mine: Vec<usize> = Vec::new();
        mine.extend(lifo.put(item(0)).map(number));
        mine.extend(lifo.put(item(1)).map(number));
        mine.extend(lifo.take().map(number));
        let stolen: Vec<usize> = thief.join().unwrap().into_iter().collect();
        mine.extend(lifo.take().map(number));
        assert_all(&[mine, stolen], 2);
    });
}

#[test]
fn inbox_keeps_the_order_of_each_sender() {
    model(|| {
        let inbox = Arc::new(Inject::new());
        let sender = inbox.clone();
        let other = thread::spawn(move || {
            sender.push(item(0));
            sender.push(item(1));
        });
        inbox.push(item(2));
        let mut got = Vec::new();
        let first = inbox.take(Share::All, usize::MAX, &mut |more| got.push(number(more)));
        got.splice(0..0, first.map(number));
        other.join().unwrap();
        got.extend(std::iter::from_fn(|| inbox.pop()).map(number));
        let place = |n| got.iter().position(|got| *got == n);
        assert!(place(0) < place(1));
        assert_all(&[got], 3);
    });
}

#[test]
fn owner_spills_while_a_thief_steals_half() {
    model(|| {
        let ring = Arc::new(Ring::new());
        for n in 0..RING_LEN {
            ring.push(item(n)).unwrap();
        }
        let victim = ring.clone();
        let thief = thread::spawn(move || {
            let own = Ring::new();
            let first = victim.steal_into(&own, Share::TakeLast);
            let mut got: Vec<_> = first.into_iter().map(number).collect();
            got.extend(std::iter::from_fn(|| own.pop()).map(number));
            got
        });
        let mut mine: Vec<_> = ring.spill().map(number).collect();
        assert!(mine.is_empty() || mine.len() == RING_LEN / 2);
        // The owner's next push may reuse a slot that was spilled or stolen.
        let pushed = ring.push(item(RING_LEN)).is_ok();
        let stolen = thief.join().unwrap();
        mine.extend(std::iter::from_fn(|| ring.pop()).map(number));
        assert_all(&[stolen, mine], RING_LEN + usize::from(pushed));
    });
}
