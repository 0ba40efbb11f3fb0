//! Who serves a source: the thread that parks, another one, or the attendant.
#![allow(clippy::disallowed_methods)] // Threads that get stuck; they are ordered by channels.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use std::future::{Future, poll_fn};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use trill_reactor::{Async, Reactor, block_on};

use support::reactors;

/// So long that only a lost wake-up reaches it.
const NEVER: Duration = Duration::from_secs(20);

/// A waker that sends into a channel.
struct Telling(mpsc::Sender<()>);

impl Wake for Telling {
    fn wake(self: Arc<Self>) {
        let _ = self.0.send(());
    }
}

fn telling() -> (Waker, mpsc::Receiver<()>) {
    let (sender, receiver) = mpsc::channel();
    (Arc::new(Telling(sender)).into(), receiver)
}

fn pair(reactor: &Reactor) -> (Async<UnixStream>, UnixStream) {
    let (a, b) = UnixStream::pair().unwrap();
    (Async::new_in(reactor, a).unwrap(), b)
}

#[test]
fn the_attendant_serves_a_source_polled_outside_block_on() {
    for reactor in reactors() {
        let (a, mut b) = pair(&reactor);
        for _ in 0..20 {
            let (waker, woken) = telling();
            let mut wait = pin!(a.readable());
            let mut cx = Context::from_waker(&waker);
            assert!(wait.as_mut().poll(&mut cx).is_pending());
            b.write_all(b"x").unwrap();
            woken.recv_timeout(NEVER).unwrap();
            assert!(wait.as_mut().poll(&mut cx).is_ready());
            a.get_ref().read_exact(&mut [0]).unwrap();
        }
    }
}

#[test]
fn sources_work_under_a_foreign_block_on() {
    for reactor in reactors() {
        let (mut a, b) = pair(&reactor);
        let mut b = Async::new_in(&reactor, b).unwrap();
        futures_lite::future::block_on(async {
            for round in 0..50u8 {
                a.write_all(&[round]).await.unwrap();
                let mut byte = [0];
                b.read_exact(&mut byte).await.unwrap();
                assert_eq!(byte, [round]);
            }
        });
    }
}

#[test]
fn one_thread_awaits_sources_of_several_reactors() {
    let reactors = reactors();
    let mut pairs: Vec<_> = reactors.iter().map(pair).collect();
    block_on(async {
        for round in 0..20u8 {
            for (a, b) in &mut pairs {
                let (sender, receiver) = (b.try_clone().unwrap(), a);
                let mut byte = [0];
                let mut read = pin!(receiver.read_exact(&mut byte));
                let first = poll_fn(|cx| Poll::Ready(read.as_mut().poll(cx)));
                assert!(first.await.is_pending());
                (&sender).write_all(&[round]).unwrap();
                read.await.unwrap();
                assert_eq!(byte, [round]);
            }
        }
    });
}

/// Echoes single bytes until the end of the stream.
fn echo(mut stream: UnixStream) {
    let mut byte = [0];
    while stream.read(&mut byte).unwrap() == 1 {
        stream.write_all(&byte).unwrap();
    }
}

/// Has a thread wait in `reactor` and then get stuck in a poll until the returned sender says so or is dropped.
fn stick(reactor: &Reactor) -> (mpsc::Sender<()>, thread::JoinHandle<()>) {
    let (release, released) = mpsc::channel::<()>();
    let (stuck, is_stuck) = mpsc::channel();
    let (a, mut b) = pair(reactor);
    let handle = thread::spawn(move || {
        block_on(async {
            a.readable().await.unwrap();
            stuck.send(()).unwrap();
            let _ = released.recv();
        });
    });
    b.write_all(b"x").unwrap();
    is_stuck.recv_timeout(NEVER).unwrap();
    (release, handle)
}

// Fault 6b
#[test]
fn another_thread_serves_the_sources_when_one_is_stuck() {
    for reactor in reactors() {
        let (release, stuck) = stick(&reactor);
        let (mut a, b) = pair(&reactor);
        let peer = thread::spawn(move || echo(b));
        block_on(async {
            for round in 0..50u8 {
                a.write_all(&[round]).await.unwrap();
                let mut byte = [0];
                a.read_exact(&mut byte).await.unwrap();
                assert_eq!(byte, [round]);
            }
        });
        drop((a, release));
        stuck.join().unwrap();
        peer.join().unwrap();
    }
}

// Fault 6b
#[test]
fn the_attendant_serves_the_sources_when_the_only_thread_is_stuck() {
    for reactor in reactors() {
        let (release, stuck) = stick(&reactor);
        let (a, b) = pair(&reactor);
        let peer = thread::spawn(move || echo(b));
        for round in 0..20u8 {
            let (waker, woken) = telling();
            let mut cx = Context::from_waker(&waker);
            let mut read = pin!(a.read_with(|mut stream| {
                let mut byte = [0];
                stream.read_exact(&mut byte).map(|()| byte[0])
            }));
            assert!(read.as_mut().poll(&mut cx).is_pending());
            a.get_ref().write_all(&[round]).unwrap();
            woken.recv_timeout(NEVER).unwrap();
            match read.as_mut().poll(&mut cx) {
                Poll::Ready(byte) => assert_eq!(byte.unwrap(), round),
                Poll::Pending => panic!("woken for nothing"),
            }
        }
        drop((a, release));
        stuck.join().unwrap();
        peer.join().unwrap();
    }
}

#[test]
fn a_storm_of_interrupts_loses_neither_wakes_nor_events() {
    for reactor in reactors() {
        let (mut a, b) = pair(&reactor);
        let peer = thread::spawn(move || echo(b));
        let stop = Arc::new(AtomicBool::new(false));
        let wakes = Arc::new(AtomicUsize::new(0));
        let mut stormers = Vec::new();
        block_on(async {
            let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
            for _ in 0..3 {
                let (waker, stop, wakes) = (waker.clone(), stop.clone(), wakes.clone());
                stormers.push(thread::spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        wakes.fetch_add(1, Ordering::Relaxed);
                        waker.wake_by_ref();
                    }
                }));
            }
            for round in 0..200u8 {
                a.write_all(&[round]).await.unwrap();
                let mut byte = [0];
                a.read_exact(&mut byte).await.unwrap();
                assert_eq!(byte, [round]);
            }
        });
        stop.store(true, Ordering::Relaxed);
        drop(a);
        for stormer in stormers {
            stormer.join().unwrap();
        }
        peer.join().unwrap();
        assert!(reactor.interrupts() <= wakes.load(Ordering::Relaxed) as u64 + 1_000);
    }
}

/// Two counters that two threads raise in turn, each waking the other.
#[derive(Default)]
struct Table {
    turn: AtomicUsize,
    seats: [Mutex<Option<Waker>>; 2],
}

impl Table {
    async fn play(&self, me: usize, rounds: usize) {
        for round in 0..rounds {
            poll_fn(|cx| {
                *self.seats[me].lock().unwrap() = Some(cx.waker().clone());
                if self.turn.load(Ordering::SeqCst) == 2 * round + me {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await;
            self.turn.fetch_add(1, Ordering::SeqCst);
            if let Some(other) = self.seats[1 - me].lock().unwrap().take() {
                other.wake();
            }
        }
    }
}

#[test]
fn threads_that_share_a_reactor_do_not_lose_each_others_wakes() {
    for reactor in reactors() {
        // Somebody has to be registered, and a stream of events makes leaders come and go.
        let (a, mut b) = pair(&reactor);
        let table = Table::default();
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let play = |me| {
                let (reactor, table) = (&reactor, &table);
                move || {
                    block_on(async {
                        reactor.drive().unwrap();
                        table.play(me, 3_000).await;
                    });
                }
            };
            let players = [scope.spawn(play(0)), scope.spawn(play(1))];
            let noise = scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    b.write_all(b"x").unwrap();
                    let _ = a.get_ref().read(&mut [0; 64]);
                }
            });
            for player in players {
                player.join().unwrap();
            }
            stop.store(true, Ordering::Relaxed);
            noise.join().unwrap();
        });
    }
}

#[test]
fn a_thread_without_sources_of_its_own_still_serves_others() {
    for reactor in reactors() {
        // The source is polled outside block_on, but a thread parks in the reactor: no helper is needed.
        let (a, mut b) = pair(&reactor);
        let (waker, woken) = telling();
        let (stop, stopped) = mpsc::channel::<Waker>();
        thread::scope(|scope| {
            scope.spawn(|| {
                let _entered = reactor.enter();
                let mut told = false;
                block_on(poll_fn(|cx| {
                    if std::mem::replace(&mut told, true) {
                        return Poll::Ready(());
                    }
                    stop.send(cx.waker().clone()).unwrap();
                    Poll::Pending
                }));
            });
            let parked = stopped.recv_timeout(NEVER).unwrap();
            let mut wait = pin!(a.readable());
            let mut cx = Context::from_waker(&waker);
            assert!(wait.as_mut().poll(&mut cx).is_pending());
            b.write_all(b"x").unwrap();
            woken.recv_timeout(NEVER).unwrap();
            parked.wake();
        });
    }
}
