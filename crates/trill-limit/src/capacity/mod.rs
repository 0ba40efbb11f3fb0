//! At most so many at a time, each known by name.

mod acquire;
mod borrower;
mod error;
mod limiter;
mod on_behalf;
mod queue;
mod statistics;
mod token;

pub use acquire::AcquireCapacity;
pub use borrower::Borrower;
pub use error::{AlreadyBorrowed, TryAcquireCapacityError};
pub use limiter::CapacityLimiter;
pub use on_behalf::OnBehalfOf;
pub use statistics::CapacityStatistics;
pub use token::CapacityToken;
