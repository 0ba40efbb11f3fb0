//! The harness shared by the tests of this package.

pub mod allowed;
mod alone;
mod server;

pub use alone::{Alone, output};
pub use server::{Server, exchange};

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../docs/from-asyncio.md")]
struct FromAsyncio;

#[cfg(doctest)]
#[doc = include_str!("../../docs/from-smol.md")]
struct FromSmol;

#[cfg(doctest)]
#[doc = include_str!("../../docs/from-tokio.md")]
struct FromTokio;
