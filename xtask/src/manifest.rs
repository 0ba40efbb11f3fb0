//! As much of a `Cargo.toml` as the checks need: tables, their keys, and values as text.
//!
//! Not a TOML parser. It reads the shapes that manifests in this workspace have: `[table]` and
//! `[[table]]` headers, `key = value` on one or more lines, dotted keys, comments.

/// One `key = value`, with the table it stands in and its line (from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) table: String,
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) line: usize,
}

/// A dependency as a manifest declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The package, after `package = "…"` is resolved.
    pub(crate) package: String,
    pub(crate) value: String,
    pub(crate) kind: Kind,
    pub(crate) line: usize,
}

/// When a dependency is compiled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Build,
    Dev,
}

#[derive(Debug)]
pub(crate) struct Manifest {
    pub(crate) entries: Vec<Entry>,
}

impl Manifest {
    pub(crate) fn parse(text: &str) -> Manifest {
        let mut entries = Vec::new();
        let mut table = String::new();
        let mut lines = text.lines().enumerate();
        while let Some((index, raw)) = lines.next() {
            let line = strip_comment(raw);
            let line = line.trim();
            if line.starts_with('[') {
                table = line.trim_matches(['[', ']']).trim().to_string();
                continue;
            }
            let Some((key, value)) = split_key(line) else {
                continue;
            };
            let mut value = value.trim().to_string();
            // A value goes on until its brackets are closed.
            while depth(&value) > 0 {
                let Some((_, more)) = lines.next() else { break };
                value.push(' ');
                value.push_str(strip_comment(more).trim());
            }
            entries.push(Entry {
                table: table.clone(),
                key: key.trim().to_string(),
                value,
                line: index + 1,
            });
        }
        Manifest { entries }
    }

    /// The value of `key` in `table` without its quotes.
    pub(crate) fn value(&self, table: &str, key: &str) -> Option<&str> {
        self.entries
            .iter()
            .find(|entry| entry.table == table && entry.key == key)
            .map(|entry| entry.value.trim_matches('"'))
    }

    /// Whether `key` is inherited from the workspace, written `key.workspace = true` or
    /// `key = { workspace = true }`.
    pub(crate) fn inherits(&self, table: &str, key: &str) -> bool {
        self.value(table, &format!("{key}.workspace")) == Some("true")
            || self
                .value(table, key)
                .is_some_and(|value| field(value, "workspace").as_deref() == Some("true"))
    }

    /// Every dependency, of every target.
    pub(crate) fn dependencies(&self) -> Vec<Dependency> {
        let mut found: Vec<Dependency> = Vec::new();
        for entry in &self.entries {
            let Some((kind, name)) = dependency_table(&entry.table) else {
                continue;
            };
            let (name, value) = match name {
                // `[dependencies.name]`: each key of the table is a field of one dependency.
                Some(name) => (name, format!("{{ {} = {} }}", entry.key, entry.value)),
                None => match entry.key.split_once('.') {
                    Some((name, rest)) => (name, format!("{{ {rest} = {} }}", entry.value)),
                    None => (entry.key.as_str(), entry.value.clone()),
                },
            };
            let name = name.trim_matches('"');
            let package = field(&value, "package");
            let known = found.iter_mut().find(|dependency| {
                dependency.kind == kind && dependency.package == name && entry.key != name
            });
            match known {
                Some(known) => {
                    known.value.push_str(&value);
                    if let Some(package) = package {
                        known.package = package;
                    }
                }
                None => found.push(Dependency {
                    package: package.unwrap_or_else(|| name.to_string()),
                    value,
                    kind,
                    line: entry.line,
                }),
            }
        }
        found
    }

    /// The names of the features that the manifest declares, `default` left out.
    pub(crate) fn features(&self) -> Vec<&str> {
        self.entries
            .iter()
            .filter(|entry| entry.table == "features" && entry.key != "default")
            .map(|entry| entry.key.trim_matches('"'))
            .collect()
    }
}

/// The value of a field in an inline table, quotes removed.
pub(crate) fn field(inline: &str, name: &str) -> Option<String> {
    let inside = inline.trim().strip_prefix('{')?;
    inside
        .split([',', '{', '}'])
        .filter_map(|part| part.split_once('='))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim().trim_matches('"').to_string())
}

/// For a table of dependencies: their kind, and the name if the table is of one dependency.
fn dependency_table(table: &str) -> Option<(Kind, Option<&str>)> {
    // `target.'cfg(…)'.dependencies`: only what follows the quoted condition matters.
    let table = match table.strip_prefix("target.") {
        Some(rest) => match rest.rfind(['\'', '"']) {
            Some(end) => rest[end + 1..].trim_start_matches('.'),
            None => rest.split_once('.')?.1,
        },
        None => table,
    };
    let (head, name) = match table.split_once('.') {
        Some((head, name)) => (head, Some(name)),
        None => (table, None),
    };
    let kind = match head {
        "dependencies" => Kind::Normal,
        "build-dependencies" => Kind::Build,
        "dev-dependencies" => Kind::Dev,
        _ => return None,
    };
    Some((kind, name))
}

fn split_key(line: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    for (at, c) in line.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '=' if !quoted => return Some((&line[..at], &line[at + 1..])),
            _ => {}
        }
    }
    None
}

fn strip_comment(line: &str) -> &str {
    let mut quote = None;
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') => return &line[..at],
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    line
}

fn depth(value: &str) -> usize {
    let mut quoted = false;
    let mut open = 0_usize;
    for c in value.chars() {
        match c {
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => open += 1,
            ']' | '}' if !quoted => open = open.saturating_sub(1),
            _ => {}
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r##"
[package]
name = "x" # the name
edition.workspace = true
version = { workspace = true }

[dependencies]
a = "1"
b = { workspace = true, optional = true }
c.workspace = true
renamed = { package = "d", version = "1" }

[dependencies.e]
version = "1"
optional = true

[target.'cfg(loom)'.dependencies]
loom = { workspace = true }

[target."cfg(unix)".dev-dependencies]
f = { version = "1", features = [
    "one", # with a comment
    "two",
] }

[features]
default = ["g"]
g = []
h = ["dep:b"]
"##;

    #[test]
    fn dependencies_are_found_in_every_shape() {
        let found = Manifest::parse(TEXT).dependencies();
        let names: Vec<_> = found
            .iter()
            .map(|d| (d.package.as_str(), d.kind, d.line))
            .collect();
        assert_eq!(
            names,
            [
                ("a", Kind::Normal, 8),
                ("b", Kind::Normal, 9),
                ("c", Kind::Normal, 10),
                ("d", Kind::Normal, 11),
                ("e", Kind::Normal, 14),
                ("loom", Kind::Normal, 18),
                ("f", Kind::Dev, 21),
            ]
        );
        assert!(found[6].value.contains("two"));
    }

    #[test]
    fn inherited_keys_are_known_in_both_spellings() {
        let manifest = Manifest::parse(TEXT);
        assert!(manifest.inherits("package", "edition"));
        assert!(manifest.inherits("package", "version"));
        assert!(!manifest.inherits("package", "license"));
        assert_eq!(manifest.value("package", "name"), Some("x"));
    }

    #[test]
    fn features_leave_out_default() {
        assert_eq!(Manifest::parse(TEXT).features(), ["g", "h"]);
    }
}
