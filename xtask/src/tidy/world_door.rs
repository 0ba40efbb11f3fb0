//! Time, threads, chance, files and sockets come through `trill-world`, so that a program can be run
//! again in a world where all of them are simulated.
//!
//! Clippy's `disallowed-methods` knows types and catches what text cannot; this rule catches whole
//! modules, hash order, and code that an inactive `cfg` hides from clippy.

use super::Finding;
use super::paths::{Import, imports, uses};
use crate::source::Source;
use crate::tree::Tree;

/// Something that only the world may do.
struct Door {
    /// The item, or with `whole` the module, that is not to be touched.
    path: &'static str,
    /// Everything below the path counts as well, and importing it counts.
    whole: bool,
    /// The last two parts of the path count wherever they come from: no type here has that name.
    tail: bool,
    instead: &'static str,
}

const DOORS: &[Door] = &[
    item("std::time::Instant::now", "ask trill_world::now()"),
    item(
        "std::time::SystemTime::now",
        "ask trill_world::system_time()",
    ),
    item(
        "std::thread::spawn",
        "start it with trill_world::start_thread()",
    ),
    item(
        "std::thread::Builder",
        "start it with trill_world::start_thread()",
    ),
    item(
        "std::thread::scope",
        "start it with trill_world::start_thread()",
    ),
    item("std::thread::sleep", "wait through trill_park"),
    item("std::thread::park", "wait through trill_park"),
    item("std::thread::park_timeout", "wait through trill_park"),
    item("std::thread::sleep_until", "wait through trill_park"),
    module("std::fs", "go through the world's file leaves"),
    module(
        "std::process::Command",
        "go through the world's process leaves",
    ),
    module("getrandom", "take a named stream of trill_world"),
    module("rand", "take a named stream of trill_world"),
    module("fastrand", "take a named stream of trill_world"),
    module("std::hash::RandomState", HASH),
    module("std::collections::hash_map::RandomState", HASH),
    socket("std::net::TcpStream::connect"),
    socket("std::net::TcpStream::connect_timeout"),
    socket("std::net::TcpListener::bind"),
    socket("std::net::UdpSocket::bind"),
    socket("std::net::ToSocketAddrs::to_socket_addrs"),
    socket("std::os::unix::net::UnixStream::connect"),
    socket("std::os::unix::net::UnixStream::pair"),
    socket("std::os::unix::net::UnixListener::bind"),
    socket("std::os::unix::net::UnixDatagram::bind"),
    socket("std::os::unix::net::UnixDatagram::unbound"),
    socket("std::os::unix::net::UnixDatagram::pair"),
];

const HASH: &str =
    "use BTreeMap, or name a hasher with a fixed seed: the order of std's default differs each run";

/// A place that stands outside the door on purpose.
struct Allowed {
    path: &'static str,
    door: &'static str,
    /// Read by people only: it is what a reviewer agrees to.
    #[cfg_attr(not(test), expect(dead_code, reason = "a reason is for the reader"))]
    reason: &'static str,
}

/// The back ends that speak to the operating system. An entry that no longer matches is a finding.
const ALLOWED: &[Allowed] = &[
    Allowed {
        path: "crates/trill-reactor/src/io_safe.rs",
        door: "std::fs",
        reason: "implements a trait for the type `File` and opens none",
    },
    Allowed {
        path: "crates/trill-fs/src/sys/names.rs",
        door: "std::fs",
        reason: "the back end itself: its callers refuse to do anything in a simulated world",
    },
    Allowed {
        path: "crates/trill-timer/src/sync.rs",
        door: "std::thread::sleep",
        reason: "lets the holder of a lock run that is held between two lines, whatever the world's clock",
    },
    Allowed {
        path: "crates/trill-process/src/command.rs",
        door: "std::process::Command",
        reason: "the leaf itself: it refuses to start anything in a simulated world",
    },
    Allowed {
        path: OPEN,
        door: "std::net::TcpListener::bind",
        reason: WHY_OPEN,
    },
    Allowed {
        path: OPEN,
        door: "std::net::UdpSocket::bind",
        reason: WHY_OPEN,
    },
    Allowed {
        path: OPEN_UNIX,
        door: "std::os::unix::net::UnixListener::bind",
        reason: WHY_OPEN,
    },
    Allowed {
        path: OPEN_UNIX,
        door: "std::os::unix::net::UnixStream::pair",
        reason: WHY_OPEN,
    },
    Allowed {
        path: OPEN_UNIX,
        door: "std::os::unix::net::UnixDatagram::bind",
        reason: WHY_OPEN,
    },
    Allowed {
        path: OPEN_UNIX,
        door: "std::os::unix::net::UnixDatagram::unbound",
        reason: WHY_OPEN,
    },
    Allowed {
        path: OPEN_UNIX,
        door: "std::os::unix::net::UnixDatagram::pair",
        reason: WHY_OPEN,
    },
];

/// Where the reactor opens sockets for the operating system's world.
const OPEN: &str = "crates/trill-reactor/src/sys/open.rs";

/// The same, for what only Unix has.
const OPEN_UNIX: &str = "crates/trill-reactor/src/sys/unix.rs";

const WHY_OPEN: &str = "the back end of the operating system's world";

/// The crate that is the door.
const WORLD: &str = "crates/trill-world/";

const fn item(path: &'static str, instead: &'static str) -> Door {
    Door {
        path,
        whole: false,
        tail: true,
        instead,
    }
}

const fn module(path: &'static str, instead: &'static str) -> Door {
    Door {
        path,
        whole: true,
        tail: false,
        instead,
    }
}

const fn socket(path: &'static str) -> Door {
    Door {
        path,
        whole: false,
        tail: false,
        instead: "open it in the back end that the world chooses",
    }
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    check_with(tree, ALLOWED)
}

fn check_with(tree: &Tree, allowed: &[Allowed]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut used = vec![false; allowed.len()];
    for source in tree.libraries() {
        if source.path.starts_with(WORLD) {
            continue;
        }
        let imports = imports(source);
        for (offset, door, instead) in touched(source, &imports) {
            if source.in_tests(offset) {
                continue;
            }
            let exception = allowed
                .iter()
                .position(|allowed| allowed.path == source.path && allowed.door == door);
            match exception {
                Some(index) => used[index] = true,
                None => findings.push(Finding::at(
                    source,
                    offset,
                    format!("`{door}` goes past the world door"),
                    instead,
                )),
            }
        }
    }
    for (allowed, used) in allowed.iter().zip(used) {
        if !used {
            findings.push(Finding::new(
                "xtask/src/tidy/world_door.rs",
                1,
                format!(
                    "the exception for `{}` in {} matches nothing",
                    allowed.door, allowed.path
                ),
                "remove it from ALLOWED",
            ));
        }
    }
    findings
}

fn touched(source: &Source, imports: &[Import]) -> Vec<(usize, &'static str, &'static str)> {
    let mut found = Vec::new();
    for door in DOORS {
        let mut offsets = uses(source, imports, door.path);
        if door.whole {
            offsets.extend(
                imports
                    .iter()
                    .filter(|import| under(&import.path, door.path))
                    .map(|import| import.offset),
            );
            // A use as the head of a longer path: `std::fs::read` for `std::fs`. A local name that
            // hides a crate's name is not told apart, except where it is no path at all.
            offsets.retain(|at| door.path.contains("::") || heads_path(source, *at));
        }
        if door.tail {
            offsets.extend(tails(source, door.path));
        }
        found.extend(offsets.into_iter().map(|at| (at, door.path, door.instead)));
    }
    found.extend(hash_order(source, imports));
    found
}

/// Whether a `use` or a path begins at the offset.
fn heads_path(source: &Source, at: usize) -> bool {
    let code = &source.code[at..];
    code.starts_with("use")
        || code
            .trim_start_matches(crate::source::is_word)
            .starts_with("::")
}

fn under(path: &str, root: &str) -> bool {
    path.strip_prefix(root)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Where the last two parts of a path stand, whatever stands before them.
fn tails<'a>(source: &'a Source, path: &'a str) -> impl Iterator<Item = usize> + use<'a> {
    let last_two = path
        .rmatch_indices("::")
        .nth(1)
        .map_or(path, |(at, _)| &path[at + 2..]);
    source.words(last_two)
}

/// Uses of std's hash containers with their default hasher, whose order differs from run to run.
fn hash_order(source: &Source, imports: &[Import]) -> Vec<(usize, &'static str, &'static str)> {
    let mut found = Vec::new();
    // Name, generic arguments it has with a hasher.
    for (path, with_hasher) in [
        ("std::collections::HashMap", 3),
        ("std::collections::HashSet", 2),
    ] {
        for at in uses(source, imports, path) {
            let rest = &source.code[at..];
            let end = rest
                .find(|c: char| !(crate::source::is_word(c) || c == ':'))
                .unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            let generic = after.starts_with('<');
            let seeded = ["::new", "::with_capacity", "::from", "::from_iter"]
                .iter()
                .any(|call| name.ends_with(call));
            if seeded || (generic && arguments(after) < with_hasher) {
                found.push((at, path, HASH));
            }
        }
    }
    found
}

/// The number of generic arguments in `<…>` at the start of `text`.
fn arguments(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut count = 1;
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' if before == '-' => {}
            '>' | ')' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return count;
                }
            }
            ',' if depth == 1 => count += 1,
            _ => {}
        }
        before = c;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::places;

    fn lines(text: &str) -> Vec<usize> {
        let tree = Tree::of(&[("crates/trill-x/src/a.rs", text)]);
        let mut lines: Vec<_> = check_with(&tree, &[]).iter().map(|f| f.line).collect();
        lines.sort_unstable();
        lines.dedup();
        lines
    }

    #[test]
    fn the_world_itself_and_tests_are_free() {
        let bad = "fn f() { std::thread::spawn(g); }";
        let tree = Tree::of(&[
            ("crates/trill-world/src/os.rs", bad),
            ("crates/trill-x/tests/a.rs", bad),
            (
                "crates/trill-x/src/b.rs",
                "#[cfg(test)]\nmod tests { use std::fs; fn f() { fs::read(); } }",
            ),
            (
                "crates/trill-x/src/c.rs",
                "//! std::thread::spawn\n/// Instant::now()\nfn f() {}",
            ),
        ]);
        assert_eq!(check_with(&tree, &[]), []);
    }

    #[test]
    fn types_and_own_items_are_free() {
        let text = "use std::net::{SocketAddr, TcpStream as Std};\nuse std::time::Instant;\n\
                    struct TcpStream(Std);\nfn f() { TcpStream::connect(a); rustix::fs::x(); }\n\
                    fn rand(rand: u8) -> u8 { rand }\nfn g() { executor.spawn(); crate::spawn(); }";
        assert_eq!(lines(text), [] as [usize; 0]);
    }

    #[test]
    fn going_past_the_door_is_found() {
        let text = "use std::fs::File;\nuse std::{fs, thread};\nuse std::time::*;\n\
                    fn a() { thread::spawn(b) }\nfn b() { Instant::now() }\n\
                    fn c() { fs::read(x) }\nfn d() { std::net::TcpListener::bind(x) }\n\
                    use rand::Rng;\nfn e() { getrandom::fill(x) }\n\
                    fn g() { crate::sys::thread::sleep(x) }";
        assert_eq!(lines(text), [1, 2, 4, 5, 6, 7, 8, 9, 10]);
    }

    #[test]
    fn hash_order_needs_a_named_hasher() {
        let text = "use std::collections::{HashMap, HashSet};\n\
                    struct A { a: HashMap<u8, Vec<(u8, u8)>> }\n\
                    struct B { b: HashMap<u8, u8, Seeded>, c: HashSet<u8, Seeded> }\n\
                    fn f() { HashSet::new() }\n\
                    fn g() { HashMap::with_hasher(s) }\n\
                    fn h() { x.collect::<std::collections::HashSet<u8>>() }";
        assert_eq!(lines(text), [2, 4, 6]);
    }

    #[test]
    fn an_exception_counts_for_its_file_and_must_be_needed() {
        let allowed = |path| Allowed {
            path,
            door: "std::fs",
            reason: "the back end reads a file",
        };
        let tree = Tree::of(&[("crates/trill-x/src/a.rs", "use std::fs;")]);
        let good = allowed("crates/trill-x/src/a.rs");
        assert!(!good.reason.is_empty());
        assert_eq!(check_with(&tree, &[good]), []);
        let stale = check_with(&tree, &[allowed("crates/trill-x/src/b.rs")]);
        assert_eq!(
            places(&stale),
            [
                ("crates/trill-x/src/a.rs", 1),
                ("xtask/src/tidy/world_door.rs", 1)
            ]
        );
    }

    #[test]
    fn every_exception_has_a_reason() {
        assert!(ALLOWED.iter().all(|allowed| allowed.reason.len() > 20));
    }

    #[test]
    fn the_tail_of_a_path_is_its_last_two_parts() {
        let source = Source::new("a.rs", "x::Instant::now() Instant::nowhere()");
        assert_eq!(
            tails(&source, "std::time::Instant::now").collect::<Vec<_>>(),
            [3]
        );
    }
}
