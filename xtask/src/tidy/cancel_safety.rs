//! Every public function that returns a future has a section `# Cancel safety`.
//!
//! Dropping a future is how a user cancels it. What is lost then is part of the contract, and nobody
//! can see it in the signature.

use super::Finding;
use super::futures::waiting;
use crate::source::Source;
use crate::tree::Tree;

const HEADING: &str = "# Cancel safety";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.crates()
        .into_iter()
        .flat_map(|name| check_crate(&tree.library(name).collect::<Vec<_>>()))
        .collect()
}

fn check_crate(sources: &[&Source]) -> Vec<Finding> {
    waiting(sources)
        .into_iter()
        .filter(|found| {
            let docs = found.source.above(found.function.offset);
            !docs.contains(HEADING)
        })
        .map(|found| {
            Finding::at(
                found.source,
                found.function.offset,
                format!(
                    "`{}` returns a future and does not say what a drop loses",
                    found.function.name
                ),
                format!("add a section `{HEADING}`: what is kept, what is lost, what to do then"),
            )
        })
        .collect()
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
