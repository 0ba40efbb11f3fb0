//! Runs `trill-guard` under callgrind and reads what it counted.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::Trouble;
use crate::process::Call;
use crate::tree;

/// One operation of a path costs so much.
#[derive(Debug, Clone)]
pub(super) struct Cost {
    pub(super) name: String,
    pub(super) instructions: f64,
    /// Calls of the allocator for memory.
    pub(super) allocations: f64,
}

/// A path as the program lists it.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) name: String,
    /// How many operations are N.
    pub(super) count: usize,
    pub(super) what: String,
}

/// The built program.
#[derive(Debug)]
pub(super) struct Program {
    file: PathBuf,
    paths: Vec<Listed>,
}

/// What one profile adds up to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    instructions: u64,
    allocations: u64,
}

impl Program {
    /// Asks the program that was just built for its paths.
    pub(super) fn find() -> Result<Program, Trouble> {
        let file = tree::target_dir().join("release").join("trill-guard");
        let list = Call::built(&file, &["--list"]).output();
        let paths: Vec<Listed> = list
            .iter()
            .flat_map(|text| text.lines())
            .filter_map(listed)
            .collect();
        if paths.is_empty() {
            return Err(Trouble::Failed(format!(
                "{} --list names no path",
                tree::typed(&file)
            )));
        }
        Ok(Program { file, paths })
    }

    pub(super) fn paths(&self) -> &[Listed] {
        &self.paths
    }

    /// Where callgrind writes, for who wants to look into it with `callgrind_annotate`.
    pub(super) fn profiles(&self) -> String {
        tree::typed(&folder())
    }

    /// Counts the paths of these names, or all.
    pub(super) fn count(&self, only: &[&str]) -> Result<Vec<Cost>, Trouble> {
        for name in only {
            if !self.paths.iter().any(|path| path.name == *name) {
                let text =
                    format!("there is no path `{name}`: cargo xtask guard --list names them");
                return Err(Trouble::Usage(text));
            }
        }
        let folder = folder();
        // Profiles of before would be read as this run's.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)
            .map_err(|error| Trouble::Failed(format!("{}: {error}", tree::typed(&folder))))?;
        let call = self.valgrind(&folder, only);
        println!("$ {}", call.shown());
        call.run().map_err(|problem| {
            let log = tree::typed(&folder.join(LOG));
            Trouble::Failed(format!("valgrind {problem}; it says why in {log}"))
        })?;
        let wanted = |path: &&Listed| only.is_empty() || only.contains(&path.name.as_str());
        self.paths
            .iter()
            .filter(wanted)
            .enumerate()
            .map(|(index, path)| {
                let [once, twice] =
                    [2 * index + 1, 2 * index + 2].map(|part| profile(&folder, part));
                cost(path, &once?, &twice?).ok_or_else(|| {
                    let text = format!("{}: twice the work took no more", path.name);
                    Trouble::Failed(text)
                })
            })
            .collect()
    }

    fn valgrind(&self, folder: &Path, only: &[&str]) -> Call {
        let mut call = Call::program("valgrind", &["--tool=callgrind"])
            .arg(format!("--log-file={}", tree::typed(&folder.join(LOG))))
            .arg(format!(
                "--callgrind-out-file={}",
                tree::typed(&folder.join(PROFILE))
            ))
            .arg("--separate-threads=yes")
            .arg("--zero-before=*guarded_path*")
            .arg("--dump-before=*path_counted*")
            .arg(tree::typed(&self.file));
        for name in only {
            call = call.arg(*name);
        }
        // The baseline's memcpy and memset whatever the processor offers: else each model has its own counts.
        call.env(
            "GLIBC_TUNABLES",
            "glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-ERMS,-FSRM,-SSSE3,-Fast_Unaligned_Copy",
        )
    }
}

fn folder() -> PathBuf {
    tree::target_dir().join("guard")
}

fn listed(line: &str) -> Option<Listed> {
    let mut words = line.split('\t');
    Some(Listed {
        name: words.next()?.to_string(),
        count: words.next()?.parse().ok()?,
        what: words.next()?.to_string(),
    })
}

fn cost(path: &Listed, once: &Sum, twice: &Sum) -> Option<Cost> {
    let more = twice.instructions.checked_sub(once.instructions)?;
    let each = |more: u64| more as f64 / path.count as f64;
    (more > 0).then(|| Cost {
        name: path.name.clone(),
        instructions: each(more),
        allocations: each(twice.allocations.saturating_sub(once.allocations)),
    })
}

/// The profile of the main thread that was written as the `part`th.
fn profile(folder: &Path, part: usize) -> Result<Sum, Trouble> {
    let file = folder.join(format!("{PROFILE}.{part}-01"));
    let text = std::fs::read_to_string(&file)
        .map_err(|error| Trouble::Failed(format!("{}: {error}", tree::typed(&file))))?;
    sum(&text).ok_or_else(|| Trouble::Failed(format!("{} has no sum", tree::typed(&file))))
}

/// Reads the sum of a profile, and how often its functions called the allocator.
fn sum(text: &str) -> Option<Sum> {
    let mut names: HashMap<&str, &str> = HashMap::new();
    let mut called = "";
    let mut sum = Sum::default();
    let mut is_there = false;
    for line in text.lines() {
        if let Some(total) = line.strip_prefix("summary: ") {
            sum.instructions = total.trim().parse().ok()?;
            is_there = true;
        } else if let Some(name) = line.strip_prefix("cfn=").or(line.strip_prefix("fn=")) {
            // A name stands where its number is used for the first time.
            let (number, name) = name.split_once(' ').unwrap_or((name, ""));
            if !name.is_empty() {
                names.insert(number, name);
            }
            called = number;
        } else if let Some(calls) = line.strip_prefix("calls=") {
            if names
                .get(called)
                .is_some_and(|name| ALLOCATORS.contains(name))
            {
                sum.allocations += calls.split(' ').next()?.parse::<u64>().ok()?;
            }
        }
    }
    is_there.then_some(sum)
}

/// Functions of the C library from which std's allocator takes memory.
const ALLOCATORS: [&str; 5] = [
    "malloc",
    "calloc",
    "realloc",
    "posix_memalign",
    "aligned_alloc",
];
/// The file names of a run's profiles begin with this.
const PROFILE: &str = "profile";
/// Where valgrind says what it has to say.
const LOG: &str = "valgrind.log";

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "part: 1\n\nfn=(1) main\n12 5\ncfn=(2) malloc\ncalls=3 0\n12 60\ncfn=(3) free\ncalls=9 0\n\
        13 40\n\nfn=(3)\n1 40\n\nfn=(4) other\ncfn=(2)\ncalls=4 0\n1 80\n\ntotals: 225\nsummary: 225\n";

    #[test]
    fn sum_and_allocations_are_read() {
        let expected = Sum {
            instructions: 225,
            allocations: 7,
        };
        assert_eq!(sum(TEXT), Some(expected));
        assert_eq!(sum("part: 1\n"), None);
    }

    #[test]
    fn what_happens_once_is_in_no_cost() {
        let path = listed("yield\t100\tyields").expect("well formed");
        let [once, twice] = [(5_000, 3), (9_000, 203)].map(|(instructions, allocations)| Sum {
            instructions,
            allocations,
        });
        let cost = cost(&path, &once, &twice).expect("twice is more");
        assert_eq!((cost.instructions, cost.allocations), (40.0, 2.0));
    }

    #[test]
    fn twice_the_work_for_nothing_is_a_defect() {
        let path = listed("yield\t100\tyields").expect("well formed");
        assert!(cost(&path, &Sum::default(), &Sum::default()).is_none());
        assert!(listed("yield\tmany\tyields").is_none());
    }
}
