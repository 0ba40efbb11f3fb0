//! The cases of trill-sync's other waits: no permit, no notification and no turn is lost.

use std::cell::Cell;
use std::sync::Arc;

use futures_lite::future::{or, poll_once, zip};
use trill_sync::{Barrier, Condvar, Event, Mutex, Notify, OnceCell, Semaphore};

use crate::case;
use crate::harness::{ms, pause};

case!(semaphore_acquire: "trill_sync::Semaphore::acquire",
    setup: Semaphore::new(1),
    script: |semaphore| {
        let guard = semaphore.acquire().await;
        pause().await;
        pause().await;
        drop(guard);
        pause().await;
    },
    wait: |semaphore| drop(semaphore.acquire().await),
    behind: |semaphore| { drop(semaphore.acquire().await) },
    after: |semaphore, _| {
        assert_eq!((semaphore.available_permits(), semaphore.waiters()), (1, 0));
    },
);

case!(semaphore_acquire_many: "trill_sync::Semaphore::acquire_many",
    setup: Semaphore::new(3),
    script: |semaphore| {
        let mut guard = semaphore.acquire_many(3).await;
        pause().await;
        // Two of three do: the permits given back so far stay for somebody.
        drop(guard.split(1));
        pause().await;
        drop(guard.split(1));
        pause().await;
        drop(guard);
        pause().await;
    },
    wait: |semaphore| drop(semaphore.acquire_many(2).await),
    behind: |semaphore| { drop(semaphore.acquire_many(3).await) },
    after: |semaphore, _| {
        assert_eq!((semaphore.available_permits(), semaphore.waiters()), (3, 0));
    },
);

case!(semaphore_acquire_arc: "trill_sync::Semaphore::acquire_arc",
    setup: Arc::new(Semaphore::new(1)),
    script: |semaphore| {
        let guard = semaphore.acquire_arc().await;
        pause().await;
        pause().await;
        drop(guard);
        pause().await;
    },
    wait: |semaphore| drop(semaphore.acquire_arc().await),
    behind: |semaphore| { drop(semaphore.acquire_arc().await) },
    after: |semaphore, _| {
        assert_eq!((semaphore.available_permits(), semaphore.waiters()), (1, 0));
        assert_eq!(Arc::strong_count(semaphore), 1);
    },
);

case!(semaphore_acquire_many_arc: "trill_sync::Semaphore::acquire_many_arc",
    setup: Arc::new(Semaphore::new(3)),
    script: |semaphore| {
        let mut guard = semaphore.acquire_many_arc(3).await;
        pause().await;
        drop(guard.split(1));
        pause().await;
        drop(guard);
        pause().await;
    },
    wait: |semaphore| drop(semaphore.acquire_many_arc(2).await),
    behind: |semaphore| { drop(semaphore.acquire_many_arc(3).await) },
    after: |semaphore, _| {
        assert_eq!((semaphore.available_permits(), semaphore.waiters()), (3, 0));
        assert_eq!(Arc::strong_count(semaphore), 1);
    },
);

// There is one notification, and who has it passes it on, also if dropped.
case!(condvar_wait: "trill_sync::Condvar::wait",
    setup: (Mutex::new(()), Condvar::new()),
    script: |(mutex, condvar)| {
        pause().await;
        pause().await;
        let guard = mutex.lock().await;
        condvar.notify_one();
        pause().await;
        pause().await;
        drop(guard);
    },
    wait: |(mutex, condvar)| {
        drop(condvar.wait(mutex.lock().await).await);
        condvar.notify_one();
    },
    behind: |(mutex, condvar)| { drop(condvar.wait(mutex.lock().await).await) },
    after: |(mutex, condvar), _| {
        assert!(!mutex.is_locked());
        assert_eq!((mutex.waiters(), condvar.waiters()), (0, 0));
    },
);

case!(condvar_wait_until: "trill_sync::Condvar::wait_until",
    setup: (Mutex::new(0), Condvar::new()),
    script: |(mutex, condvar)| {
        pause().await;
        condvar.notify_one();
        pause().await;
        *mutex.lock().await = 1;
        condvar.notify_one();
        pause().await;
    },
    wait: |(mutex, condvar)| {
        let guard = condvar.wait_until(mutex.lock().await, |n| *n > 0).await;
        drop(guard);
        condvar.notify_one();
    },
    behind: |(mutex, condvar)| {
        *condvar.wait_until(mutex.lock().await, |n| *n > 0).await += 1;
        condvar.notify_one();
    },
    after: |(mutex, condvar), _| {
        assert_eq!(*mutex.try_lock().expect("nobody holds it"), 2);
        assert_eq!((mutex.waiters(), condvar.waiters()), (0, 0));
    },
);

case!(event_wait: "trill_sync::Event::wait",
    setup: Event::new(),
    script: |event| {
        pause().await;
        pause().await;
        event.set();
    },
    wait: |event| event.wait().await,
    behind: |event| { event.wait().await },
    after: |event, _| { assert_eq!((event.waiters(), event.is_set()), (0, true)) },
);

case!(notify_notified: "trill_sync::Notify::notified",
    setup: Notify::new(),
    script: |notify| {
        pause().await;
        pause().await;
        notify.notify_one();
    },
    wait: |notify| {
        notify.notified().await;
        notify.notify_one();
    },
    behind: |notify| { notify.notified().await },
    after: |notify, _| {
        assert_eq!(notify.waiters(), 0);
        let left = poll_once(notify.notified()).await;
        assert!(left.is_none(), "there was one notification for one of them");
    },
);

case!(barrier_wait: "trill_sync::Barrier::wait",
    setup: Barrier::new(2),
    script: |barrier| {
        pause().await;
        pause().await;
        // If the one under test is gone, this one leaves, too, after a while.
        let leave = async {
            pause().await;
            pause().await;
        };
        or(async { let _ = barrier.wait().await; }, leave).await;
    },
    wait: |barrier| barrier.wait().await,
    after: |barrier, _| {
        assert_eq!(barrier.waiters(), 0, "who left does not count");
        let (one, two) = zip(barrier.wait(), barrier.wait()).await;
        assert_eq!(one.index() + two.index(), 1);
        assert_ne!(one.is_leader(), two.is_leader());
    },
);

case!(once_cell_wait: "trill_sync::OnceCell::wait",
    setup: OnceCell::new(),
    script: |cell| {
        pause().await;
        pause().await;
        cell.set(1).await.unwrap();
    },
    wait: |cell| *cell.wait().await,
    behind: |cell| { assert_eq!(*cell.wait().await, 1) },
    after: |cell, output| {
        assert_eq!(output.unwrap_or(1), 1);
        assert_eq!(cell.waiters(), 0);
    },
);

// The script begins to make the value and fails; then the one under test takes over, and if it is dropped
// meanwhile the one behind does.
case!(once_cell_get_or_try_init: "trill_sync::OnceCell::get_or_try_init",
    setup: (OnceCell::new(), Cell::new(0)),
    script: |(cell, _)| {
        let failed = cell.get_or_try_init(|| async {
            pause().await;
            pause().await;
            Err("failed")
        });
        assert_eq!(failed.await, Err("failed"));
    },
    wait: |(cell, made)| {
        let make = || async {
            trill_timer::sleep(ms(3)).await;
            made.set(made.get() + 1);
            Ok::<u32, ()>(7)
        };
        cell.get_or_try_init(make).await.copied()
    },
    behind: |(cell, made)| {
        let make = || async {
            trill_timer::sleep(ms(2)).await;
            made.set(made.get() + 1);
            Ok::<u32, ()>(7)
        };
        assert_eq!(cell.get_or_try_init(make).await, Ok(&7));
    },
    after: |(cell, made), output| {
        assert_eq!((output.unwrap_or(Ok(7)), cell.get()), (Ok(7), Some(&7)));
        assert_eq!((made.get(), cell.waiters()), (1, 0), "the value is made once");
    },
);

case!(once_cell_get_or_init: "trill_sync::OnceCell::get_or_init",
    setup: (OnceCell::new(), Cell::new(0)),
    script: |(cell, _)| {
        // Whoever makes the value may be dropped as well.
        let never = async { assert_eq!(cell.get_or_init(std::future::pending).await, &0) };
        let leave = async {
            pause().await;
            pause().await;
        };
        or(never, leave).await;
    },
    wait: |(cell, made)| {
        let make = || async {
            trill_timer::sleep(ms(3)).await;
            made.set(made.get() + 1);
            7
        };
        *cell.get_or_init(make).await
    },
    behind: |(cell, made)| {
        let make = || async {
            made.set(made.get() + 1);
            7
        };
        assert_eq!(cell.get_or_init(make).await, &7);
    },
    after: |(cell, made), output| {
        assert_eq!((output.unwrap_or(7), cell.get()), (7, Some(&7)));
        assert_eq!((made.get(), cell.waiters()), (1, 0), "the value is made once");
    },
);

case!(once_cell_set: "trill_sync::OnceCell::set",
    setup: OnceCell::new(),
    script: |cell| {
        let failed = cell.get_or_try_init(|| async {
            pause().await;
            pause().await;
            Err("failed")
        });
        assert_eq!(failed.await, Err("failed"));
    },
    wait: |cell| cell.set(1).await.copied(),
    behind: |cell| { assert!(cell.set(2).await.is_ok_and(|n| *n == 2) || cell.get() == Some(&1)) },
    after: |cell, output| {
        let expected = if output.is_some() { 1 } else { 2 };
        assert_eq!((output.unwrap_or(Ok(1)), cell.get()), (Ok(1), Some(&expected)));
    },
);

case!(barrier_meet: "trill_sync::Barrier::meet",
    setup: Barrier::new(3),
    script: |barrier| {
        pause().await;
        pause().await;
        // Three have come, unless the one under test is gone: then those who wait are told.
        let leave = async {
            pause().await;
            pause().await;
            barrier.abort();
        };
        or(async { drop(barrier.meet().await) }, leave).await;
    },
    wait: |barrier| barrier.meet().await.is_ok(),
    behind: |barrier| { drop(barrier.meet().await) },
    after: |barrier, output| {
        assert_ne!(output, Some(false), "nobody broke it before it was full");
        barrier.reset();
        assert_eq!((barrier.waiters(), barrier.is_broken()), (0, false));
    },
);

case!(semaphore_acquire_open: "trill_sync::Semaphore::acquire_open",
    setup: Semaphore::new(1),
    script: |semaphore| {
        let guard = semaphore.acquire().await;
        pause().await;
        pause().await;
        drop(guard);
        pause().await;
    },
    wait: |semaphore| drop(semaphore.acquire_open().await.unwrap()),
    behind: |semaphore| { drop(semaphore.acquire_open().await.unwrap()) },
    after: |semaphore, _| {
        assert_eq!((semaphore.available_permits(), semaphore.waiters()), (1, 0));
    },
);

// Closing lets go who waits, and takes no permit with it.
case!(semaphore_acquire_many_open: "trill_sync::Semaphore::acquire_many_open",
    setup: Semaphore::new(2),
    script: |semaphore| {
        let guard = semaphore.acquire().await;
        pause().await;
        pause().await;
        semaphore.close();
        pause().await;
        drop(guard);
    },
    wait: |semaphore| semaphore.acquire_many_open(2).await.is_err(),
    behind: |semaphore| { assert!(semaphore.acquire_many_open(2).await.is_err()) },
    after: |semaphore, output| {
        assert!(output.unwrap_or(true));
        assert_eq!((semaphore.available_permits(), semaphore.waiters()), (2, 0));
    },
);

case!(semaphore_acquire_open_arc: "trill_sync::Semaphore::acquire_open_arc",
    setup: Arc::new(Semaphore::new(1)),
    script: |semaphore| {
        let guard = semaphore.acquire_arc().await;
        pause().await;
        pause().await;
        drop(guard);
        pause().await;
    },
    wait: |semaphore| drop(semaphore.acquire_open_arc().await.unwrap()),
    behind: |semaphore| { drop(semaphore.acquire_open_arc().await.unwrap()) },
    after: |semaphore, _| {
        assert_eq!((semaphore.available_permits(), semaphore.waiters()), (1, 0));
        assert_eq!(Arc::strong_count(semaphore), 1);
    },
);
