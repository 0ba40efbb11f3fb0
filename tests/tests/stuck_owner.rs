//! A thread that is held inside a poll freezes nobody else's timers, sockets or tasks.
//!
//! No test measures a time: the stuck poll ends only when the others have been served, so a runtime that freezes makes
//! the test hang instead of pass.
#![allow(clippy::disallowed_methods)] // A blocked thread is what is tested.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use trill::net::{TcpListener, TcpStream};
use trill::time::sleep;
use trill::{Backend, Runtime};

/// Echoes 50 messages between two tasks, with a pause between them.
async fn fifty_messages() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let client = TcpStream::connect(listener.local_addr()?).await?;
    let (server, _) = listener.accept().await?;
    let echo = trill::spawn(async move {
        let mut buffer = [0; 8];
        while let Ok(read @ 1..) = server.read(&mut buffer).await {
            server.write(&buffer[..read]).await?;
        }
        io::Result::Ok(())
    });
    for number in 0..50_u64 {
        sleep(Duration::from_millis(1)).await;
        client.write(&number.to_le_bytes()).await?;
        let mut back = [0; 8];
        assert_eq!(client.read(&mut back).await?, 8);
        assert_eq!(u64::from_le_bytes(back), number);
    }
    drop(client);
    echo.await
}

fn others_are_served_while_one_worker_is_stuck(backend: Backend) -> io::Result<()> {
    let runtime = Runtime::builder().workers(2).reactor(backend).build()?;
    let (stuck, is_stuck) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    // Only tasks take part: the future given to `run` belongs to this thread, and the stuck worker may be this thread.
    let holder = runtime.spawn(async move {
        stuck.send(()).unwrap();
        released.recv().unwrap();
    });
    let others = runtime.spawn(async move {
        while is_stuck.try_recv().is_err() {
            trill::task::yield_now().await;
        }
        fifty_messages().await?;
        release.send(()).unwrap();
        io::Result::Ok(())
    });
    runtime.run(async {
        others.await?;
        holder.await;
        Ok(())
    })
}

#[test]
fn others_are_served_while_one_worker_is_stuck_on_epoll() {
    others_are_served_while_one_worker_is_stuck(Backend::Epoll).unwrap();
}

#[test]
fn others_are_served_while_one_worker_is_stuck_on_polling() {
    others_are_served_while_one_worker_is_stuck(Backend::Polling).unwrap();
}

#[test]
fn tasks_behind_a_stuck_one_are_taken_over() {
    let runtime = Runtime::builder().workers(2).build().unwrap();
    let (done, finished) = mpsc::channel();
    // One task spawns others into its own worker's queue and then blocks until they have run.
    let holder = runtime.spawn(async move {
        for _ in 0..10 {
            let done = done.clone();
            trill::spawn(async move { done.send(()).unwrap() }).detach();
        }
        (0..10).for_each(|_| finished.recv().unwrap());
    });
    runtime.run(holder);
}

#[test]
fn one_task_behind_a_stuck_one_is_taken_over() {
    let runtime = Runtime::builder().workers(2).build().unwrap();
    let (done, finished) = mpsc::channel();
    // A single task in the queue rouses nobody by itself; the attendant has to notice.
    let holder = runtime.spawn(async move {
        trill::spawn(async move { done.send(()).unwrap() }).detach();
        finished.recv().unwrap();
    });
    runtime.run(holder);
}

/// Counts its wakes and can be waited for.
struct Bell(AtomicUsize, mpsc::Sender<()>);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
        let _ = self.1.send(());
    }
}

#[test]
fn timers_of_the_only_thread_fire_while_it_is_stuck() {
    trill::block_on(async {
        let (send, recv) = mpsc::channel();
        let bell = Arc::new(Bell(AtomicUsize::new(0), send));
        let waker = Waker::from(bell.clone());
        let mut cx = Context::from_waker(&waker);
        let mut sleeps: Vec<_> = (1..=20)
            .map(|ms| Box::pin(sleep(Duration::from_millis(ms))))
            .collect();
        for sleep in &mut sleeps {
            assert!(sleep.as_mut().poll(&mut cx).is_pending());
        }
        // This thread is the one that would fire them, and it blocks here until all have fired.
        (0..20).for_each(|_| recv.recv().unwrap());
        assert_eq!(bell.0.load(Ordering::Relaxed), 20);
    });
}

#[test]
fn sockets_of_the_only_thread_are_served_while_it_is_stuck() {
    trill::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let (send, recv) = mpsc::channel();
        let waker = Waker::from(Arc::new(Bell(AtomicUsize::new(0), send)));
        let mut cx = Context::from_waker(&waker);
        for number in 0..20_u8 {
            let mut buffer = [0; 1];
            {
                let mut read = pin!(server.read(&mut buffer));
                assert!(read.as_mut().poll(&mut cx).is_pending());
                assert_eq!(client.write(&[number]).await.unwrap(), 1);
                // Blocks until somebody else has seen the event and called the waker.
                recv.recv().unwrap();
                let read = poll_fn(|cx| Poll::Ready(read.as_mut().poll(cx))).await;
                assert!(matches!(read, Poll::Ready(Ok(1))));
            }
            assert_eq!(buffer, [number]);
        }
    });
}
