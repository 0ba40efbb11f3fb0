//! The door to clock, randomness and threads, and the virtual world for tests.
//!
//! # Examples
//!
//! ```
//! use std::time::Duration;
//! use trill::world::VirtualWorld;
//!
//! let world = VirtualWorld::new(7);
//! world.run(|| trill::block_on(trill::time::sleep(Duration::from_secs(3600))));
//! assert_eq!(world.elapsed(), Duration::from_secs(3600));
//! ```

pub use trill_world::*;
