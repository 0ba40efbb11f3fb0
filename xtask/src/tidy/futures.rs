//! The public functions of a crate that return a future, and the futures that none of them returns.

use std::collections::{BTreeMap, BTreeSet};

use super::functions::{
    Function, Impl, aliases, head, impls, public_functions, public_types, trait_functions,
};
use crate::source::{Source, words};

/// A public function that returns a future.
#[derive(Debug)]
pub(crate) struct Waiting<'a> {
    pub(crate) source: &'a Source,
    pub(crate) function: Function,
    /// The type whose method it is, if it is one.
    pub(crate) owner: Option<String>,
    /// The name of the future it returns, if that has one.
    pub(crate) returns: Option<String>,
}

/// A public type that is a future, and where its `impl Future` stands.
#[derive(Debug)]
pub(crate) struct Named<'a> {
    pub(crate) source: &'a Source,
    pub(crate) offset: usize,
    pub(crate) name: String,
}

/// The public futures that no public function returns by itself: half of a pair, or the field of something.
pub(crate) fn others<'a>(sources: &[&'a Source], waiting: &[Waiting<'_>]) -> Vec<Named<'a>> {
    let folders = folders(sources);
    let mut found = Vec::new();
    for source in sources {
        let public = public_types(source);
        for block in impls(source) {
            let only_one = folders.get(&block.name).is_none_or(|found| found.len() < 2);
            let returned = |function: &Waiting<'_>| {
                function.returns.as_ref() == Some(&block.name)
                    && (only_one || folder(function.source) == folder(source))
            };
            if awaits(&block) && public.contains(&block.name) && !waiting.iter().any(returned) {
                found.push(Named {
                    source,
                    offset: block.body.start,
                    name: block.name,
                });
            }
        }
    }
    found
}

/// Every public function of a crate that returns a future, in the order of its sources.
pub(crate) fn waiting<'a>(sources: &[&'a Source]) -> Vec<Waiting<'a>> {
    let futures: BTreeSet<(&str, String)> = sources
        .iter()
        .flat_map(|source| {
            impls(source)
                .into_iter()
                .map(|block| (folder(source), block))
        })
        .filter(|(_, block)| awaits(block))
        .map(|(folder, block)| (folder, block.name))
        .collect();
    let folders = folders(sources);

    // Where modules in several folders have a type of the same name, a name means the one of its own folder.
    let is_future = |source: &Source, name: &str| match folders.get(name).map_or(0, BTreeSet::len) {
        0 | 1 => futures.iter().any(|(_, future)| future == name),
        _ => futures.contains(&(folder(source), name.to_string())),
    };

    let aliases: BTreeMap<String, String> =
        sources.iter().flat_map(|source| aliases(source)).collect();

    let mut found = Vec::new();
    for source in sources {
        let blocks = impls(source);
        let methods = trait_functions(source)
            .into_iter()
            .map(|(owner, function)| (Some(owner), function));
        let functions = public_functions(source).into_iter().map(|function| {
            let owner = blocks
                .iter()
                .find(|block| block.of.is_none() && block.body.contains(&function.offset))
                .map(|block| block.name.clone());
            (owner, function)
        });
        // A method of a type that no user can name is not public, whatever it says.
        let functions = functions.filter(|(owner, _)| {
            owner
                .as_ref()
                .is_none_or(|owner| folders.contains_key(owner))
        });
        for (owner, function) in functions.chain(methods) {
            let written = head(&function.returns);
            let written = aliases.get(&written).unwrap_or(&function.returns);
            let head = match head(written) {
                name if name == "Self" => owner.clone().unwrap_or_default(),
                name => name,
            };
            let has = |keyword| words(written, keyword).next().is_some();
            let future = function.is_async
                || is_future(source, &head)
                || BOXED.contains(&head.as_str())
                || ((has("Future") || has("IntoFuture")) && (has("impl") || has("dyn")));
            if future {
                found.push(Waiting {
                    source,
                    function,
                    owner,
                    returns: (!head.is_empty()).then_some(head),
                });
            }
        }
    }
    found
}

/// The public types of a crate that are streams, and where their `impl Stream` stands.
pub(crate) fn streams<'a>(sources: &[&'a Source]) -> Vec<Named<'a>> {
    let public: BTreeSet<String> = sources
        .iter()
        .flat_map(|source| public_types(source))
        .collect();
    let mut found = Vec::new();
    for source in sources {
        for block in impls(source) {
            if block.of.as_deref() == Some("Stream") && public.contains(&block.name) {
                found.push(Named {
                    source,
                    offset: block.body.start,
                    name: block.name,
                });
            }
        }
    }
    found
}

/// Whether an impl makes its type something that can be awaited.
fn awaits(block: &Impl) -> bool {
    matches!(block.of.as_deref(), Some("Future" | "IntoFuture"))
}

/// The names under which other crates offer boxed futures.
const BOXED: &[&str] = &["BoxFuture", "LocalBoxFuture"];

/// The public types, and the folders in which one of that name is declared.
fn folders<'a>(sources: &[&'a Source]) -> BTreeMap<String, BTreeSet<&'a str>> {
    let mut found: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for source in sources {
        for name in public_types(source) {
            found.entry(name).or_default().insert(folder(source));
        }
    }
    found
}

/// The folder that a source lies in.
fn folder(source: &Source) -> &str {
    source
        .path
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder)
}
