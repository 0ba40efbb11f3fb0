//! The futures that this crate's functions and methods return.
//!
//! They are here to be named; what makes them describes them. Each tells the task that awaits it in which line of the
//! program that is.

pub use crate::copy::CopyBidirectional;
pub use crate::reader::{Read, ReadExact, ReadInto, ReadLine, ReadToEnd, ReadUntil};
pub use crate::writer::{Close, Drain, Flush, Pump, WriteAll};
