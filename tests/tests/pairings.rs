//! Executors and reactors that do not know each other work together.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::io;
use std::time::Duration;

use futures::executor::LocalPool;
use futures::task::LocalSpawnExt;
use trill::net::{TcpListener, TcpStream};
use trill::time::{sleep, timeout};
use trill_executor::{Executor, LocalExecutor};

/// Exchanges a few messages over a socket and sleeps in between.
async fn talk() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let client = TcpStream::connect(listener.local_addr()?).await?;
    let (server, _) = listener.accept().await?;
    for number in 0..20_u8 {
        client.write(&[number]).await?;
        sleep(Duration::from_millis(1)).await;
        let mut buffer = [0; 8];
        let read = timeout(Duration::from_secs(60), server.read(&mut buffer)).await??;
        assert_eq!(&buffer[..read], [number]);
    }
    Ok(())
}

#[test]
fn sockets_and_timers_work_under_the_block_on_of_futures() {
    futures::executor::block_on(talk()).unwrap();
}

#[test]
fn sockets_and_timers_work_under_the_block_on_of_futures_lite() {
    futures_lite::future::block_on(talk()).unwrap();
}

#[test]
fn sockets_and_timers_work_in_a_foreign_local_pool() {
    let mut pool = LocalPool::new();
    let handles: Vec<_> = (0..4)
        .map(|_| pool.spawner().spawn_local_with_handle(talk()).unwrap())
        .collect();
    for handle in handles {
        pool.run_until(handle).unwrap();
    }
}

#[test]
fn executor_works_under_a_foreign_block_on() {
    let executor = Executor::new();
    let tasks: Vec<_> = (0..4).map(|_| executor.spawn(talk())).collect();
    futures_lite::future::block_on(executor.run(async {
        for task in tasks {
            task.await.unwrap();
        }
    }));
}

#[test]
fn foreign_local_pool_works_under_our_block_on() {
    trill::block_on(async {
        // A pool that is polled by hand inside a future of ours.
        let mut pool = LocalPool::new();
        let talking = pool.spawner().spawn_local_with_handle(talk()).unwrap();
        let mut talking = std::pin::pin!(talking);
        std::future::poll_fn(|cx| {
            pool.run_until_stalled();
            let polled = std::future::Future::poll(talking.as_mut(), cx);
            if polled.is_pending() {
                cx.waker().wake_by_ref();
            }
            polled
        })
        .await
        .unwrap();
    });
}

#[test]
fn local_executor_runs_tasks_that_are_not_send() {
    let executor = LocalExecutor::new();
    let shared = std::rc::Rc::new(std::cell::Cell::new(0));
    let counting = shared.clone();
    let task = executor.spawn(async move {
        talk().await.unwrap();
        counting.set(counting.get() + 1);
    });
    trill::block_on(executor.run(task));
    assert_eq!(shared.get(), 1);
}

#[test]
fn tasks_may_borrow_and_use_sockets() {
    let greeting = String::from("hello");
    let executor = Executor::new();
    let task = executor.spawn(async {
        talk().await.unwrap();
        greeting.len()
    });
    assert_eq!(trill::block_on(executor.run(task)), 5);
}
