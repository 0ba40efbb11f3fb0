//! Every public function that returns a future is dropped at each of its awaits by a test.
//!
//! The test `cancel_anywhere` of the package trill-tests has one case for each such function, named
//! by its path, one for each public future that no function returns by itself, named by the path of its type, and one for
//! each public stream, named by the path of its `poll_next`.
//! Dropping a future is how a user cancels it, and a promise about that is worth what
//! its test is worth; so a function without a case is a finding, and so is a case without a function.

use std::collections::BTreeMap;

use super::Finding;
use super::futures::{others, streams, waiting};
use crate::source::{Source, words};
use crate::tree::Tree;

/// The crates whose functions need a case: those that hold no descriptor. What a drop means for a
/// socket or a child process is shown by the tests of its own crate, against the real kernel.
const CRATES: &[&str] = &[
    "trill-io",
    "trill-limit",
    "trill-sync",
    "trill-task",
    "trill-timer",
];

/// Where the cases are.
const FOLDER: &str = "tests/tests/cancel_anywhere/";

/// What begins a case; its name follows as the first literal.
const MACRO: &str = "case!(";

/// Functions that need no case of their own, and why.
const EXCEPTIONS: &[(&str, &str)] = &[];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    check_with(tree, CRATES, EXCEPTIONS)
}

fn check_with(tree: &Tree, crates: &[&str], exceptions: &[(&str, &str)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut cases: BTreeMap<String, (&Source, usize)> = BTreeMap::new();
    for source in &tree.sources {
        if !source.path.starts_with(FOLDER) {
            continue;
        }
        for (name, offset) in named_cases(source) {
            if let Some((first, at)) = cases.insert(name.clone(), (source, offset)) {
                let first = format!("{}:{}", first.path, first.line(at));
                findings.push(Finding::at(
                    source,
                    offset,
                    format!("`{name}` has a case already, at {first}"),
                    "make one case of the two",
                ));
            }
        }
    }

    let mut functions = BTreeMap::new();
    for name in crates {
        let sources: Vec<_> = tree.library(name).collect();
        let functions_of_crate = waiting(&sources);
        for found in others(&sources, &functions_of_crate) {
            let path = path(tree, name, found.source, [found.name]);
            functions.insert(path, (found.source, found.offset));
        }
        for found in streams(&sources) {
            let tail = [found.name, "poll_next".to_string()];
            let path = path(tree, name, found.source, tail);
            functions.insert(path, (found.source, found.offset));
        }
        for found in functions_of_crate {
            let tail = found.owner.into_iter().chain([found.function.name]);
            let path = path(tree, name, found.source, tail);
            functions.insert(path, (found.source, found.function.offset));
        }
    }

    for (name, (source, offset)) in &functions {
        let excepted = exceptions.iter().any(|(exception, _)| exception == name);
        if !excepted && !cases.contains_key(name) {
            findings.push(Finding::at(
                source,
                *offset,
                format!("nothing drops the future of `{name}` at each of its awaits"),
                format!("add a case of that name in {FOLDER}"),
            ));
        }
    }
    for (name, (source, offset)) in &cases {
        let checked = crates
            .iter()
            .any(|known| name.split("::").next() == Some(&known.replace('-', "_")));
        if checked && !functions.contains_key(name) {
            findings.push(Finding::at(
                source,
                *offset,
                format!("`{name}` is no public function that returns a future"),
                "give the case the function's path, or remove it",
            ));
        } else if checked && !calls(source, *offset, name) {
            findings.push(Finding::at(
                source,
                *offset,
                format!("the case of `{name}` never calls it"),
                "await in `wait:` what the function returns",
            ));
        }
    }
    for (name, _) in exceptions {
        if !functions.contains_key(*name) || cases.contains_key(*name) {
            findings.push(Finding::new(
                file!(),
                1,
                format!("the exception for `{name}` is not needed"),
                "remove it",
            ));
        }
    }
    findings
}

/// The cases of a source: the first literal of each call of the macro, and where the call stands.
fn named_cases(source: &Source) -> Vec<(String, usize)> {
    source
        .code
        .match_indices(MACRO)
        .filter_map(|(at, _)| {
            let open = source.code[at..].find('"')? + at + 1;
            let close = source.code[open..].find('"')? + open;
            Some((source.text[open..close].to_string(), at))
        })
        .collect()
}

/// Whether the case that begins at an offset has the function's name in its code. A type's name says nothing: what is
/// awaited is a value of it.
fn calls(source: &Source, offset: usize, name: &str) -> bool {
    let open = offset + MACRO.len() - 1;
    let body = &source.code[open..source.close(open)];
    let last = name.rsplit("::").next().unwrap_or_default();
    last.starts_with(char::is_uppercase) || words(body, last).next().is_some()
}

/// The path by which users reach what a source declares, as far as modules go: private ones are left out,
/// because what they hold is re-exported where they are declared.
fn path(
    tree: &Tree,
    name: &str,
    source: &Source,
    tail: impl IntoIterator<Item = String>,
) -> String {
    let mut parts = vec![name.replace('-', "_")];
    let root = format!("crates/{name}/src/");
    let inside = source.path.strip_prefix(&root).unwrap_or_default();
    let mut folder = root;
    let mut parent = format!("{folder}lib.rs");
    for module in inside.trim_end_matches(".rs").split('/') {
        if module == "mod" || module == "lib" {
            continue;
        }
        let declares = |source: &Source| {
            let line = format!("pub mod {module}");
            crate::source::words(&source.code, &line).next().is_some()
        };
        if tree.source(&parent).is_some_and(declares) {
            parts.push(module.to_string());
        }
        let file = format!("{folder}{module}.rs");
        folder = format!("{folder}{module}/");
        parent = if tree.source(&file).is_some() {
            file
        } else {
            format!("{folder}mod.rs")
        };
    }
    parts.extend(tail);
    parts.join("::")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::places;

    const LIBRARY: &[(&str, &str)] = &[
        ("crates/a-b/Cargo.toml", ""),
        ("crates/a-b/src/lib.rs", "mod lock;\npub mod channel;"),
        (
            "crates/a-b/src/lock.rs",
            "pub struct Mutex;\nimpl Mutex {\npub async fn lock(&self) {}\npub fn len(&self) -> u8 {}\n}\n\
             pub async fn free() {}",
        ),
        ("crates/a-b/src/channel/mod.rs", "pub mod one;\nmod recv;"),
        (
            "crates/a-b/src/channel/recv.rs",
            "pub struct Recv;\nimpl Future for Recv {}\npub struct R;\nimpl R { pub fn recv(&self) -> Recv {} }",
        ),
        (
            "crates/a-b/src/channel/one/mod.rs",
            "pub struct S;\nimpl S { pub async fn send(&self) {} }\n\
             pub struct Half;\nimpl Future for Half {}\npub fn pair() -> (S, Half) {}",
        ),
        (
            "crates/a-b/src/more.rs",
            "pub struct Items;\nimpl Stream for Items {}\npub type Boxed = Pin<Box<channel::Recv>>;\n\
             pub trait Wait { fn wait(&self) -> Boxed; }\npub fn boxed() -> BoxFuture<'static, ()> {}\n\
             pub fn into() -> impl IntoFuture<Output = ()> {}",
        ),
    ];

    fn findings(cases: &str, exceptions: &[(&str, &str)]) -> Vec<Finding> {
        let cases_path = format!("{FOLDER}x.rs");
        let mut files = LIBRARY.to_vec();
        files.push((&cases_path, cases));
        let mut findings = check_with(&Tree::of(&files), &["a-b"], exceptions);
        findings.sort();
        findings
    }

    const COMPLETE: &str = "case!(one: \"a_b::Mutex::lock\", x.lock());\ncase!(\n    two:\n    \"a_b::free\", free());\n\
                            case!(\"a_b::channel::R::recv\", recv);\ncase!(\"a_b::channel::one::S::send\", send);\n\
                            case!(\"a_b::channel::one::Half\");\n\
                            case!(\"a_b::Items::poll_next\", poll_next);\ncase!(\"a_b::Wait::wait\", wait);\n\
                            case!(\"a_b::boxed\", boxed);\ncase!(\"a_b::into\", into);\n\
                            case!(\"other::crate_of_no_concern\");";

    #[test]
    fn a_case_for_each_function_is_good() {
        assert_eq!(findings(COMPLETE, &[]), []);
    }

    #[test]
    fn functions_without_a_case_are_found_by_their_path() {
        let found = findings(
            "case!(\"a_b::free\", free());",
            &[("a_b::Mutex::lock", "why")],
        );
        assert_eq!(
            places(&found),
            [
                ("crates/a-b/src/channel/one/mod.rs", 2),
                ("crates/a-b/src/channel/one/mod.rs", 4),
                ("crates/a-b/src/channel/recv.rs", 4),
                ("crates/a-b/src/more.rs", 2),
                ("crates/a-b/src/more.rs", 4),
                ("crates/a-b/src/more.rs", 5),
                ("crates/a-b/src/more.rs", 6),
            ]
        );
        assert!(
            found[0].what.contains("`a_b::channel::one::S::send`"),
            "{}",
            found[0].what
        );
    }

    #[test]
    fn cases_without_a_function_and_doubles_are_found() {
        let cases = format!("{COMPLETE}\ncase!(\"a_b::gone\", gone);\ncase!(\"a_b::free\", free);");
        let found = findings(&cases, &[]);
        let lines: Vec<usize> = found.iter().map(|finding| finding.line).collect();
        assert_eq!(lines, [13, 14]);
    }

    #[test]
    fn cases_that_do_not_call_their_function_are_found() {
        let found = findings(&COMPLETE.replace("x.lock()", "x"), &[]);
        assert_eq!(found.len(), 1);
        assert!(found[0].what.contains("never calls"), "{}", found[0].what);
    }

    #[test]
    fn needless_exceptions_are_found() {
        assert_eq!(findings(COMPLETE, &[("a_b::free", "why")]).len(), 1);
        assert_eq!(findings(COMPLETE, &[("a_b::gone", "why")]).len(), 1);
    }
}
