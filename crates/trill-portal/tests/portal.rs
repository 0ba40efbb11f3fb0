//! Calls from threads: values, errors and panics travel back, locals travel along.
#![allow(clippy::unwrap_used)] // A failed step fails its test.
#![allow(clippy::disallowed_methods)] // Tests start threads of their own.

mod common;

use std::panic::panic_any;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use common::{Drops, Runtime, on_thread, until};
use trill_cell::{Header, current, current_id, local, swap_local};
use trill_executor::{Executor, ambient};
use trill_park::block_on;
use trill_portal::{Portal, PortalError, PortalTask};
use trill_world::VirtualWorld;

// asyncio C4: `run_coroutine_threadsafe(coro, loop).result()`.
#[test]
fn call_returns_what_the_task_returns() {
    let runtime = Runtime::new(1);
    assert_eq!(runtime.portal().call(async { 1 + 2 }).unwrap(), 3);
    assert_eq!(runtime.portal().run(|| 5).unwrap(), 5);
}

#[test]
fn call_runs_as_a_task_of_the_runtime() {
    let runtime = Runtime::new(2);
    assert_eq!(current_id(), None);
    let inner = runtime.portal().call(async {
        let inner = ambient::spawn(async { current_id() }).ok().unwrap();
        (current_id(), inner.await)
    });
    let (outer, inner) = inner.unwrap();
    assert!(outer.is_some() && inner.is_some() && outer != inner);
}

#[test]
fn future_is_made_inside_the_runtime() {
    let runtime = Runtime::new(1);
    let here = thread::current().id();
    let made_on = runtime.portal().call_with(|| {
        let (thread, task) = (thread::current().id(), current_id());
        async move { (thread, task, current_id()) }
    });
    let (thread, made_in, ran_in) = made_on.unwrap();
    assert_ne!(thread, here);
    assert_eq!(made_in, ran_in);
}

// asyncio C4: errors travel back.
#[test]
fn error_of_the_task_travels_back() {
    let runtime = Runtime::new(1);
    let result = runtime.portal().call(async { "x".parse::<u32>() });
    assert!(result.unwrap().is_err());
}

#[test]
fn panic_of_the_task_travels_back_with_its_payload() {
    let runtime = Runtime::new(1);
    let error = runtime.portal().call(async { panic!("no luck") });
    let error: PortalError = error.unwrap_err();
    assert_eq!(error.to_string(), "the task panicked: no luck");
    let error: PortalError = runtime.portal().run(|| panic_any(7_u32)).unwrap_err();
    assert_eq!(error.to_string(), "the task panicked");
    let payload = error.try_into_panic().unwrap();
    assert_eq!(payload.downcast_ref(), Some(&7_u32));
}

// asyncio C4: task-factory failures travel back.
#[test]
fn panic_of_the_maker_travels_back_and_the_portal_lives_on() {
    let runtime = Runtime::new(1);
    let portal = runtime.portal();
    let failed = portal.call_with(|| -> std::future::Ready<u32> { panic!("no future") });
    assert!(matches!(failed, Err(PortalError::Panicked(_))));
    assert_eq!(portal.call(async { 5 }).unwrap(), 5);
}

#[test]
fn clones_of_a_portal_serve_many_threads() {
    let runtime = Runtime::new(2);
    let threads: Vec<_> = (0..8_u64)
        .map(|thread| {
            let portal = runtime.portal();
            thread::spawn(move || {
                let calls = (0..200).map(|call| portal.call(async move { thread + call }));
                calls.map(Result::unwrap).sum::<u64>()
            })
        })
        .collect();
    let sum: u64 = threads.into_iter().map(|t| t.join().unwrap()).sum();
    assert_eq!(sum, (0..8).map(|t| 200 * t + 199 * 200 / 2).sum::<u64>());
}

#[test]
fn started_tasks_begin_in_the_order_of_their_calls() {
    let ex = Executor::new();
    let portal = Portal::on(&ex);
    let (send, receive) = mpsc::channel();
    for number in 0..1000 {
        let send = send.clone();
        portal
            .start(async move { send.send(number).unwrap() })
            .detach();
    }
    while ex.try_tick() {}
    assert_eq!(
        receive.try_iter().collect::<Vec<_>>(),
        Vec::from_iter(0..1000)
    );
}

#[test]
fn wait_returns_what_was_ready_before() {
    let runtime = Runtime::new(1);
    let task = runtime.portal().start(async { 5 });
    until(|| task.is_finished());
    assert_eq!(task.wait().unwrap(), 5);
}

#[test]
fn wait_timeout_gives_the_handle_back_and_the_task_goes_on() {
    let runtime = Runtime::new(1);
    let (send, receive) = trill_sync::channel::oneshot::channel();
    let task = runtime.portal().start(receive);
    let task = task.wait_timeout(Duration::from_millis(1)).unwrap_err();
    let task = task.wait_timeout(Duration::ZERO).unwrap_err();
    assert!(!task.is_finished());
    send.send(5).unwrap();
    let value = task.wait_timeout(Duration::MAX).unwrap();
    assert_eq!(value.unwrap(), Ok(5));
}

#[test]
fn wait_timeout_keeps_the_clock_of_its_world() {
    let world = VirtualWorld::new(7);
    world.run(|| {
        // Nobody runs the executor.
        let ex = Executor::new();
        let task = Portal::on(&ex).start(async {});
        let start = trill_world::now();
        assert!(task.wait_timeout(Duration::from_secs(3600)).is_err());
        assert_eq!(trill_world::now() - start, Duration::from_secs(3600));
    });
}

#[test]
fn thread_of_a_virtual_world_calls_and_no_time_passes() {
    const HOUR: Duration = Duration::from_secs(3600);
    let world = VirtualWorld::new(7);
    let spent = world.run(|| {
        let ex = Executor::new();
        let portal = Portal::on(&ex);
        let (send, receive) = trill_sync::channel::oneshot::channel();
        trill_world::start_thread("caller", move || {
            let start = trill_world::now();
            portal.call_with(|| trill_timer::sleep(HOUR)).unwrap();
            send.send(trill_world::now() - start).unwrap();
        })
        .unwrap();
        block_on(ex.run(receive)).unwrap()
    });
    assert_eq!((spent, world.elapsed()), (HOUR, HOUR));
}

#[test]
fn detached_task_runs_on_before_and_after_it_is_placed() {
    let ex = Executor::new();
    let portal = Portal::on(&ex);
    let drops = Drops::default();
    let (send, receive) = mpsc::channel();
    let start = |number| {
        let (send, guard) = (send.clone(), drops.guard());
        portal.start(async move {
            trill_executor::yield_now().await;
            send.send(number).unwrap();
            drop(guard);
        })
    };
    start(1).detach();
    let second = start(2);
    // The portal's task, then the first polls.
    for _ in 0..3 {
        ex.try_tick();
    }
    second.detach();
    while ex.try_tick() {}
    assert_eq!(receive.try_iter().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(drops.count(), 2);
}

#[test]
fn task_carries_the_inherited_locals_of_the_calling_thread() {
    let runtime = Runtime::new(1);
    let portal = runtime.portal();
    let seen = on_thread(move || {
        swap_local(1, true, Some(Arc::new("request 7")));
        swap_local(2, false, Some(Arc::new("mine alone")));
        let seen = portal.run(|| (local(1), local(2)));
        swap_local(1, true, None);
        swap_local(2, false, None);
        seen.unwrap()
    });
    assert_eq!(seen.0.unwrap().downcast_ref(), Some(&"request 7"));
    assert!(seen.1.is_none());
}

#[test]
fn task_does_not_carry_the_locals_of_the_portal_s_maker() {
    let ex = Executor::new();
    let portal = block_on(ex.run(async {
        let maker = ambient::spawn(async {
            swap_local(1, true, Some(Arc::new("the maker's")));
            Portal::current().unwrap()
        });
        maker.ok().unwrap().await
    }));
    let task = portal.start(async { local(1).is_none() });
    assert!(block_on(ex.run(task)).unwrap());
}

#[test]
fn task_keeps_the_line_of_the_call_as_its_spawn_site() {
    let runtime = Runtime::new(1);
    let portal = runtime.portal();
    let site = || current(Header::site).flatten().unwrap();
    let called = portal.run(site).unwrap();
    assert_eq!((called.file(), called.line()), (file!(), line!() - 1));
    let started = portal.start(async move { site() }).wait().unwrap();
    assert_eq!((started.file(), started.line()), (file!(), line!() - 1));
}

#[test]
fn no_executor_is_an_error_that_says_what_to_do() {
    let error = on_thread(|| Portal::current().unwrap_err());
    assert!(matches!(error, PortalError::NoExecutor));
    assert!(error.to_string().contains("inside a runtime"));
    let error = error.try_into_panic().unwrap_err();
    assert!(matches!(error, PortalError::NoExecutor));
}

#[test]
fn portal_s_task_ends_with_the_last_clone() {
    let ex = Executor::new();
    let portal = Portal::on(&ex);
    let clone = portal.clone();
    while ex.try_tick() {}
    drop(portal);
    assert!(!ex.is_empty());
    let task = clone.start(async { 5 });
    drop(clone);
    assert_eq!(block_on(ex.run(task)).unwrap(), 5);
    while ex.try_tick() {}
    assert!(ex.is_empty());
}

#[test]
fn types_can_cross_threads() {
    fn is_send_sync<T: Send + Sync>() {}
    is_send_sync::<Portal>();
    is_send_sync::<PortalTask<u8>>();
    is_send_sync::<PortalTask<std::cell::Cell<u8>>>();
    is_send_sync::<PortalError>();
    is_send_sync::<trill_portal::Panic>();
    is_send_sync::<trill_portal::Canceller>();
    fn is_unpin<T: Unpin>() {}
    is_unpin::<PortalTask<std::marker::PhantomPinned>>();
    assert!(format!("{:?}", Portal::on(&Executor::new())).contains("Portal"));
}
