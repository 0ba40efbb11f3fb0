//! What several test files need.
#![allow(dead_code, unreachable_pub)] // No file needs all of it.
#![allow(clippy::unwrap_used)] // Only tests call it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use trill_executor::Executor;
use trill_park::block_on;
use trill_server::Listener;
use trill_sync::channel::{Receiver, Sender, unbounded};
use trill_world::VirtualWorld;

/// A listener without a socket: what is sent to its door is accepted.
pub struct Gate {
    knocks: Receiver<io::Result<Visitor>>,
    is_open: Arc<AtomicBool>,
}

/// The other side of a [`Gate`].
#[derive(Clone)]
pub struct Door {
    knock: Sender<io::Result<Visitor>>,
    /// Keeps what is not accepted when the listener closes.
    _waiting: Receiver<io::Result<Visitor>>,
    is_open: Arc<AtomicBool>,
    pub inside: Arc<AtomicUsize>,
}

/// A connection without a socket. It counts as inside until it is dropped.
pub struct Visitor {
    pub number: u32,
    inside: Arc<AtomicUsize>,
}

impl Drop for Visitor {
    fn drop(&mut self) {
        self.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

pub fn gate() -> (Door, Gate) {
    let (knock, knocks) = unbounded();
    let is_open = Arc::new(AtomicBool::new(true));
    let door = Door {
        knock,
        _waiting: knocks.clone(),
        is_open: is_open.clone(),
        inside: Arc::default(),
    };
    (door, Gate { knocks, is_open })
}

impl Door {
    pub fn knock(&self, number: u32) {
        self.inside.fetch_add(1, Ordering::SeqCst);
        let inside = self.inside.clone();
        self.knock.try_send(Ok(Visitor { number, inside })).unwrap();
    }

    pub fn fail(&self, error: io::Error) {
        self.knock.try_send(Err(error)).unwrap();
    }

    /// Whether the listener is there.
    pub fn is_open(&self) -> bool {
        self.is_open.load(Ordering::SeqCst)
    }

    /// How many connections are not dropped.
    pub fn inside(&self) -> usize {
        self.inside.load(Ordering::SeqCst)
    }
}

impl Listener for Gate {
    type Stream = Visitor;
    type Address = u32;
    type Accept<'a> = Pin<Box<dyn Future<Output = io::Result<(Visitor, u32)>> + Send + 'a>>;

    fn accept(&self) -> Self::Accept<'_> {
        Box::pin(async {
            match self.knocks.recv().await {
                Ok(Ok(visitor)) => {
                    let number = visitor.number;
                    Ok((visitor, number))
                }
                Ok(Err(error)) => Err(error),
                Err(_) => std::future::pending().await,
            }
        })
    }

    fn local_addr(&self) -> io::Result<u32> {
        Ok(7)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.is_open.store(false, Ordering::SeqCst);
    }
}

/// Runs a test in a world whose clock jumps.
pub fn in_world<T>(seed: u64, body: impl Future<Output = T>) -> T {
    VirtualWorld::new(seed).run(|| {
        let ex = Executor::new();
        block_on(ex.run(body))
    })
}

/// Lets all tasks run until they wait.
pub async fn settle() {
    for _ in 0..50 {
        trill_executor::yield_now().await;
    }
}

/// What was reported in this process, of servers with this name.
pub fn reports_of(name: &str) -> Vec<String> {
    REPORTS
        .lock()
        .unwrap()
        .iter()
        .filter(|report| report.contains(name))
        .cloned()
        .collect()
}

/// Notes reports from now on.
pub fn note_reports() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        trill_cell::on_unhandled(&|failure| {
            REPORTS.lock().unwrap().push(failure.to_string());
        });
    });
}

static REPORTS: Mutex<Vec<String>> = Mutex::new(Vec::new());
