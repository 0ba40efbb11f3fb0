//! The group `cost`: what an operation is made of, where a time alone would not say it.
//!
//! A row is run by callgrind and by strace, with a tenth of the work and with all of it: the difference over the
//! operations between is what one costs in instructions, allocations and system calls, without starting a runtime. These
//! are counts, so they say the same on a loaded machine.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::args::{One, Options};
use crate::flavour::Flavour;
use crate::rows::{PeerName, find};
use crate::table::{align, number};
use crate::{app, save};

/// Counts and prints the table.
///
/// # Errors
///
/// When valgrind or strace is missing, or a measurement under it fails.
pub(crate) fn main(options: &Options) -> Result<(), Box<dyn Error>> {
    let folder = save::folder()?.join("cost");
    fs::create_dir_all(&folder)?;
    let head = [
        "row",
        "workers",
        "peer",
        "instructions",
        "allocations",
        "system calls",
        "of which",
    ];
    let (mut rows, mut csv) = (
        Vec::new(),
        "row,workers,peer,instructions,allocations,calls\n".to_string(),
    );
    let flavours = options
        .workers
        .clone()
        .unwrap_or_else(|| vec![Flavour::Workers(1)]);
    for &(name, items) in ITEMS.iter().filter(|(name, _)| options.wants(name)) {
        let row = find(name).ok_or_else(|| format!("no row `{name}`"))?;
        for &flavour in &flavours {
            let suiting = options
                .peers()
                .into_iter()
                .filter(|peer| row.suits(*peer, flavour));
            for peer in suiting.filter(|peer| is_in_rust(*peer)) {
                let one = One {
                    row: name.into(),
                    peer,
                    flavour,
                    quick: false,
                    backend: None,
                };
                let cost = Cost::of(&one, items, &folder)?;
                eprintln!(
                    "{name}, {}, {peer}: {} instructions",
                    flavour.words(),
                    number(cost.instructions)
                );
                csv += &format!(
                    "{name},{flavour},{peer},{},{},{}\n",
                    cost.instructions,
                    cost.allocations,
                    cost.calls.values().sum::<f64>()
                );
                rows.push(cost.cells(&one));
            }
        }
    }
    if rows.is_empty() {
        let names: Vec<&str> = ITEMS.iter().map(|(name, _)| *name).collect();
        return Err(format!("--only leaves nothing of {}", names.join(", ")).into());
    }
    println!(
        "{}\nper operation, all threads together\n",
        app::environment().join("\n")
    );
    print!("{}", align(&head.map(str::to_string), &rows));
    let path = save::folder()?.join("cost.csv");
    fs::write(&path, csv)?;
    println!("wrote {}", path.display());
    Ok(())
}

/// What one operation takes.
#[derive(Debug, PartialEq)]
struct Cost {
    instructions: f64,
    allocations: f64,
    calls: BTreeMap<String, f64>,
}

impl Cost {
    fn of(one: &One, items: usize, folder: &Path) -> io::Result<Self> {
        let little = One {
            quick: true,
            ..one.clone()
        };
        let count = |one: &One| io::Result::Ok((callgrind(one, folder)?, strace(one, folder)?));
        let (less, less_calls) = count(&little)?;
        let (more, more_calls) = count(one)?;
        // All of the work less a tenth of it; the warm-up grows alike and is a tenth of each.
        let between = items as f64 * (1.0 + WARM_UP) * (1.0 - QUICK);
        let each = |more: u64, less: u64| (more as f64 - less as f64) / between;
        Ok(Self {
            instructions: each(more.0, less.0),
            allocations: each(more.1, less.1),
            calls: more_calls
                .iter()
                .map(|(name, count)| {
                    let before = less_calls.get(name).copied().unwrap_or(0);
                    (name.clone(), each(*count, before))
                })
                .filter(|(_, each)| *each >= CALLS_SHOWN)
                .collect(),
        })
    }

    fn cells(&self, one: &One) -> Vec<String> {
        let mut calls: Vec<_> = self.calls.iter().collect();
        calls.sort_by(|a, b| b.1.total_cmp(a.1));
        let calls: Vec<String> = calls
            .iter()
            .take(CALLS_NAMED)
            .map(|(name, each)| format!("{name} {}", number(**each)))
            .collect();
        vec![
            one.row.clone(),
            one.flavour.to_string(),
            one.peer.to_string(),
            number(self.instructions),
            format!("{:.2}", self.allocations.max(0.0)),
            format!("{:.2}", self.calls.values().sum::<f64>()),
            calls.join(", "),
        ]
    }
}

/// Instructions and allocations of all threads.
fn callgrind(one: &One, folder: &Path) -> io::Result<(u64, u64)> {
    let file = folder.join(format!("{}-{}.callgrind", one.row, one.peer));
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", file.display()));
    run(command, one, "valgrind")?;
    let text = String::from_utf8_lossy(&fs::read(&file)?).into_owned();
    profile(&text).ok_or_else(|| io::Error::other(format!("{} has no sum", file.display())))
}

/// How often each system call was made, by all threads.
fn strace(one: &One, folder: &Path) -> io::Result<BTreeMap<String, u64>> {
    let file = folder.join(format!("{}-{}.strace", one.row, one.peer));
    let mut command = Command::new("strace");
    command
        .args(["-f", "-c", "-U", "calls,name", "-o"])
        .arg(&file);
    run(command, one, "strace")?;
    Ok(calls(&fs::read_to_string(&file)?))
}

/// Runs a measurement under a tool.
fn run(mut tool: Command, one: &One, package: &str) -> io::Result<()> {
    let output = tool
        .arg(std::env::current_exe()?)
        .args(one.words("run-one"))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| {
            let text =
                format!("{package} did not start ({error}); on Debian: apt-get install {package}");
            io::Error::other(text)
        })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().last().unwrap_or("it said nothing").to_string();
    Err(io::Error::other(format!(
        "{package}: {}: {last}",
        output.status
    )))
}

/// Reads the sum of a callgrind profile, and how often its functions called the allocator.
fn profile(text: &str) -> Option<(u64, u64)> {
    let mut names: HashMap<&str, &str> = HashMap::new();
    let (mut called, mut sum, mut allocations) = ("", None, 0);
    for line in text.lines() {
        if let Some(total) = line
            .strip_prefix("summary: ")
            .or(line.strip_prefix("totals: "))
        {
            sum = total.trim().parse().ok();
        } else if let Some(name) = line.strip_prefix("cfn=").or(line.strip_prefix("fn=")) {
            // A name stands where its number is used for the first time.
            let (number, name) = name.split_once(' ').unwrap_or((name, ""));
            if !name.is_empty() {
                names.insert(number, name);
            }
            called = number;
        } else if let Some(count) = line.strip_prefix("calls=") {
            if names
                .get(called)
                .is_some_and(|name| ALLOCATORS.contains(name))
            {
                allocations += count.split(' ').next()?.parse::<u64>().ok()?;
            }
        }
    }
    Some((sum?, allocations))
}

/// Reads strace's table of two columns.
fn calls(text: &str) -> BTreeMap<String, u64> {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let count = words.next()?.parse().ok()?;
        let name = words.next().filter(|name| *name != "total")?;
        Some((name.to_string(), count))
    };
    text.lines().filter_map(line).collect()
}

/// Whether the peer runs in this program.
fn is_in_rust(peer: PeerName) -> bool {
    !matches!(
        peer,
        PeerName::Asyncio | PeerName::Uvloop | PeerName::Before | PeerName::Bare
    )
}

/// The rows whose work can be counted, and how many operations all of it is.
const ITEMS: &[(&str, usize)] = &[
    ("spawn-await", 500_000),
    ("spawn-chain", 1_000_000),
    ("yield-one", 1_000_000),
    ("ping-pong", 300_000),
    ("channel-fan-in", 2_000_000),
    ("mutex", 3_000_000),
    ("timeout-one", 640_000),
    ("timeout-many", 640_000),
    ("unblock", 20_000),
    ("foreign-wake", 20_000),
    ("tcp-connect", 5_000),
];
/// Of each measurement, so much more is done to warm up.
const WARM_UP: f64 = 0.1;
/// What `--quick` does of the work.
const QUICK: f64 = 0.1;
/// System calls made less often than this for an operation are not of it.
const CALLS_SHOWN: f64 = 0.005;
/// So many kinds of system calls are named.
const CALLS_NAMED: usize = 4;
/// Functions of the C library from which std's allocator takes memory.
const ALLOCATORS: [&str; 5] = [
    "malloc",
    "calloc",
    "realloc",
    "posix_memalign",
    "aligned_alloc",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_counted_row_is_listed() {
        for (name, items) in ITEMS {
            assert!(find(name).is_some() && *items > 0, "{name}");
        }
    }

    #[test]
    fn a_profile_gives_its_sum_and_its_allocations() {
        let text = "fn=(1) main\ncfn=(2) malloc\ncalls=3 0\n1 9\n\nfn=(4) x\ncfn=(2)\ncalls=4 0\n1 9\ntotals: 225\n";
        assert_eq!(profile(text), Some((225, 7)));
        assert_eq!(profile("fn=(1) main\n"), None);
    }

    #[test]
    fn calls_are_read_without_their_total() {
        let text = "    calls syscall\n--------- ----\n     120 futex\n       3 read\n---------\n     123 total\n";
        let read = calls(text);
        assert_eq!(read.get("futex"), Some(&120));
        assert_eq!(read.len(), 2);
    }
}
