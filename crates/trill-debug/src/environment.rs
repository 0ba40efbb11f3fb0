//! Turning debug mode on from outside the program.

use std::ffi::OsStr;
use std::sync::OnceLock;

use crate::config::Config;
use crate::enable::{enable, is_enabled};

/// Turns debug mode on if the environment variable `TRILL_DEBUG` says so; returns whether debug mode is on now.
///
/// Anything but nothing and `0` says so. The variable is read once in the process; a configuration that was enabled before
/// stays. A facade calls this when it makes a runtime.
///
/// # Examples
///
/// ```
/// // Off, as this program is not run with TRILL_DEBUG=1.
/// assert!(!trill_debug::enable_from_environment());
/// ```
pub fn enable_from_environment() -> bool {
    static ASKED: OnceLock<()> = OnceLock::new();
    ASKED.get_or_init(|| {
        let says_so = std::env::var_os(VARIABLE).is_some_and(|value| is_on(&value));
        if says_so && !is_enabled() {
            enable(Config::new());
        }
    });
    is_enabled()
}

fn is_on(value: &OsStr) -> bool {
    !value.is_empty() && value != "0"
}

const VARIABLE: &str = "TRILL_DEBUG";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_and_zero_are_off() {
        for off in ["", "0"] {
            assert!(!is_on(OsStr::new(off)));
        }
        for on in ["1", "yes", "true", " "] {
            assert!(is_on(OsStr::new(on)));
        }
    }
}
