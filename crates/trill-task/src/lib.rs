//! Structured concurrency: scopes, groups, cancel tokens, task-locals, waiting for many.

mod caught;
mod group;
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
