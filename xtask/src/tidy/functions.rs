//! The impl blocks, public types and public functions of a source, as far as two rules need them.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::source::{Source, identifier, words};

/// An impl block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Impl {
    /// The last part of the trait's path, for a trait impl.
    pub(crate) of: Option<String>,
    /// The last part of the type's path.
    pub(crate) name: String,
    /// From its opening brace to its closing one.
    pub(crate) body: Range<usize>,
}

/// A function with `pub` and no restriction.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// Where its `pub` stands.
    pub(crate) offset: usize,
    pub(crate) is_async: bool,
    /// The return type as written, blank if there is none.
    pub(crate) returns: String,
}

/// Every impl block outside test code.
pub(crate) fn impls(source: &Source) -> Vec<Impl> {
    let mut found = Vec::new();
    for at in source.words("impl") {
        // `impl Trait` in a type is not preceded by the end of an item.
        let before = source.code[..at].trim_end();
        let item = before.is_empty()
            || before.ends_with(['}', ';', '{', ']'])
            || identifier_before(before) == "unsafe";
        if !item || source.in_tests(at) {
            continue;
        }
        let start = at + "impl".len();
        let Some(open) = source.code[start..].find('{').map(|n| start + n) else {
            continue;
        };
        let mut header = source.code[start..open].trim_start();
        if header.starts_with('<') {
            header = &header[angle_end(header)..];
        }
        let header = match outside_angles(header, " where ") {
            Some(cut) => &header[..cut],
            None => header,
        };
        let (of, target) = match outside_angles(header, " for ") {
            Some(cut) => (Some(last_part(&header[..cut])), &header[cut + 5..]),
            None => (None, header),
        };
        found.push(Impl {
            of,
            name: last_part(target),
            body: open..source.close(open),
        });
    }
    found
}

/// The names of the types that a source declares `pub`.
pub(crate) fn public_types(source: &Source) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for keyword in ["struct", "enum", "union"] {
        for at in source.words(keyword) {
            let before = source.code[..at].trim_end();
            if identifier_before(before) == "pub" && !source.in_tests(at) {
                found.insert(identifier(&source.code[at + keyword.len()..]).to_string());
            }
        }
    }
    found
}

/// Every `pub fn` outside test code.
pub(crate) fn public_functions(source: &Source) -> Vec<Function> {
    let mut found = Vec::new();
    for offset in source.words("pub") {
        if source.in_tests(offset) {
            continue;
        }
        let mut rest = source.code[offset + 3..].trim_start();
        let mut is_async = false;
        loop {
            let word = identifier(rest);
            match word {
                "async" => is_async = true,
                "const" | "unsafe" | "extern" => {}
                _ => break,
            }
            rest = rest[word.len()..].trim_start();
            // The name of an ABI is a literal, blanked but for its quotes.
            if let Some(after) = rest.strip_prefix('"') {
                rest = after
                    .split_once('"')
                    .map_or("", |(_, rest)| rest)
                    .trim_start();
            }
        }
        if identifier(rest) != "fn" {
            continue;
        }
        let rest = rest[2..].trim_start();
        let name = identifier(rest);
        found.push(Function {
            name: name.to_string(),
            offset,
            is_async,
            returns: return_type(&rest[name.len()..]),
        });
    }
    found
}

/// Every function of a `pub trait` that its docs show, with the trait's name.
pub(crate) fn trait_functions(source: &Source) -> Vec<(String, Function)> {
    let mut found = Vec::new();
    for at in source.words("trait") {
        let before = source.code[..at].trim_end();
        if identifier_before(before) != "pub" || source.in_tests(at) {
            continue;
        }
        let name = identifier(&source.code[at + "trait".len()..]).to_string();
        let Some(open) = source.code[at..].find('{').map(|n| at + n) else {
            continue;
        };
        let body = open + 1..source.close(open);
        for offset in source.words("fn").filter(|at| body.contains(at)) {
            // A function within the body of a default one is nobody's.
            let before = &source.code[body.start..offset];
            let nested = before.matches('{').count() != before.matches('}').count();
            if nested || source.above(offset).contains("#[doc(hidden)]") {
                continue;
            }
            let rest = source.code[offset + 2..].trim_start();
            let function = identifier(rest);
            found.push((
                name.clone(),
                Function {
                    name: function.to_string(),
                    offset,
                    is_async: identifier_before(before.trim_end()) == "async",
                    returns: return_type(&rest[function.len()..]),
                },
            ));
        }
    }
    found
}

/// The names of the public type aliases, and what they stand for.
pub(crate) fn aliases(source: &Source) -> Vec<(String, String)> {
    source
        .words("type")
        .filter(|at| identifier_before(source.code[..*at].trim_end()) == "pub")
        .filter_map(|at| {
            let end = source.code[at..].find(';')? + at;
            let (head, target) = source.code[at + "type".len()..end].split_once('=')?;
            Some((identifier(head).to_string(), target.trim().to_string()))
        })
        .collect()
}

/// What a type may be wrapped in and still be what it is to who awaits it.
const WRAPPERS: &[&str] = &["Box", "Option", "Pin", "Result"];

/// The head of a return type: its last path part, looking into [`WRAPPERS`].
pub(crate) fn head(returns: &str) -> String {
    let name = last_part(returns);
    if WRAPPERS.contains(&name.as_str()) {
        let inside = returns.split_once('<').map_or("", |(_, inside)| inside);
        return head(inside.trim());
    }
    name
}

/// The return type in what follows a function's name: generics, parameters, arrow, type.
fn return_type(after_name: &str) -> String {
    let after = after_name.trim_start();
    let after = if after.starts_with('<') {
        &after[angle_end(after)..]
    } else {
        after
    };
    let Some(open) = after.find('(') else {
        return String::new();
    };
    let after = after[crate::source::close(after, open)..].trim_start();
    let Some(arrow) = after.strip_prefix("->") else {
        return String::new();
    };
    let end = arrow.find(['{', ';']).unwrap_or(arrow.len());
    let written = &arrow[..end];
    let end = words(written, "where").next().unwrap_or(written.len());
    written[..end].trim().to_string()
}

/// The last part of a path: `Lock` for `crate::Lock<'_, T>`; empty for a reference or a tuple.
fn last_part(path: &str) -> String {
    let path = path.trim();
    let end = path.find('<').unwrap_or(path.len());
    let path = path[..end].trim();
    let last = path.rsplit("::").next().unwrap_or_default();
    identifier(last).to_string()
}

/// Where the angle brackets that open `text` are closed.
fn angle_end(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '<' => depth += 1,
            // The arrow of `Fn() -> T` closes nothing.
            '>' if before != '-' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        before = c;
    }
    text.len()
}

/// Where `needle`, words between blanks, stands outside all angle brackets. Any blank matches.
fn outside_angles(text: &str, needle: &str) -> Option<usize> {
    let flat: String = text
        .chars()
        .map(|c| if c.is_ascii_whitespace() { ' ' } else { c })
        .collect();
    flat.match_indices(needle).map(|(at, _)| at).find(|at| {
        let open = flat[..*at].matches('<').count();
        let close = flat[..*at].matches('>').count() - flat[..*at].matches("->").count();
        open == close
    })
}

fn identifier_before(text: &str) -> &str {
    let start = text
        .rfind(|c| !crate::source::is_word(c))
        .map_or(0, |at| at + 1);
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("crates/a/src/x.rs", text)
    }

    #[test]
    fn impls_are_read_with_generics_and_bounds() {
        let source = source(
            "impl<F: Fn() -> T, T> core::future::Future for a::Map<F, T>\nwhere\n F: X { fn p() {} }\n\
             unsafe impl Send for B {}\nimpl<'a> C<'a> { fn f(x: impl Y) -> impl Z { w } }\n\
             impl X<D> for E {}",
        );
        let found: Vec<_> = impls(&source)
            .into_iter()
            .map(|block| (block.of, block.name))
            .collect();
        let some = |text: &str| Some(text.to_string());
        assert_eq!(
            found,
            [
                (some("Future"), "Map".to_string()),
                (some("Send"), "B".to_string()),
                (None, "C".to_string()),
                (some("X"), "E".to_string()),
            ]
        );
    }

    #[test]
    fn public_functions_are_read_with_their_types() {
        let source = source(
            "pub async fn a() {}\npub(crate) fn b() -> B {}\nfn c() {}\n\
             pub const unsafe extern \"C\" fn d<F: Fn() -> X>(f: F, (a, b): (u8, u8)) -> io::Result<D<'_>>\nwhere F: Y {}",
        );
        let found: Vec<_> = public_functions(&source)
            .into_iter()
            .map(|f| (f.name, f.is_async, f.returns))
            .collect();
        assert_eq!(
            found,
            [
                ("a".to_string(), true, String::new()),
                ("d".to_string(), false, "io::Result<D<'_>>".to_string()),
            ]
        );
        assert_eq!(head("io::Result<D<'_>>"), "D");
        assert_eq!(head("Option<x::Lock<'_, T>>"), "Lock");
        assert_eq!(head("&Lock"), "");
    }

    #[test]
    fn functions_of_public_traits_are_read() {
        let source = source(
            "pub trait A<T>: B {\n    type F: Future;\n    fn a(&self) -> Self::F;\n    async fn b() { fn c() {} }\n\n    #[doc(hidden)]\n    fn g() -> X;\n}\n\
             trait C { fn d(); }\npub(crate) trait E { fn f(); }",
        );
        let found: Vec<_> = trait_functions(&source)
            .into_iter()
            .map(|(of, f)| (of, f.name, f.is_async, f.returns))
            .collect();
        let function = |name: &str, is_async, returns: &str| {
            (
                "A".to_string(),
                name.to_string(),
                is_async,
                returns.to_string(),
            )
        };
        assert_eq!(
            found,
            [function("a", false, "Self::F"), function("b", true, "")]
        );
    }

    #[test]
    fn aliases_and_wrappers_are_looked_through() {
        let source = source("pub type A<'a> = Pin<Box<b::B<'a>>>;\ntype C = D;");
        let found = aliases(&source);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].0.as_str(), head(&found[0].1).as_str()),
            ("A", "B")
        );
        assert_eq!(head("Pin<&mut B>"), "");
    }

    #[test]
    fn public_types_are_public_everywhere() {
        let source = source("pub struct A;\npub(crate) struct B;\nstruct C;\npub enum D {}");
        let found: Vec<_> = public_types(&source).into_iter().collect();
        assert_eq!(found, ["A", "D"]);
    }
}
