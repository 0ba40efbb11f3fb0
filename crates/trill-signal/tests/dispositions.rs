//! What happens to signals when nobody listens, or somebody else does.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![allow(unsafe_code)] // Handlers of a program that knows nothing of this crate.

mod support;

use std::future::Future;
use std::mem::MaybeUninit;
use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicUsize, Ordering};

use trill_reactor::block_on;
use trill_signal::{Disposition, Interrupt, Signal, Signals, ctrl_c, disposition, signal};

use support::{Kind, Talking, alone, command, is_alone, raise};

static CALLS: AtomicUsize = AtomicUsize::new(0);
static CALLS_OVER: AtomicUsize = AtomicUsize::new(0);
static BELOW: AtomicUsize = AtomicUsize::new(0);

/// A handler with one argument.
extern "C" fn count(_: libc::c_int) {
    CALLS.fetch_add(1, Ordering::Relaxed);
}

/// A handler with three arguments, which checks them.
extern "C" fn count_with_info(
    number: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    // SAFETY: the system or the handler above passes what the system passed to it.
    let told = unsafe { (*info).si_signo };
    if told == number && !context.is_null() {
        CALLS.fetch_add(1, Ordering::Relaxed);
    }
}

/// A handler that passes on to the one it found.
extern "C" fn pass_on(number: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    CALLS_OVER.fetch_add(1, Ordering::Relaxed);
    let below = BELOW.load(Ordering::Relaxed);
    if below != libc::SIG_DFL && below != libc::SIG_IGN {
        type Handler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
        // SAFETY: it was found in a handler's place.
        let below: Handler = unsafe { std::mem::transmute(below) };
        below(number, info, context);
    }
}

/// Sets a signal's action; returns the address that was there.
fn set(number: i32, address: usize, flags: i32) -> usize {
    // SAFETY: all zeroes are an action.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = address;
    action.sa_flags = flags;
    let mut before = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: both structures are valid, and the handlers above are async-signal-safe.
    let result = unsafe { libc::sigaction(number, &raw const action, before.as_mut_ptr()) };
    assert_eq!(result, 0);
    // SAFETY: the call succeeded.
    unsafe { before.assume_init() }.sa_sigaction
}

/// The address that is set for a signal.
fn address(number: i32) -> usize {
    let mut now = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: the structure is writable.
    let result = unsafe { libc::sigaction(number, std::ptr::null(), now.as_mut_ptr()) };
    assert_eq!(result, 0);
    // SAFETY: the call succeeded.
    unsafe { now.assume_init() }.sa_sigaction
}

fn calls() -> usize {
    CALLS.load(Ordering::Relaxed)
}

#[test]
fn disposition_is_told() {
    alone("disposition_is_told", || {
        assert_eq!(disposition(Signal::Usr1).unwrap(), Disposition::Default);
        set(libc::SIGUSR1, libc::SIG_IGN, 0);
        assert_eq!(disposition(Signal::Usr1).unwrap(), Disposition::Ignored);
        set(libc::SIGUSR1, count as extern "C" fn(_) as usize, 0);
        assert_eq!(disposition(Signal::Usr1).unwrap(), Disposition::Handled);
        // A listener of this crate does not count.
        let _listener = signal(Signal::Usr1).unwrap();
        assert_eq!(disposition(Signal::Usr1).unwrap(), Disposition::Handled);
        let _listener = signal(Signal::Usr2).unwrap();
        assert_eq!(disposition(Signal::Usr2).unwrap(), Disposition::Default);
        assert!(disposition(Signal::Other(0)).is_err());
    });
}

// Fault 30d
#[test]
fn the_last_listener_puts_back_what_was_there() {
    alone("the_last_listener_puts_back_what_was_there", || {
        let handler = count as extern "C" fn(_) as usize;
        for before in [libc::SIG_DFL, libc::SIG_IGN, handler] {
            set(libc::SIGUSR1, before, 0);
            let first = signal(Signal::Usr1).unwrap();
            let second = Signals::new([Signal::Usr1, Signal::Usr2]).unwrap();
            assert_ne!(address(libc::SIGUSR1), before);
            drop(first);
            assert_ne!(address(libc::SIGUSR1), before);
            drop(second);
            assert_eq!(address(libc::SIGUSR1), before);
            assert_eq!(address(libc::SIGUSR2), libc::SIG_DFL);
        }
    });
}

#[test]
fn a_refused_list_changes_nothing() {
    alone("a_refused_list_changes_nothing", || {
        assert!(Signals::new([Signal::Usr1, Signal::Kill]).is_err());
        // 32 is refused only when the C library is asked.
        assert!(Signals::new([Signal::Usr1, Signal::Other(32)]).is_err());
        assert_eq!(address(libc::SIGUSR1), libc::SIG_DFL);
    });
}

#[test]
fn without_a_listener_ctrl_c_ends_the_process_again() {
    const NAME: &str = "without_a_listener_ctrl_c_ends_the_process_again";
    if is_alone(NAME) {
        let pressed = ctrl_c();
        println!("listening");
        block_on(pressed).unwrap();
        println!("heard");
        loop {
            block_on(std::future::pending::<()>());
        }
    }
    let mut child = Talking::start(command(NAME));
    child.says("listening");
    child.send(Kind::INT);
    child.says("heard");
    child.send(Kind::INT);
    assert_eq!(child.ended_by(), Some(libc::SIGINT));
}

// Fault 30d
#[test]
fn a_previous_handler_is_called_too() {
    alone("a_previous_handler_is_called_too", || {
        let one = count as extern "C" fn(_) as usize;
        let three = count_with_info as extern "C" fn(_, _, _) as usize;
        for (handler, flags) in [(one, 0), (three, libc::SA_SIGINFO)] {
            set(libc::SIGUSR1, handler, flags);
            let before = calls();
            let mut signals = signal(Signal::Usr1).unwrap();
            raise(Kind::USR1);
            assert_eq!(block_on(signals.next()), Signal::Usr1);
            assert_eq!(calls(), before + 1);
            drop(signals);
            raise(Kind::USR1);
            assert_eq!(calls(), before + 2);
        }
    });
}

// Fault 30d
#[test]
fn a_handler_put_over_ours_stays_and_is_not_called_in_a_circle() {
    alone(
        "a_handler_put_over_ours_stays_and_is_not_called_in_a_circle",
        || {
            let over = pass_on as extern "C" fn(_, _, _) as usize;
            let listener = signal(Signal::Usr1).unwrap();
            let ours = set(libc::SIGUSR1, over, libc::SA_SIGINFO);
            BELOW.store(ours, Ordering::Relaxed);
            drop(listener);
            // Not ours to remove.
            assert_eq!(address(libc::SIGUSR1), over);
            let mut listener = signal(Signal::Usr1).unwrap();
            raise(Kind::USR1);
            assert_eq!(block_on(listener.next()), Signal::Usr1);
            assert_eq!(CALLS_OVER.load(Ordering::Relaxed), 1);
            assert_eq!(address(libc::SIGUSR1), over);
            drop(listener);
            // They leave, and put back ours, below which the default was.
            set(libc::SIGUSR1, ours, libc::SA_SIGINFO);
            let mut listener = signal(Signal::Usr1).unwrap();
            raise(Kind::USR1);
            assert_eq!(block_on(listener.next()), Signal::Usr1);
            drop(listener);
            assert_eq!(address(libc::SIGUSR1), libc::SIG_DFL);
        },
    );
}

#[test]
fn a_handler_of_ours_that_others_put_back_does_what_was_there_before() {
    const NAME: &str = "a_handler_of_ours_that_others_put_back_does_what_was_there_before";
    if is_alone(NAME) {
        let listener = signal(Signal::Term).unwrap();
        let over = pass_on as extern "C" fn(_, _, _) as usize;
        let ours = set(libc::SIGTERM, over, libc::SA_SIGINFO);
        drop(listener);
        set(libc::SIGTERM, ours, libc::SA_SIGINFO);
        println!("nobody listens");
        loop {
            block_on(std::future::pending::<()>());
        }
    }
    let mut child = Talking::start(command(NAME));
    child.says("nobody listens");
    child.send(Kind::TERM);
    assert_eq!(child.ended_by(), Some(libc::SIGTERM));
}

#[test]
fn an_interrupt_hears_one_and_leaves_the_second_to_the_system() {
    const NAME: &str = "an_interrupt_hears_one_and_leaves_the_second_to_the_system";
    if is_alone(NAME) {
        let mut interrupt = Interrupt::new([Signal::Int, Signal::Term]).unwrap();
        println!("listening");
        assert_eq!(block_on(&mut interrupt), Signal::Int);
        // It stays ready, and goes on listening.
        assert_eq!(block_on(&mut interrupt), Signal::Int);
        println!("heard");
        // Stuck: no task and no reactor is there to hear the second one.
        #[allow(clippy::disallowed_methods)] // What a program that does not wait for anything does.
        loop {
            std::thread::sleep(std::time::Duration::from_secs(3600));
        }
    }
    for second in [Kind::INT, Kind::TERM] {
        let mut child = Talking::start(command(NAME));
        child.says("listening");
        child.send(Kind::INT);
        child.says("heard");
        child.send(second);
        assert_eq!(child.ended_by(), Some(second.as_raw()));
    }
}

#[test]
fn a_signal_that_an_interrupt_did_not_return_is_not_lost() {
    const NAME: &str = "a_signal_that_an_interrupt_did_not_return_is_not_lost";
    if is_alone(NAME) {
        let interrupt = Interrupt::new([Signal::Int]).unwrap();
        raise(Kind::INT);
        println!("still there");
        drop(interrupt);
        unreachable!("the signal has its default effect");
    }
    let mut child = Talking::start(command(NAME));
    child.says("still there");
    assert_eq!(child.ended_by(), Some(libc::SIGINT));
}

#[test]
fn a_signal_that_another_interrupt_heard_is_not_sent_again() {
    alone(
        "a_signal_that_another_interrupt_heard_is_not_sent_again",
        || {
            let first = Interrupt::new([Signal::Int]).unwrap();
            let second = Interrupt::new([Signal::Int]).unwrap();
            raise(Kind::INT);
            drop(first);
            assert_eq!(block_on(second), Signal::Int);
        },
    );
}

#[test]
fn an_interrupt_stands_back_for_a_listener() {
    alone("an_interrupt_stands_back_for_a_listener", || {
        let mut interrupt = Interrupt::new([Signal::Int]).unwrap();
        let mut listener = signal(Signal::Int).unwrap();
        for _ in 0..3 {
            raise(Kind::INT);
            assert_eq!(block_on(listener.next()), Signal::Int);
        }
        let mut polls = 0;
        block_on(std::future::poll_fn(|cx| {
            polls += 1;
            assert!(std::pin::Pin::new(&mut interrupt).poll(cx).is_pending());
            match polls {
                3 => std::task::Poll::Ready(()),
                _ => {
                    cx.waker().wake_by_ref();
                    std::task::Poll::Pending
                }
            }
        }));
        drop(listener);
        raise(Kind::INT);
        assert_eq!(block_on(&mut interrupt), Signal::Int);
    });
}

#[test]
fn an_interrupt_leaves_ignored_and_handled_signals_alone() {
    alone(
        "an_interrupt_leaves_ignored_and_handled_signals_alone",
        || {
            let handler = count as extern "C" fn(_) as usize;
            set(libc::SIGINT, libc::SIG_IGN, 0);
            set(libc::SIGTERM, handler, 0);
            let interrupt = Interrupt::new([Signal::Int, Signal::Term, Signal::Usr1]).unwrap();
            assert_eq!(interrupt.signals(), [Signal::Usr1]);
            assert_eq!(address(libc::SIGINT), libc::SIG_IGN);
            assert_eq!(address(libc::SIGTERM), handler);
            // What a listener of this crate took over counts as what it was.
            let _listener = signal(Signal::Hup).unwrap();
            let interrupt = Interrupt::new([Signal::Hup]).unwrap();
            assert_eq!(interrupt.signals(), [Signal::Hup]);
            let none = Interrupt::new([Signal::Int]).unwrap();
            assert!(none.signals().is_empty());
        },
    );
}

#[test]
fn a_new_interrupt_hears_a_first_signal_again() {
    alone("a_new_interrupt_hears_a_first_signal_again", || {
        for _ in 0..3 {
            let interrupt = Interrupt::new([Signal::Int]).unwrap();
            raise(Kind::INT);
            assert_eq!(block_on(interrupt), Signal::Int);
        }
        assert_eq!(address(libc::SIGINT), libc::SIG_DFL);
    });
}

#[test]
fn a_process_can_end_as_if_by_the_signal() {
    const NAME: &str = "a_process_can_end_as_if_by_the_signal";
    if is_alone(NAME) {
        let _listener = signal(Signal::Int).unwrap();
        set(libc::SIGTERM, libc::SIG_IGN, 0);
        let which = std::env::var("TRILL_SIGNAL_TEST_WHICH").unwrap();
        print!("said before");
        trill_signal::end_process(Signal::from_number(which.parse().unwrap()));
    }
    let end_by = |number: i32| {
        let mut command = command(NAME);
        command.env("TRILL_SIGNAL_TEST_WHICH", number.to_string());
        let output = command.output().unwrap();
        assert!(String::from_utf8_lossy(&output.stdout).ends_with("said before"));
        output.status
    };
    assert_eq!(end_by(libc::SIGINT).signal(), Some(libc::SIGINT));
    assert_eq!(end_by(libc::SIGTERM).signal(), Some(libc::SIGTERM));
    // Its default is to go on.
    assert_eq!(end_by(libc::SIGURG).code(), Some(128 + libc::SIGURG));
}

// Fault 30b
#[test]
fn error_number_survives_the_handler() {
    alone("error_number_survives_the_handler", || {
        let _listener = signal(Signal::Usr1).unwrap();
        for _ in 0..100 {
            // SAFETY: closing a descriptor that does not exist only sets the error number.
            unsafe { libc::close(-1) };
            // SAFETY: a handler is installed.
            unsafe { libc::raise(libc::SIGUSR1) };
            let now = std::io::Error::last_os_error();
            assert_eq!(now.raw_os_error(), Some(libc::EBADF));
        }
    });
}
