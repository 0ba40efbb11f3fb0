//! Async locks, semaphores, events and channels without allocation on the uncontended path
