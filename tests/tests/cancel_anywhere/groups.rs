//! The cases of trill-task's groups and scopes: no child outlives them.

use std::cell::{Cell, RefCell};

use trill_cell::Spawned;
use trill_task::{
    Group, Ready, TaskGroup, TaskSet, group, scope, scope_local, try_scope, try_scope_local,
};

use crate::case;
use crate::harness::{ms, pause};
use crate::work::Work;

case!(group_of_two: "trill_task::group",
    setup: Work::default(),
    wait: |work| {
        let sum = group(async |g: Group<()>| {
            let one = g.spawn(work.of(3, Ok(1))).unwrap();
            let two = g.spawn(work.of(1, Ok(2))).unwrap();
            Ok(one.await.unwrap() + two.await.unwrap())
        });
        sum.await.unwrap()
    },
    after: |work, output| {
        assert_eq!(output.unwrap_or(Some(3)), Some(3));
        work.is_gone().await;
    },
    keeps: "a child that was awaited has the waker, until its executor drops it",
);

case!(group_run: "trill_task::TaskGroup::run",
    setup: Work::default(),
    wait: |work| {
        let failed = TaskGroup::new().grace(ms(2)).run(async |g: Group<&str>| {
            let _ = g.spawn(work.endless::<Result<(), _>>());
            let _ = g.spawn(work.of(2, Err::<(), _>("no")));
            Ok(())
        });
        failed.await.unwrap_err().failures().len()
    },
    after: |work, output| {
        assert_eq!(output.unwrap_or(1), 1);
        work.is_gone().await;
    },
    keeps: "a child that was awaited has the waker, until its executor drops it",
);

case!(group_spawn: "trill_task::Group::spawn",
    setup: Work::default(),
    wait: |work| {
        let run = group(async |g: Group<()>| Ok(g.spawn(work.of(3, Ok(1))).unwrap().await.unwrap()));
        run.await.unwrap()
    },
    after: |work, output| {
        assert_eq!(output.unwrap_or(Some(1)), Some(1));
        work.is_gone().await;
    },
    keeps: "a child that was awaited has the waker, until its executor drops it",
);

case!(group_spawn_as: "trill_task::Group::spawn_as",
    setup: Work::default(),
    wait: |work| {
        let run = group(async |g: Group<()>| {
            let child = g.spawn_as(work.of(3, Ok(1)), Spawned::here().named("child")).unwrap();
            Ok(child.await.unwrap())
        });
        run.await.unwrap()
    },
    after: |work, output| {
        assert_eq!(output.unwrap_or(Some(1)), Some(1));
        work.is_gone().await;
    },
    keeps: "a child that was awaited has the waker, until its executor drops it",
);

// The wait for a place is dropped alone, and then the whole group.
case!(group_spawn_when_free: "trill_task::Group::spawn_when_free",
    setup: Work::default(),
    wait: |work| {
        let run = TaskGroup::new().width(1).run(async |g: Group<()>| {
            let first = g.spawn(work.of(3, Ok(1))).unwrap();
            let gives_up = trill_timer::timeout(ms(1), g.spawn_when_free(work.of(1, Ok(0))));
            assert!(gives_up.await.is_err());
            let second = g.spawn_when_free(work.of(1, Ok(2))).await.unwrap();
            Ok(first.await.unwrap() + second.await.unwrap())
        });
        run.await.unwrap()
    },
    after: |work, output| {
        assert_eq!(output.unwrap_or(Some(3)), Some(3));
        work.is_gone().await;
    },
    keeps: "a child that was awaited has the waker, until its executor drops it",
);

case!(group_start: "trill_task::Group::start",
    setup: Work::default(),
    wait: |work| {
        let run = group(async |g: Group<()>| {
            let (gets_ready, serves) = (work.of(2, 80), work.endless::<Result<(), ()>>());
            let started = g.start(|ready: Ready<u16>| async move {
                let _ = ready.send(gets_ready.await);
                serves.await
            });
            let (port, server) = started.await.unwrap();
            server.cancel("enough");
            Ok(port)
        });
        run.await.unwrap()
    },
    after: |work, output| {
        assert_eq!(output.unwrap_or(Some(80)), Some(80));
        work.is_gone().await;
    },
    keeps: "a child that was awaited has the waker, until its executor drops it",
);

case!(child_ended: "trill_task::Child::ended",
    setup: Work::default(),
    wait: |work| {
        let run = group(async |g: Group<()>| {
            let mut child = g.spawn(work.of(3, Ok(1))).unwrap();
            // A wait that is dropped loses nothing.
            assert!(trill_timer::timeout(ms(1), child.ended()).await.is_err());
            child.ended().await;
            Ok(child.await.unwrap())
        });
        run.await.unwrap()
    },
    after: |work, output| {
        assert_eq!(output.unwrap_or(Some(1)), Some(1));
        work.is_gone().await;
    },
    keeps: "a child that was awaited has the waker, until its executor drops it",
);

/// A set of two tasks, and the sum of what was collected.
fn set() -> (Work, RefCell<TaskSet<u32>>, Cell<u32>) {
    let (work, mut set) = (Work::default(), TaskSet::new());
    for n in [3, 1] {
        set.spawn(work.of(n, n)).unwrap();
    }
    (work, RefCell::new(set), Cell::new(0))
}

case!(set_join_next: "trill_task::TaskSet::join_next",
    setup: set(),
    wait: |(_, set, sum)| {
        let mut set = set.borrow_mut();
        while let Some(end) = set.join_next().await {
            sum.set(sum.get() + end.unwrap());
        }
    },
    after: |(_, set, sum), _| {
        let mut set = set.borrow_mut();
        while let Some(end) = set.join_next().await {
            sum.set(sum.get() + end.unwrap());
        }
        assert_eq!(sum.get(), 4, "each is collected once");
    },
    keeps: "the set lives on, and keeps the waker of who waits for it",
);

case!(set_join_next_with_id: "trill_task::TaskSet::join_next_with_id",
    setup: set(),
    wait: |(_, set, sum)| {
        let mut set = set.borrow_mut();
        while let Some((_, end)) = set.join_next_with_id().await {
            sum.set(sum.get() + end.unwrap());
        }
    },
    after: |(_, set, sum), _| {
        let mut set = set.borrow_mut();
        while let Some((_, end)) = set.join_next_with_id().await {
            sum.set(sum.get() + end.unwrap());
        }
        assert_eq!(sum.get(), 4, "each is collected once");
    },
    keeps: "the set lives on, and keeps the waker of who waits for it",
);

case!(set_shutdown: "trill_task::TaskSet::shutdown",
    setup: set(),
    wait: |(_, set, _)| {
        pause().await;
        set.borrow_mut().shutdown().await;
    },
    after: |(work, set, _), _| {
        set.borrow_mut().shutdown().await;
        assert!(set.borrow().is_empty());
        work.is_gone().await;
    },
    keeps: "the set lives on, and keeps the waker of who waits for it",
);

case!(scope_of_two: "trill_task::scope",
    setup: Work::default(),
    wait: |work| scope(async |s| {
        let one = s.spawn(work.of(3, 1));
        one.await + s.spawn(work.of(1, 2)).await
    }).await,
    after: |work, output| {
        assert_eq!(output.unwrap_or(3), 3);
        work.is_gone().await;
    },
);

case!(try_scope_fails: "trill_task::try_scope",
    setup: Work::default(),
    wait: |work| try_scope(async |s| {
        let _endless = s.spawn(work.endless::<()>());
        s.spawn(work.of(2, Err::<(), _>("no"))).await
    }).await,
    after: |work, output| {
        assert_eq!(output.unwrap_or(Err("no")), Err("no"));
        work.is_gone().await;
    },
);

case!(scope_spawn: "trill_task::Scope::spawn",
    setup: Work::default(),
    wait: |work| scope(async |s| s.spawn(work.of(2, 1)).await).await,
    after: |work, output| {
        assert_eq!(output.unwrap_or(1), 1);
        work.is_gone().await;
    },
);

case!(scope_spawn_as: "trill_task::Scope::spawn_as",
    setup: Work::default(),
    wait: |work| scope(async |s| s.spawn_as(work.of(2, 1), Spawned::here().named("one")).await).await,
    after: |work, output| {
        assert_eq!(output.unwrap_or(1), 1);
        work.is_gone().await;
    },
);

case!(scoped_join: "trill_task::Scoped::join",
    setup: Work::default(),
    wait: |work| scope(async |s| {
        let one = s.spawn(work.of(2, 1));
        let gone = s.spawn(work.endless::<()>());
        gone.cancel();
        (one.join().await.unwrap(), gone.join().await.is_err())
    }).await,
    after: |work, output| {
        assert_eq!(output.unwrap_or((1, true)), (1, true));
        work.is_gone().await;
    },
);

case!(scope_local_of_two: "trill_task::scope_local",
    setup: Work::default(),
    wait: |work| scope_local(async |s| s.spawn(work.of(3, 1)).await + s.spawn(work.of(1, 2)).await).await,
    after: |work, output| {
        assert_eq!(output.unwrap_or(3), 3);
        work.is_gone().await;
    },
);

case!(try_scope_local_fails: "trill_task::try_scope_local",
    setup: Work::default(),
    wait: |work| try_scope_local(async |s| {
        let _endless = s.spawn(work.endless::<()>());
        s.spawn(work.of(2, Err::<(), _>("no"))).await
    }).await,
    after: |work, output| {
        assert_eq!(output.unwrap_or(Err("no")), Err("no"));
        work.is_gone().await;
    },
);

case!(scope_local_spawn: "trill_task::ScopeLocal::spawn",
    setup: Work::default(),
    wait: |work| scope_local(async |s| s.spawn(work.of(2, 1)).await).await,
    after: |work, output| {
        assert_eq!(output.unwrap_or(1), 1);
        work.is_gone().await;
    },
);

case!(scope_local_spawn_as: "trill_task::ScopeLocal::spawn_as",
    setup: Work::default(),
    wait: |work| {
        let run = scope_local(async |s| s.spawn_as(work.of(2, 1), Spawned::here().named("one")).await);
        run.await
    },
    after: |work, output| {
        assert_eq!(output.unwrap_or(1), 1);
        work.is_gone().await;
    },
);
