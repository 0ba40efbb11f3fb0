//! Another revision of trill, built beside this one.
//!
//! The revision gets a work tree and a target directory of its own under that of the results. What runs there is this
//! program around the other revision's trill, so that both do the same work; only if it does not compile with that trill,
//! the program that the revision itself had does.

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::save;

/// The built program and what to tell about it.
#[derive(Debug)]
pub(crate) struct Built {
    /// The program that measures the other revision.
    pub(crate) program: PathBuf,
    /// Which revision it is.
    pub(crate) note: String,
}

/// Builds the revision.
///
/// # Errors
///
/// When git does not know the revision, or neither program compiles.
pub(crate) fn build(revision: &str) -> Result<Built, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()?;
    let commit = git(
        &root,
        &["rev-parse", "--verify", &format!("{revision}^{{commit}}")],
    )
    .map_err(|why| format!("git knows no revision `{revision}`: {why}"))?;
    let subject = git(&root, &["log", "-1", "--format=%h %s", &commit])?;
    let folder = save::folder()?.join("against");
    let tree = folder.join(&commit[..12]);
    if !tree.exists() {
        fs::create_dir_all(&folder)?;
        // A work tree that was deleted by hand is still on git's list.
        git(&root, &["worktree", "prune"])?;
        let tree = tree.to_string_lossy().into_owned();
        git(&root, &["worktree", "add", "--detach", &tree, &commit])?;
    }
    let target = folder.join("target");
    eprintln!("building {subject}");
    git(&tree, &["checkout", "--quiet", "--force", &commit])?;
    replace_program(&root, &tree)?;
    let mut note = format!("before: {subject}");
    if let Err(why) = cargo_build(&tree, &target) {
        eprintln!("this program does not compile with that revision: its own is built\n{why}");
        note += ", measured by the program it had";
        git(&tree, &["checkout", "--quiet", "--force", &commit])?;
        cargo_build(&tree, &target)?;
    }
    // One directory serves every revision, so the program is kept under the revision's name.
    let program = folder.join(format!("trill-bench-{}", &commit[..12]));
    fs::copy(target.join("release").join("trill-bench"), &program)?;
    Ok(Built { program, note })
}

/// Puts this program, and the versions it is locked to, in the place of the revision's own.
fn replace_program(root: &Path, tree: &Path) -> io::Result<()> {
    let place = tree.join("xtask/bench");
    if place.exists() {
        fs::remove_dir_all(&place)?;
    }
    copy(&root.join("xtask/bench"), &place)?;
    fs::copy(root.join("Cargo.lock"), tree.join("Cargo.lock"))?;
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &place)?;
        } else {
            fs::copy(entry.path(), place)?;
        }
    }
    Ok(())
}

fn cargo_build(tree: &Path, target: &Path) -> Result<(), String> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(program)
        .current_dir(tree)
        .args([
            "build",
            "--profile",
            "bench",
            "-p",
            "trill-bench",
            "--quiet",
        ])
        .env("CARGO_TARGET_DIR", target)
        .stdin(Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo ended with {status}")),
        Err(error) => Err(format!("cargo did not start: {error}")),
    }
}

fn git(folder: &Path, words: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .current_dir(folder)
        .args(words)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("git did not start: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_string());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_revision_is_named() {
        let error = build("no-such-revision").expect_err("there is none");
        assert!(error.to_string().contains("no-such-revision"), "{error}");
    }

    #[test]
    fn a_folder_is_copied_with_all_below_it() {
        let base = std::env::temp_dir().join(format!("trill-against-{}", std::process::id()));
        let from = base.join("from");
        fs::create_dir_all(from.join("deep")).expect("the temporary folder is writable");
        fs::write(from.join("deep/file"), "text").expect("just made");
        copy(&from, &base.join("to")).expect("both are there");
        let text = fs::read_to_string(base.join("to/deep/file")).expect("just copied");
        assert_eq!(text, "text");
        fs::remove_dir_all(&base).expect("made by this test");
    }
}
