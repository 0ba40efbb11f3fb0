//! At most so many in a period.

mod acquire;
mod error;
mod gcra;
mod limiter;
mod line;

pub use acquire::AcquireRate;
pub use error::{BurstExceeded, TryAcquireRateError};
pub use limiter::RateLimiter;
