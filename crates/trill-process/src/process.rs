//! What is known of a child, shared by its handle, those who wait for it, and whoever reaps it.

use std::io;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use rustix::io::Errno;
use rustix::process::{Pid, Signal};
use trill_reactor::Async;

use crate::status_unknown::StatusUnknown;
use crate::sys::{Pidfd, Reap, numbers};
use crate::watch::Watch;
use crate::watcher;

/// A child.
///
/// With a pidfd anybody reaps, under the lock. With a thread only that one does, so the number of a child it waits for is
/// never free; it also does that under the lock, so a signal that is sent there cannot come too late.
pub(crate) struct Process {
    pid: Pid,
    /// Whether the child was made the leader of a group of its own.
    leads_group: bool,
    /// How often its maker had forked: in another process than that it is nobody's child.
    made_in: u32,
    eye: Eye,
    /// Never held while somebody is woken.
    state: Mutex<State>,
}

/// How the end is learned.
enum Eye {
    Pidfd(Arc<Async<Pidfd>>),
    Thread,
}

#[derive(Default)]
struct State {
    phase: Phase,
    /// The handle is gone and wanted the child left to others.
    abandoned: bool,
    /// Those who wait for the thread, by their tickets.
    waiting: Vec<(u64, Waker)>,
    last_ticket: u64,
}

#[derive(Clone, Copy, Default)]
enum Phase {
    #[default]
    Running,
    Ended(ExitStatus),
    /// Somebody else reaped it.
    Lost,
}

impl Process {
    /// Says whether this process was forked since the child was started, so that the child is its parent's.
    pub(crate) fn is_foreign(&self) -> bool {
        self.made_in != trill_world::forks()
    }

    /// Begins to watch a child that was just started.
    ///
    /// # Errors
    ///
    /// If neither way is granted.
    pub(crate) fn watch(pid: Pid, leads_group: bool, by: Watch) -> io::Result<Arc<Process>> {
        let process = |eye, phase| {
            let state = State {
                phase,
                ..State::default()
            };
            Arc::new(Process {
                pid,
                leads_group,
                made_in: trill_world::forks(),
                eye,
                state: Mutex::new(state),
            })
        };
        if by == Watch::Pidfd {
            match Pidfd::open(pid) {
                Ok(pidfd) => {
                    // A reactor that takes no more descriptors is a reason for a thread, too.
                    if let Ok(pidfd) = Async::new_nonblocking(pidfd) {
                        return Ok(process(Eye::Pidfd(Arc::new(pidfd)), Phase::Running));
                    }
                }
                Err(Errno::SRCH | Errno::CHILD) => return Ok(process(Eye::Thread, Phase::Lost)),
                Err(_) => {}
            }
        }
        let process = process(Eye::Thread, Phase::Running);
        watcher::start(process.clone())?;
        Ok(process)
    }

    /// The number.
    pub(crate) fn id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    pub(crate) fn leads_group(&self) -> bool {
        self.leads_group
    }

    pub(crate) fn watched_by(&self) -> Watch {
        match self.eye {
            Eye::Pidfd(_) => Watch::Pidfd,
            Eye::Thread => Watch::Thread,
        }
    }

    /// The pidfd; a thread watches if there is none.
    pub(crate) fn pidfd(&self) -> Option<&Arc<Async<Pidfd>>> {
        match &self.eye {
            Eye::Pidfd(pidfd) => Some(pidfd),
            Eye::Thread => None,
        }
    }

    /// What is known already.
    pub(crate) fn known(&self) -> Option<Result<ExitStatus, StatusUnknown>> {
        self.result(&self.state())
    }

    /// Asks the system whether the child has ended, and reaps it if that is not for the thread.
    pub(crate) fn look(&self) -> Option<Result<ExitStatus, StatusUnknown>> {
        let mut state = self.state();
        if let Phase::Running = state.phase {
            let found = match &self.eye {
                Eye::Pidfd(pidfd) => pidfd.get_ref().look(Reap::Yes),
                Eye::Thread => numbers::look(self.pid, Reap::No),
            };
            match found {
                Ok(Some(status)) => state.phase = Phase::Ended(status),
                Ok(None) => {}
                Err(_) => state.phase = Phase::Lost,
            }
        }
        self.result(&state)
    }

    /// Sends a signal to the child, unless it has ended.
    pub(crate) fn send(&self, signal: Signal) -> io::Result<()> {
        let state = self.state();
        // Nobody here can reap it while the lock is held, but somebody else may have, and before there was a pidfd.
        match (state.phase, &self.eye) {
            (Phase::Running, Eye::Pidfd(pidfd)) => match pidfd.get_ref().look(Reap::No) {
                Ok(None) => Ok(pidfd.get_ref().send(signal)?),
                Ok(Some(_)) | Err(_) => Ok(()),
            },
            (Phase::Running, Eye::Thread) => match numbers::look(self.pid, Reap::No) {
                Ok(None) => Ok(numbers::send(self.pid, signal)?),
                Ok(Some(_)) | Err(_) => Ok(()),
            },
            (Phase::Ended(_) | Phase::Lost, _) => Ok(()),
        }
    }

    /// Sends a signal to the group that the child leads.
    pub(crate) fn send_to_group(&self, signal: Signal) -> io::Result<()> {
        if !self.leads_group {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the child leads no group of its own: start it with `process_group(0)`",
            ));
        }
        let state = self.state();
        // A leader that was not reaped keeps the group's number from being given away.
        let is_there = match (state.phase, &self.eye) {
            (Phase::Running, Eye::Pidfd(pidfd)) => pidfd.get_ref().look(Reap::No).is_ok(),
            (Phase::Running, Eye::Thread) => numbers::look(self.pid, Reap::No).is_ok(),
            (Phase::Ended(_) | Phase::Lost, _) => false,
        };
        if !is_there {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "the child was reaped, so its group's number may be another's: send signals to a group before the \
                 status of its leader is taken",
            ));
        }
        Ok(numbers::send_to_group(self.pid, signal)?)
    }

    /// Leaves a child that has ended to whoever else waits for it, unless somebody waits here.
    pub(crate) fn abandon(&self) {
        self.state().abandoned = true;
    }

    /// Notes the end; its thread calls this when the child has ended. Returns whether it really had.
    pub(crate) fn conclude(&self) -> bool {
        let mut state = self.state();
        let reap = match state.abandoned && state.waiting.is_empty() {
            true => Reap::No,
            false => Reap::Yes,
        };
        let phase = match numbers::look(self.pid, reap) {
            Ok(Some(status)) => Phase::Ended(status),
            Ok(None) => return false,
            Err(_) => Phase::Lost,
        };
        if let Phase::Running = state.phase {
            state.phase = phase;
        }
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for (_, waker) in waiting {
            waker.wake();
        }
        true
    }

    /// Waits for the thread's word, with a ticket of 0 for the first time. Returns what is known, and waits only if
    /// nothing is.
    pub(crate) fn wait_for_thread(
        &self,
        cx: &Context<'_>,
        ticket: &mut u64,
    ) -> Option<Result<ExitStatus, StatusUnknown>> {
        // Cloning and dropping a waker may run the program's code, so not under the lock.
        let mut waker = cx.waker().clone();
        let mut state = self.state();
        if let Some(known) = self.result(&state) {
            return Some(known);
        }
        match state.waiting.iter_mut().find(|(held, _)| held == ticket) {
            Some((_, held)) => std::mem::swap(held, &mut waker),
            None => {
                state.last_ticket += 1;
                *ticket = state.last_ticket;
                state.waiting.push((*ticket, waker));
                return None;
            }
        }
        drop(state);
        drop(waker);
        None
    }

    /// Gives a ticket back.
    pub(crate) fn forget(&self, ticket: u64) {
        let mut state = self.state();
        let place = state.waiting.iter().position(|(held, _)| *held == ticket);
        let forgotten = place.map(|index| state.waiting.swap_remove(index));
        // A waker may run the program's code when it is dropped.
        drop(state);
        drop(forgotten);
    }

    fn result(&self, state: &State) -> Option<Result<ExitStatus, StatusUnknown>> {
        match state.phase {
            Phase::Running => None,
            Phase::Ended(status) => Some(Ok(status)),
            Phase::Lost => Some(Err(StatusUnknown::new(self.id()))),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
