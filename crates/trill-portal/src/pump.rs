//! The portal's own task: it spawns what threads have ordered.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use trill_cell::{Kind, waiting};

use crate::order::quietly;
use crate::queue::Queue;

/// Spawns orders where it is polled, until nobody can order any more.
#[derive(Debug)]
pub(crate) struct Pump(pub(crate) Arc<Queue>);

impl Future for Pump {
    type Output = ();

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.note_home();
        for _ in 0..ORDERS_PER_POLL {
            let Poll::Ready(next) = self.0.poll_next(cx) else {
                waiting(Kind::Receive, 0, Location::caller());
                return Poll::Pending;
            };
            match next {
                // The futures of others must not suffer from one whose drop panics.
                Some(order) => quietly(|| order.place()),
                None => return Poll::Ready(()),
            }
        }
        waiting(Kind::Turn, 0, Location::caller());
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        // It ends with the last portal, or with its runtime; then this is what frees those who wait.
        self.0.close();
    }
}

/// How many tasks are spawned before others get their turn: a spawn takes about 0.1 µs.
const ORDERS_PER_POLL: usize = 128;
