//! Which back end is used, and how that is told.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::io::ErrorKind;
use std::process::Command;

use trill_reactor::{Backend, Reactor, Reason};

use support::HAS_POLLING;

#[test]
fn the_program_chooses() {
    for backend in [Backend::Epoll, Backend::Polling] {
        let there = match backend {
            Backend::Epoll => cfg!(target_os = "linux"),
            _ => HAS_POLLING,
        };
        if !there {
            continue;
        }
        let reactor = Reactor::builder().backend(backend).build().unwrap();
        let choice = reactor.backend();
        assert_eq!((choice.backend, choice.reason), (backend, Reason::Builder));
        let text = reactor.backend().to_string();
        assert_eq!(text, format!("{backend} (chosen by the program)"));
        assert!(format!("{reactor:?}").contains("Builder"), "{reactor:?}");
    }
}

#[test]
fn entered_reactors_nest() {
    let (a, b) = (
        Reactor::builder().build().unwrap(),
        Reactor::builder().build().unwrap(),
    );
    let global = Reactor::global().unwrap();
    assert_ne!(a, b);
    assert_eq!(Reactor::current().unwrap(), global);
    {
        let _outer = a.enter();
        assert_eq!(Reactor::current().unwrap(), a);
        {
            let _inner = b.enter();
            assert_eq!(Reactor::current().unwrap(), b);
        }
        assert_eq!(Reactor::current().unwrap(), a);
    }
    assert_eq!(Reactor::current().unwrap(), global);
}

/// Runs the test below in a process of its own, with the environment variable set.
fn told(value: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "inner_tells_what_is_used", "--nocapture"])
        .env("TRILL_REACTOR", value)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn inner_tells_what_is_used() {
    match Reactor::global() {
        Ok(reactor) => println!("told: {}", reactor.backend()),
        Err(error) => {
            let kinds = [ErrorKind::InvalidInput, ErrorKind::Unsupported];
            assert!(kinds.contains(&error.kind()), "{error:?}");
            println!("told: {error}");
            // What the program chooses itself goes on working.
            let there = match HAS_POLLING {
                true => Backend::Polling,
                false => Backend::Epoll,
            };
            Reactor::builder().backend(there).build().unwrap();
        }
    }
}

#[test]
fn the_environment_chooses() {
    if HAS_POLLING {
        let text = told("polling");
        assert!(
            text.contains("told: polling (chosen by TRILL_REACTOR)"),
            "{text}"
        );
    }
    if cfg!(target_os = "linux") {
        let text = told("epoll");
        assert!(
            text.contains("told: epoll (chosen by TRILL_REACTOR)"),
            "{text}"
        );
    }
}

#[test]
fn a_wrong_name_in_the_environment_is_an_error_that_helps() {
    for wrong in ["io_uring", "", "Epoll"] {
        let text = told(wrong);
        let line = text.lines().find(|line| line.contains("told: ")).unwrap();
        assert!(line.contains(&format!("TRILL_REACTOR={wrong} ")), "{line}");
        assert!(line.contains("`epoll` or `polling`"), "{line}");
    }
}

/// Compiled where the feature is off: `cargo xtask test-all` runs the tests without default features, too.
#[cfg(all(target_os = "linux", not(feature = "polling")))]
#[test]
fn a_back_end_that_is_not_built_in_is_an_error_that_names_the_feature() {
    let refused = Reactor::builder().backend(Backend::Polling).build();
    let error = refused.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let help = "built without the back end `polling`: switch on the feature `polling` of `trill`";
    assert!(error.to_string().contains(help), "{error}");
    let text = told("polling");
    let line = text.lines().find(|line| line.contains("told: ")).unwrap();
    assert!(line.contains("told: TRILL_REACTOR=polling: "), "{line}");
    assert!(line.contains(help), "{line}");
}
