//! Producers and consumers with two stages between them, which end without losing an order when somebody says stop.
//!
//! Shows: bounded queues with back-pressure, `join` and `task_done`, a queue in order of urgency, a cancel token that asks
//! producers to end, and a graceful shutdown: what was taken on is done, and nothing new is taken on.

use std::cmp::Reverse;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use trill::queue::{PriorityQueue, Queue, Shutdown};
use trill::task::{CancelToken, join_all};
use trill_examples::{Row, print_table, scale};

fn main() -> io::Result<()> {
    print_table(&trill::run(run())?);
    Ok(())
}

/// An order: urgent ones first, then the older ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Order {
    urgency: Reverse<u8>,
    number: u64,
}

/// Runs the stages until enough was produced, and checks that all of it was delivered.
async fn run() -> io::Result<Vec<Row>> {
    let start = trill::time::now();
    let enough = scale(100_000, 5_000);
    let stages = Arc::new(Stages {
        incoming: Queue::bounded(64),
        packed: PriorityQueue::bounded(64),
    });
    let stop = CancelToken::new();
    let under_way = Arc::new(AtomicUsize::new(0));
    let _counted = stop.on_cancel({
        let (stages, under_way) = (stages.clone(), under_way.clone());
        move |_| under_way.store(stages.under_way(), Ordering::Relaxed)
    });

    let producers: Vec<_> = (0..PRODUCERS)
        .map(|producer| trill::spawn(stop.scope(stages.clone().produce(producer))))
        .collect();
    let packers: Vec<_> = (0..PACKERS)
        .map(|_| trill::spawn(stages.clone().pack()))
        .collect();
    let couriers: Vec<_> = (0..COURIERS)
        .map(|_| trill::spawn(stages.clone().deliver(enough, stop.clone())))
        .collect();

    // The first courier who has delivered enough says stop. From here on everything ends in order.
    let why = stop.cancelled().await;
    let produced = sum(join_all(producers).await)?;
    stages.incoming.join().await;
    stages.incoming.shutdown(Shutdown::Graceful);
    let packed = sum(join_all(packers).await)?;
    stages.packed.join().await;
    stages.packed.shutdown(Shutdown::Graceful);
    let delivered = sum(join_all(couriers).await)?;

    if (packed, delivered) != (produced, produced) {
        return Err(io::Error::other(format!(
            "{produced} orders came, {packed} were packed, {delivered} delivered"
        )));
    }
    let took = trill::time::now() - start;
    let under_way = under_way.load(Ordering::Relaxed);
    Ok(vec![
        Row::new(
            "orders",
            format!("{PRODUCERS} producers, {PACKERS} packers, {COURIERS} couriers"),
            format!("{delivered} orders in {took:.2?}"),
        ),
        Row::new(
            "orders",
            format!("stopped: {}", why.reason()),
            format!("{under_way} orders were under way, and were delivered"),
        ),
    ])
}

/// The two queues.
struct Stages {
    incoming: Queue<Order>,
    packed: PriorityQueue<Order>,
}

impl Stages {
    /// Orders that came and were not delivered yet.
    fn under_way(&self) -> usize {
        self.incoming.unfinished() + self.packed.unfinished()
    }

    /// Takes orders on until it is asked to stop; returns how many.
    async fn produce(self: Arc<Self>, producer: u64) -> u64 {
        let mut count = 0;
        while trill::task::checkpoint().await.is_ok() {
            let order = Order {
                urgency: Reverse((count % 3) as u8),
                number: count * PRODUCERS + producer,
            };
            // Waits while the packers are behind.
            if self.incoming.put(order).await.is_err() {
                break;
            }
            count += 1;
        }
        count
    }

    /// Packs until there is nothing more to come; returns how many.
    async fn pack(self: Arc<Self>) -> u64 {
        let mut count = 0;
        while let Ok(order) = self.incoming.get_item().await {
            if self.packed.put(*order).await.is_err() {
                break;
            }
            count += 1;
            // Dropping the item says that it is done.
        }
        count
    }

    /// Delivers the most urgent first; returns how many.
    async fn deliver(self: Arc<Self>, enough: u64, stop: CancelToken) -> u64 {
        let mut count = 0;
        while let Ok(order) = self.packed.get().await {
            if order.number % 1000 == 0 {
                // A long way.
                trill::time::sleep(Duration::from_micros(100)).await;
            }
            count += 1;
            if count == enough / COURIERS {
                stop.cancel("one courier has delivered its part");
            }
            self.packed
                .task_done()
                .expect("it was taken from the queue");
        }
        count
    }
}

/// Adds up what the tasks returned.
fn sum(ends: Vec<Result<u64, trill::task::JoinError>>) -> io::Result<u64> {
    let counts: Result<Vec<u64>, _> = ends.into_iter().collect();
    Ok(counts.map_err(io::Error::other)?.into_iter().sum())
}

const PRODUCERS: u64 = 4;
const PACKERS: u64 = 2;
const COURIERS: u64 = 3;
