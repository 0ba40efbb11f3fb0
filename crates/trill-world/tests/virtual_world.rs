//! The virtual world's promises: an exact clock, repeatable chance, and no silent deadlock.
#![allow(clippy::disallowed_methods)] // Threads from outside the world are part of what is tested.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use trill_world::{Spot, VirtualWorld, World, now, pick, random, start_thread, system_time, ticks};

#[allow(clippy::unwrap_used)] // Only called where the thread is in a simulated world.
fn park(spot: u64, until: Option<Instant>) {
    World::current()
        .simulation()
        .unwrap()
        .park(Spot(spot), until);
}

#[test]
fn clock_stands_while_a_thread_runs() {
    VirtualWorld::new(1).run(|| assert_eq!(now(), now()));
}

#[test]
fn clock_jumps_to_the_deadline_of_the_only_thread() {
    let world = VirtualWorld::new(1);
    world.run(|| {
        let deadline = now() + Duration::from_nanos(12_345_678_901);
        park(1, Some(deadline));
        assert_eq!(now(), deadline);
    });
    assert_eq!(world.elapsed(), Duration::from_nanos(12_345_678_901));
}

#[test]
fn clock_jumps_to_the_earliest_of_several_deadlines() {
    let world = VirtualWorld::new(1);
    let (send, recv) = mpsc::channel();
    world.run(|| {
        let start = now();
        for (spot, secs) in [(1, 30), (2, 10), (3, 20)] {
            let send = send.clone();
            start_thread("sleeper", move || {
                park(spot, Some(start + Duration::from_secs(secs)));
                send.send((secs, now() - start)).unwrap();
            })
            .unwrap();
        }
    });
    drop(send);
    let woken: Vec<_> = recv.iter().collect();
    assert_eq!(
        woken.iter().map(|(secs, _)| *secs).collect::<Vec<_>>(),
        [10, 20, 30]
    );
    assert!(
        woken
            .iter()
            .all(|(secs, at)| *at == Duration::from_secs(*secs))
    );
}

#[test]
fn unpark_before_park_is_kept() {
    VirtualWorld::new(1).run(|| {
        World::current().simulation().unwrap().unpark(Spot(9));
        let before = now();
        park(9, None);
        assert_eq!(now(), before);
    });
}

#[test]
fn unpark_from_outside_ends_a_park_without_deadline() {
    let world = VirtualWorld::with_outside_wakes(1);
    let inside = world.world();
    let waker = std::thread::spawn(move || inside.simulation().unwrap().unpark(Spot(4)));
    world.run(|| park(4, None));
    waker.join().unwrap();
}

#[test]
#[should_panic(expected = "nothing can wake them")]
fn waiting_for_nobody_panics() {
    VirtualWorld::new(1).run(|| park(1, None));
}

#[test]
fn last_thread_that_leaves_makes_those_that_wait_for_it_panic() {
    let world = VirtualWorld::new(1);
    let inside = world.clone();
    let (entered, has_entered) = mpsc::channel();
    let (leave, may_leave) = mpsc::channel::<()>();
    let other = std::thread::spawn(move || {
        inside.run(|| {
            entered.send(()).unwrap();
            may_leave.recv().unwrap();
        });
    });
    has_entered.recv().unwrap();
    let caught = std::panic::catch_unwind(|| {
        world.run(|| {
            leave.send(()).unwrap();
            park(1, None);
        });
    });
    assert!(caught.is_err());
    other.join().unwrap();
}

#[test]
fn same_seed_gives_the_same_draws() {
    let draw = |seed| {
        VirtualWorld::new(seed).run(|| {
            let mut drawn: Vec<u64> = (0..8).map(|_| random("test.a")).collect();
            drawn.extend((0..8).map(|_| pick(1000) as u64));
            drawn
        })
    };
    assert_eq!(draw(5), draw(5));
    assert_ne!(draw(5), draw(6));
}

#[test]
fn streams_do_not_disturb_each_other() {
    let plain: Vec<u64> = VirtualWorld::new(5).run(|| (0..4).map(|_| random("test.a")).collect());
    let mixed: Vec<u64> = VirtualWorld::new(5).run(|| {
        (0..4)
            .map(|_| {
                random("test.b");
                random("test.a")
            })
            .collect()
    });
    assert_eq!(plain, mixed);
}

#[test]
fn pick_of_nothing_and_of_one_is_zero() {
    VirtualWorld::new(5).run(|| assert_eq!((pick(0), pick(1)), (0, 0)));
    assert_eq!((pick(0), pick(1), pick(9)), (0, 0, 0));
}

#[test]
fn started_thread_is_in_the_world_of_its_parent() {
    let (send, recv) = mpsc::channel();
    VirtualWorld::new(1).run(|| {
        start_thread("child", move || {
            send.send(World::current().is_os()).unwrap()
        })
        .unwrap();
    });
    assert_eq!(recv.recv(), Ok(false));
}

#[test]
fn leaving_a_world_restores_the_outer_one() {
    let outer = VirtualWorld::new(1);
    let inner = VirtualWorld::new(2);
    outer.advance(Duration::from_secs(1));
    outer.run(|| {
        let before = now();
        inner.run(|| inner.advance(Duration::from_secs(9)));
        assert_eq!(now(), before);
    });
    assert!(World::current().is_os());
}

#[test]
fn panic_inside_a_world_leaves_it() {
    let caught = std::panic::catch_unwind(|| VirtualWorld::new(1).run(|| panic!("expected")));
    assert!(caught.is_err());
    assert!(World::current().is_os());
}

#[test]
fn wall_clock_follows_the_virtual_clock() {
    let world = VirtualWorld::new(1);
    world.run(|| {
        let before = system_time();
        world.advance(Duration::from_secs(5));
        assert_eq!(
            system_time().duration_since(before).unwrap(),
            Duration::from_secs(5)
        );
    });
}

#[test]
fn ticks_grow() {
    let first = ticks();
    assert!((0..1000).all(|_| ticks() >= first));
    let world = VirtualWorld::new(1);
    world.run(|| {
        let before = ticks();
        world.advance(Duration::from_nanos(17));
        assert_eq!(ticks() - before, 17);
    });
}

#[test]
fn name_with_a_null_byte_still_starts_a_thread() {
    let (send, recv) = mpsc::channel();
    start_thread("a\0b", move || send.send(()).unwrap()).unwrap();
    assert_eq!(recv.recv(), Ok(()));
}
