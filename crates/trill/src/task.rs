//! Tasks: their handles, their builder, and giving way to others.
//!
//! # Examples
//!
//! ```
//! let task = trill::spawn(async {
//!     trill::task::yield_now().await;
//!     5
//! });
//! assert_eq!(trill::block_on(task), 5);
//! ```

pub use trill_cell::{Ended, Header, Kind, Observer, TaskId, Wait, current, current_id, observe};
pub use trill_executor::{FallibleTask, JoinError, Task, yield_now};
