//! Every public function that returns a future has a section `# Cancel safety`.
//!
//! Dropping a future is how a user cancels it. What is lost then is part of the contract, and nobody
//! can see it in the signature.

use std::collections::BTreeSet;

use super::Finding;
use super::functions::{head, impls, public_functions, public_types};
use crate::source::{Source, words};
use crate::tree::Tree;

const HEADING: &str = "# Cancel safety";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.crates()
        .into_iter()
        .flat_map(|name| check_crate(&tree.library(name).collect::<Vec<_>>()))
        .collect()
}

fn check_crate(sources: &[&Source]) -> Vec<Finding> {
    let futures: BTreeSet<String> = sources
        .iter()
        .flat_map(|source| impls(source))
        .filter(|block| block.of.as_deref() == Some("Future"))
        .map(|block| block.name)
        .collect();
    let public: BTreeSet<String> = sources.iter().flat_map(|s| public_types(s)).collect();

    let mut findings = Vec::new();
    for source in sources {
        let blocks = impls(source);
        for function in public_functions(source) {
            let owner = blocks
                .iter()
                .find(|block| block.of.is_none() && block.body.contains(&function.offset))
                .map(|block| block.name.as_str());
            // A method of a type that no user can name is not public, whatever it says.
            if owner.is_some_and(|owner| !public.contains(owner)) {
                continue;
            }
            let head = match head(&function.returns) {
                name if name == "Self" => owner.unwrap_or_default().to_string(),
                name => name,
            };
            let unnamed = |keyword| words(&function.returns, keyword).next().is_some();
            let future = function.is_async
                || futures.contains(&head)
                || (unnamed("Future") && (unnamed("impl") || unnamed("dyn")));
            if future && !source.above(function.offset).contains(HEADING) {
                findings.push(Finding::at(
                    source,
                    function.offset,
                    format!(
                        "`{}` returns a future and does not say what a drop loses",
                        function.name
                    ),
                    format!(
                        "add a section `{HEADING}`: what is kept, what is lost, what to do then"
                    ),
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::places;

    const FUTURE: &str = "pub struct Lock<'a>(&'a ());\nimpl Future for Lock<'_> {}\n";

    fn lines(text: &str) -> Vec<usize> {
        let tree = Tree::of(&[
            ("crates/a/Cargo.toml", ""),
            ("crates/a/src/lock.rs", FUTURE),
            ("crates/a/src/x.rs", text),
        ]);
        let findings = check(&tree);
        assert!(
            places(&findings)
                .iter()
                .all(|(path, _)| *path == "crates/a/src/x.rs")
        );
        findings.iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn documented_and_internal_functions_are_good() {
        let text = "/// Waits.\n///\n/// # Cancel safety\n/// Loses nothing.\n#[must_use]\npub async fn a() {}\n\
                    /// # Cancel safety\npub fn b() -> Lock<'_> {}\npub(crate) async fn c() {}\n\
                    pub fn d(lock: Lock<'_>) -> u8 {}\nstruct P;\nimpl P { pub fn e() -> Lock<'_> {} }";
        assert_eq!(lines(text), [] as [usize; 0]);
    }

    #[test]
    fn silent_functions_are_found() {
        let text = "/// Waits.\npub async fn a() {}\npub fn b() -> crate::Lock<'_> {}\n\
                    pub fn c() -> impl Future<Output = ()> {}\n\
                    pub struct W;\nimpl Future for W {}\nimpl W {\npub fn d() -> Self {}\n}\n\
                    pub fn e() -> io::Result<W> {}\npub fn f() -> Pin<Box<dyn Future>> {}";
        assert_eq!(lines(text), [2, 3, 4, 8, 10, 11]);
    }
}
