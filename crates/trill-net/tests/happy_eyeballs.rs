//! Racing addresses, on a clock that jumps.
#![allow(clippy::unwrap_used)] // Only tests call the functions here.

use std::cell::RefCell;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use trill_net::{ATTEMPT_DELAY, AddressError, HappyEyeballs};
use trill_park::block_on;
use trill_timer::sleep;
use trill_world::VirtualWorld;

/// What one address does, after some milliseconds.
#[derive(Clone, Copy)]
enum Does {
    Connect(u64),
    Fail(u64, ErrorKind),
    Hang,
}

/// What happened, with the milliseconds since the beginning.
type Log = Rc<RefCell<Vec<(u64, String)>>>;

/// Says in the log when an attempt is dropped.
struct Socket {
    name: SocketAddr,
    log: Log,
    since: std::time::Instant,
    won: bool,
}

impl Socket {
    fn say(&self, what: &str) {
        let ms = (trill_world::now() - self.since).as_millis() as u64;
        self.log
            .borrow_mut()
            .push((ms, format!("{what} {}", self.name)));
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if !self.won {
            self.say("closed");
        }
    }
}

type Attempt = Pin<Box<dyn Future<Output = io::Result<SocketAddr>>>>;

fn race(script: &[(&str, Does)]) -> (io::Result<SocketAddr>, Vec<(u64, String)>) {
    race_with(script, ATTEMPT_DELAY)
}

fn race_with(
    script: &[(&str, Does)],
    delay: Duration,
) -> (io::Result<SocketAddr>, Vec<(u64, String)>) {
    let log = Log::default();
    let script: Vec<(SocketAddr, Does)> = script
        .iter()
        .map(|(address, does)| (address.parse().unwrap(), *does))
        .collect();
    let result = VirtualWorld::new(1).run(|| {
        let since = trill_world::now();
        let addresses: Vec<_> = script.iter().map(|(address, _)| *address).collect();
        let connect = |name: SocketAddr| -> Attempt {
            let does = script
                .iter()
                .find(|(address, _)| *address == name)
                .unwrap()
                .1;
            let log = log.clone();
            Box::pin(async move {
                let mut socket = Socket {
                    name,
                    log,
                    since,
                    won: false,
                };
                socket.say("try");
                match does {
                    Does::Connect(ms) => sleep(Duration::from_millis(ms)).await,
                    Does::Fail(ms, kind) => {
                        sleep(Duration::from_millis(ms)).await;
                        return Err(kind.into());
                    }
                    Does::Hang => std::future::pending().await,
                }
                socket.won = true;
                Ok(name)
            })
        };
        block_on(HappyEyeballs::new(addresses, connect).attempt_delay(delay))
    });
    let log = log.borrow().clone();
    (result, log)
}

fn entry(ms: u64, what: &str) -> (u64, String) {
    (ms, what.to_owned())
}

#[test]
fn first_address_wins_alone_if_it_answers_in_time() {
    let (winner, log) = race(&[
        ("[::1]:1", Does::Connect(249)),
        ("1.1.1.1:1", Does::Connect(0)),
    ]);
    assert_eq!(winner.unwrap().to_string(), "[::1]:1");
    assert_eq!(log, [entry(0, "try [::1]:1")]);
}

#[test]
fn second_family_begins_after_the_delay_and_the_loser_is_closed() {
    let (winner, log) = race(&[("[::1]:1", Does::Hang), ("1.1.1.1:1", Does::Connect(10))]);
    assert_eq!(winner.unwrap().to_string(), "1.1.1.1:1");
    let expected = [
        entry(0, "try [::1]:1"),
        entry(250, "try 1.1.1.1:1"),
        entry(260, "closed [::1]:1"),
    ];
    assert_eq!(log, expected);
}

#[test]
fn earlier_attempt_may_still_win() {
    let (winner, log) = race(&[
        ("[::1]:1", Does::Connect(300)),
        ("1.1.1.1:1", Does::Connect(100)),
    ]);
    assert_eq!(winner.unwrap().to_string(), "[::1]:1");
    assert_eq!(log.last().unwrap(), &entry(300, "closed 1.1.1.1:1"));
}

#[test]
fn failure_begins_the_next_attempt_at_once() {
    let refused = Does::Fail(5, ErrorKind::ConnectionRefused);
    let (winner, log) = race(&[("[::1]:1", refused), ("1.1.1.1:1", Does::Connect(1))]);
    assert_eq!(winner.unwrap().to_string(), "1.1.1.1:1");
    assert_eq!(log[2], entry(5, "try 1.1.1.1:1"));
}

#[test]
fn the_delay_counts_from_the_latest_attempt() {
    let refused = Does::Fail(100, ErrorKind::ConnectionRefused);
    let script = [
        ("[::1]:1", refused),
        ("1.1.1.1:1", Does::Hang),
        ("[::2]:1", Does::Connect(0)),
    ];
    let (winner, log) = race(&script);
    assert_eq!(winner.unwrap().to_string(), "[::2]:1");
    let tries: Vec<_> = log
        .iter()
        .filter(|(_, what)| what.starts_with("try"))
        .collect();
    assert_eq!(tries[1].0, 100);
    assert_eq!(tries[2].0, 350);
}

#[test]
fn families_take_turns() {
    let script = [
        ("[::1]:1", Does::Hang),
        ("[::2]:1", Does::Hang),
        ("1.1.1.1:1", Does::Hang),
        ("2.2.2.2:1", Does::Connect(0)),
    ];
    let (winner, log) = race(&script);
    assert_eq!(winner.unwrap().to_string(), "2.2.2.2:1");
    let tries: Vec<_> = log
        .iter()
        .filter_map(|(ms, what)| Some((*ms, what.strip_prefix("try ")?)))
        .collect();
    let expected = [
        (0, "[::1]:1"),
        (250, "1.1.1.1:1"),
        (500, "[::2]:1"),
        (750, "2.2.2.2:1"),
    ];
    assert_eq!(tries, expected);
    // All losers are closed when it ends.
    assert_eq!(
        log.iter()
            .filter(|(_, what)| what.starts_with("closed"))
            .count(),
        3
    );
}

// Fault 15d
#[test]
fn if_all_fail_the_most_useful_error_names_its_address_and_the_others() {
    let script = [
        ("[::1]:1", Does::Fail(0, ErrorKind::NetworkUnreachable)),
        ("1.1.1.1:1", Does::Fail(1, ErrorKind::ConnectionRefused)),
        ("[::2]:1", Does::Fail(0, ErrorKind::NetworkUnreachable)),
    ];
    let (result, _) = race(&script);
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let text = error.to_string();
    assert!(text.starts_with("cannot connect to 1.1.1.1:1"), "{text}");
    assert!(
        text.contains("[::1]:1") && text.contains("[::2]:1"),
        "{text}"
    );
    let inner = error
        .get_ref()
        .unwrap()
        .downcast_ref::<AddressError>()
        .unwrap();
    assert_eq!(inner.address(), "1.1.1.1:1");
    assert_eq!(inner.os_error().kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn no_addresses_are_an_error() {
    let error = race(&[]).0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn the_delay_can_be_changed_but_not_below_ten_milliseconds() {
    for (delay, expected) in [(100, 100), (0, 10)] {
        let script = [("[::1]:1", Does::Hang), ("1.1.1.1:1", Does::Connect(0))];
        let (_, log) = race_with(&script, Duration::from_millis(delay));
        assert_eq!(log[1], entry(expected, "try 1.1.1.1:1"));
    }
}

#[test]
fn attempts_under_way_are_bounded() {
    let addresses: Vec<String> = (1..=40).map(|host| format!("10.0.0.{host}:1")).collect();
    let script: Vec<_> = addresses
        .iter()
        .map(|address| (address.as_str(), Does::Fail(60_000, ErrorKind::TimedOut)))
        .collect();
    let (result, log) = race(&script);
    assert_eq!(result.unwrap_err().kind(), ErrorKind::TimedOut);
    let (mut open, mut most) = (0_i32, 0);
    for (_, what) in &log {
        open += if what.starts_with("try") { 1 } else { -1 };
        most = most.max(open);
    }
    assert_eq!((open, most), (0, 16));
}

// Fault 15a
#[test]
fn dropping_the_race_closes_all_attempts() {
    VirtualWorld::new(1).run(|| {
        let open = Rc::new(());
        let held = open.clone();
        let addresses = ["[::1]:1".parse().unwrap(), "1.1.1.1:1".parse().unwrap()];
        let race = HappyEyeballs::new(addresses, move |_| {
            let held = held.clone();
            async move {
                let _held = held;
                std::future::pending::<io::Result<()>>().await
            }
        });
        block_on(async {
            let limited = trill_timer::timeout(Duration::from_secs(1), race).await;
            assert!(limited.is_err());
        });
        assert_eq!(Rc::strong_count(&open), 1);
    });
}

/// Stands for a connected socket: counts those that are open.
struct Connected {
    name: SocketAddr,
    open: Rc<()>,
}

/// Races `count` addresses that all connect at the same instant, but for some that fail then; returns who won.
fn race_of_many_winners(seed: u64, count: u16) -> Option<SocketAddr> {
    VirtualWorld::new(seed).run(|| {
        let open = Rc::new(());
        let held = open.clone();
        let addresses: Vec<SocketAddr> = (1..=count)
            .map(|port| SocketAddr::from(([127, 0, 0, 1], port)))
            .collect();
        let last = ATTEMPT_DELAY * u32::from(count - 1);
        let start = trill_world::now();
        let mut race = HappyEyeballs::new(addresses, move |name| {
            let socket = Connected {
                name,
                open: held.clone(),
            };
            // One of them fails at that very instant, too, unless it is the only one.
            let fails = count > 2 && trill_world::pick(usize::from(count)) == 0;
            async move {
                trill_timer::sleep_until(start + last + Duration::from_millis(1)).await;
                match fails {
                    true => Err(ErrorKind::ConnectionRefused.into()),
                    false => Ok(socket),
                }
            }
        });
        let outcome = block_on(&mut race);
        // Ours, the one of the closure that makes attempts, and the winner's: the losers are closed although the race is
        // still there.
        let winner = outcome.ok();
        assert_eq!(Rc::strong_count(&open), 2 + usize::from(winner.is_some()));
        drop(race);
        let name = winner.map(|winner| {
            assert!(Rc::ptr_eq(&winner.open, &open));
            winner.name
        });
        assert_eq!(Rc::strong_count(&open), 1);
        name
    })
}

// Next in line 1: two winners in one turn.
#[test]
fn of_two_that_connect_in_one_turn_the_earlier_wins_and_the_other_is_closed() {
    assert_eq!(race_of_many_winners(1, 2).unwrap().port(), 1);
}

// Next in line 1, over 10,000 worlds: any number of winners and losers in one turn.
#[test]
fn of_many_that_end_in_one_turn_one_wins_and_all_others_are_closed() {
    let mut winners = std::collections::BTreeSet::new();
    for seed in 0..10_000 {
        let count = 3 + (seed % 4) as u16;
        winners.insert(race_of_many_winners(seed, count).map(|winner| winner.port()));
    }
    // Some races had no winner, and in most the first address had to do without.
    assert!(winners.contains(&None) && winners.len() > 4, "{winners:?}");
}
