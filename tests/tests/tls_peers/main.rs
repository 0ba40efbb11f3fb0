//! TLS with peers that are none of ours: `openssl s_client`, `openssl s_server` and `curl`, both ways.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod curl;
mod s_client;
mod s_server;
mod support;
