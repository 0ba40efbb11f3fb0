//! In a model every racer is a spawned thread, and the number of preemptions has a bound.
//!
//! loom's partial-order reduction remembers the last access to an atomic alone. It makes up for that by beginning with each
//! thread in turn where one thread follows another, but only if preemptions are bounded, and never with another one than
//! the thread that begins the model: of a race of that thread it tries too few orders.

use super::Finding;
use crate::source::{Source, identifier};
use crate::tree::Tree;

/// Models whose threads are not spawned by name, with the reason.
const EXCEPTIONS: &[(&str, &str)] = &[(
    "crates/trill-blocking/tests/loom_crew.rs",
    "the threads of the crew start each other",
)];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let models = tree.sources.iter().filter(|source| is_model(&source.path));
    models.flat_map(check_source).collect()
}

fn is_model(path: &str) -> bool {
    path.starts_with("crates/") && path.contains("/tests/loom_")
}

fn check_source(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, _) in source.code.match_indices("loom::model(") {
        findings.push(Finding::at(
            source,
            at,
            "a model without a bound of its preemptions",
            "use `loom::model::Builder` with a `preemption_bound`, and `check`",
        ));
    }
    let functions = functions(source);
    let idle: Vec<_> = functions
        .iter()
        .filter(|function| function.is_test && racers(function, &functions) < 2)
        .collect();
    let exception = EXCEPTIONS.iter().find(|(path, _)| *path == source.path);
    match exception {
        Some(_) if idle.is_empty() => findings.push(Finding::new(
            &source.path,
            1,
            "an exception that is no longer needed",
            "remove it from `EXCEPTIONS` in xtask/src/tidy/models.rs",
        )),
        Some(_) => {}
        None => findings.extend(idle.into_iter().map(|function| {
            Finding::at(
                source,
                function.offset,
                format!(
                    "the model `{}` spawns fewer than two threads",
                    function.name
                ),
                "spawn every racer; let the thread that begins the model prepare, join and check",
            )
        })),
    }
    findings
}

/// A function of a model's file.
struct Function<'a> {
    name: &'a str,
    offset: usize,
    body: &'a str,
    is_test: bool,
}

fn functions(source: &Source) -> Vec<Function<'_>> {
    let mut found = Vec::new();
    for offset in source.words("fn") {
        let rest = &source.code[offset..];
        let name = identifier(&rest["fn".len()..]);
        let Some(open) = body_of(rest) else {
            continue;
        };
        if name.is_empty() {
            continue;
        }
        let open = offset + open;
        found.push(Function {
            name,
            offset,
            body: &source.code[open..source.close(open)],
            is_test: source.code[..offset].trim_end().ends_with("#[test]"),
        });
    }
    found
}

/// Where the body of the function begins that the text begins with, if it has one.
fn body_of(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '{' if depth == 0 => return Some(at),
            // No body, or the type of a function.
            ';' | ',' if depth == 0 => return None,
            _ if depth < 0 => return None,
            _ => {}
        }
    }
    None
}

/// How many threads a function spawns, its own helpers included. A spawn inside of a `map` or a closure with a name counts
/// as two.
fn racers(function: &Function<'_>, all: &[Function<'_>]) -> usize {
    let body = function.body;
    let mut count = 2 * calls(body, "at_once");
    for (at, _) in body.match_indices("thread::spawn(") {
        count += if is_mapped(&body[..at]) { 2 } else { 1 };
    }
    for helper in all {
        let is_called = !matches!(helper.name, "at_once") && calls(body, helper.name) > 0;
        if is_called && helper.offset != function.offset {
            // One level is what models use, and a cycle would not end.
            count += 2 * calls(helper.body, "at_once");
            count += 2 * helper.body.matches("thread::spawn(").count();
        }
    }
    count
}

/// Whether a call of `map`, or a closure with a name, is open at the end of the text.
fn is_mapped(before: &str) -> bool {
    [".map(", "= |", "= move |"].iter().any(|begin| {
        before.rmatch_indices(begin).any(|(at, _)| {
            let inside = &before[at..];
            ['(', '{']
                .iter()
                .zip([')', '}'])
                .any(|(open, close)| inside.matches(*open).count() > inside.matches(close).count())
        })
    })
}

fn calls(body: &str, name: &str) -> usize {
    crate::source::words(body, name)
        .filter(|at| body[at + name.len()..].starts_with('('))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let findings = check(&Tree::of(&[(path, text)]));
        findings.iter().map(|finding| finding.line).collect()
    }

    const PATH: &str = "crates/trill-a/tests/loom_a.rs";

    #[test]
    fn racers_that_are_all_spawned_are_good() {
        let text = "#[test]\nfn two() {\n    model(3, || {\n        let a = thread::spawn(f);\n        \
                    let b = thread::spawn(g);\n    });\n}\n\
                    #[test]\nfn both() {\n    model(3, || drop(at_once(f, g)));\n}\n\
                    #[test]\nfn many() {\n    let all = (0..2).map(|_| {\n        thread::spawn(f)\n    });\n}\n\
                    fn race(run: fn([u8; 2])) {\n    let all = [1, 2].map(|n| thread::spawn(f));\n}\n\
                    #[test]\nfn by_a_helper() {\n    race();\n}\n";
        assert!(lines(PATH, text).is_empty());
    }

    #[test]
    fn the_thread_that_begins_a_model_is_no_racer() {
        let text = "#[test]\nfn one() {\n    model(3, || {\n        let a = thread::spawn(f);\n        g();\n    });\n}\n";
        assert_eq!(lines(PATH, text), [2]);
        assert!(lines("crates/trill-a/tests/other.rs", text).is_empty());
    }

    #[test]
    fn a_spawn_behind_a_map_is_one() {
        let text =
            "#[test]\nfn one() {\n    let n = [1].map(f);\n    let a = thread::spawn(f);\n}\n";
        assert_eq!(lines(PATH, text), [2]);
    }

    #[test]
    fn a_model_without_a_bound_is_found() {
        let text = "#[test]\nfn free() {\n    loom::model(|| drop(at_once(f, g)));\n}\n";
        assert_eq!(lines(PATH, text), [3]);
    }

    #[test]
    fn an_exception_that_is_not_needed_is_found() {
        let text = "#[test]\nfn two() {\n    at_once(f, g);\n}\n";
        assert_eq!(lines(EXCEPTIONS[0].0, text), [1]);
    }
}
