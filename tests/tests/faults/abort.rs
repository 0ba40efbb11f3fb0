//! A program that is built to end at a panic.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds a program with `panic = "abort"`, in a package of its own: the profile belongs to the whole program.
fn build(main: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("panic-abort");
    fs::create_dir_all(folder.join("src")).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned();
    let executor = root.join("crates/trill-executor");
    let manifest = format!(
        "[workspace]\n\n[package]\nname = \"panic-abort\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [profile.dev]\npanic = \"abort\"\ndebug = false\n\n\
         [dependencies]\ntrill-executor = {{ path = {executor:?} }}\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::write(folder.join("src/main.rs"), main).unwrap();
    // The versions that are here already.
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let target = folder.join("target");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--offline", "--target-dir"]);
    cargo.arg(&target).current_dir(&folder);
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        cargo.env_remove(name);
    }
    let built = cargo.output().unwrap();
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    target.join("debug/panic-abort")
}

// Fault 19d
#[test]
fn a_program_with_panic_abort_ends_at_the_panic_of_a_task_with_its_message() {
    let program = build(
        r#"
            fn main() {
                let executor = trill_executor::Executor::new();
                let task = executor.spawn(async { panic!("the task says why") });
                while executor.try_tick() {}
                drop(task);
                println!("it goes on");
            }
        "#,
    );
    let output = Command::new(program).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.signal(),
        Some(libc::SIGABRT),
        "{:?}: {said}",
        output.status
    );
    assert!(said.contains("the task says why"), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}
