//! Every public future shows in a test that a task which waits in it names the line of the user's `.await`.
//!
//! The tests lie in the files of `crates/<crate>/tests/` with `location` in their names. A future is shown if one of the
//! functions that return it is called there; an `async fn` and one that returns an unnamed future are shown if they are
//! called. A poll that is `#[track_caller]` (see the rule of that name) may still hand on the line of its own file.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::futures::{Waiting, others, waiting};
use crate::source::{Source, words};
use crate::tree::Tree;

/// Part of the names of files with such tests.
const FILES: &str = "location";

/// Futures that have no test, as `crate::Future` or `crate::function`, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "trill_net::HyperSleep",
        "hyper polls it, in a line of its own",
    ),
    ("trill_process::IntoStdio", "it is ready at once"),
    ("trill_server::BindUnix", "it is ready at once"),
    ("trill_server::StartUnixServer", "it is ready at once"),
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut excepted = BTreeSet::new();
    for name in tree.crates() {
        check_crate(tree, name, EXCEPTIONS, &mut excepted, &mut findings);
    }
    for (exception, _) in EXCEPTIONS {
        if !excepted.contains(exception) {
            findings.push(needless(exception));
        }
    }
    findings
}

fn needless(exception: &str) -> Finding {
    Finding::new(
        file!(),
        1,
        format!("the exception for `{exception}` is not needed"),
        "remove it",
    )
}

fn check_crate<'e>(
    tree: &Tree,
    name: &str,
    exceptions: &[(&'e str, &str)],
    excepted: &mut BTreeSet<&'e str>,
    findings: &mut Vec<Finding>,
) {
    let folder = format!("crates/{name}/tests/");
    let tests: Vec<&Source> = tree
        .sources
        .iter()
        .filter(|source| {
            let inside = source.path.strip_prefix(&folder);
            inside.is_some_and(|file| file.contains(FILES))
        })
        .collect();
    let calls = |function: &str| {
        tests.iter().any(|test| {
            words(&test.code, function).any(|at| {
                let rest = &test.code[at + function.len()..];
                rest.starts_with('(') || rest.starts_with("::<")
            })
        })
    };

    let sources: Vec<_> = tree.library(name).collect();
    let functions = waiting(&sources);
    // Named futures, each with the functions that return it; unnamed ones are their functions.
    let mut futures: BTreeMap<String, Vec<&Waiting<'_>>> = BTreeMap::new();
    let named = |function: &Waiting<'_>| {
        let known = function
            .returns
            .as_ref()
            .filter(|_| !function.function.is_async);
        match known {
            Some(future) if !UNNAMED.contains(&future.as_str()) => future.clone(),
            _ => function.function.name.clone(),
        }
    };
    for function in &functions {
        futures.entry(named(function)).or_default().push(function);
    }
    let crate_name = name.replace('-', "_");
    let mut missing = |future: &str, source: &Source, offset: usize| {
        let path = format!("{crate_name}::{future}");
        if let Some((exception, _)) = exceptions.iter().find(|(known, _)| *known == path) {
            excepted.insert(exception);
            return;
        }
        findings.push(Finding::at(
            source,
            offset,
            format!("no test shows where a task is that awaits `{path}`"),
            format!(
                "await it in a file of {folder} with `{FILES}` in its name, and check the line"
            ),
        ));
    };
    for (future, functions) in &futures {
        let shown = functions.iter().any(|found| calls(&found.function.name));
        if !shown {
            missing(future, functions[0].source, functions[0].function.offset);
        }
    }
    for found in others(&sources, &functions) {
        let shown = tests
            .iter()
            .any(|test| words(&test.code, &found.name).next().is_some());
        if !shown {
            missing(&found.name, found.source, found.offset);
        }
    }
}

/// What a future without a name begins with.
const UNNAMED: &[&str] = &["impl", "dyn", "BoxFuture", "LocalBoxFuture"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::places;

    const LIBRARY: &str = "pub struct Lock;\nimpl Future for Lock {}\npub struct M;\nimpl M {\n\
                           pub fn lock(&self) -> Lock {}\npub fn relock(&self) -> Lock {}\n\
                           pub async fn wait(&self) {}\n}\npub fn unnamed() -> impl Future<Output = ()> {}\n\
                           pub struct Half;\nimpl Future for Half {}\npub fn pair() -> (M, Half) {}";

    fn found(test: &str, exceptions: &[(&'static str, &str)]) -> Vec<Finding> {
        let tree = Tree::of(&[
            ("crates/a-b/Cargo.toml", ""),
            ("crates/a-b/src/x.rs", LIBRARY),
            ("crates/a-b/tests/lock_location.rs", test),
            ("crates/a-b/tests/other.rs", "fn f() { m.wait(); }"),
        ]);
        let (mut findings, mut excepted) = (Vec::new(), BTreeSet::new());
        check_crate(&tree, "a-b", exceptions, &mut excepted, &mut findings);
        let unused = exceptions
            .iter()
            .filter(|(name, _)| !excepted.contains(name));
        findings.extend(unused.map(|(name, _)| needless(name)));
        findings.sort();
        findings
    }

    const COMPLETE: &str = "fn f() { m.relock(); m.wait(); unnamed(); let half: Half; }";

    #[test]
    fn futures_that_tests_await_are_good() {
        assert_eq!(found(COMPLETE, &[]), []);
    }

    #[test]
    fn futures_that_no_test_awaits_are_found() {
        let all = found("// lock() in words\nfn f() { lock_all(); }", &[]);
        let lines: Vec<usize> = places(&all).into_iter().map(|(_, line)| line).collect();
        assert_eq!(lines, [5, 7, 9, 11]);
        let excepted = found(
            "fn f() { m.wait(); unnamed(); Half; }",
            &[("a_b::Lock", "why")],
        );
        assert_eq!(excepted, []);
    }

    #[test]
    fn needless_exceptions_are_found() {
        assert_eq!(found(COMPLETE, &[("a_b::Lock", "why")]).len(), 1);
    }
}
