//! Where a thread waits: block_on, drivers, timers that are due, and the attendant thread
