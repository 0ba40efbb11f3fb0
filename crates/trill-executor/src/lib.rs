//! Work-stealing and single-threaded executors whose tasks may borrow
