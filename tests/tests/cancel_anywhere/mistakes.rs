//! The harness finds the mistakes that it is there for.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Poll, Waker};

use crate::harness::{Case, pause};

/// A flag for one at a time, with one mistake.
#[derive(Default)]
struct Gate {
    open: Cell<bool>,
    waiting: RefCell<Vec<Waker>>,
    passed: Cell<u32>,
    mistake: Option<Mistake>,
}

#[derive(Clone, Copy, PartialEq)]
enum Mistake {
    /// Only the first is woken, and one that leaves then does not wake the next.
    LosesTurn,
    /// Who leaves stays in the list.
    KeepsWaker,
    /// Nobody is woken.
    NeverWakes,
    /// The wait changes something before it is over.
    CountsTooEarly,
}

impl Gate {
    fn new(mistake: Option<Mistake>) -> Gate {
        Gate {
            mistake,
            ..Gate::default()
        }
    }

    fn has(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    fn open(&self) {
        self.open.set(true);
        if self.has(Mistake::NeverWakes) {
            return;
        }
        let mut next = self.waiting.take();
        if self.has(Mistake::LosesTurn) && !next.is_empty() {
            self.waiting.replace(next.split_off(1));
        }
        next.into_iter().for_each(Waker::wake);
    }

    async fn pass(&self) {
        if self.has(Mistake::CountsTooEarly) {
            self.passed.set(self.passed.get() + 1);
        }
        let mut left = Leave(self, None);
        poll_fn(|cx| {
            if self.open.get() {
                return Poll::Ready(());
            }
            left.forget();
            self.waiting.borrow_mut().push(cx.waker().clone());
            left.1 = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
        if !self.has(Mistake::CountsTooEarly) {
            self.passed.set(self.passed.get() + 1);
        }
    }
}

/// Takes the waker out of the list.
struct Leave<'a>(&'a Gate, Option<Waker>);

impl Leave<'_> {
    fn forget(&mut self) {
        if let Some(waker) = self.1.take() {
            let mut waiting = self.0.waiting.borrow_mut();
            waiting.retain(|other| !other.will_wake(&waker));
        }
    }
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        if !self.0.has(Mistake::KeepsWaker) {
            self.forget();
        }
    }
}

fn run(setup: fn() -> Gate) -> Result<(), String> {
    let case = Case::<Gate, ()> {
        setup,
        script: |gate| {
            Box::pin(async move {
                pause().await;
                pause().await;
                gate.open();
            })
        },
        wait: |gate| {
            Box::pin(async move {
                gate.pass().await;
                gate.open();
            })
        },
        behind: |gate| Box::pin(gate.pass()),
        after: |gate, output| {
            Box::pin(async move {
                assert_eq!(
                    gate.passed.get(),
                    1 + u32::from(output.is_some()),
                    "a wrong count"
                );
            })
        },
        keeps: None,
    };
    catch_unwind(AssertUnwindSafe(|| case.run("a gate"))).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
            .unwrap_or_default()
    })
}

#[test]
fn a_gate_without_mistakes_passes() {
    assert_eq!(run(|| Gate::new(None)), Ok(()));
}

#[test]
fn each_mistake_is_found() {
    let found = |setup| run(setup).expect_err("there is a mistake");
    let lost = found(|| Gate::new(Some(Mistake::LosesTurn)));
    assert!(lost.contains("the one behind never ends"), "{lost}");
    let kept = found(|| Gate::new(Some(Mistake::KeepsWaker)));
    assert!(
        kept.contains("wakers of the dropped future are kept"),
        "{kept}"
    );
    let stuck = found(|| Gate::new(Some(Mistake::NeverWakes)));
    assert!(stuck.contains("nobody wakes the future"), "{stuck}");
    let early = found(|| Gate::new(Some(Mistake::CountsTooEarly)));
    assert!(early.contains("a wrong count"), "{early}");
}

#[test]
fn a_future_that_never_waits_shows_nothing() {
    let found = run(|| {
        let gate = Gate::new(None);
        gate.open();
        gate
    });
    assert!(found.unwrap_err().contains("ready at once"));
}
