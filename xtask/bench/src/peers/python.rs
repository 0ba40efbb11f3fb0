//! Python's asyncio, by itself and on uvloop: a program of ours in a virtual environment of this project.
//!
//! The environment lies in the folder of the results. Where Python is absent, or the package cannot be fetched, these
//! peers are left out, and the head of the table says so.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::args::One;
use crate::rows::PeerName;
use crate::save;
use crate::work::Plan;

/// Makes what is needed to run `peers`; returns a note where some of them cannot run, and keeps those that can.
pub(crate) fn prepare(peers: &mut Vec<PeerName>) -> Vec<String> {
    let is_python = |peer: &PeerName| matches!(peer, PeerName::Asyncio | PeerName::Uvloop);
    let mut notes = Vec::new();
    if !peers.iter().any(is_python) {
        return notes;
    }
    match environment() {
        Ok(python) => {
            let mut leave_out = |peer: PeerName, why: String| {
                peers.retain(|other| *other != peer);
                notes.push(format!("{peer} is not measured: {why}"));
            };
            // `asyncio.timeout` came with 3.11, and the rows need it.
            if let Err(why) = said(&python, "import asyncio; asyncio.timeout") {
                leave_out(
                    PeerName::Asyncio,
                    format!("Python 3.11 or newer is needed ({why})"),
                );
                leave_out(PeerName::Uvloop, "Python 3.11 or newer is needed".into());
            } else if let Err(why) = said(&python, "import uvloop") {
                leave_out(PeerName::Uvloop, why);
            }
            let versions = "import sys; print('Python', sys.version.split()[0])\n\
                 try:\n import uvloop; print('uvloop', uvloop.__version__)\nexcept ImportError: pass";
            notes.extend(said(&python, versions).map(|text| text.trim().replace('\n', ", ")));
        }
        Err(why) => {
            peers.retain(|peer| !is_python(peer));
            notes.push(format!("asyncio and uvloop are not measured: {why}"));
        }
    }
    notes
}

/// Measures a row.
///
/// # Errors
///
/// When Python ends badly: its last line is the error.
pub(crate) fn measure(plan: &Plan) -> io::Result<Vec<f64>> {
    // A hundredth of the work takes asyncio about as long as Rust needs for all of it.
    let divisor = if plan.one.quick { 200 } else { 20 };
    let output = command(&plan.one)?
        .args(["run", &plan.one.row, &divisor.to_string()])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let values: Result<Vec<f64>, _> = text.split_whitespace().map(str::parse).collect();
    match values {
        Ok(values) if output.status.success() => Ok(values),
        _ => {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().last().unwrap_or("it printed no numbers");
            Err(io::Error::other(last.to_string()))
        }
    }
}

/// The command that serves echoes for a row.
///
/// # Errors
///
/// When the folder of the results is gone.
pub(crate) fn server(one: &One) -> io::Result<Command> {
    let mut command = command(one)?;
    command.arg("serve");
    Ok(command)
}

fn command(one: &One) -> io::Result<Command> {
    let folder = folder()?;
    let mut command = Command::new(interpreter(&folder));
    command
        .arg(folder.join("rows.py"))
        .arg(one.peer.as_str())
        .stdin(Stdio::null());
    Ok(command)
}

/// The interpreter of the virtual environment, which is made if it is not there.
fn environment() -> Result<PathBuf, String> {
    let folder = folder().map_err(|error| error.to_string())?;
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(folder.join("rows.py"), ROWS));
    written.map_err(|error| format!("{}: {error}", folder.display()))?;
    let python = interpreter(&folder);
    if said(&python, "import uvloop").is_ok() {
        return Ok(python);
    }
    if !python.exists() {
        eprintln!(
            "making a virtual environment for Python in {}",
            folder.display()
        );
        run(Command::new("python3")
            .args(["-m", "venv"])
            .arg(folder.join("venv")))
        .map_err(|why| {
            format!("`python3 -m venv` failed ({why}); on Debian: apt-get install python3-venv")
        })?;
    }
    // Without it asyncio can still be measured.
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        UVLOOP,
    ];
    if let Err(why) = run(Command::new(&python).args(pip)) {
        eprintln!("{UVLOOP} could not be installed: {why}");
    }
    Ok(python)
}

fn folder() -> io::Result<PathBuf> {
    Ok(save::folder()?.join("python"))
}

fn interpreter(folder: &Path) -> PathBuf {
    folder.join("venv").join("bin").join("python")
}

fn said(python: &Path, program: &str) -> Result<String, String> {
    run(Command::new(python).args(["-c", program]))
}

fn run(command: &mut Command) -> Result<String, String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said
        .lines()
        .last()
        .unwrap_or("it said nothing")
        .trim()
        .to_string())
}

/// The program.
const ROWS: &str = include_str!("../python/rows.py");
/// Fixed, as the versions of the other peers are.
const UVLOOP: &str = "uvloop==0.22.1";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flavour::Flavour;
    use crate::rows::all;

    #[test]
    fn every_row_for_python_is_in_the_program() {
        let suiting = all().filter(|row| row.suits(PeerName::Asyncio, Flavour::Local));
        for row in suiting.filter(|row| !row.name.starts_with("echo-")) {
            assert!(ROWS.contains(&format!("\"{}\":", row.name)), "{}", row.name);
        }
    }

    #[test]
    fn without_python_peers_nothing_is_made() {
        let mut peers = vec![PeerName::Trill];
        assert!(prepare(&mut peers).is_empty());
        assert_eq!(peers, [PeerName::Trill]);
    }
}
