//! Once more, but not at once.

mod backoff;
mod error;
mod policy;
mod retrying;

pub use backoff::{Delays, Jitter};
pub use error::{GaveUp, RetryError};
pub use policy::Retry;
pub use retrying::{Hint, Hook, Retried, Retrying, Worth};
