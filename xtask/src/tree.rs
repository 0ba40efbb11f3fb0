//! The files of the repository, read once and shared by every rule.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Trouble;
use crate::manifest::Manifest;
use crate::source::Source;

/// A text file: its path from the root, with `/` between the parts, and its text.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What the rules look at. Tests build one from strings, the command reads the working tree.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
    pub(crate) sources: Vec<Source>,
}

impl Tree {
    /// Reads every file that git tracks or would track; without git, every file outside `target`.
    pub(crate) fn read(root: &Path) -> Result<Tree, Trouble> {
        let mut paths = match git_files(root) {
            Some(paths) => paths,
            None => walk(root),
        };
        paths.sort();
        paths.dedup();
        let mut files = Vec::new();
        for path in paths {
            // A file that git knows may be deleted in the working tree; bytes that are not text
            // (an image) have no lines to check.
            match fs::read(root.join(&path)) {
                Ok(bytes) => {
                    if let Ok(text) = String::from_utf8(bytes) {
                        files.push(File { path, text });
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(Trouble::Failed(format!("cannot read {path}: {error}"))),
            }
        }
        Ok(Tree::new(files))
    }

    pub(crate) fn new(files: Vec<File>) -> Tree {
        let sources = files
            .iter()
            .filter(|file| file.path.ends_with(".rs"))
            .map(|file| Source::new(&file.path, &file.text))
            .collect();
        Tree { files, sources }
    }

    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    pub(crate) fn source(&self, path: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.path == path)
    }

    pub(crate) fn manifest(&self, path: &str) -> Option<Manifest> {
        self.file(path).map(|file| Manifest::parse(&file.text))
    }

    /// The directory names under `crates/`, sorted.
    pub(crate) fn crates(&self) -> Vec<&str> {
        self.files
            .iter()
            .filter_map(|file| {
                let rest = file.path.strip_prefix("crates/")?;
                rest.strip_suffix("/Cargo.toml")
                    .filter(|name| !name.contains('/'))
            })
            .collect()
    }

    /// The library sources of one crate under `crates/`, its tests left out.
    pub(crate) fn library<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Source> + use<'a> {
        let prefix = format!("crates/{name}/src/");
        self.sources
            .iter()
            .filter(move |source| source.path.starts_with(&prefix))
    }

    /// The library sources of all crates under `crates/`.
    pub(crate) fn libraries(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| {
            source
                .path
                .strip_prefix("crates/")
                .is_some_and(|rest| rest.split('/').nth(1) == Some("src"))
        })
    }

    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Tree {
        let mut files: Vec<File> = files
            .iter()
            .map(|(path, text)| File {
                path: (*path).to_string(),
                text: (*text).to_string(),
            })
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Tree::new(files)
    }
}

/// The root of the workspace: the parent of xtask's own directory.
pub(crate) fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    own.parent().map_or(own.clone(), Path::to_path_buf)
}

/// Where cargo builds: what the environment says, else `target` in the root.
pub(crate) fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(given) => root().join(given),
        None => root().join("target"),
    }
}

/// A path as it is typed in the root: relative if it lies inside, else whole.
pub(crate) fn typed(path: &Path) -> String {
    let root = root();
    path.strip_prefix(&root)
        .unwrap_or(path)
        .display()
        .to_string()
}

fn git_files(root: &Path) -> Option<Vec<String>> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .ok()?;
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8(output.stdout).ok()?;
    let paths: Vec<String> = text
        .split('\0')
        .filter(|path| !path.is_empty())
        .map(str::to_string)
        .collect();
    (!paths.is_empty()).then_some(paths)
}

fn walk(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(directory) = open.pop() {
        let Ok(entries) = fs::read_dir(&directory) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let name = entry.file_name();
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                if name != "target" && name != ".git" {
                    open.push(path);
                }
            } else if kind.is_file() {
                if let Ok(inside) = path.strip_prefix(root) {
                    let parts: Vec<_> = inside
                        .components()
                        .map(|part| part.as_os_str().to_string_lossy())
                        .collect();
                    found.push(parts.join("/"));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walk_and_git_see_the_manifest_of_the_workspace() {
        assert!(walk(&root()).contains(&"Cargo.toml".to_string()));
        let tree = Tree::read(&root()).expect("the working tree can be read");
        assert!(tree.file("Cargo.toml").is_some());
        assert!(tree.crates().contains(&"trill-world"));
    }

    #[test]
    fn libraries_leave_out_tests_and_tools() {
        let tree = Tree::of(&[
            ("crates/a/Cargo.toml", ""),
            ("crates/a/src/lib.rs", ""),
            ("crates/a/tests/x.rs", ""),
            ("xtask/src/main.rs", ""),
        ]);
        let paths: Vec<_> = tree.libraries().map(|s| s.path.as_str()).collect();
        assert_eq!(paths, ["crates/a/src/lib.rs"]);
        assert_eq!(tree.library("a").count(), 1);
        assert_eq!(tree.crates(), ["a"]);
    }
}
