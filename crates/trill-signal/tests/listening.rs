//! What listeners hear.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::future::{Future, poll_fn};
use std::io::ErrorKind;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use futures_lite::StreamExt;
use trill_reactor::block_on;
use trill_signal::{CtrlC, Interrupt, Next, Signal, Signals, ctrl_c, signal};

use support::{Kind, alone, raise};

/// Whether a listener has nothing to tell.
fn is_silent(signals: &mut Signals) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    // Twice: the first poll may empty the socket of a signal that was taken before.
    (0..2).all(|_| signals.poll_signal(&mut cx).is_pending())
}

#[test]
fn types_can_go_where_they_are_needed() {
    fn everywhere<T: Send + Sync + Unpin + std::fmt::Debug>() {}
    everywhere::<Signals>();
    everywhere::<Next<'static>>();
    everywhere::<CtrlC>();
    everywhere::<Interrupt>();
}

#[test]
fn a_signal_before_the_first_poll_is_heard() {
    alone("a_signal_before_the_first_poll_is_heard", || {
        let mut signals = signal(Signal::Usr1).unwrap();
        raise(Kind::USR1);
        assert_eq!(block_on(signals.next()), Signal::Usr1);
        assert!(is_silent(&mut signals));
    });
}

#[test]
fn a_waiting_listener_is_woken() {
    alone("a_waiting_listener_is_woken", || {
        let mut signals = signal(Signal::Usr1).unwrap();
        for _ in 0..100 {
            let mut next = pin!(signals.next());
            let mut polls = 0;
            let heard = block_on(poll_fn(|cx| {
                let polled = next.as_mut().poll(cx);
                polls += 1;
                if polls == 1 {
                    assert!(polled.is_pending());
                    raise(Kind::USR1);
                }
                polled
            }));
            assert_eq!(heard, Signal::Usr1);
            assert!(polls > 1);
        }
    });
}

// Fault 30c
#[test]
fn every_listener_hears_every_signal() {
    alone("every_listener_hears_every_signal", || {
        let mut first = Signals::new([Signal::Usr1, Signal::Usr2]).unwrap();
        let mut second = signal(Signal::Usr1).unwrap();
        let mut others: Vec<Signals> = (0..50).map(|_| signal(Signal::Usr2).unwrap()).collect();
        raise(Kind::USR1);
        raise(Kind::USR2);
        block_on(async {
            let both = [first.next().await, first.next().await];
            assert!(both.contains(&Signal::Usr1) && both.contains(&Signal::Usr2));
            assert_eq!(second.next().await, Signal::Usr1);
            for other in &mut others {
                assert_eq!(other.next().await, Signal::Usr2);
            }
        });
        assert!(is_silent(&mut first) && is_silent(&mut second));
    });
}

// Fault 30a
#[test]
fn signals_of_one_kind_are_joined_but_never_lost() {
    alone("signals_of_one_kind_are_joined_but_never_lost", || {
        let mut signals = signal(Signal::Usr1).unwrap();
        for _ in 0..1000 {
            raise(Kind::USR1);
        }
        assert_eq!(block_on(signals.next()), Signal::Usr1);
        assert!(is_silent(&mut signals));
        raise(Kind::USR1);
        assert_eq!(block_on(StreamExt::next(&mut signals)), Some(Signal::Usr1));
    });
}

#[test]
fn a_dropped_next_loses_nothing() {
    alone("a_dropped_next_loses_nothing", || {
        let mut signals = signal(Signal::Usr1).unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        // Dropped before its first poll, while it waits, and after the signal has come.
        drop(signals.next());
        assert!(pin!(signals.next()).poll(&mut cx).is_pending());
        let mut next = Box::pin(signals.next());
        assert!(next.as_mut().poll(&mut cx).is_pending());
        raise(Kind::USR1);
        drop(next);
        assert_eq!(block_on(signals.next()), Signal::Usr1);
    });
}

#[test]
fn real_time_signals_have_numbers_only() {
    alone("real_time_signals_have_numbers_only", || {
        let number = libc_sigrtmin();
        let kind = Signal::from_number(number);
        assert_eq!(kind, Signal::Other(number));
        let mut signals = signal(kind).unwrap();
        // SAFETY: a handler is installed, and nobody else in this process uses that number.
        #[allow(unsafe_code)]
        raise(unsafe { Kind::from_raw_unchecked(number) });
        assert_eq!(block_on(signals.next()), kind);
    });
}

/// The first real-time number that the C library leaves to programs.
fn libc_sigrtmin() -> i32 {
    libc::SIGRTMIN()
}

// Fault 30c
#[test]
fn a_new_listener_does_not_hear_what_an_old_one_did_not_take() {
    alone(
        "a_new_listener_does_not_hear_what_an_old_one_did_not_take",
        || {
            let keeper = signal(Signal::Usr1).unwrap();
            let old = signal(Signal::Usr1).unwrap();
            raise(Kind::USR1);
            drop(old);
            let mut new = signal(Signal::Usr1).unwrap();
            assert!(is_silent(&mut new));
            raise(Kind::USR1);
            assert_eq!(block_on(new.next()), Signal::Usr1);
            drop(keeper);
        },
    );
}

#[test]
fn listeners_come_and_go_without_new_descriptors() {
    alone("listeners_come_and_go_without_new_descriptors", || {
        let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        drop(signal(Signal::Usr1).unwrap());
        let before = open();
        for _ in 0..1000 {
            drop(Signals::new([Signal::Usr1, Signal::Usr2]).unwrap());
        }
        assert_eq!(open(), before);
    });
}

#[test]
fn ctrl_c_is_heard_from_the_call_on() {
    alone("ctrl_c_is_heard_from_the_call_on", || {
        let pressed = ctrl_c();
        raise(Kind::INT);
        block_on(pressed).unwrap();
    });
}

#[test]
fn signals_that_cannot_be_heard_are_refused_with_a_reason() {
    let refused = [
        Signal::Kill,
        Signal::Stop,
        Signal::Segv,
        Signal::Bus,
        Signal::Fpe,
        Signal::Ill,
        Signal::Other(0),
        Signal::Other(-1),
        Signal::Other(65),
        Signal::Other(i32::MAX),
    ];
    for kind in refused {
        let error = Signals::new([Signal::Usr1, kind]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{kind}");
        assert!(error.to_string().len() > 20, "{error}");
    }
    let error = Signals::new([Signal::Kill]).unwrap_err();
    assert!(error.to_string().starts_with("SIGKILL cannot be caught"));
    let error = Signals::new([]).unwrap_err();
    assert!(error.to_string().contains("at least one"));
    // The C library keeps these to itself and says so.
    assert!(signal(Signal::Other(32)).is_err());
}

#[test]
fn numbers_and_names_agree() {
    for number in 1..=31 {
        let kind = Signal::from_number(number);
        assert_eq!(kind.number(), Some(number));
        if !matches!(kind, Signal::Other(_)) {
            assert!(kind.to_string().starts_with("SIG"), "{kind}");
        }
    }
    assert_eq!(Signal::Other(40).to_string(), "signal 40");
    // Written by number, an ordinary signal is the same one.
    assert_eq!(
        Signal::from_number(Signal::Term.number().unwrap()),
        Signal::Term
    );
}

#[test]
fn a_simulated_world_refuses_listeners() {
    let world = trill_world::VirtualWorld::new(1);
    world.run(|| {
        let error = signal(Signal::Usr1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    });
}

// Fault 30a
#[test]
fn a_storm_leaves_others_their_turn() {
    alone("a_storm_leaves_others_their_turn", || {
        let mut signals = signal(Signal::Usr1).unwrap();
        let mut heard = 0;
        // Each poll finds a signal, and yet the task gives way within its budget.
        let mut cx = Context::from_waker(Waker::noop());
        let gave_way = trill_cell::with_budget(|| {
            (0..100_000).any(|_| {
                raise(Kind::USR1);
                match signals.poll_signal(&mut cx) {
                    Poll::Ready(_) => heard += 1,
                    Poll::Pending => return true,
                }
                false
            })
        });
        assert!(gave_way);
        assert!(heard > 0 && heard <= u64::from(trill_cell::BUDGET_POLLS));
    });
}
