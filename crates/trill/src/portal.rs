//! Ways from threads into a runtime and back. Needs the feature `portal`.
//!
//! # Examples
//!
//! ```
//! use trill::portal::Portal;
//!
//! let answer = trill::run(async {
//!     let portal = Portal::current()?;
//!     trill::unblock(move || portal.call(async { 1 + 2 })).await
//! });
//! assert_eq!(answer?, 3);
//! # Ok::<(), trill::portal::PortalError>(())
//! ```

pub use trill_portal::*;
