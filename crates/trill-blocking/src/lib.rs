//! A thread pool for blocking work, in classes with limits
