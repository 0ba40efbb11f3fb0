//! Waiting for a place in a group.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use trill_cell::{Kind, Spawned, waiting};
use trill_sync::futures::AcquireArc;

use super::child_handle::Child;
use super::handle::Group;
use super::refused::{Refused, WhyRefused};
use crate::token::WhenCancelled;

/// Waits for a free place, then spawns a child; made by [`Group::spawn_when_free`].
///
/// # Cancel safety
///
/// See [`Group::spawn_when_free`].
///
/// # Examples
///
/// See [`Group::spawn_when_free`].
#[must_use = "futures do nothing unless awaited"]
pub struct SpawnWhenFree<E, F> {
    group: Group<E>,
    /// Gone once spawned or refused.
    child: Option<(F, Spawned)>,
    /// From the first poll that waits.
    row: Option<Row>,
}

/// A place among those who wait.
struct Row {
    acquire: AcquireArc,
    /// The group's end ends the wait.
    abort: Option<WhenCancelled>,
}

impl<E, F> SpawnWhenFree<E, F> {
    pub(super) fn new(group: Group<E>, future: F, spawned: Spawned) -> SpawnWhenFree<E, F> {
        SpawnWhenFree {
            group,
            child: Some((future, spawned)),
            row: None,
        }
    }
}

// The child's future is not polled here.
impl<E, F> Unpin for SpawnWhenFree<E, F> {}

impl<V, E, F> Future for SpawnWhenFree<E, F>
where
    V: Send + 'static,
    E: Send + 'static,
    F: Future<Output = Result<V, E>> + Send + 'static,
{
    type Output = Result<Child<V>, Refused<F>>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let shared = this.group.shared();
        let mut refusal = shared.refusal();
        let mut permit = None;
        if let (None, Some(places)) = (refusal, &shared.places) {
            let row = this.row.get_or_insert_with(|| Row {
                acquire: places.acquire_arc(),
                abort: shared.tokens().map(|tokens| tokens.token.cancelled()),
            });
            match Pin::new(&mut row.acquire).poll(cx) {
                Poll::Ready(acquired) => permit = Some(acquired),
                Poll::Pending => {
                    let abort = row.abort.as_mut().map(|abort| Pin::new(abort).poll(cx));
                    if !abort.is_some_and(|abort| abort.is_ready()) {
                        let address = Arc::as_ptr(places).addr() as u64;
                        waiting(Kind::Permit, address, Location::caller());
                        return Poll::Pending;
                    }
                    refusal = Some(WhyRefused::Aborting);
                }
            }
        }
        this.row = None;
        let (future, spawned) = this
            .child
            .take()
            .expect("a future is not polled after it was ready");
        Poll::Ready(match refusal {
            Some(why) => Err(Refused::new(future, why)),
            None => this.group.spawn_at(future, spawned, permit),
        })
    }
}

impl<E, F> fmt::Debug for SpawnWhenFree<E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpawnWhenFree")
            .field("group", &self.group)
            .finish_non_exhaustive()
    }
}
