//! A ticker: one source of prices, many subscribers, some of whom are slow.
//!
//! Shows: an event-driven program ported as it is, with callbacks on a loop; a broadcast channel, which tells a slow
//! subscriber how much it missed instead of holding up the others; a watch channel, which keeps only the latest.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use trill::Task;
use trill::callback::Callbacks;
use trill::channel::{broadcast, watch};
use trill::task::join_all;
use trill_examples::{Row, print_table, scale};

fn main() -> io::Result<()> {
    print_table(&trill::run(run())?);
    Ok(())
}

/// A price, and its number from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Price {
    number: u64,
    cents: u64,
}

/// Runs the source and the subscribers, and checks that each got what it was promised.
async fn run() -> io::Result<Vec<Row>> {
    let ticks = scale(2_000, 200);
    let (all, _) = broadcast::channel(64);
    let (latest, _) = watch::channel(Price::default());

    let fast: Vec<_> = (0..FAST)
        .map(|_| trill::spawn(follow(all.subscribe(), 0)))
        .collect();
    let slow: Vec<_> = (0..SLOW)
        .map(|n| trill::spawn(follow(all.subscribe(), n + 1)))
        .collect();
    let glances: Vec<_> = (0..GLANCES)
        .map(|_| trill::spawn(glance(latest.subscribe())))
        .collect();

    let start = trill::time::now();
    let source = Source::new(ticks, all, latest);
    source.callbacks.call_soon({
        let source = source.clone();
        move || source.tick()
    });
    source.callbacks.run().await;
    // The channels close when the source is gone.
    source.callbacks.clear();
    drop(source);

    let missed_by_fast = missed(fast, ticks).await?;
    let missed_by_slow = missed(slow, ticks).await?;
    let mut glanced = 0;
    for seen in join_all(glances).await {
        let (count, last) = seen.map_err(io::Error::other)?;
        if last != ticks {
            return Err(io::Error::other(format!(
                "the last price seen was {last}, not {ticks}"
            )));
        }
        glanced += count;
    }
    let took = trill::time::now() - start;
    Ok(vec![
        Row::new(
            "ticker",
            format!("{ticks} prices to {FAST} fast subscribers"),
            format!("{missed_by_fast} missed, {took:.2?}"),
        ),
        Row::new(
            "ticker",
            format!("to {SLOW} slow ones"),
            format!("{missed_by_slow} missed, and each knows how many"),
        ),
        Row::new(
            "ticker",
            format!("to {GLANCES} who want the latest"),
            format!("{glanced} seen, the last one by all"),
        ),
    ])
}

/// Waits for subscribers; returns how many prices they missed, if everything else came to them.
async fn missed(subscribers: Vec<Task<Followed>>, ticks: u64) -> io::Result<u64> {
    let mut missed = 0;
    for followed in join_all(subscribers).await {
        missed += followed.map_err(io::Error::other)?.checked(ticks)?;
    }
    Ok(missed)
}

/// The event-driven part: each callback does a bit and sets up the next.
struct Source {
    callbacks: Callbacks,
    ticks: u64,
    sent: AtomicU64,
    all: broadcast::Sender<Price>,
    latest: watch::Sender<Price>,
}

impl Source {
    fn new(ticks: u64, all: broadcast::Sender<Price>, latest: watch::Sender<Price>) -> Arc<Source> {
        Arc::new(Source {
            callbacks: Callbacks::new(),
            ticks,
            sent: AtomicU64::new(0),
            all,
            latest,
        })
    }

    /// Publishes a price, and calls itself again until the market closes.
    fn tick(self: Arc<Self>) {
        let number = self.sent.fetch_add(1, Ordering::Relaxed) + 1;
        let price = Price {
            number,
            cents: 10_000 + number * 37 % 101,
        };
        // Nobody is held up by a subscriber, and nobody has to be there.
        let _ = self.all.send(price);
        let _ = self.latest.send(price);
        if number == self.ticks {
            self.callbacks.stop();
            return;
        }
        let next = self.clone();
        self.callbacks.call_later(PERIOD, move || next.tick());
    }
}

/// What became of a subscription.
#[derive(Debug)]
struct Followed {
    received: u64,
    missed: u64,
    in_order: bool,
}

impl Followed {
    /// How many were missed, if everything else came, in order.
    fn checked(self, ticks: u64) -> io::Result<u64> {
        match self {
            Followed {
                received,
                missed,
                in_order: true,
            } if received + missed == ticks => Ok(missed),
            other => Err(io::Error::other(format!("{other:?} of {ticks}"))),
        }
    }
}

/// Follows all prices, and needs some time for each.
async fn follow(mut prices: broadcast::Receiver<Price>, millis: u64) -> Followed {
    let mut followed = Followed {
        received: 0,
        missed: 0,
        in_order: true,
    };
    loop {
        match prices.recv().await {
            Ok(price) => {
                followed.received += 1;
                followed.in_order &= price.number == followed.received + followed.missed;
            }
            Err(broadcast::RecvError::Lagged(missed)) => followed.missed += missed,
            Err(_closed) => return followed,
        }
        if millis > 0 {
            trill::time::sleep(Duration::from_millis(millis)).await;
        }
    }
}

/// Looks at the latest price now and then; returns how often, and the number of the last.
async fn glance(mut price: watch::Receiver<Price>) -> (u64, u64) {
    let mut count = 0;
    while price.changed().await.is_ok() {
        let _ = *price.borrow_and_update();
        count += 1;
        trill::time::sleep(Duration::from_millis(5)).await;
    }
    let last = price.borrow().number;
    (count, last)
}

/// Time between two prices.
const PERIOD: Duration = Duration::from_micros(200);

const FAST: usize = 50;
const SLOW: u64 = 5;
const GLANCES: usize = 20;
