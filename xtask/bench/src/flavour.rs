//! How a runtime runs: on so many worker threads, or on one thread with tasks that never leave it.

use std::fmt;

/// One way to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Flavour {
    /// An executor that shares its tasks among so many threads.
    Workers(usize),
    /// The executor for tasks of one thread: trill's and smol's `LocalExecutor`, tokio's current-thread runtime with a
    /// `LocalSet`, and runtimes that have no other kind.
    Local,
}

impl Flavour {
    /// Reads what stands on the command line.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "local" => Some(Self::Local),
            "all" => Some(Self::all()),
            text => match text.parse() {
                Ok(workers) if workers > 0 => Some(Self::Workers(workers)),
                _ => None,
            },
        }
    }

    /// As many workers as there are processors.
    pub(crate) fn all() -> Self {
        Self::Workers(std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// How many threads poll tasks.
    pub(crate) fn workers(self) -> usize {
        match self {
            Self::Workers(workers) => workers,
            Self::Local => 1,
        }
    }

    /// In words, as a title has it.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Workers(1) => "1 worker".into(),
            Self::Workers(workers) => format!("{workers} workers"),
            Self::Local => "single-threaded".into(),
        }
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workers(workers) => f.pad(&workers.to_string()),
            Self::Local => f.pad("local"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_read() {
        for flavour in [Flavour::Workers(1), Flavour::Workers(64), Flavour::Local] {
            assert_eq!(Flavour::parse(&flavour.to_string()), Some(flavour));
        }
        assert!(Flavour::parse("all").is_some());
        assert_eq!(Flavour::parse("0"), None);
        assert_eq!(Flavour::parse("two"), None);
    }
}
