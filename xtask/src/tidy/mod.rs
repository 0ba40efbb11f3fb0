//! `cargo xtask tidy`: the rules of this repository that no compiler and no lint knows.
//!
//! Each rule is one file with one function from the tree to its findings, and tests with an input
//! that is good and one that is bad. A finding says where, what, and how to put it right.

mod behaviours;
mod cancel_cases;
mod cancel_safety;
mod dependencies;
mod docs;
mod faults;
mod functions;
mod futures;
mod hygiene;
mod layers;
mod locations;
mod manifests;
mod markers;
mod models;
mod orderings;
mod pages;
mod paths;
mod porting;
mod root_files;
mod sizes;
mod track_caller;
mod unsafe_code;
mod world_door;

use std::process::ExitCode;
use std::time::Instant;

use crate::source::Source;
use crate::tree::{self, Tree};
use crate::{Trouble, report};

pub(crate) use manifests::{RUST_VERSION, minimum_rust};

/// Something that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    what: String,
    fix: String,
}

struct Rule {
    name: &'static str,
    what: &'static str,
    check: fn(&Tree) -> Vec<Finding>,
}

const RULES: &[Rule] = &[
    Rule {
        name: "layers",
        what: "a crate imports only lower layers, or a neighbour the table draws",
        check: layers::check,
    },
    Rule {
        name: "manifests",
        what: "each crate inherits edition, Rust version, licence and lints",
        check: manifests::check,
    },
    Rule {
        name: "dependencies",
        what: "ARCHITECTURE.md gives a reason for each dependency",
        check: dependencies::check,
    },
    Rule {
        name: "world-door",
        what: "time, threads, chance, files and sockets only through trill-world",
        check: world_door::check,
    },
    Rule {
        name: "sizes",
        what: "no source file is longer than a reader's patience",
        check: sizes::check,
    },
    Rule {
        name: "root-files",
        what: "lib.rs holds docs, modules and re-exports, no code",
        check: root_files::check,
    },
    Rule {
        name: "markers",
        what: "no open ends: unfinished code, ignored tests, notes without an issue",
        check: markers::check,
    },
    Rule {
        name: "cancel-safety",
        what: "every public function that returns a future says what a drop loses",
        check: cancel_safety::check,
    },
    Rule {
        name: "cancel-cases",
        what: "every public function that returns a future has a case of the cancel-anywhere test",
        check: cancel_cases::check,
    },
    Rule {
        name: "behaviours",
        what: "each behaviour that is hard to get right names tests, and they are there",
        check: behaviours::check,
    },
    Rule {
        name: "faults",
        what: "each fault to survive names tests, and they are those that say they show it",
        check: faults::check,
    },
    Rule {
        name: "track-caller",
        what: "the poll of every public future records the line of its await",
        check: track_caller::check,
    },
    Rule {
        name: "locations",
        what: "a test shows for each public future that its task names the line of the await",
        check: locations::check,
    },
    Rule {
        name: "docs",
        what: "each crate has a README and a page with a program, and names its features",
        check: docs::check,
    },
    Rule {
        name: "porting",
        what: "each row of the pages for those who come from elsewhere has a program that runs",
        check: porting::check,
    },
    Rule {
        name: "unsafe-code",
        what: "unsafe code is allowed file by file, with a reason and a safety comment",
        check: unsafe_code::check,
    },
    Rule {
        name: "orderings",
        what: "each atomic access that orders memory says what it pairs with",
        check: orderings::check,
    },
    Rule {
        name: "models",
        what: "every racer of a model is a spawned thread",
        check: models::check,
    },
    Rule {
        name: "hygiene",
        what: "no machine's paths and no unknown hosts in any file",
        check: hygiene::check,
    },
];

/// Parts of pages that are made from the sources: the rule that checks them, and who writes them anew.
const WRITERS: &[Writer] = &[("faults", faults::write)];

/// The name of a rule, and what makes the path and the text of its page.
type Writer = (&'static str, fn(&Tree) -> Option<(&'static str, String)>);

impl Finding {
    pub(crate) fn new(
        path: &str,
        line: usize,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) -> Finding {
        Finding {
            path: path.to_string(),
            line,
            what: what.into(),
            fix: fix.into(),
        }
    }

    /// A finding at an offset of a source.
    pub(crate) fn at(
        source: &Source,
        offset: usize,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) -> Finding {
        Finding::new(&source.path, source.line(offset), what, fix)
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Finding { path, line, .. } = self;
        write!(f, "{path}:{line}: {}\n    fix: {}", self.what, self.fix)
    }
}

/// The command.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode, Trouble> {
    if arguments.iter().any(|argument| argument == "--list") {
        for rule in RULES {
            println!("{:14}{}", rule.name, rule.what);
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some((first, rules)) = arguments.split_first() {
        if first == "--write" {
            return write(rules);
        }
    }
    let names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    for argument in arguments {
        if !names.contains(&argument.as_str()) {
            return Err(Trouble::Usage(format!(
                "tidy has no rule `{argument}`; it has: {}",
                names.join(", ")
            )));
        }
    }
    let chosen = |rule: &&Rule| arguments.is_empty() || arguments.iter().any(|a| a == rule.name);
    let found = check(RULES.iter().filter(chosen))?;
    Ok(if found == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Writes the pages of these rules anew.
fn write(rules: &[String]) -> Result<ExitCode, Trouble> {
    let names: Vec<&str> = WRITERS.iter().map(|(name, _)| *name).collect();
    let all_known = rules.iter().all(|rule| names.contains(&rule.as_str()));
    if rules.is_empty() || !all_known {
        return Err(Trouble::Usage(format!(
            "tidy --write takes names among: {}",
            names.join(", ")
        )));
    }
    let root = tree::root();
    let tree = Tree::read(&root)?;
    let chosen = WRITERS
        .iter()
        .filter(|(name, _)| rules.iter().any(|rule| rule == name));
    for (path, text) in chosen.filter_map(|(_, write)| write(&tree)) {
        std::fs::write(root.join(path), text)
            .map_err(|error| Trouble::Failed(format!("cannot write {path}: {error}")))?;
        println!("{path} is written");
    }
    Ok(ExitCode::SUCCESS)
}

/// All rules, as one stage of `test-all`: the number of findings, which are printed.
pub(crate) fn check_all() -> Result<usize, Trouble> {
    check(RULES.iter())
}

fn check<'a>(rules: impl Iterator<Item = &'a Rule>) -> Result<usize, Trouble> {
    let start = Instant::now();
    let tree = Tree::read(&tree::root())?;
    let mut rules_run = 0;
    let mut found = 0;
    for rule in rules {
        rules_run += 1;
        let mut findings = (rule.check)(&tree);
        findings.sort();
        findings.dedup();
        if findings.is_empty() {
            continue;
        }
        println!("{}: {}", rule.name, rule.what);
        for finding in &findings {
            println!("  {finding}");
        }
        println!();
        found += findings.len();
    }
    println!(
        "tidy: {found} findings by {rules_run} rules in {} files, {}",
        tree.files.len(),
        report::time(start.elapsed())
    );
    Ok(found)
}

/// The lines of findings, for the tests of the rules.
#[cfg(test)]
fn places(findings: &[Finding]) -> Vec<(&str, usize)> {
    findings.iter().map(|f| (f.path.as_str(), f.line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_where_what_and_how() {
        let finding = Finding::new("a/b.rs", 7, "this is wrong", "do that");
        assert_eq!(
            finding.to_string(),
            "a/b.rs:7: this is wrong\n    fix: do that"
        );
    }

    #[test]
    fn an_unknown_rule_is_a_usage_error() {
        let Err(Trouble::Usage(text)) = run(&["no-such-rule".to_string()]) else {
            panic!("there is no such rule");
        };
        assert!(text.contains("world-door"), "{text}");
        let write = ["--write".to_string(), "sizes".to_string()];
        for arguments in [&write[..1], &write[..]] {
            assert!(matches!(run(arguments), Err(Trouble::Usage(_))));
        }
    }

    #[test]
    fn no_rule_complains_about_nothing() {
        let tree = Tree::of(&[("ARCHITECTURE.md", ""), ("Cargo.toml", "")]);
        for rule in RULES {
            let findings = (rule.check)(&tree);
            let own: Vec<_> = findings
                .iter()
                .filter(|f| !f.what.contains("exception"))
                .collect();
            assert!(own.is_empty(), "{}: {own:?}", rule.name);
        }
    }
}
