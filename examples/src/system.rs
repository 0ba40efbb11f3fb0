//! What the operating system tells of this process and allows it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the number of descriptors this process may have to what the system allows; returns it.
///
/// # Examples
///
/// ```
/// assert!(trill_examples::raise_descriptor_limit() >= 16);
/// ```
pub fn raise_descriptor_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    // If the system refuses, the limit it had is what it has.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    );
    descriptors_max()
}

/// Returns how many descriptors this process may have.
///
/// # Examples
///
/// ```
/// assert!(trill_examples::descriptors_max() >= 16);
/// ```
pub fn descriptors_max() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Returns the most memory this process ever held at once, in bytes; 0 where the system does not tell.
///
/// # Examples
///
/// ```
/// let _bytes: u64 = trill_examples::peak_rss_bytes();
/// ```
pub fn peak_rss_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| {
        rest.trim()
            .trim_end_matches("kB")
            .trim()
            .parse::<u64>()
            .ok()
    });
    kib.unwrap_or(0) * 1024
}
