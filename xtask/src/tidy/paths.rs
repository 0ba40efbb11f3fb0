//! The paths a file imports, so that a rule can tell `std`'s `TcpStream` from one's own.

use crate::source::{Source, identifier, is_word, words};

/// One name brought into scope by a `use`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// The whole path, `std::time::Instant`; for a glob, the path before the star.
    pub(crate) path: String,
    /// The name it has here; `*` for a glob.
    pub(crate) name: String,
    /// Where the `use` begins.
    pub(crate) offset: usize,
}

/// Every import of a file, wherever in the file it stands.
pub(crate) fn imports(source: &Source) -> Vec<Import> {
    let mut found = Vec::new();
    for offset in source.words("use") {
        let rest = &source.code[offset + 3..];
        // `use<'a, T>` in a return type captures lifetimes and imports nothing.
        if rest.trim_start().starts_with('<') {
            continue;
        }
        let end = rest.find(';').unwrap_or(rest.len());
        flatten("", &rest[..end], offset, &mut found);
    }
    found
}

/// The offsets in the code where the item `path` is used, through whatever imports there are.
///
/// `path` is whole, such as `std::thread::spawn`. Uses inside `use` statements are not counted.
pub(crate) fn uses(source: &Source, imports: &[Import], path: &str) -> Vec<usize> {
    let mut found: Vec<usize> = occurrences(source, path).collect();
    for import in imports {
        let inside = |rest: &str| {
            path.strip_prefix(rest)
                .and_then(|tail| tail.strip_prefix("::"))
                .map(str::to_string)
        };
        let local = if import.name == "*" {
            inside(&import.path)
        } else if import.path == path {
            Some(import.name.clone())
        } else {
            inside(&import.path).map(|tail| format!("{}::{tail}", import.name))
        };
        if let Some(local) = local {
            found.extend(occurrences(source, &local));
        }
    }
    found.retain(|at| !in_use(source, *at));
    found.sort_unstable();
    found.dedup();
    found
}

/// The offsets where a path stands in the code, not as the tail of a longer one.
pub(crate) fn occurrences<'a>(
    source: &'a Source,
    path: &'a str,
) -> impl Iterator<Item = usize> + use<'a> {
    words(&source.code, path).filter(|at| {
        let before = &source.code[..*at];
        // `::std::fs` is `std::fs`; `other::std::fs`, `x.spawn` and `fn spawn` are not.
        let before = match before.strip_suffix("::") {
            Some(outer) if outer.ends_with(is_word) || outer.ends_with('>') => return false,
            Some(outer) => outer,
            None => before,
        };
        let word = before.trim_end();
        let definition = word
            .strip_suffix("fn")
            .is_some_and(|outer| !outer.ends_with(is_word));
        !before.ends_with('.') && !definition
    })
}

fn in_use(source: &Source, at: usize) -> bool {
    let statement = source.code[..at].rfind(';').map_or(0, |end| end + 1);
    let start = words(&source.code[statement..at], "use").last();
    start.is_some_and(|start| {
        let between = &source.code[statement + start + 3..at];
        between.starts_with(' ')
            && between
                .chars()
                .all(|c| is_word(c) || c.is_whitespace() || ":{},*".contains(c))
    })
}

fn flatten(prefix: &str, tree: &str, offset: usize, found: &mut Vec<Import>) {
    let tree = tree.trim();
    if let Some(open) = tree.find('{') {
        let close = tree.rfind('}').unwrap_or(tree.len());
        let prefix = join(prefix, tree[..open].trim().trim_end_matches("::"));
        for part in split_commas(&tree[open + 1..close]) {
            flatten(&prefix, part, offset, found);
        }
        return;
    }
    let (path, alias) = match tree.split_once(" as ") {
        Some((path, alias)) => (path.trim(), Some(identifier(alias))),
        None => (tree, None),
    };
    if path.is_empty() {
        return;
    }
    let whole = match path {
        "self" => prefix.to_string(),
        path => join(prefix, path.trim_start_matches("::")),
    };
    let (path, last) = match whole.rsplit_once("::") {
        Some((outer, "*")) => (outer.to_string(), "*".to_string()),
        Some((_, last)) => (whole.clone(), last.to_string()),
        None => (whole.clone(), whole.clone()),
    };
    found.push(Import {
        path,
        name: alias.map_or(last, str::to_string),
        offset,
    });
}

fn join(prefix: &str, path: &str) -> String {
    match (prefix, path) {
        ("", path) => path.to_string(),
        (prefix, "") => prefix.to_string(),
        (prefix, path) => format!("{prefix}::{path}"),
    }
}

fn split_commas(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("crates/a/src/x.rs", text)
    }

    #[test]
    fn trees_are_flattened() {
        let source = source(
            "use std::{fs, net::{self, TcpStream as Std}, io::*};\npub use a::b;\n\
             fn f() -> impl X + use<'_> { use ::std::thread; }",
        );
        let found: Vec<_> = imports(&source)
            .into_iter()
            .map(|import| (import.path, import.name))
            .collect();
        let expect = [
            ("std::fs", "fs"),
            ("std::net", "net"),
            ("std::net::TcpStream", "Std"),
            ("std::io", "*"),
            ("a::b", "b"),
            ("std::thread", "thread"),
        ];
        let expect: Vec<_> = expect
            .iter()
            .map(|(a, b)| ((*a).to_string(), (*b).to_string()))
            .collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn uses_are_found_through_imports_only() {
        let path = "std::net::TcpStream::connect";
        let count = |text: &str| {
            let source = source(text);
            uses(&source, &imports(&source), path).len()
        };
        assert_eq!(count("fn f() { std::net::TcpStream::connect(a) }"), 1);
        assert_eq!(
            count("use std::net::TcpStream as S; fn f() { S::connect(a) }"),
            1
        );
        assert_eq!(
            count("use std::net; fn f() { net::TcpStream::connect(a) }"),
            1
        );
        assert_eq!(
            count("use std::net::*; fn f() { TcpStream::connect(a) }"),
            1
        );
        assert_eq!(
            count("struct TcpStream; fn f() { TcpStream::connect(a) }"),
            0
        );
        assert_eq!(
            count("use my::net; fn f() { net::TcpStream::connect(a) }"),
            0
        );
        assert_eq!(count("// std::net::TcpStream::connect(a)"), 0);
    }

    #[test]
    fn the_use_itself_methods_and_definitions_are_no_use() {
        let source = source(
            "use std::thread::spawn;\nfn f() { x.spawn(); executor::spawn(); }\nfn spawn() {}",
        );
        assert_eq!(
            uses(&source, &imports(&source), "std::thread::spawn"),
            [] as [usize; 0]
        );
    }
}
