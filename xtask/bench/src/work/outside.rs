//! Rows in which threads that are no workers take part.

use std::future::Future;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::hostile::percentiles_us;
use super::signal::Signal;
use super::{Plan, net};
use crate::clock::{self, Clock, start_thread};
use crate::host::Cpu;
use crate::peers::{Net, Outside, Time};
use crate::rows::Work;

/// Runs a row of this file; `None` if `work` is another's.
pub(crate) fn run<P: Outside + Net + Time>(
    work: Work,
    plan: &Plan,
) -> Option<io::Result<Vec<f64>>> {
    Some(match work {
        Work::StuckWorker => stuck_worker::<P>(plan),
        Work::SpawnOutside => spawn_outside::<P>(plan),
        Work::WakeStorm => wake_storm::<P>(plan),
        _ => return None,
    })
}

/// A task blocks its worker again and again, while a client measures how long its messages take.
fn stuck_worker<P: Outside + Net + Time>(plan: &Plan) -> io::Result<Vec<f64>> {
    let messages = plan.count(STUCK_MESSAGES);
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let (done, is_done) = (
        Arc::new(Signal::default()),
        Arc::new(AtomicBool::new(false)),
    );
    let client = {
        let (done, is_done) = (done.clone(), is_done.clone());
        start_thread("client", move || {
            let late = exchange(address, messages);
            is_done.store(true, Ordering::Relaxed);
            done.set();
            late
        })?
    };
    P::run(plan.workers(), async move {
        let listener = P::listen(listener)?;
        let serving = P::spawn(async move {
            loop {
                let stream = P::accept(&listener).await?;
                P::set_nodelay(&stream)?;
                P::detach(P::spawn(net::echo::<P>(stream, 128)));
            }
            #[allow(unreachable_code)]
            io::Result::Ok(())
        });
        let blocking = P::spawn(async move {
            while !is_done.load(Ordering::Relaxed) {
                block(STUCK);
                P::sleep_until(clock::now() + STUCK).await;
            }
        });
        done.wait().await;
        blocking.await;
        drop(serving);
        io::Result::Ok(())
    })??;
    let late = client
        .join()
        .map_err(|_| io::Error::other("the client panicked"))??;
    Ok(percentiles_us(late, &[0.5, 0.99, 0.999, 1.0]))
}

/// Sends a message each millisecond, over one connection after the other, and returns how long each took.
fn exchange(address: std::net::SocketAddr, messages: usize) -> io::Result<Vec<Duration>> {
    let mut streams = Vec::with_capacity(STUCK_CONNECTIONS);
    for _ in 0..STUCK_CONNECTIONS {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(SILENCE))?;
        streams.push(stream);
    }
    let mut late = Vec::with_capacity(messages);
    for index in 0..messages {
        let stream = &mut streams[index % STUCK_CONNECTIONS];
        let clock = Clock::start();
        stream.write_all(&[7; 64])?;
        stream.read_exact(&mut [0; 64])?;
        late.push(clock.elapsed());
        block(STUCK_PACE);
    }
    Ok(late)
}

/// Keeps this thread from running for so long, without computing.
fn block(span: Duration) {
    let (_sender, receiver) = mpsc::channel::<()>();
    // Nothing is sent: it ends by the time.
    let _ = receiver.recv_timeout(span);
}

/// A plain thread spawns tasks on the runtime.
fn spawn_outside<P: Outside + Net + Time>(plan: &Plan) -> io::Result<Vec<f64>> {
    let count = plan.count(300_000);
    P::run(plan.workers(), async move {
        let mut ns = 0.0;
        for times in [count / 10, count] {
            let handle = P::handle();
            let done = Arc::new(Signal::default());
            let left = Arc::new(AtomicUsize::new(times));
            let clock = Clock::start();
            let ended = done.clone();
            let thread = start_thread("outside", move || {
                for _ in 0..times {
                    let (left, done) = (left.clone(), done.clone());
                    P::spawn_on(&handle, async move {
                        if left.fetch_sub(1, Ordering::Relaxed) == 1 {
                            done.set();
                        }
                    });
                }
            })?;
            ended.wait().await;
            ns = clock.ns_per(times);
            thread
                .join()
                .map_err(|_| io::Error::other("the thread panicked"))?;
        }
        Ok(vec![ns])
    })?
}

/// 64 threads wake all of 64 tasks, again and again.
fn wake_storm<P: Outside + Net + Time>(plan: &Plan) -> io::Result<Vec<f64>> {
    let times = plan.count(200);
    P::run(plan.workers(), async move {
        let storm = Arc::new(Storm::default());
        let tasks: Vec<_> = (0..STORM)
            .map(|index| {
                P::spawn(Woken {
                    storm: storm.clone(),
                    index,
                })
            })
            .collect();
        while storm.wakers.iter().any(|waker| waker.get().is_none()) {
            P::yield_now().await;
        }
        let (all, last) = (
            Arc::new(Signal::default()),
            Arc::new(AtomicUsize::new(STORM)),
        );
        let (clock, cpu) = (Clock::start(), Cpu::used());
        let mut threads = Vec::with_capacity(STORM);
        for _ in 0..STORM {
            let (storm, all, last) = (storm.clone(), all.clone(), last.clone());
            threads.push(start_thread("storm", move || {
                for _ in 0..times {
                    storm.wake_all();
                }
                if last.fetch_sub(1, Ordering::Relaxed) == 1 {
                    all.set();
                }
            })?);
        }
        all.wait().await;
        storm.is_over.store(true, Ordering::SeqCst);
        storm.wake_all();
        for task in tasks {
            task.await;
        }
        let wakes = times * STORM * STORM;
        let figures = vec![
            clock.ns_per(wakes),
            clock::per(Cpu::used().since(cpu).total(), wakes),
        ];
        for thread in threads {
            thread
                .join()
                .map_err(|_| io::Error::other("a thread panicked"))?;
        }
        Ok(figures)
    })?
}

#[derive(Debug)]
struct Storm {
    wakers: [OnceLock<Waker>; STORM],
    is_over: AtomicBool,
}

impl Default for Storm {
    fn default() -> Self {
        Self {
            wakers: std::array::from_fn(|_| OnceLock::new()),
            is_over: AtomicBool::new(false),
        }
    }
}

impl Storm {
    fn wake_all(&self) {
        for waker in self.wakers.iter().filter_map(OnceLock::get) {
            waker.wake_by_ref();
        }
    }
}

/// Leaves its waker, and is pending until the storm is over.
struct Woken {
    storm: Arc<Storm>,
    index: usize,
}

impl Future for Woken {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let own = self.storm.wakers[self.index].get_or_init(|| cx.waker().clone());
        assert!(own.will_wake(cx.waker()), "a task's waker stays the same");
        match self.storm.is_over.load(Ordering::SeqCst) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

/// How long the worker is stuck, and then not.
const STUCK: Duration = Duration::from_millis(100);
/// Messages of the client.
const STUCK_MESSAGES: usize = 1_500;
/// Connections over which they go.
const STUCK_CONNECTIONS: usize = 8;
/// The client's time between two messages.
const STUCK_PACE: Duration = Duration::from_millis(1);
/// How long an answer may take before the measurement fails.
const SILENCE: Duration = Duration::from_secs(10);
/// Threads that wake, and tasks that are woken.
const STORM: usize = 64;
