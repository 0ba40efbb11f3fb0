//! Readiness of file descriptors as futures: epoll or polling, for any executor
