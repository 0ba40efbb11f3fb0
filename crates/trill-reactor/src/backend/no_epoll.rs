//! Stands in for epoll where there is none.

use std::io;
use std::time::Duration;

use rustix::fd::BorrowedFd;

use crate::backend::Limit;
use crate::event::{Interest, Ready};
use crate::slots::Token;

/// No epoll.
#[derive(Debug)]
pub(crate) enum Epoll {}

/// No events.
#[derive(Debug)]
pub(crate) struct Events;

impl Epoll {
    pub(crate) fn new() -> io::Result<Epoll> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this system has no epoll: use the back end `polling`",
        ))
    }

    pub(crate) fn precision(&self) -> Duration {
        match *self {}
    }

    pub(crate) fn add(
        &self,
        _fd: BorrowedFd<'_>,
        _token: Token,
        _interest: Interest,
    ) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn change(
        &self,
        _fd: BorrowedFd<'_>,
        _token: Token,
        _interest: Interest,
    ) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn remove(&self, _fd: BorrowedFd<'_>) -> io::Result<()> {
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
