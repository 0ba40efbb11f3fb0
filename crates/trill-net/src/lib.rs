//! Async TCP, UDP and Unix sockets for any executor
