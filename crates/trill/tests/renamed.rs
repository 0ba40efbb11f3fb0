//! A program written for smol compiles and runs with the dependency renamed.
#![allow(unused_mut)] // There a socket must be mutable to be read; here it need not be.
#![allow(clippy::disallowed_methods)] // Such a program binds standard sockets and starts threads by itself.

extern crate trill as smol;

use std::future::Future;
use std::net;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use smol::channel::{Receiver, Sender, TryRecvError, bounded, unbounded};
use smol::lock::{Barrier, Mutex, MutexGuardArc, OnceCell, RwLock, RwLockUpgradableReadGuard};
use smol::net::unix::UnixStream;
use smol::net::{TcpListener, TcpStream, UdpSocket};
use smol::{Async, Executor, LocalExecutor, Task, Timer, Unblock, future, io, prelude::*, stream};

static EXECUTOR: Executor<'static> = Executor::new();
static TOTAL: Mutex<u32> = Mutex::new(0);
static TABLE: RwLock<u32> = RwLock::new(1);
static ONCE: OnceCell<u32> = OnceCell::new();

/// Runs what a work-stealing executor would accept.
fn run<T>(future: impl Future<Output = T> + Send + 'static) -> T
where
    T: Send + 'static,
{
    smol::block_on(smol::spawn(future))
}

/// A hand-written future over a timer.
fn poll_timer(cx: &mut Context<'_>, timer: &mut Timer) -> Poll<()> {
    let _ = smol::ready!(timer.poll(cx));
    Poll::Ready(())
}

/// One type for spawned and for blocking work.
fn either(blocking: bool) -> Task<u32> {
    if blocking {
        smol::unblock(|| 3)
    } else {
        smol::spawn(async { 3 })
    }
}

#[test]
fn tcp_echo_over_listener_and_split_stream() -> io::Result<()> {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        smol::spawn(async move {
            let mut incoming = listener.incoming();
            while let Some(stream) = incoming.next().await {
                let (reader, mut writer) = io::split(stream?);
                smol::spawn(async move { io::copy(reader, &mut writer).await }).detach();
            }
            io::Result::Ok(())
        })
        .detach();

        let mut stream = TcpStream::connect(("127.0.0.1", address.port())).await?;
        stream.set_nodelay(true)?;
        stream.write_all(b"one\ntwo\n").await?;
        let reader = io::BufReader::new(stream.clone());
        let lines: Vec<_> = reader.lines().take(2).try_collect().await?;
        assert_eq!(lines, ["one", "two"]);
        stream.close().await
    })
}

#[test]
fn async_wraps_standard_sockets() -> io::Result<()> {
    run(async {
        let listener = Async::<net::TcpListener>::bind(([127, 0, 0, 1], 0))?;
        let address = listener.get_ref().local_addr()?;
        let client = smol::spawn(async move {
            let client = Arc::new(Async::<net::TcpStream>::connect(address).await?);
            (&*client).write_all(b"ping").await?;
            client.get_ref().shutdown(net::Shutdown::Write)?;
            io::Result::Ok(())
        });
        let incoming = listener.incoming();
        smol::pin!(incoming);
        let mut served = incoming.next().await.expect("endless")?;
        let mut text = String::new();
        served.read_to_string(&mut text).await?;
        assert_eq!(text, "ping");
        let stream = TcpStream::from(served);
        let _back: Arc<Async<net::TcpStream>> = stream.into();
        client.await
    })
}

#[test]
fn datagrams_and_unix_pairs() -> io::Result<()> {
    run(async {
        let here = UdpSocket::bind("127.0.0.1:0").await?;
        here.send_to(b"self", here.local_addr()?).await?;
        let mut buf = [0; 8];
        let (len, _) = here.recv_from(&mut buf).await?;
        assert_eq!(&buf[..len], b"self");

        let (mut one, mut two) = UnixStream::pair()?;
        future::try_zip(one.write_all(b"abc"), two.read_exact(&mut buf[..3])).await?;
        assert_eq!(&buf[..3], b"abc");
        Ok(())
    })
}

#[test]
fn executors_threads_and_tasks() {
    let local = 5;
    let executor = Executor::new();
    let mut tasks = Vec::new();
    executor.spawn_many((0..3).map(|n| async move { n }), &mut tasks);
    tasks.push(executor.spawn(async { local }));
    let (signal, shutdown) = unbounded::<()>();
    let sum = std::thread::scope(|scope| {
        scope.spawn(|| future::block_on(executor.run(shutdown.recv())));
        let sum = smol::block_on(async {
            let mut sum = 0;
            for task in tasks {
                sum += task.await;
            }
            sum
        });
        drop(signal);
        sum
    });
    assert_eq!(sum, 8);

    let shared = Rc::new(4);
    let alone = LocalExecutor::new();
    let task = alone.spawn(async { *shared });
    assert_eq!(smol::block_on(alone.run(task)), 4);

    let endless = EXECUTOR.spawn(future::pending::<()>());
    assert_eq!(smol::block_on(EXECUTOR.run(endless.cancel())), None);
    assert!(EXECUTOR.is_empty());
    let gone = smol::spawn(async { 1 }).fallible();
    assert_eq!(smol::block_on(gone), Some(1));
    assert_eq!(
        smol::block_on(future::zip(either(true), either(false))),
        (3, 3)
    );
}

#[test]
fn timers_race_tick_and_are_polled_by_hand() {
    run(async {
        let late = async {
            Timer::after(Duration::from_secs(3600)).await;
            Err(io::ErrorKind::TimedOut.into())
        };
        let first = future::or(async { io::Result::Ok(1) }, late).await;
        assert_eq!(first.expect("the first is ready"), 1);
        assert_eq!(
            Timer::interval(Duration::from_millis(1))
                .take(2)
                .count()
                .await,
            2
        );
        let mut timer = Timer::at(Instant::now());
        future::poll_fn(|cx| poll_timer(cx, &mut timer)).await;
        timer.set_after(Duration::ZERO);
        future::or(&mut timer, Timer::never()).await;
        future::yield_now().await;
    });
}

#[test]
fn locks_are_statics_arcs_and_guards() {
    run(async {
        *TOTAL.lock().await += 1;
        let guard = TABLE.upgradable_read().await;
        *RwLockUpgradableReadGuard::upgrade(guard).await += 1;
        assert_eq!(*TABLE.read().await, 2);
        assert_eq!(*ONCE.get_or_init(|| async { 9 }).await, 9);

        let shared = Arc::new(Mutex::new(2));
        let guard: MutexGuardArc<u32> = shared.lock_arc().await;
        assert!(MutexGuardArc::source(&guard).try_lock().is_none());
        assert!(Barrier::new(1).wait().await.is_leader());
    });
}

#[test]
fn channels_are_streams_and_say_why_they_are_empty() {
    let (sender, receiver): (Sender<u32>, Receiver<u32>) = bounded(1);
    let sending = smol::spawn(async move {
        for n in 0..4 {
            sender.send(n).await?;
        }
        Ok::<_, smol::channel::SendError<u32>>(())
    });
    let seen = smol::block_on(async {
        let numbers = stream::unfold(receiver.clone(), |receiver| async move {
            receiver.recv().await.ok().map(|n| (n, receiver))
        });
        numbers.collect::<Vec<_>>().await
    });
    assert_eq!(seen, [0, 1, 2, 3]);
    assert_eq!(smol::block_on(sending), Ok(()));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn blocking_work_and_files_through_unblock() -> io::Result<()> {
    run(async {
        assert_eq!(smol::unblock(|| 2 + 2).await, 4);
        let mut bytes = Unblock::new(std::io::Cursor::new(b"0123456789".to_vec()));
        bytes.seek(io::SeekFrom::Start(7)).await?;
        let mut text = String::new();
        bytes.read_to_string(&mut text).await?;
        assert_eq!(text, "789");
        assert_eq!(bytes.with_mut(|bytes| bytes.position()).await, 10);
        let inner = bytes.into_inner().await;
        assert_eq!(inner.get_ref().len(), 10);
        let numbers = Unblock::new(vec![1, 2, 3].into_iter());
        assert_eq!(numbers.collect::<Vec<_>>().await, [1, 2, 3]);
        Ok(())
    })
}

#[test]
fn block_on_takes_the_type_of_the_value() {
    assert_eq!(smol::block_on::<u32>(async { 5 }), 5);
    assert_eq!(smol::future::block_on::<u32>(async { 6 }), 6);
}

/// A tree of files, by the names that a program for smol knows.
#[cfg(all(unix, feature = "fs"))]
#[test]
fn files_and_directories() -> io::Result<()> {
    use smol::fs::unix::{DirEntryExt, MetadataExt, OpenOptionsExt};
    use smol::fs::{self, DirBuilder, DirEntry, File, Metadata, OpenOptions, ReadDir};

    async fn sizes(mut entries: ReadDir) -> io::Result<Vec<(String, u64)>> {
        let mut sizes = Vec::new();
        while let Some(entry) = entries.try_next().await? {
            let entry: DirEntry = entry;
            let known: Metadata = entry.metadata().await?;
            assert_eq!(entry.ino(), known.ino());
            if entry.file_type().await?.is_file() {
                let name = entry.file_name().to_string_lossy().into_owned();
                sizes.push((name, known.len()));
            }
        }
        sizes.sort();
        Ok(sizes)
    }

    let root = std::env::temp_dir().join(format!("trill-renamed-{}", std::process::id()));
    run(async move {
        DirBuilder::new()
            .recursive(true)
            .create(root.join("sub"))
            .await?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).mode(0o600);
        let mut file = options.open(root.join("a")).await?;
        file.write_all(b"one\ntwo\n").await?;
        file.flush().await?;
        file.sync_all().await?;
        file.seek(io::SeekFrom::Start(4)).await?;
        let lines: Vec<String> = io::BufReader::new(file).lines().try_collect().await?;
        assert_eq!(lines, ["two"]);
        assert_eq!(fs::copy(root.join("a"), root.join("b")).await?, 8);
        let mut sink = Vec::new();
        io::copy(File::open(root.join("b")).await?, &mut sink).await?;
        assert_eq!(sink, fs::read(root.join("a")).await?);
        fs::write(root.join("b"), "x").await?;
        fs::rename(root.join("b"), root.join("c")).await?;
        let found = sizes(fs::read_dir(&root).await?).await?;
        assert_eq!(found, [("a".into(), 8), ("c".into(), 1)]);
        let mut permissions = fs::metadata(root.join("c")).await?.permissions();
        permissions.set_readonly(true);
        fs::set_permissions(root.join("c"), permissions).await?;
        fs::remove_dir_all(&root).await
    })
}
