//! What stands in for the crate `polling` on Linux without the feature of that name.

use std::io;

use crate::backend::Limit;
use crate::event::{Interest, Ready};
use crate::slots::Token;
use crate::sys::{BorrowedFd, RawFd};

/// No poller.
#[derive(Debug)]
pub(crate) enum Portable {}

/// No events.
#[derive(Debug)]
pub(crate) struct Events;

impl Portable {
    pub(crate) fn new(_oneshot: bool) -> io::Result<Portable> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this program is built without the back end `polling`: \
             switch on the feature `polling` of `trill`, or of `trill-reactor`, or use `epoll`",
        ))
    }

    pub(crate) fn is_oneshot(&self) -> bool {
        match *self {}
    }

    pub(crate) fn add(&self, _fd: BorrowedFd<'_>, _: Token, _: Interest) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn change(&self, _fd: BorrowedFd<'_>, _: Token, _: Interest) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn remove(&self, _fd: BorrowedFd<'_>) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn arm(&self, _fd: RawFd, _: Token, _: Interest) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn wait(&self, _events: &mut Events, _limit: Option<Limit>) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn interrupt(&self) {
        match *self {}
    }
}

impl Events {
    pub(crate) fn new() -> Events {
        Events
    }

    pub(crate) fn each(&self, _each: impl FnMut(Token, Ready)) {}
}
