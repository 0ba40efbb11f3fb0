//! Watched descriptors: one callback a direction, by level, and none after it was cancelled.
#![allow(clippy::disallowed_methods)] // Sockets of the operating system are what is tested.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::cell::{Cell, RefCell};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use support::{Log, run, turn};
use trill_callback::{Callbacks, Handle, LocalCallbacks, Reach};
use trill_cell::with_budget;
use trill_reactor::{Async, Reactor};

/// So long that only a lost event reaches it.
const NEVER: Duration = Duration::from_secs(20);

fn pair() -> (Arc<UnixStream>, UnixStream) {
    let (a, b) = UnixStream::pair().unwrap();
    (Arc::new(a), b)
}

fn read_byte(socket: &UnixStream) -> u8 {
    let mut byte = [0];
    (&*socket).read_exact(&mut byte).unwrap();
    byte[0]
}

/// Runs turns until `is_done`, parking in between.
fn run_until<R: Reach>(callbacks: &Callbacks<R>, is_done: impl Fn() -> bool) {
    let begin = trill_world::now();
    while !is_done() {
        assert!(trill_world::now() - begin < NEVER, "an event was lost");
        trill_park::block_on(async {
            let limit = trill_timer::timeout(Duration::from_millis(1), callbacks.run());
            let _ = limit.await;
        });
    }
}

#[test]
fn a_reader_runs_when_bytes_come_and_waits_in_between() {
    let (receiver, mut sender) = pair();
    let callbacks = Callbacks::new();
    let log = Log::new();
    let (socket, got, this) = (receiver.clone(), log.clone_log(), callbacks.clone());
    callbacks
        .add_reader(receiver.clone(), move || {
            let byte = read_byte(&socket);
            got.add(byte);
            if byte == 9 {
                this.stop();
            }
        })
        .unwrap();
    // Nothing has come: a turn runs nothing, and the flags of the descriptor are left alone.
    turn(&callbacks);
    assert_eq!(log.take(), []);
    for byte in 0..5 {
        let mut sender = sender.try_clone().unwrap();
        callbacks.call_later(Duration::from_millis(u64::from(byte)), move || {
            sender.write_all(&[byte]).unwrap();
        });
    }
    callbacks.call_later(Duration::from_millis(10), move || {
        sender.write_all(&[9]).unwrap();
    });
    run(&callbacks);
    assert_eq!(log.take(), [0, 1, 2, 3, 4, 9]);
    assert!(callbacks.remove_reader(&receiver));
    assert!(!callbacks.remove_reader(&receiver));
}

#[test]
fn a_reader_that_leaves_bytes_runs_again_in_the_next_turn() {
    let (receiver, mut sender) = pair();
    let callbacks = Callbacks::new();
    let log = Log::new();
    let (socket, got) = (receiver.clone(), log.clone_log());
    callbacks
        .add_reader(receiver, move || got.add(read_byte(&socket)))
        .unwrap();
    sender.write_all(b"abc").unwrap();
    // By level: one byte a turn, without a further event.
    for byte in *b"abc" {
        turn(&callbacks);
        assert_eq!(log.take(), [byte]);
    }
    turn(&callbacks);
    assert_eq!(log.take(), []);
    // The end is a level, too.
    drop(sender);
    callbacks.clear();
    let (socket, end) = pair();
    drop(end);
    let counted = Log::new();
    let count = counted.clone_log();
    callbacks.add_reader(socket, move || count.add(())).unwrap();
    turn(&callbacks);
    turn(&callbacks);
    assert_eq!(counted.take(), [(), ()]);
    callbacks.clear();
}

#[test]
fn one_callback_a_direction_and_a_second_replaces_and_frees_the_first() {
    let (socket, mut other) = pair();
    let callbacks = Callbacks::new();
    let log = Log::new();
    let data = Arc::new(());
    let (first_log, held) = (log.clone_log(), data.clone());
    let first = callbacks
        .add_reader(socket.clone(), move || {
            let _held = &held;
            first_log.add("first");
        })
        .unwrap();
    let second_log = log.clone_log();
    let second = callbacks
        .add_reader(socket.clone(), move || second_log.add("second"))
        .unwrap();
    assert_eq!(Arc::strong_count(&data), 1);
    assert!(!first.is_pending() && second.is_pending());
    // The handle of the first takes nothing from the second.
    assert!(!first.cancel());
    // The other direction is another callback.
    let writer_log = log.clone_log();
    callbacks
        .add_writer(socket.clone(), move || writer_log.add("writer"))
        .unwrap();
    assert_eq!(callbacks.statistics().watches, 2);
    other.write_all(b"x").unwrap();
    turn(&callbacks);
    assert_eq!(log.take(), ["second", "writer"]);
    assert!(callbacks.remove_writer(&socket));
    turn(&callbacks);
    assert_eq!(log.take(), ["second"]);
    assert!(second.cancel());
    assert!(!callbacks.remove_reader(&socket) && !callbacks.remove_writer(&socket));
    turn(&callbacks);
    assert!(log.take().is_empty());
    // Nothing keeps the socket, and nothing is registered any more.
    assert_eq!(Arc::strong_count(&socket), 1);
    Async::new(socket).unwrap();
}

#[test]
fn a_reader_that_is_cancelled_in_the_turn_in_which_it_is_ready_does_not_run() {
    let (socket, mut other) = pair();
    other.write_all(b"x").unwrap();
    for way in 0..4 {
        let callbacks = LocalCallbacks::local();
        let ran = Rc::new(Cell::new(0));
        let handle = Rc::new(RefCell::new(None::<Handle<_>>));
        let (this, victim, fd) = (callbacks.clone(), handle.clone(), socket.clone());
        // Queued before the readiness of the same turn.
        callbacks.call_soon(move || match way {
            0 => assert!(victim.borrow().as_ref().unwrap().cancel()),
            1 => assert!(this.remove_reader(&fd)),
            2 => drop(this.add_reader(fd.clone(), || {}).unwrap()),
            _ => this.clear(),
        });
        let count = ran.clone();
        let added = callbacks.add_reader(socket.clone(), move || count.set(count.get() + 1));
        *handle.borrow_mut() = Some(added.unwrap());
        turn(&callbacks);
        assert_eq!(ran.get(), 0, "way {way}");
        assert_eq!(Rc::strong_count(&ran), 1);
        callbacks.clear();
    }
}

#[test]
fn a_reader_can_cancel_and_replace_itself() {
    let (socket, mut other) = pair();
    other.write_all(b"x").unwrap();
    let callbacks = LocalCallbacks::local();
    let log = Rc::new(RefCell::new(Vec::new()));
    let (this, own, inner) = (callbacks.clone(), socket.clone(), log.clone());
    let handle = callbacks
        .add_reader(socket.clone(), move || {
            inner.borrow_mut().push(1);
            let again = inner.clone();
            this.add_reader(own.clone(), move || again.borrow_mut().push(2))
                .unwrap();
        })
        .unwrap();
    turn(&callbacks);
    turn(&callbacks);
    assert_eq!(*log.borrow(), [1, 2]);
    assert!(!handle.is_pending());
    // The first is gone, with what it had captured: the loop, a socket, a log.
    assert_eq!((Rc::strong_count(&log), Arc::strong_count(&socket)), (2, 3));
    let (this, own, inner) = (callbacks.clone(), socket.clone(), log.clone());
    callbacks
        .add_reader(socket.clone(), move || {
            inner.borrow_mut().push(3);
            assert!(this.remove_reader(&own));
        })
        .unwrap();
    turn(&callbacks);
    turn(&callbacks);
    assert_eq!(*log.borrow(), [1, 2, 3]);
    assert_eq!((Rc::strong_count(&log), Arc::strong_count(&socket)), (1, 1));
}

#[test]
fn a_writer_runs_while_there_is_room() {
    let (socket, mut other) = pair();
    socket.set_nonblocking(true).unwrap();
    let callbacks = Callbacks::new();
    let (log, writes) = (Log::new(), socket.clone());
    let count = log.clone_log();
    callbacks
        .add_writer(socket, move || {
            count.add(());
            let block = [0; 1 << 16];
            while (&*writes).write(&block).is_ok() {}
        })
        .unwrap();
    turn(&callbacks);
    assert_eq!(log.take().len(), 1);
    // Full: it waits.
    turn(&callbacks);
    assert_eq!(log.take().len(), 0);
    let mut rest = vec![0; 1 << 22];
    assert!(other.read(&mut rest).unwrap() > 0);
    let ran = Cell::new(false);
    run_until(&callbacks, || {
        ran.set(ran.get() || !log.take().is_empty());
        other.set_nonblocking(true).unwrap();
        while (&other).read(&mut [0; 1 << 16]).is_ok_and(|len| len > 0) {}
        ran.get()
    });
    callbacks.clear();
}

// Behaviour 1: with a callback that queues itself for ever, a readable socket is served within two turns.
#[test]
fn a_readable_socket_is_served_within_two_turns_of_a_busy_loop() {
    fn spin(callbacks: &LocalCallbacks, turns: &Rc<Cell<u64>>) {
        let (this, turns) = (callbacks.clone(), turns.clone());
        callbacks.call_soon(move || {
            turns.set(turns.get() + 1);
            spin(&this, &turns);
        });
    }
    let (socket, mut other) = pair();
    other.write_all(b"x").unwrap();
    let callbacks = LocalCallbacks::local();
    let turns = Rc::new(Cell::new(0));
    spin(&callbacks, &turns);
    let served = Rc::new(Cell::new(None));
    let (this, count, at, own) = (
        callbacks.clone(),
        turns.clone(),
        served.clone(),
        socket.clone(),
    );
    callbacks.call_soon(move || {
        let begun = count.get();
        let (this_again, own_again) = (this.clone(), own.clone());
        this.add_reader(own, move || {
            read_byte(&own_again);
            at.set(Some(count.get() - begun));
            this_again.stop();
        })
        .unwrap();
    });
    run(&callbacks);
    assert!(served.get().unwrap() <= 2);
    // Bytes that come later are an event, which a loop that never parks learns of, too.
    served.set(None);
    let begin = trill_world::now();
    other.write_all(b"y").unwrap();
    let this = callbacks.clone();
    fn guard(callbacks: LocalCallbacks, begin: std::time::Instant) {
        assert!(trill_world::now() - begin < NEVER, "the event was lost");
        let this = callbacks.clone();
        callbacks.call_later(Duration::from_millis(100), move || guard(this, begin));
    }
    guard(this, begin);
    run(&callbacks);
    assert!(served.get().is_some());
    callbacks.clear();
}

#[test]
fn many_descriptors_are_all_served_in_each_turn() {
    let callbacks = LocalCallbacks::local();
    let pairs: Vec<_> = (0..200).map(|_| pair()).collect();
    let log = Rc::new(RefCell::new(Vec::new()));
    for (index, (socket, other)) in pairs.iter().enumerate() {
        (&*other).write_all(b"x").unwrap();
        let log = log.clone();
        callbacks
            .add_reader(socket.clone(), move || log.borrow_mut().push(index))
            .unwrap();
    }
    // More than the budget of a task's poll, and still each once a turn.
    for _ in 0..3 {
        callbacks.stop();
        let mut run = callbacks.run();
        trill_park::block_on(std::future::poll_fn(|cx| {
            with_budget(|| Pin::new(&mut run).poll(cx))
        }));
        assert_eq!(log.take(), (0..200).collect::<Vec<_>>());
    }
    callbacks.clear();
}

#[test]
fn a_descriptor_of_something_asynchronous_is_refused_and_a_duplicate_is_not() {
    let (socket, mut other) = pair();
    let registered = Async::new(socket.clone()).unwrap();
    let callbacks = Callbacks::new();
    let data = Arc::new(());
    let held = data.clone();
    let refused = callbacks.add_reader(socket.clone(), move || drop(held.clone()));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(
        (Arc::strong_count(&data), callbacks.statistics().watches),
        (1, 0)
    );
    let log = Log::new();
    let ran = log.clone_log();
    callbacks
        .add_reader_borrowed(socket.as_fd(), move || ran.add(()))
        .unwrap();
    other.write_all(b"x").unwrap();
    turn(&callbacks);
    assert_eq!(log.take(), [()]);
    // It is known by the number of the original.
    assert!(callbacks.remove_reader(&socket.as_raw_fd()));
    // The one that was there first works as before.
    trill_reactor::block_on(registered.readable()).unwrap();
}

#[test]
fn files_and_closed_loops_are_refused_with_an_error_and_nothing_is_left() {
    let callbacks = Callbacks::new();
    let file = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
    assert!(callbacks.add_reader(file, || {}).is_err());
    assert_eq!(callbacks.statistics().watches, 0);
    let (socket, _other) = pair();
    support::in_world(|_| {
        let refused = callbacks.add_writer(socket, || {});
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unsupported);
    });
}

// Behaviour 22, for callbacks: a reused number never receives the old registration's event.
// Fault 7a
#[test]
fn a_reused_descriptor_number_inherits_no_callback() {
    let callbacks = Callbacks::new();
    let log = Log::new();
    let (socket, _other) = UnixStream::pair().unwrap();
    let number = socket.as_raw_fd();
    let old = log.clone_log();
    callbacks
        .add_reader_borrowed(socket.as_fd(), move || old.add("old"))
        .unwrap();
    drop(socket);
    // The lowest free number is taken. Another test may have been quicker, and gives it back when it ends.
    let begin = trill_world::now();
    let (socket, mut other) = loop {
        let pairs: Vec<_> = (0..16).map(|_| UnixStream::pair().unwrap()).collect();
        let found = pairs.into_iter().find(|(a, _)| a.as_raw_fd() == number);
        if let Some(found) = found {
            break found;
        }
        assert!(
            trill_world::now() - begin < NEVER,
            "the number was never free"
        );
    };
    other.write_all(b"x").unwrap();
    turn(&callbacks);
    assert!(log.take().is_empty());
    // Watching the new one under the same number replaces the old one, in its own right.
    let new = log.clone_log();
    callbacks
        .add_reader(socket, move || new.add("new"))
        .unwrap();
    assert_eq!(callbacks.statistics().watches, 1);
    turn(&callbacks);
    assert_eq!(log.take(), ["new"]);
}

#[test]
fn both_directions_share_one_registration_of_what_keeps_the_descriptor_open() {
    let reactor = Reactor::builder().build().unwrap();
    let _entered = reactor.enter();
    let (socket, _other) = pair();
    let callbacks = Callbacks::new();
    let reader = callbacks.add_reader(socket.clone(), || {}).unwrap();
    assert_eq!(reactor.sources(), 1);
    let writer = callbacks.add_writer(socket.clone(), || {}).unwrap();
    assert_eq!(reactor.sources(), 1);
    // The one that registered it goes first; the other still works.
    assert!(reader.cancel());
    assert_eq!(reactor.sources(), 1);
    let log = Log::new();
    let ran = log.clone_log();
    callbacks
        .add_writer(socket.clone(), move || ran.add(()))
        .unwrap();
    assert!(!writer.is_pending());
    turn(&callbacks);
    assert_eq!(log.take(), [()]);
    callbacks.clear();
    assert_eq!(reactor.sources(), 0);
    assert_eq!(Arc::strong_count(&socket), 1);
}

#[test]
fn a_drop_of_the_loop_ends_its_registrations() {
    let reactor = Reactor::builder().build().unwrap();
    let _entered = reactor.enter();
    let (socket, _other) = pair();
    let callbacks = Callbacks::new();
    let handle = callbacks.add_reader(socket.clone(), || {}).unwrap();
    turn(&callbacks);
    drop(callbacks);
    assert_eq!(reactor.sources(), 0);
    assert!(!handle.is_pending() && !handle.cancel());
}

#[test]
fn a_panic_in_a_reader_leaves_it_watching() {
    let (socket, mut other) = pair();
    let callbacks = LocalCallbacks::local();
    let (own, count) = (socket.clone(), Rc::new(Cell::new(0)));
    let counted = count.clone();
    callbacks
        .add_reader(socket, move || {
            read_byte(&own);
            counted.set(counted.get() + 1);
            assert!(counted.get() != 1, "expected");
        })
        .unwrap();
    other.write_all(b"xy").unwrap();
    turn(&callbacks);
    turn(&callbacks);
    assert_eq!(count.get(), 2);
    callbacks.clear();
}

#[test]
fn a_spawned_loop_serves_sockets_on_an_executor() {
    let (socket, other) = pair();
    let callbacks = Callbacks::new();
    let ex = trill_executor::Executor::new();
    let task = ex.spawn(callbacks.run());
    let log = Log::new();
    let (own, got, stop) = (socket.clone(), log.clone_log(), callbacks.clone());
    trill_park::block_on(ex.run(async {
        // From outside the loop, while it waits.
        trill_executor::yield_now().await;
        callbacks
            .add_reader(socket, move || {
                got.add(read_byte(&own));
                stop.stop();
            })
            .unwrap();
        trill_executor::yield_now().await;
        trill_world::start_thread("writes", move || (&other).write_all(b"x").unwrap()).unwrap();
        task.await;
    }));
    assert_eq!(log.take(), [b'x']);
}
