//! Structured concurrency: scopes, groups, cancel tokens, task-locals, waiting for many.
//!
//! For programs in which one task starts others and must know how they end: who waits for them, who ends them, and what
//! they carry along.
//!
//! # The smallest program
//!
//! ```
//! use std::time::Duration;
//! use trill_task::{CancelToken, checkpoint, gather, move_on_after};
//! use trill_timer::sleep;
//!
//! trill_park::block_on(async {
//!     // Wait for several things at once.
//!     assert_eq!(gather((async { 1 }, async { 2 })).await, (1, 2));
//!
//!     // Wait no longer than that.
//!     let late = sleep(Duration::from_secs(60));
//!     assert!(move_on_after(Duration::from_millis(1), late).await.is_none());
//!
//!     // Ask work to end, and let it clean up.
//!     let token = CancelToken::new();
//!     token.cancel("the user left");
//!     let work = async {
//!         while checkpoint().await.is_ok() {}
//!         "cleaned up"
//!     };
//!     assert_eq!(token.run_with_grace(Duration::from_secs(60), work).await, Ok("cleaned up"));
//! });
//! ```
//!
//! # What there is
//!
//! | to | use |
//! | --- | --- |
//! | spawn tasks that end before a function returns | [`scope`], [`group`] |
//! | wait for several futures or tasks | [`gather`], [`join_all`], [`wait`], [`as_completed`], [`race`] |
//! | ask work to end | [`CancelToken`], [`checkpoint`] |
//! | limit how long work takes | [`TimeLimit`], [`move_on_after`], [`timeout_join`] |
//! | let work go on when nobody waits any more | [`shield`] |
//! | carry values along with a task | [`TaskLocal`], [`Context`] |
//! | know who runs | [`current`] |
//!
//! # How it works
//!
//! * Cancelling has two readings. A future that is *dropped* is gone at once. A *request* is a level in a tree of tokens
//!   that work looks at; what does not look is dropped where it next waits.
//! * Work is polled before the token or the clock is looked at, so a value is never thrown away.
//! * The current token is an inherited task-local, so spawned tasks are asked with those that spawned them.
//! * Task-locals lie in the task's header, in lists that children share and nobody changes in place.
//! * Wakers, callbacks and drops of values run outside of any lock.
//!
//! # Features
//!
//! * `insight` (default): tasks keep where they were spawned, what they wait for and how often they ran; see
//!   `trill-cell`.
//!
//! # What it does not do
//!
//! It has no executor: tasks are spawned where the caller runs, see [`trill_executor::ambient`]. A task that never waits
//! cannot be ended by anybody.

mod caught;
mod group;
mod line;
mod local;
pub mod many;
mod pinned;
mod primitive;
mod scope;
mod shield;
mod task_info;
mod time_limit;
mod timeout_join;
mod token;

pub use group::{
    Child, ChildEnded, ChildError, Failure, Group, GroupError, JoinNext, JoinNextWithId, NotReady,
    Ready, Refused, RunGroup, SetTask, Shutdown, SpawnWhenFree, Start, StartError, TaskGroup,
    TaskSet, WhyRefused, group,
};
pub use local::{Context, ContextScope, LocalScope, NotSet, TaskLocal};
pub use many::{
    TaskHandle, Until, as_completed, gather, join_all, map_concurrent, race, try_gather,
    try_join_all, try_map_concurrent, wait,
};
pub use scope::{
    JoinScoped, RunScope, Scope, ScopeLocal, Scoped, scope, scope_local, try_scope, try_scope_local,
};
pub use shield::{NotShielded, Shield, shield, try_shield};
pub use task_info::{TaskInfo, current};
pub use time_limit::{
    Expired, LimitError, Limited, LimitedWithGrace, MoveOn, TimeLimit, fail_after, fail_at,
    move_on_after, move_on_at,
};
pub use timeout_join::{TimeoutJoin, TimeoutJoinError, timeout_join};
pub use token::{
    CancelOnDrop, CancelToken, Cancelled, CancelledError, Checkpoint, OnCancel, RunToken,
    WhenCancelled, checkpoint, shielded,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
