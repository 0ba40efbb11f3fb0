//! The group `build`: how many crates a runtime pulls in, and how long its cold release build takes.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use crate::app;
use crate::args::Options;
use crate::clock::Clock;
use crate::save;
use crate::stats::Summary;
use crate::table::{align, number};

/// Measures and prints the table.
///
/// # Errors
///
/// When cargo cannot be started, or fails: its own message is passed on.
pub(crate) fn main(options: &Options) -> Result<(), Box<dyn Error>> {
    let folder = save::folder()?;
    let scratch = folder.join("weight");
    let wanted = |candidate: &&Candidate| options.wants(candidate.name);
    let candidates: Vec<&Candidate> = CANDIDATES.iter().filter(wanted).collect();
    if candidates.is_empty() {
        return Err("--only leaves nothing of trill, smol and tokio".into());
    }
    let mut counts = Vec::new();
    for candidate in &candidates {
        let package = candidate.write(&scratch)?;
        cargo(&package, &["fetch"])?;
        counts.push(crates(&package)?);
    }
    let mut seconds = vec![Vec::new(); candidates.len()];
    for round in 0..options.rounds.unwrap_or(1) {
        for turn in 0..candidates.len() {
            let index = (round + turn) % candidates.len();
            let spent = cold_build(&scratch.join(candidates[index].name))?;
            eprintln!("{}: {spent:.1} s", candidates[index].name);
            seconds[index].push(spent);
        }
    }
    fs::remove_dir_all(&scratch)?;

    let head = ["package", "crates", "cold release build", "s"].map(str::to_string);
    let mut csv = "package,crates,median_s,min_s,max_s\n".to_string();
    let mut rows = Vec::new();
    for ((candidate, count), seconds) in candidates.iter().zip(&counts).zip(&seconds) {
        let Summary { median, min, max } = Summary::of(seconds).ok_or("no round was run")?;
        rows.push(vec![
            candidate.title.to_string(),
            count.to_string(),
            number(median),
            format!("[{}–{}]", number(min), number(max)),
        ]);
        csv += &format!("{},{count},{median},{min},{max}\n", candidate.name);
    }
    println!("{}\n", app::environment().join("\n"));
    print!("{}", align(&head, &rows));
    let path = folder.join("build.csv");
    fs::write(&path, csv)?;
    println!("wrote {}", path.display());
    Ok(())
}

/// A package that depends on one runtime and nothing else.
struct Candidate {
    /// What `--only` and the file of results call it.
    name: &'static str,
    title: &'static str,
    /// The left side of its line under `[dependencies]`.
    package: &'static str,
    /// The right side of its line under `[dependencies]`; `ROOT` stands for the workspace.
    dependency: &'static str,
}

impl Candidate {
    /// Writes the package into a folder of its own and returns that.
    fn write(&self, scratch: &Path) -> io::Result<PathBuf> {
        let folder = scratch.join(self.name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(folder.join("src"))?;
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .canonicalize()?;
        let name = self.package;
        let dependency = self.dependency.replace("ROOT", &root.to_string_lossy());
        // Its own workspace: settings of the one around it must not reach it.
        let manifest = format!(
            "[workspace]\n\n[package]\nname = \"weight-of-{name}\"\nversion = \"0.0.0\"\n\
             edition = \"2024\"\n\n[dependencies]\n{name} = {dependency}\n"
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        fs::write(
            folder.join("src/lib.rs"),
            format!("pub use {name} as it;\n"),
        )?;
        // The versions this program measures, as far as they are named here.
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
        Ok(folder)
    }
}

/// How many crates are built for the package, itself not counted, build scripts' needs included.
fn crates(package: &Path) -> Result<usize, Box<dyn Error>> {
    let flags = [
        "tree",
        "--offline",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
    ];
    let tree = cargo(package, &flags)?;
    Ok(distinct(&tree) - 1)
}

/// Distinct packages in the output of `cargo tree --prefix none`.
fn distinct(tree: &str) -> usize {
    let name_and_version = |line: &str| {
        let mut words = line.split_whitespace();
        Some(format!("{} {}", words.next()?, words.next()?))
    };
    let packages: BTreeSet<String> = tree.lines().filter_map(name_and_version).collect();
    packages.len()
}

/// Builds into an empty target directory and returns the seconds it took.
fn cold_build(package: &Path) -> Result<f64, Box<dyn Error>> {
    let target = package.join("target");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    let clock = Clock::start();
    let flags = ["build", "--release", "--offline", "--target-dir", "target"];
    cargo(package, &flags)?;
    Ok(clock.elapsed().as_secs_f64())
}

/// Runs cargo in `package` without the settings of the cargo that runs this program.
fn cargo(package: &Path, words: &[&str]) -> Result<String, Box<dyn Error>> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(package).args(words);
    for name in [
        "CARGO_TARGET_DIR",
        "CARGO_BUILD_TARGET_DIR",
        "RUSTFLAGS",
        "RUSTC_WRAPPER",
    ] {
        command.env_remove(name);
    }
    let output = command.output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("cargo {} failed:\n{said}", words.join(" ")).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// What is compared.
const CANDIDATES: [Candidate; 4] = [
    Candidate {
        name: "trill",
        title: "trill, default features",
        package: "trill",
        dependency: "{ path = \"ROOT/crates/trill\" }",
    },
    Candidate {
        name: "trill-full",
        title: "trill, full",
        package: "trill",
        dependency: "{ path = \"ROOT/crates/trill\", features = [\"full\"] }",
    },
    Candidate {
        name: "smol",
        title: "smol",
        package: "smol",
        dependency: "\"2.0.2\"",
    },
    Candidate {
        name: "tokio",
        title: "tokio, full",
        package: "tokio",
        dependency: "{ version = \"1.54\", features = [\"full\"] }",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_stands_twice_counts_once() {
        let tree =
            "own v0.0.0 (/somewhere)\na v1.0.0\nb v1.0.0 (proc-macro)\na v1.0.0 (*)\na v2.0.0\n\n";
        assert_eq!(distinct(tree), 4);
    }

    #[test]
    fn every_candidate_names_its_dependency() {
        let scratch = std::env::temp_dir().join(format!("trill-weight-{}", std::process::id()));
        for candidate in &CANDIDATES {
            let folder = candidate
                .write(&scratch)
                .expect("the temporary folder is writable");
            let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("just written");
            assert!(
                manifest.contains(&format!("\n{} = ", candidate.package)),
                "{manifest}"
            );
            assert!(!manifest.contains("ROOT"), "{manifest}");
        }
        fs::remove_dir_all(&scratch).expect("made by this test");
    }
}
