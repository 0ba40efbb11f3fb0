//! The stages of `test-all`, cheap ones first, and what each has to report.

mod alone;
mod cargo_test;
mod deny;
mod examples;
mod loom;
mod minimum_rust;
mod platforms;
mod text;

use crate::process::Call;
use crate::{Trouble, guard};

/// One stage: its name on the command line, what it checks, and the function that does it.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) run: fn(&mut Report) -> Result<(), Trouble>,
}

pub(crate) const STAGES: &[Stage] = &[
    Stage {
        name: "fmt",
        what: "the sources are formatted",
        run: text::fmt,
    },
    Stage {
        name: "tidy",
        what: "the rules that no compiler knows",
        run: text::tidy,
    },
    Stage {
        name: "msrv",
        what: "each crate states its Rust version, and compiles with it",
        run: minimum_rust::run,
    },
    Stage {
        name: "clippy",
        what: "no warning in any target, with every feature",
        run: text::clippy,
    },
    Stage {
        name: "docs",
        what: "the docs build without a warning",
        run: text::docs,
    },
    Stage {
        name: "tests",
        what: "unit and integration tests, with every feature",
        run: cargo_test::unit_and_integration,
    },
    Stage {
        name: "doc-tests",
        what: "the programs in the docs",
        run: cargo_test::docs,
    },
    Stage {
        name: "alone",
        what: "each crate by itself, with its default features and with none",
        run: alone::crates,
    },
    Stage {
        name: "features",
        what: "each feature of each crate by itself, and all together",
        run: alone::features,
    },
    Stage {
        name: "platforms",
        what: "the crates compile for other systems, as far as rustup can add them",
        run: platforms::run,
    },
    Stage {
        name: "examples",
        what: "every example is built and runs to a good end",
        run: examples::run,
    },
    Stage {
        name: "loom",
        what: "the models of lock-free code, every interleaving within their bounds",
        run: loom::run,
    },
    Stage {
        name: "guard",
        what: "the hottest paths take no more instructions than accepted",
        run: guard::stage,
    },
    Stage {
        name: "deny",
        what: "licences, sources and duplicates of the dependencies",
        run: deny::run,
    },
];

/// Something a stage found wrong, and the command that shows it again.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) what: String,
    pub(crate) repeat: String,
}

/// What a stage has to say at its end.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) notes: Vec<String>,
    pub(crate) failures: Vec<Failure>,
}

impl Report {
    /// Runs a command whose success the stage depends on.
    pub(crate) fn call(&mut self, what: &str, call: &Call) {
        println!("$ {}", call.shown());
        if let Err(problem) = call.run() {
            self.fail(format!("{what}: {problem}"), call.shown());
        }
    }

    pub(crate) fn fail(&mut self, what: impl Into<String>, repeat: impl Into<String>) {
        self.failures.push(Failure {
            what: what.into(),
            repeat: repeat.into(),
        });
    }

    /// Something the reader of the table must know although nothing failed.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}
