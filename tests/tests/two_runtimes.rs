//! Two runtimes in two threads share nothing: what crosses is a spawn from a thread, and channels.
//!
//! Each runtime here has one worker, so that whatever the one did with the other's state would show: a stuck worker, a
//! shutdown, a panic, a clock.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![allow(clippy::disallowed_methods)] // Tests start threads of their own.

use std::collections::HashSet;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread::{self, ThreadId};
use std::time::Duration;

use trill::Runtime;
use trill::net::{TcpListener, TcpStream};
use trill_executor::{Executor, ambient, yield_now};
use trill_park::block_on;
use trill_portal::Portal;
use trill_task::TaskLocal;
use trill_world::VirtualWorld;

fn runtime() -> Runtime {
    Runtime::builder().workers(1).build().unwrap()
}

/// Runs `one` and `two` on threads of their own at the same time.
fn beside<A: Send, B: Send>(
    one: impl FnOnce() -> A + Send,
    two: impl FnOnce() -> B + Send,
) -> (A, B) {
    thread::scope(|scope| {
        let (one, two) = (scope.spawn(one), scope.spawn(two));
        (one.join().unwrap(), two.join().unwrap())
    })
}

/// Spawns tasks that spawn tasks, and returns where they ran and as whose they were spawned.
async fn threads_of_tasks() -> HashSet<ThreadId> {
    let mut seen = HashSet::new();
    let own = ambient::current_id();
    for _ in 0..100 {
        let task = trill::spawn(async move {
            assert_eq!(ambient::current_id(), own);
            yield_now().await;
            let inner = ambient::spawn(async move {
                assert_eq!(ambient::current_id(), own);
                thread::current().id()
            });
            (thread::current().id(), inner.ok().unwrap().await)
        });
        let (outer, inner) = task.await;
        seen.extend([outer, inner]);
    }
    seen
}

// Next in line 6: tasks stay where they were spawned, and do not wander to a runtime that has nothing to do.
#[test]
fn tasks_of_two_runtimes_run_on_their_own_threads() {
    let begin = Barrier::new(2);
    let run = || {
        let here = thread::current().id();
        let runtime = runtime();
        begin.wait();
        let seen = runtime.run(threads_of_tasks());
        assert_eq!(seen, HashSet::from([here]));
        here
    };
    let (one, two) = beside(run, run);
    assert_ne!(one, two);
}

/// Sleeps, and talks over a socket and with a job on another thread.
async fn work() -> usize {
    trill::time::sleep(Duration::from_millis(1)).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (server, _) = listener.accept().await.unwrap();
    let read = trill::spawn(async move {
        let mut buffer = [0; 5];
        server.read_exact(&mut buffer).await.unwrap();
        buffer.len()
    });
    client.write_all(b"hello").await.unwrap();
    read.await + trill::unblock(|| 1).await
}

// Next in line 6: a stuck worker holds up neither timers, nor sockets, nor jobs of the other runtime.
#[test]
fn a_runtime_that_is_stuck_does_not_hold_the_other_up() {
    let (done, wait) = mpsc::channel();
    let (stuck, is_stuck) = mpsc::channel();
    beside(
        || {
            runtime().run(async move {
                // The thread has served timers and sockets before, and now does not look any more.
                assert_eq!(work().await, 6);
                let task = trill::spawn(async move {
                    stuck.send(()).unwrap();
                    wait.recv().unwrap();
                });
                task.await;
            });
        },
        move || {
            is_stuck.recv().unwrap();
            assert_eq!(runtime().run(work()), 6);
            done.send(()).unwrap();
        },
    );
}

// Next in line 6: the end of one is not the end of the other, and neither hears of the other's panics.
#[test]
fn a_runtime_ends_and_panics_alone() {
    let panics = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
    let build = |at: usize| {
        let count = panics[at].clone();
        Runtime::builder()
            .workers(1)
            .panic_hook(move |_, _| {
                count.fetch_add(1, Ordering::SeqCst);
            })
            .build()
            .unwrap()
    };
    let (one, two) = (build(0), build(1));
    let (left, right) = (Arc::new(()), Arc::new(()));
    let wait = |held: Arc<()>| async move {
        let _held = held;
        pending::<()>().await;
    };
    one.spawn(wait(left.clone())).detach();
    two.spawn(wait(right.clone())).detach();
    let failed = one.run(async {
        let failed = trill::spawn(async { panic!("thrown in a test") });
        failed.join().await.is_err()
    });
    assert!(failed);
    let counts = || panics.each_ref().map(|it| it.load(Ordering::SeqCst));
    assert_eq!(counts(), [1, 0]);
    drop(one);
    assert_eq!(
        (Arc::strong_count(&left), Arc::strong_count(&right)),
        (1, 2)
    );
    // The other goes on, with timers, sockets and jobs.
    assert_eq!(two.run(work()), 6);
    assert_eq!(counts(), [1, 0]);
    drop(two);
    assert_eq!(Arc::strong_count(&right), 1);
}

// Next in line 6: what is current in a task of the one is not current in the other, also if one runs inside the other.
#[test]
fn locals_and_tokens_of_one_are_not_seen_in_the_other() {
    static NUMBER: TaskLocal<u32> = TaskLocal::new();
    let (one, two) = (Executor::new(), Executor::new());
    let seen = block_on(one.run(NUMBER.scope(1, async {
        // Polled inside a task of the first, and spawned outside it.
        let inner = NUMBER.scope(2, async {
            yield_now().await;
            NUMBER.get()
        });
        let inner = two.run(inner).await;
        (inner, NUMBER.get())
    })));
    assert_eq!(seen, (Some(2), Some(1)));
    let token = trill_task::CancelToken::new();
    token.cancel("for the first only");
    let is_asked = || async { trill_task::checkpoint().await.is_err() };
    let (in_one, in_two) = beside(
        || block_on(one.run(token.run(is_asked()))),
        || block_on(two.run(is_asked())),
    );
    assert_eq!((in_one, in_two), (Ok(true), false));
}

// Next in line 6: each world has its clock and its chances, whatever the other's does meanwhile.
#[test]
fn two_worlds_in_two_threads_have_their_own_clock_and_order() {
    let in_world = |seed: u64, millis: u64| {
        let world = VirtualWorld::new(seed);
        let order = world.run(|| {
            let order = Mutex::new(Vec::new());
            let ex = Executor::new();
            let tasks: Vec<_> = (0..20)
                .map(|n| {
                    let order = &order;
                    ex.spawn(async move {
                        for _ in 0..5 {
                            trill_timer::sleep(Duration::from_millis(millis)).await;
                            order.lock().unwrap().push(n);
                        }
                    })
                })
                .collect();
            block_on(ex.run(async {
                for task in tasks {
                    task.await;
                }
            }));
            drop(ex);
            order.into_inner().unwrap()
        });
        (order, world.elapsed())
    };
    let alone = [in_world(1, 10), in_world(2, 1000)];
    for _ in 0..10 {
        let (one, two) = beside(|| in_world(1, 10), || in_world(2, 1000));
        assert_eq!([one, two], alone);
    }
    assert_eq!(alone[0].1, Duration::from_millis(50));
    assert_eq!(alone[1].1, Duration::from_secs(5));
}

// Next in line 6: what may cross: channels both ways, and a spawn from the other's thread, which runs at home.
#[test]
fn channels_and_spawns_from_threads_cross() {
    let (to_one, from_two) = trill::channel::unbounded();
    let (to_two, from_one) = trill::channel::unbounded();
    let (give_portal, portal) = mpsc::channel();
    let (one, two) = beside(
        move || {
            runtime().run(async move {
                give_portal.send(Portal::current().unwrap()).unwrap();
                let mut sum = 0;
                for n in 0..100_u32 {
                    to_two.send(n).await.unwrap();
                    sum += from_two.recv().await.unwrap();
                }
                // Until the other has heard of its task.
                assert_eq!(from_two.recv().await.unwrap(), 7);
                (sum, thread::current().id())
            })
        },
        move || {
            let portal = portal.recv().unwrap();
            runtime().run(async move {
                for _ in 0..100 {
                    let n = from_one.recv().await.unwrap();
                    to_one.send(n * 2).await.unwrap();
                }
                // Started here, run there, awaited here.
                let there = portal.start(async {
                    yield_now().await;
                    thread::current().id()
                });
                let there = there.await.unwrap();
                assert_ne!(there, thread::current().id());
                to_one.send(7).await.unwrap();
                there
            })
        },
    );
    assert_eq!(one, (9900, two));
}
