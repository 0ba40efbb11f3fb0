//! Which types may move between threads, be shared, and be moved once polled.
#![cfg(not(loom))]

use std::cell::Cell;
use std::marker::PhantomPinned;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;

use trill_sync::channel::{self, broadcast, oneshot, watch};

fn send<T: Send>() {}
fn sync<T: Sync>() {}
fn unpin<T: Unpin>() {}
fn unwind<T: UnwindSafe + RefUnwindSafe>() {}

/// A message that is `Send` only.
type Message = (Cell<i32>, PhantomPinned);

#[test]
fn handles_are_send_sync_and_unpin_when_the_message_is_send() {
    macro_rules! table {
        ($($type:ty),+ $(,)?) => { $( send::<$type>(); sync::<$type>(); unpin::<$type>(); )+ };
    }
    table!(
        channel::Sender<Message>,
        channel::Receiver<Message>,
        channel::WeakSender<Message>,
        channel::WeakReceiver<Message>,
        channel::Recv<'static, Message>,
        channel::Closed<'static, Message>,
        channel::Reserve<'static, Message>,
        channel::Permit<'static, Message>,
        oneshot::Sender<Message>,
        oneshot::Receiver<Message>,
        oneshot::Closed<'static, Message>,
        broadcast::Sender<Message>,
        broadcast::WeakSender<Message>,
        broadcast::Receiver<Message>,
        broadcast::Recv<'static, Message>,
        broadcast::Closed<'static, Message>,
    );
    // These hold messages themselves, so they are shared only if messages are.
    send::<channel::Send<'static, Message>>();
    unpin::<channel::Send<'static, Message>>();
    send::<channel::RecvMany<'static, Message>>();
    unpin::<channel::RecvMany<'static, Message>>();
    // Receivers of a watch channel look at the value at the same time.
    macro_rules! shared {
        ($($type:ty),+ $(,)?) => { $( send::<$type>(); sync::<$type>(); unpin::<$type>(); )+ };
    }
    shared!(
        watch::Sender<i32>,
        watch::Receiver<i32>,
        watch::Changed<'static, i32>,
        watch::WaitFor<'static, i32, fn(&i32) -> bool>,
        watch::Closed<'static, i32>,
    );
}

#[test]
fn mpmc_handles_pass_through_caught_panics() {
    unwind::<channel::Sender<Message>>();
    unwind::<channel::Receiver<Message>>();
}

#[test]
#[allow(clippy::assertions_on_constants)] // The constants are what the compiler decided, and that is tested.
fn handles_of_local_messages_stay_on_their_thread() {
    /// `true` for types that are not `Send`; the inherent constant wins over the trait's for those that are.
    struct Probe<T>(std::marker::PhantomData<T>);
    trait Local {
        const LOCAL: bool = true;
    }
    impl<T> Local for Probe<T> {}
    impl<T: Send> Probe<T> {
        const LOCAL: bool = false;
    }
    assert!(!Probe::<channel::Sender<i32>>::LOCAL);
    assert!(Probe::<channel::Sender<Rc<i32>>>::LOCAL);
    assert!(Probe::<channel::Receiver<Rc<i32>>>::LOCAL);
    assert!(Probe::<oneshot::Sender<Rc<i32>>>::LOCAL);
    assert!(Probe::<oneshot::Receiver<Rc<i32>>>::LOCAL);
    assert!(Probe::<broadcast::Receiver<Rc<i32>>>::LOCAL);
    assert!(Probe::<watch::Receiver<Cell<i32>>>::LOCAL);
    assert!(Probe::<watch::Ref<'static, i32>>::LOCAL);
}

#[test]
fn errors_are_errors_and_speak() {
    fn told(error: &dyn std::error::Error) -> String {
        error.to_string()
    }
    let texts = [
        told(&channel::SendError(())),
        told(&channel::TrySendError::Full(())),
        told(&channel::TrySendError::Closed(())),
        told(&channel::TryReserveError::Full),
        told(&channel::TryReserveError::Closed),
        told(&channel::RecvError),
        told(&channel::TryRecvError::Empty),
        told(&channel::TryRecvError::Closed),
        told(&broadcast::Lagged(2)),
        told(&broadcast::RecvError::Lagged(2)),
        told(&broadcast::RecvError::Closed),
        told(&broadcast::TryRecvError::Empty),
        told(&broadcast::TryRecvError::Lagged(2)),
        told(&broadcast::TryRecvError::Closed),
    ];
    assert!(texts.iter().all(|text| text.len() > 10));
}

// Fault 40c
#[test]
fn waiting_futures_are_small() {
    let words = |bytes: usize| bytes.div_ceil(size_of::<usize>());
    assert!(words(size_of::<channel::Recv<'static, u64>>()) <= 3);
    assert!(words(size_of::<channel::Send<'static, u64>>()) <= 5);
    assert!(words(size_of::<oneshot::Receiver<u64>>()) <= 2);
    assert!(words(size_of::<channel::Receiver<u64>>()) <= 3);
}
