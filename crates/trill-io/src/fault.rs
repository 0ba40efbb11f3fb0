//! An error that is returned more than once.

use std::io;

/// What is remembered of an `io::Error`, which cannot be cloned: kind, the system's code, and text.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    kind: io::ErrorKind,
    code: Option<i32>,
    text: String,
}

impl Fault {
    pub(crate) fn of(error: &io::Error) -> Fault {
        Fault {
            kind: error.kind(),
            code: error.raw_os_error(),
            text: error.to_string(),
        }
    }

    pub(crate) fn new(kind: io::ErrorKind, text: &str) -> Fault {
        Fault {
            kind,
            code: None,
            text: text.to_owned(),
        }
    }

    /// The error once more, with the same kind and code.
    pub(crate) fn again(&self) -> io::Error {
        match self.code {
            Some(code) => io::Error::from_raw_os_error(code),
            None => io::Error::new(self.kind, self.text.clone()),
        }
    }
}
