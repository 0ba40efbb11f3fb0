//! The cases of trill-limit: no token and no permit is lost, and no attempt goes on.

use std::cell::Cell;
use std::sync::Arc;

use trill_limit::{Borrower, CapacityLimiter, Jitter, RateLimiter, Retry};

use crate::case;
use crate::harness::{ms, pause};
use crate::work::Work;

/// Asserts that all tokens are back and nobody waits.
fn is_whole(limiter: &CapacityLimiter) {
    let statistics = limiter.statistics();
    assert_eq!((statistics.borrowed, statistics.waiting), (0, 0));
    assert!(limiter.try_acquire().is_ok());
}

case!(acquire: "trill_limit::CapacityLimiter::acquire",
    setup: CapacityLimiter::new(1),
    script: |limiter| {
        let token = limiter.acquire().await.unwrap();
        pause().await;
        pause().await;
        drop(token);
        pause().await;
    },
    wait: |limiter| drop(limiter.acquire().await.unwrap()),
    behind: |limiter| { drop(limiter.acquire().await.unwrap()) },
    after: |limiter, _| { is_whole(limiter) },
);

case!(acquire_arc: "trill_limit::CapacityLimiter::acquire_arc",
    setup: Arc::new(CapacityLimiter::new(1)),
    script: |limiter| {
        let token = limiter.acquire_arc().await.unwrap();
        pause().await;
        pause().await;
        drop(token);
        pause().await;
    },
    wait: |limiter| drop(limiter.acquire_arc().await.unwrap()),
    behind: |limiter| { drop(limiter.acquire_arc().await.unwrap()) },
    after: |limiter, _| {
        is_whole(limiter);
        assert_eq!(Arc::strong_count(limiter), 1);
    },
);

case!(acquire_arc_on_behalf_of: "trill_limit::CapacityLimiter::acquire_arc_on_behalf_of",
    setup: (Arc::new(CapacityLimiter::new(1)), Borrower::new()),
    script: |(limiter, _)| {
        let token = limiter.acquire().await.unwrap();
        pause().await;
        pause().await;
        // Room for two: the one under test and the one behind.
        limiter.set_total(2);
        pause().await;
        drop(token);
    },
    wait: |(limiter, who)| drop(limiter.acquire_arc_on_behalf_of(*who).await.unwrap()),
    behind: |(limiter, _)| { drop(limiter.acquire_arc().await.unwrap()) },
    after: |(limiter, who), _| {
        is_whole(limiter);
        assert!(limiter.on_behalf_of(*who).try_acquire().is_ok(), "it has no token");
    },
);

case!(on_behalf_of_acquire: "trill_limit::OnBehalfOf::acquire",
    setup: (CapacityLimiter::new(1), Borrower::new()),
    script: |(limiter, _)| {
        let token = limiter.acquire().await.unwrap();
        pause().await;
        pause().await;
        drop(token);
        pause().await;
    },
    wait: |(limiter, who)| drop(limiter.on_behalf_of(*who).acquire().await.unwrap()),
    behind: |(limiter, _)| { drop(limiter.acquire().await.unwrap()) },
    after: |(limiter, who), _| {
        is_whole(limiter);
        assert!(limiter.on_behalf_of(*who).try_acquire().is_ok(), "it has no token");
    },
);

case!(rate_acquire: "trill_limit::RateLimiter::acquire",
    setup: (trill_world::now(), RateLimiter::new(1, ms(3))),
    script: |(_, rate)| { rate.try_acquire(1).unwrap() },
    wait: |(_, rate)| rate.acquire(1).await.unwrap(),
    behind: |(start, rate)| {
        rate.acquire(1).await.unwrap();
        assert!(trill_world::now() >= *start + ms(3), "it was early");
    },
    after: |(start, rate), output| {
        assert_eq!(rate.waiting(), 0);
        // The permits of those who came to their end are used up, that of the dropped one is not.
        rate.acquire(1).await.unwrap();
        let taken = 2 + u32::from(output.is_some());
        assert!(trill_world::now() >= *start + ms(3) * taken, "a permit came twice");
    },
);

/// The attempts at something that succeeds the third time.
#[derive(Default)]
struct Attempts {
    work: Work,
    all: Cell<u32>,
}

impl Attempts {
    /// Fails twice, then succeeds.
    async fn attempt(&self) -> Result<u32, &'static str> {
        self.all.set(self.all.get() + 1);
        self.work.of(1, ()).await;
        match self.all.get() {
            3 => Ok(3),
            _ => Err("not yet"),
        }
    }

    /// Asserts that no attempt goes on, and none was one too many.
    async fn are_over(&self) {
        self.work.is_gone().await;
        assert!(self.all.get() <= 3);
    }
}

const RETRY: Retry = Retry::new(std::time::Duration::from_millis(2)).jitter(Jitter::None);

case!(retry_run: "trill_limit::Retry::run",
    setup: Attempts::default(),
    wait: |attempts| assert_eq!(RETRY.run(|| attempts.attempt()).await.unwrap(), 3),
    after: |attempts, _| { attempts.are_over().await },
);

case!(retry_if: "trill_limit::Retrying::retry_if",
    setup: Attempts::default(),
    wait: |attempts| {
        let ended = RETRY.run(|| attempts.attempt()).retry_if(|_| true).await;
        assert_eq!(ended.unwrap(), 3);
    },
    after: |attempts, _| { attempts.are_over().await },
);

case!(on_retry: "trill_limit::Retrying::on_retry",
    setup: (Attempts::default(), Cell::new(0)),
    wait: |(attempts, hooks)| {
        let retrying = RETRY.run(|| attempts.attempt());
        let ended = retrying.on_retry(|_| hooks.set(hooks.get() + 1)).await;
        assert_eq!(ended.unwrap(), 3);
    },
    after: |(attempts, hooks), output| {
        attempts.are_over().await;
        assert!(output.is_none() || hooks.get() == 2);
    },
);

case!(retry_after: "trill_limit::Retrying::retry_after",
    setup: Attempts::default(),
    wait: |attempts| {
        let retrying = RETRY.run(|| attempts.attempt());
        assert_eq!(retrying.retry_after(|_| Some(ms(3))).await.unwrap(), 3);
    },
    after: |attempts, _| { attempts.are_over().await },
);
