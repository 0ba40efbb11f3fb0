//! The poll of every public future is `#[track_caller]`, so that a task can say which `.await` of
//! the user's it waits at.

use std::collections::BTreeSet;

use super::Finding;
use super::functions::{impls, public_types};
use crate::tree::Tree;

const ATTRIBUTE: &str = "#[track_caller]";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in tree.crates() {
        let public: BTreeSet<String> = tree.library(name).flat_map(public_types).collect();
        for source in tree.library(name) {
            for block in impls(source) {
                let future = block.of.as_deref() == Some("Future");
                if !future || !public.contains(&block.name) {
                    continue;
                }
                let poll = source.words("fn").find(|at| {
                    block.body.contains(at)
                        && crate::source::identifier(&source.code[at + 2..]) == "poll"
                });
                let Some(poll) = poll else { continue };
                let line_start = source.code[..poll].rfind('\n').map_or(0, |at| at + 1);
                let tracked = source.above(poll).contains(ATTRIBUTE)
                    || source.code[line_start..poll].contains(ATTRIBUTE);
                if !tracked {
                    findings.push(Finding::at(
                        source,
                        poll,
                        format!("the poll of `{}` hides the line of its await", block.name),
                        format!("put {ATTRIBUTE} on it and hand Location::caller() to trill_cell::waiting"),
                    ));
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::places;

    fn check_text(text: &str) -> Vec<Finding> {
        check(&Tree::of(&[
            ("crates/a/Cargo.toml", ""),
            ("crates/a/src/x.rs", text),
        ]))
    }

    #[test]
    fn tracked_and_private_futures_are_good() {
        let text = "pub struct A;\nimpl Future for A {\n    type Output = ();\n\n    #[track_caller]\n    fn poll(self) {}\n}\n\
                    struct B;\nimpl Future for B {\n    fn poll(self) {}\n}\n\
                    pub struct C;\nimpl Stream for C {\n    fn poll(self) {}\n}\n\
                    pub struct D;\nimpl Future for D { #[track_caller] fn poll(self) {} }";
        assert_eq!(check_text(text), []);
    }

    #[test]
    fn an_untracked_poll_is_found() {
        let text = "pub struct A<T>(T);\nimpl<T> Future for A<T> {\n    #[inline]\n    fn poll(self) {}\n}";
        assert_eq!(places(&check_text(text)), [("crates/a/src/x.rs", 4)]);
    }
}
