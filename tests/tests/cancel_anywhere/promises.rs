//! The cases of trill-sync's promises: the outcome is moved out by the poll that returns it.

use std::cell::RefCell;

use trill_sync::promise::{Promise, Promised, promise};

use crate::case;
use crate::harness::pause;

/// A promise that can be taken.
type Giver = RefCell<Option<Promise<u32, String>>>;

fn pair() -> (Giver, Promised<u32, String>) {
    let (promise, promised) = promise();
    (RefCell::new(Some(promise)), promised)
}

case!(promised: "trill_sync::promise::Promised",
    setup: {
        let (promise, promised) = pair();
        (promise, RefCell::new(promised))
    },
    script: |(promise, _)| {
        pause().await;
        pause().await;
        promise.take().unwrap().complete(7).unwrap();
    },
    wait: |(_, promised)| (&mut *promised.borrow_mut()).await,
    after: |(_, promised), output| {
        let outcome = match output {
            Some(outcome) => outcome,
            None => (&mut *promised.borrow_mut()).await,
        };
        assert_eq!(outcome, Ok(7));
    },
    keeps: "the promised half lives on; only a wait for it was dropped",
);

case!(promised_shared: "trill_sync::promise::Promised::shared",
    setup: {
        let (promise, promised) = pair();
        (promise, promised.shared())
    },
    script: |(promise, _)| {
        pause().await;
        pause().await;
        promise.take().unwrap().complete(7).unwrap();
    },
    wait: |(_, shared)| shared.clone().await,
    behind: |(_, shared)| { assert_eq!(shared.clone().await, Ok(7)) },
    after: |(_, shared), output| {
        assert_eq!(output.unwrap_or(Ok(7)), Ok(7));
        assert_eq!(shared.try_result(), Some(&Ok(7)));
    },
);

case!(promise_cancelled: "trill_sync::promise::Promise::cancelled",
    setup: promise::<u32, String>(),
    script: |(_, promised)| {
        pause().await;
        pause().await;
        assert!(promised.cancel());
    },
    wait: |(promise, _)| promise.cancelled().await,
    behind: |(promise, _)| { promise.cancelled().await },
    after: |(promise, _), _| { assert!(promise.is_cancelled()) },
);
