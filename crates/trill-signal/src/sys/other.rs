//! Systems without signals: everything is refused.

use std::io;
use std::panic::Location;
use std::task::{Context, Poll};

use super::Role;
use crate::disposition::Disposition;
use crate::signal::Signal;

/// The signals that have a name here: none.
pub(crate) const KNOWN: &[(Signal, &str, i32)] = &[];

/// See the module `sys`.
#[derive(Debug)]
pub(crate) struct Listener(std::convert::Infallible);

impl Listener {
    pub(crate) fn new(_numbers: &[i32], _role: Role) -> io::Result<Listener> {
        Err(refused())
    }

    pub(crate) fn poll(&mut self, _: &mut Context<'_>, _: &'static Location<'static>) -> Poll<u64> {
        match self.0 {}
    }
}

impl Listener {
    pub(crate) fn end(self) -> u64 {
        match self.0 {}
    }
}

pub(crate) fn raise(_signal: Signal) {}

pub(crate) fn disposition(_number: i32) -> io::Result<Disposition> {
    Err(refused())
}

pub(crate) fn end_process(_number: i32) -> ! {
    std::process::exit(1)
}

fn refused() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "this system has no signals to listen for",
    )
}
