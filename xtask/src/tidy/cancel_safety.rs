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
    let futures: BTreeSet<(&str, String)> = sources
        .iter()
        .flat_map(|source| {
            impls(source)
                .into_iter()
                .map(|block| (folder(source), block))
        })
        .filter(|(_, block)| block.of.as_deref() == Some("Future"))
        .map(|(folder, block)| (folder, block.name))
        .collect();
    let public: BTreeSet<String> = sources.iter().flat_map(|s| public_types(s)).collect();

    // Where modules in several folders have a type of the same name, a name means the one of its own folder.
    let folders = |name: &str| {
        let declaring = sources.iter().filter(|s| public_types(s).contains(name));
        declaring.map(|s| folder(s)).collect::<BTreeSet<_>>().len()
    };
    let is_future = |source: &Source, name: &str| match folders(name) {
        0 | 1 => futures.iter().any(|(_, future)| future == name),
        _ => futures.contains(&(folder(source), name.to_string())),
    };

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
                || is_future(source, &head)
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

/// The folder that a source lies in.
fn folder(source: &Source) -> &str {
    source
        .path
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder)
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

    #[test]
    fn name_means_the_type_of_its_own_folder() {
        let tree = Tree::of(&[
            ("crates/a/Cargo.toml", ""),
            (
                "crates/a/src/one/r.rs",
                "pub struct R;\nimpl Future for R {}\npub fn a() -> R {}",
            ),
            (
                "crates/a/src/many/r.rs",
                "pub struct R;\npub fn b() -> R {}",
            ),
        ]);
        assert_eq!(places(&check(&tree)), [("crates/a/src/one/r.rs", 3)]);
    }
}
