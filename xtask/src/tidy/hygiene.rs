//! Nothing in the repository depends on one machine: no directories of one, no addresses that only
//! one network knows.

use super::Finding;
use crate::tree::{File, Tree};

/// Beginnings of paths that exist on someone's machine. Written in two parts, so that this file
/// passes its own check.
const DIRECTORIES: &[&str] = &[
    concat!("/ho", "me/"),
    concat!("/ro", "ot"),
    concat!("/wo", "rk"),
    concat!("/Us", "ers/"),
    concat!("C:\\Us", "ers\\"),
];

/// Hosts that anyone can reach and that a text here may name. Subdomains count.
const HOSTS: &[&str] = &[
    "1024cores.net",
    "acm.org",
    "apache.org",
    "arxiv.org",
    "crates.io",
    "docs.rs",
    "doi.org",
    "freebsd.org",
    "github.com",
    "github.io",
    "ietf.org",
    "kernel.dk",
    "kernel.org",
    "keepachangelog.com",
    "lwn.net",
    "man7.org",
    "microsoft.com",
    "opengroup.org",
    "opensource.org",
    "python.org",
    "rfc-editor.org",
    "rust-lang.org",
    "semver.org",
    "spdx.org",
    "w3.org",
    "wikipedia.org",
    // Reserved for examples and for this machine.
    "example.com",
    "example.net",
    "example.org",
    "example",
    "invalid",
    "localhost",
    "test",
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        for directory in DIRECTORIES {
            if names_directory(line, directory) {
                findings.push(Finding::new(
                    &file.path,
                    index + 1,
                    format!("the path {directory} exists on one machine only"),
                    "write it relative to the root of the repository",
                ));
            }
        }
        for host in hosts(line) {
            if !known(host) {
                findings.push(Finding::new(
                    &file.path,
                    index + 1,
                    format!("the host {host} is not one that everybody knows"),
                    "use a reserved name such as one in `.test`, or list it in xtask/src/tidy/hygiene.rs",
                ));
            }
        }
    }
    findings
}

/// Whether an absolute path begins with `directory`; a part of a longer or relative path does not.
fn names_directory(line: &str, directory: &str) -> bool {
    line.match_indices(directory).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + directory.len()..].chars().next();
        let starts = before.is_none_or(|c| !(c.is_alphanumeric() || "._-/}~*".contains(c)));
        let ends = directory.ends_with(['/', '\\'])
            || after.is_none_or(|c| !(c.is_alphanumeric() || "_-.".contains(c)));
        starts && ends
    })
}

/// The host names in the addresses of a line.
fn hosts(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("://").filter_map(|(at, _)| {
        let scheme_known = [
            "http",
            "https",
            "ssh",
            "git",
            "sparse+https",
            "registry+https",
        ]
        .iter()
        .any(|scheme| line[..at].ends_with(scheme));
        let rest = &line[at + 3..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || "-._@".contains(c)))
            .unwrap_or(rest.len());
        // A name filled in at run time is no name.
        let filled = rest.starts_with(['{', '$', '<', '[']);
        let host = rest[..end].rsplit('@').next().unwrap_or_default();
        let host = host.trim_end_matches('.');
        (scheme_known && !filled && !host.is_empty()).then_some(host)
    })
}

fn known(host: &str) -> bool {
    let listed = HOSTS.iter().any(|known| {
        host.strip_suffix(known)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    // This machine, and the blocks that are reserved for documentation.
    let reserved = ["127.", "0.0.0.0", "192.0.2.", "198.51.100.", "203.0.113."];
    listed || reserved.iter().any(|block| host.starts_with(block))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        let tree = Tree::of(&[("a.md", text)]);
        check(&tree).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn relative_paths_and_known_hosts_are_good() {
        let text = "crates/work a/workers /workspace ../root/x\nhttps://docs.rs/x https://doc.rust-lang.org.\n\
                    http://127.0.0.1:80/ http://{addr}/x http://[::1]/\nhttp://a.test/ user@example.com";
        assert_eq!(lines(text), [] as [usize; 0]);
    }

    #[test]
    fn machines_and_private_hosts_are_found() {
        let text = format!(
            "see {}/x\n`{}`\n\"{}me/x\"\n{}\n{}\n",
            concat!("/wo", "rk"),
            concat!("/ro", "ot"),
            concat!("/ho", "me/"),
            concat!("https", "://crates.corp.lan/index"),
            concat!("http", "://10.1.2.3/"),
        );
        assert_eq!(lines(&text), [1, 2, 3, 4, 5]);
    }
}
