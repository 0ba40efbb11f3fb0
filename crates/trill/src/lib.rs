//! An asynchronous runtime: executor, reactor, timers, sync, net and blocking work under one roof
