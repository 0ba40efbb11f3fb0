//! The futures that this crate's methods return.
//!
//! Each says where in the program it is awaited, if the task that awaits it has an insight header. They are here to
//! be named; the methods that make them describe them.

pub use crate::resolve::Resolve;
pub use crate::stream::read::{Peek, Read, ReadExact, ReadVectored};
pub use crate::stream::write::{Write, WriteAll, WriteVectored};
pub use crate::tcp::{Accept, Bind, Connect, NextIncoming};
