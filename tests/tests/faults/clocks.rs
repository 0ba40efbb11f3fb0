//! Clocks that step, and timers in great numbers beside sockets.

use std::cell::Cell;
use std::future::Future;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::task::Context;
use std::time::{Duration, Instant};

use trill_reactor::Async;
use trill_tests::{Alone, allowed};

/// Sleeps, limits and intervals on the real clock: none is early, and none is forgotten.
fn timers_work() {
    trill::run(async {
        for delay in [1, 3, 5].map(Duration::from_millis) {
            let start = Instant::now();
            trill::time::sleep(delay).await;
            let took = start.elapsed();
            assert!(took >= delay, "{took:?} is early for {delay:?}");
        }
        let limited = trill::time::timeout(Duration::from_millis(1), std::future::pending::<()>());
        assert!(limited.await.is_err());
        let start = Instant::now();
        let mut interval = trill::time::interval(Duration::from_millis(1));
        for _ in 0..10 {
            interval.tick().await;
        }
        // The first tick is due at once.
        assert!(start.elapsed() >= Duration::from_millis(9));
    });
}

// Fault 37c
#[test]
fn timers_work_in_a_time_namespace_far_from_the_hosts() {
    // 30 years after the machine's start: beyond 32 bits of anything.
    let shift = [
        "--time",
        "--fork",
        "--monotonic",
        "946080000",
        "--boottime",
        "946080000",
    ];
    let Some(words) = allowed::namespaces(&shift, "37c") else {
        return;
    };
    Alone::new("clocks::timers_work_in_a_time_namespace_far_from_the_hosts")
        .under(words)
        .passes(|| {
            let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
            assert!(now.tv_sec >= 946_080_000, "the clock is not shifted");
            timers_work();
        });
}

// Fault 37a
#[test]
fn steps_of_the_wall_clock_change_no_timer() {
    // The machine's wall clock is not ours to set, so what is shown is that nothing looks at it: neither who reads a
    // clock nor who waits.
    let Some(words) = allowed::strace("37a") else {
        return;
    };
    let report = std::env::temp_dir().join(format!("trill-clocks-{}", std::process::id()));
    let mut words = words;
    if let Some(place) = words.iter().position(|word| word == "/dev/null") {
        words[place] = report.display().to_string();
    }
    let calls =
        "clock_gettime,gettimeofday,time,epoll_pwait2,futex,timerfd_settime,clock_nanosleep";
    words.extend(["-e".to_owned(), format!("trace={calls}")]);
    let ended = Alone::new("clocks::steps_of_the_wall_clock_change_no_timer")
        .under(words)
        .ends(timers_work);
    let Some(output) = ended else {
        return;
    };
    assert!(output.status.success(), "{output:?}");
    let text = std::fs::read_to_string(&report).unwrap();
    std::fs::remove_file(&report).unwrap();
    // A wait is told how long it is, or until when of the monotonic clock.
    assert!(text.contains("epoll_pwait2"), "{text}");
    for line in text.lines() {
        // Whoever waits for the end of a thread names that clock without any time.
        let wall = line.contains("CLOCK_REALTIME") && !line.contains("NULL");
        assert!(!wall && !line.contains("TIMER_ABSTIME"), "{line}");
    }
}

// Fault 38c
#[test]
fn a_socket_is_served_while_a_hundred_thousand_timers_fire() {
    const TIMERS: usize = 100_000;
    /// A batch of 4,096 wakes, then a look at the reactor, every 50 µs at most; one more batch may be under way.
    const BETWEEN_MAX: usize = 3 * 4_096;
    trill::block_on(async {
        let deadline = Instant::now() + Duration::from_millis(50);
        let executor = trill_executor::LocalExecutor::new();
        let fired = std::rc::Rc::new(Cell::new(0usize));
        let (near, mut far) = UnixStream::pair().unwrap();
        let near = Async::new(near).unwrap();
        let mut tasks = Vec::new();
        for _ in 0..TIMERS {
            let fired = fired.clone();
            tasks.push(executor.spawn(async move {
                trill_timer::sleep_until(deadline).await;
                fired.set(fired.get() + 1);
            }));
        }
        executor
            .run(async {
                let mut readable = Box::pin(near.readable());
                // It waits; then a byte comes, before the first timer fires.
                let before = {
                    let mut cx = Context::from_waker(std::task::Waker::noop());
                    assert!(readable.as_mut().poll(&mut cx).is_pending());
                    fired.get()
                };
                while fired.get() == 0 {
                    futures_lite::future::yield_now().await;
                }
                let begun = fired.get();
                far.write_all(b"x").unwrap();
                readable.await.unwrap();
                let between = fired.get() - begun;
                assert!(
                    between <= BETWEEN_MAX,
                    "{between} timers fired before the socket was served"
                );
                assert_eq!(before, 0);
                for task in tasks {
                    task.await;
                }
            })
            .await;
        assert_eq!(fired.get(), TIMERS);
    });
}
