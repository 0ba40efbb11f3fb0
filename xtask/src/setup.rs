//! What the commands need on a machine that only has Rust, and how to get it.
//!
//! Parts of the Rust tool chain come through rustup, Debian packages through apt if this process
//! may install them, and other tools through `cargo install` into a directory of this project. What
//! cannot be installed from here ends the command with the line to type.

use std::path::PathBuf;

use crate::Trouble;
use crate::process::Call;
use crate::tree;

/// The version is fixed, so that a new release of the tool cannot turn a green commit red.
const CARGO_DENY: &str = "0.20.2";

/// The oldest minor version of it that knows what deny.toml and the stage `deny` say.
const CARGO_DENY_MINOR_MIN: u32 = 18;

/// A linker and the C library's headers, which a Debian without `build-essential` lacks.
///
/// This program was linked somewhere, usually here; the question matters where a build directory
/// was brought along, as in an image with warm caches.
pub(crate) fn linker() -> Result<(), Trouble> {
    let there = |name: &&str| Call::program(name, &["--version"]).works();
    if !cfg!(target_os = "linux") || ["cc", "gcc", "clang"].iter().any(there) {
        return Ok(());
    }
    apt(&["gcc", "libc6-dev"], "a C linker (`cc`)")
}

/// The tracer with which a test counts the system calls of a server.
pub(crate) fn strace() -> Result<(), Trouble> {
    if !cfg!(target_os = "linux") || Call::program("strace", &["--version"]).works() {
        return Ok(());
    }
    apt(&["strace"], "`strace`, with which tests count system calls")
}

/// The client of the benchmarks of HTTP.
pub(crate) fn wrk() -> Result<(), Trouble> {
    // It ends with 1 after it has printed its version.
    if !cfg!(target_os = "linux") || Call::program("wrk", &["--version"]).starts() {
        return Ok(());
    }
    apt(&["wrk"], "`wrk`, which loads HTTP servers")
}

/// Whose tool callgrind counts instructions.
pub(crate) fn valgrind() -> Result<(), Trouble> {
    if Call::program("valgrind", &["--version"]).works() {
        return Ok(());
    }
    // The second one is what valgrind needs to know the C library's functions by name.
    apt(
        &["valgrind", "libc6-dbg"],
        "`valgrind`, which counts instructions",
    )
}

/// What tests make networks, clocks and lower limits with.
pub(crate) fn namespaces() -> Result<(), Trouble> {
    let programs = [
        ("ip", "-V"),
        ("unshare", "--version"),
        ("mount", "--version"),
        ("setpriv", "--version"),
    ];
    let there = programs
        .iter()
        .all(|(name, version)| Call::program(name, &[version]).works());
    if !cfg!(target_os = "linux") || there {
        return Ok(());
    }
    apt(
        &["iproute2", "util-linux", "mount"],
        "`ip`, `unshare`, `mount` or `setpriv`, with which tests make networks and limits of their own",
    )
}

/// A peer for sockets that is none of ours.
pub(crate) fn socat() -> Result<(), Trouble> {
    if !cfg!(unix) || Call::program("socat", &["-V"]).works() {
        return Ok(());
    }
    apt(&["socat"], "`socat`, with which tests talk over sockets")
}

/// Peers for TLS that are none of ours.
pub(crate) fn tls_peers() -> Result<(), Trouble> {
    let there = [("openssl", "version"), ("curl", "--version")]
        .iter()
        .all(|(name, version)| Call::program(name, &[version]).works());
    if !cfg!(unix) || there {
        return Ok(());
    }
    apt(
        &["openssl", "curl"],
        "`openssl` or `curl`, with which tests talk TLS",
    )
}

/// A part of the tool chain that `rustup` may have left out, such as clippy.
pub(crate) fn component(name: &str, probe: &str) -> Result<(), Trouble> {
    if Call::cargo(&[probe, "--version"]).works() {
        return Ok(());
    }
    let add = Call::program("rustup", &["component", "add", name]);
    progress(&format!("{name} is missing, installing it"), &add);
    add.run().map_err(|problem| {
        Trouble::Failed(format!(
            "`cargo {probe}` is missing and rustup could not add it ({problem}).\n  \
             Install it with: {}",
            add.shown()
        ))
    })
}

/// Where `cargo-deny` lies, after installing it if neither the machine nor this project has it.
pub(crate) fn cargo_deny() -> Result<Call, Trouble> {
    let installed = Call::cargo(&["deny", "--version"]).output();
    if installed.is_some_and(|text| new_enough(&text)) {
        return Ok(Call::cargo(&["deny"]));
    }
    let tools = tools();
    let program = tools.join("bin").join(format!("cargo-deny{EXE}"));
    let own = Call::built(&program, &[]);
    let fresh = own
        .clone()
        .arg("--version")
        .output()
        .is_some_and(|text| text.trim().ends_with(CARGO_DENY));
    if fresh {
        return Ok(own);
    }
    linker()?;
    // Its release profile spends most of its time in link-time optimisation; the graph it reads
    // here is small, so a light build is done in half the time. It fetches nothing, so the
    // default features are not needed either.
    let install = Call::cargo(&["install", "--locked", "cargo-deny", "--version", CARGO_DENY])
        .arg("--no-default-features")
        .arg("--root")
        .arg(tree::typed(&tools))
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        // Its own directory: the settings above must not rebuild what this workspace built.
        .env("CARGO_TARGET_DIR", tree::typed(&tools.join("build")));
    progress(
        "cargo-deny is missing, building it (one to two minutes)",
        &install,
    );
    install.run().map_err(|problem| {
        Trouble::Failed(format!(
            "cargo-deny could not be installed ({problem}). It needs Rust 1.88 and the crates index.\n  \
             Install it with: cargo install --locked cargo-deny --version {CARGO_DENY}"
        ))
    })?;
    // The build's intermediate files are large and of no further use; if they cannot be removed
    // they only cost disk.
    let _ = std::fs::remove_dir_all(tools.join("build"));
    Ok(own)
}

/// A tool chain of this version, such as `1.85`. The error says why there is none, and what to type.
pub(crate) fn toolchain(version: &str) -> Result<(), String> {
    let list = Call::program("rustup", &["toolchain", "list"]).output();
    if list.is_some_and(|list| toolchain_listed(&list, version)) {
        return Ok(());
    }
    let install = Call::program("rustup", &["toolchain", "install", version])
        .arg("--profile")
        .arg("minimal");
    progress(
        &format!("Rust {version} is missing, installing it"),
        &install,
    );
    install.run().map_err(|problem| {
        format!(
            "Rust {version} is missing and rustup could not install it ({problem}): {}",
            install.shown()
        )
    })
}

/// The standard library for another system. The error says why there is none, and what to type.
pub(crate) fn target(name: &str) -> Result<(), String> {
    let list = Call::program("rustup", &["target", "list", "--installed"]).output();
    if list.is_some_and(|list| list.lines().any(|line| line == name)) {
        return Ok(());
    }
    let add = Call::program("rustup", &["target", "add", name]);
    progress(
        &format!("the standard library for {name} is missing, installing it"),
        &add,
    );
    add.run()
        .map_err(|problem| format!("rustup could not add it ({problem}): {}", add.shown()))
}

const EXE: &str = std::env::consts::EXE_SUFFIX;

fn tools() -> PathBuf {
    tree::target_dir().join("tools")
}

/// Whether `cargo-deny 0.20.2` or the like is recent enough.
fn new_enough(version: &str) -> bool {
    let number = version.trim().rsplit(' ').next().unwrap_or_default();
    let mut parts = number.split('.').map(str::parse::<u32>);
    match (parts.next(), parts.next()) {
        (Some(Ok(0)), Some(Ok(minor))) => minor >= CARGO_DENY_MINOR_MIN,
        (Some(Ok(_)), _) => true,
        _ => false,
    }
}

fn toolchain_listed(list: &str, version: &str) -> bool {
    list.lines().any(|line| {
        let rest = line.strip_prefix(version);
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    })
}

fn apt(packages: &[&str], what: &str) -> Result<(), Trouble> {
    let names = packages.join(" ");
    let typed = format!("sudo apt-get update && sudo apt-get install -y {names}");
    if !Call::program("apt-get", &["--version"]).works() {
        return Err(Trouble::Failed(format!(
            "{what} is missing. Install it with your system's package manager; on Debian: {typed}"
        )));
    }
    if !is_root() {
        return Err(Trouble::Failed(format!(
            "{what} is missing. Install it with: {typed}"
        )));
    }
    let update = Call::program("apt-get", &["update"]);
    let mut install = Call::program("apt-get", &["install", "-y", "--no-install-recommends"])
        .env("DEBIAN_FRONTEND", "noninteractive");
    for package in packages {
        install = install.arg(*package);
    }
    progress(&format!("{what} is missing, installing it"), &install);
    update
        .run()
        .and_then(|()| install.run())
        .map_err(|problem| {
            Trouble::Failed(format!(
                "{what} could not be installed ({problem}). Install it with: {typed}"
            ))
        })
}

fn is_root() -> bool {
    Call::program("id", &["-u"])
        .output()
        .is_some_and(|text| text.trim() == "0")
}

fn progress(what: &str, call: &Call) {
    println!("{what}:\n  {}", call.shown());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_tool_is_not_used() {
        assert!(new_enough("cargo-deny 0.20.2\n"));
        assert!(new_enough("cargo-deny 1.0.0\n"));
        assert!(!new_enough("cargo-deny 0.14.3\n"));
        assert!(!new_enough("no version"));
    }

    #[test]
    fn a_toolchain_is_listed_by_its_version_only() {
        let list = "stable-x86_64 (active)\n1.85.1-x86_64-unknown-linux-gnu\n";
        assert!(toolchain_listed(list, "1.85"));
        assert!(!toolchain_listed(list, "1.8"));
        assert!(!toolchain_listed("1.850.0-x86_64", "1.85"));
        assert!(!toolchain_listed("stable-1.85", "1.85"));
    }
}
