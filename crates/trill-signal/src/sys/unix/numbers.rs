//! Names and numbers of the signals that all Unix systems have.

use crate::signal::Signal;

/// The signals that have a name here.
pub(crate) const KNOWN: &[(Signal, &str, i32)] = &[
    (Signal::Hup, "SIGHUP", libc::SIGHUP),
    (Signal::Int, "SIGINT", libc::SIGINT),
    (Signal::Quit, "SIGQUIT", libc::SIGQUIT),
    (Signal::Ill, "SIGILL", libc::SIGILL),
    (Signal::Trap, "SIGTRAP", libc::SIGTRAP),
    (Signal::Abort, "SIGABRT", libc::SIGABRT),
    (Signal::Bus, "SIGBUS", libc::SIGBUS),
    (Signal::Fpe, "SIGFPE", libc::SIGFPE),
    (Signal::Kill, "SIGKILL", libc::SIGKILL),
    (Signal::Usr1, "SIGUSR1", libc::SIGUSR1),
    (Signal::Segv, "SIGSEGV", libc::SIGSEGV),
    (Signal::Usr2, "SIGUSR2", libc::SIGUSR2),
    (Signal::Pipe, "SIGPIPE", libc::SIGPIPE),
    (Signal::Alarm, "SIGALRM", libc::SIGALRM),
    (Signal::Term, "SIGTERM", libc::SIGTERM),
    (Signal::Child, "SIGCHLD", libc::SIGCHLD),
    (Signal::Cont, "SIGCONT", libc::SIGCONT),
    (Signal::Stop, "SIGSTOP", libc::SIGSTOP),
    (Signal::Tstp, "SIGTSTP", libc::SIGTSTP),
    (Signal::Ttin, "SIGTTIN", libc::SIGTTIN),
    (Signal::Ttou, "SIGTTOU", libc::SIGTTOU),
    (Signal::Urg, "SIGURG", libc::SIGURG),
    (Signal::Xcpu, "SIGXCPU", libc::SIGXCPU),
    (Signal::Xfsz, "SIGXFSZ", libc::SIGXFSZ),
    (Signal::Vtalarm, "SIGVTALRM", libc::SIGVTALRM),
    (Signal::Prof, "SIGPROF", libc::SIGPROF),
    (Signal::Winch, "SIGWINCH", libc::SIGWINCH),
    (Signal::Io, "SIGIO", libc::SIGIO),
    (Signal::Sys, "SIGSYS", libc::SIGSYS),
];

/// Says why nobody can listen for the signal, if so.
pub(super) fn refusal(number: i32) -> Option<String> {
    let signal = Signal::from_number(number);
    match number {
        libc::SIGKILL | libc::SIGSTOP => Some(format!(
            "{signal} cannot be caught: the system does what it says without asking the process"
        )),
        libc::SIGSEGV | libc::SIGBUS | libc::SIGFPE | libc::SIGILL => Some(format!(
            "{signal} reports a fault of the program itself, which would happen again and again if it were only heard: \
             let the process end"
        )),
        number if !(1..=super::NUMBER_MAX).contains(&number) => {
            Some(format!("there is no signal with the number {number}"))
        }
        _ => None,
    }
}
