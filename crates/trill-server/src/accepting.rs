//! Accepting connections, each in a task of its own.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use trill_cell::{Spawned, What};
use trill_executor::ambient;
use trill_sync::SemaphoreGuardArc;

use crate::acceptor::Acceptor;
use crate::builder::WhenFull;
use crate::connection::Connection;
use crate::listener::Listener;
use crate::outcome::Outcome;
use crate::shared::{Live, Open, Shared};

/// What all connections of a server are served with.
pub(crate) struct Service<A, H> {
    pub(crate) acceptor: A,
    pub(crate) handler: H,
}

/// Accepts until the server closes.
pub(crate) async fn run<L, A, H, F>(open: Open<L>, service: Arc<Service<A, H>>)
where
    L: Listener,
    A: Acceptor<L::Stream>,
    H: Fn(Connection<A::Stream, L::Address>) -> F + Send + Sync + 'static,
    F: Future<Output: Outcome> + Send + 'static,
{
    let shared = open.shared.clone();
    while let Some(permit) = until_closing(&shared, permit(&shared)).await {
        let Some(accepted) = until_closing(&shared, open.listener().accept()).await else {
            return;
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // The listener pauses by itself before the next attempt.
                shared.failed.fetch_add(1, Ordering::Relaxed);
                shared.report(What::Failure, &format!("could not accept: {error}"));
                continue;
            }
        };
        let permit = match (&shared.room, permit) {
            (Some(room), None) => match room.try_acquire_arc() {
                Some(permit) => Some(permit),
                None => {
                    shared.refused.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
            },
            (_, permit) => permit,
        };
        let live = shared.enter();
        let id = live.id;
        let serve = serve(
            Parts {
                stream,
                peer,
                permit,
                live,
            },
            service.clone(),
        );
        let mut spawned = Spawned::at(shared.site);
        if let Some(name) = &shared.name {
            spawned = spawned.named(format!("{name} {id}"));
        }
        match ambient::spawn_as(serve, spawned) {
            Ok(task) => shared.keep(id, task),
            Err(refused) => {
                shared.refused.fetch_add(1, Ordering::Relaxed);
                shared.report(What::Failure, &refused.to_string());
            }
        }
    }
}

/// A permit for the next connection; `None` if there is no limit, or if it is asked for later.
async fn permit(shared: &Shared) -> Option<SemaphoreGuardArc> {
    match (&shared.room, shared.when_full) {
        (Some(room), WhenFull::Wait) => Some(room.acquire_arc().await),
        _ => None,
    }
}

/// Waits for a future unless the server closes.
async fn until_closing<F: Future>(shared: &Shared, future: F) -> Option<F::Output> {
    let mut closing = shared.closing.wait();
    let mut future = pin!(future);
    poll_fn(|cx| {
        if Pin::new(&mut closing).poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        future.as_mut().poll(cx).map(Some)
    })
    .await
}

/// What a connection consists of. They are dropped in this order: it is live until the socket is closed.
struct Parts<S, P> {
    stream: S,
    peer: P,
    permit: Option<SemaphoreGuardArc>,
    live: Live,
}

/// Serves a connection to its end.
async fn serve<S, P, A, H, F>(parts: Parts<S, P>, service: Arc<Service<A, H>>)
where
    S: Send + 'static,
    A: Acceptor<S>,
    H: Fn(Connection<A::Stream, P>) -> F + Send + Sync + 'static,
    F: Future<Output: Outcome> + Send + 'static,
{
    let Parts {
        stream,
        peer,
        permit,
        live,
    } = parts;
    // Dropped last.
    let live = live;
    let _permit = permit;
    let shared = live.shared.clone();
    let whole = async {
        match service.acceptor.accept(stream).await {
            Ok(stream) => {
                let connection = Connection::new(stream, peer, live.id, shared.clone());
                let outcome = (service.handler)(connection).await;
                if let Some(failure) = outcome.failure() {
                    shared.report(What::Failure, &failure.to_string());
                }
            }
            Err(error) => {
                shared.failed.fetch_add(1, Ordering::Relaxed);
                shared.report(
                    What::Failure,
                    &format!("could not set up a connection: {error}"),
                );
            }
        }
    };
    // In a box, since futures of handlers are large, and because what panicked is dropped before it is reported.
    let mut whole = Box::pin(whole);
    let panicked = poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| whole.as_mut().poll(cx))) {
            Ok(polled) => polled.map(|()| None),
            Err(payload) => Poll::Ready(Some(payload)),
        },
    )
    .await;
    drop(whole);
    if let Some(payload) = panicked {
        shared.report(What::Panic, message(&*payload));
    }
}

/// The text of a panic.
fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    let string = || payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(string).unwrap_or("a handler panicked")
}
