//! What the command line asks for.

use std::fmt;

use crate::rows::{Group, PeerName};

/// One run of the program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Print how to use the program.
    Help,
    /// Print every row and how its work is made the same for each peer.
    List,
    /// Measure the rows of a group.
    Rows(Group, Options),
    /// Measure crate counts and cold build times.
    Build(Options),
    /// Measure one row once (a child process).
    RunOne(One),
    /// Serve connections for a row that needs a server process (a child of a child).
    Serve(One),
}

/// What a person may choose for a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// Only rows whose name contains one of these.
    pub(crate) only: Vec<String>,
    /// How many rounds; the group's own default if absent.
    pub(crate) rounds: Option<usize>,
    /// Numbers of worker threads to measure with.
    pub(crate) workers: Vec<usize>,
    /// The peers to measure.
    pub(crate) peers: Vec<PeerName>,
    /// A tenth of the work in each measurement.
    pub(crate) quick: bool,
}

/// One measurement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct One {
    /// The row's name.
    pub(crate) row: String,
    /// Who does the work.
    pub(crate) peer: PeerName,
    /// With how many worker threads.
    pub(crate) workers: usize,
    /// A tenth of the work.
    pub(crate) quick: bool,
}

/// Why a command line was not understood, and what to write instead.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misuse(String);

impl Command {
    /// Reads the arguments that follow the program's name.
    ///
    /// # Errors
    ///
    /// [`Misuse`] names the argument and what may stand in its place.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, Misuse> {
        let Some(verb) = words.next() else {
            return Ok(Self::Help);
        };
        match verb.as_str() {
            "help" | "--help" | "-h" => Ok(Self::Help),
            "list" => Ok(Self::List),
            "micro" => Ok(Self::Rows(Group::Micro, Options::parse(words)?)),
            "mem" => Ok(Self::Rows(Group::Mem, Options::parse(words)?)),
            "build" => Ok(Self::Build(Options::parse(words)?)),
            "run-one" => Ok(Self::RunOne(One::parse(words)?)),
            "serve" => Ok(Self::Serve(One::parse(words)?)),
            other => Err(Misuse(format!(
                "no group `{other}`: choose micro, mem, build, list or help"
            ))),
        }
    }
}

impl Options {
    /// Whether a row of this name is wanted.
    pub(crate) fn wants(&self, row: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| row.contains(part))
    }

    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, Misuse> {
        let mut options = Self::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--only" => options.only.extend(list(&value(&word, &mut words)?)),
                "--rounds" => options.rounds = Some(positive(&word, &value(&word, &mut words)?)?),
                "--workers" => {
                    options.workers = list(&value(&word, &mut words)?)
                        .map(|text| positive(&word, &text))
                        .collect::<Result<_, _>>()?;
                }
                "--peers" => {
                    options.peers = list(&value(&word, &mut words)?)
                        .map(|text| peer(&text))
                        .collect::<Result<_, _>>()?;
                }
                "--quick" => options.quick = true,
                other => return Err(Misuse(format!("no option `{other}`: see `help`"))),
            }
        }
        if options.workers.is_empty() || options.peers.is_empty() {
            return Err(Misuse(
                "--workers and --peers need at least one entry".into(),
            ));
        }
        Ok(options)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            only: Vec::new(),
            rounds: None,
            workers: vec![1, 2],
            peers: PeerName::ALL.to_vec(),
            quick: false,
        }
    }
}

impl One {
    /// The words that make a child process measure this.
    pub(crate) fn words(&self, verb: &str) -> Vec<String> {
        let mut words = vec![
            verb.to_string(),
            "--row".into(),
            self.row.clone(),
            "--peer".into(),
            self.peer.to_string(),
            "--workers".into(),
            self.workers.to_string(),
        ];
        words.extend(self.quick.then(|| "--quick".to_string()));
        words
    }

    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, Misuse> {
        let (mut row, mut who, mut workers, mut quick) = (None, None, 1, false);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--row" => row = Some(value(&word, &mut words)?),
                "--peer" => who = Some(peer(&value(&word, &mut words)?)?),
                "--workers" => workers = positive(&word, &value(&word, &mut words)?)?,
                "--quick" => quick = true,
                other => return Err(Misuse(format!("no option `{other}`: see `help`"))),
            }
        }
        Ok(Self {
            row: row.ok_or_else(|| Misuse("one measurement needs --row <name>".into()))?,
            peer: who.ok_or_else(|| Misuse("one measurement needs --peer <name>".into()))?,
            workers,
            quick,
        })
    }
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misuse {}

fn value(option: &str, words: &mut impl Iterator<Item = String>) -> Result<String, Misuse> {
    words
        .next()
        .ok_or_else(|| Misuse(format!("{option} needs a value after it")))
}

fn list(text: &str) -> impl Iterator<Item = String> {
    text.split(',')
        .filter(|part| !part.is_empty())
        .map(str::to_string)
}

fn positive(option: &str, text: &str) -> Result<usize, Misuse> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(Misuse(format!(
            "{option} {text}: write a whole number above 0"
        ))),
    }
}

fn peer(text: &str) -> Result<PeerName, Misuse> {
    let known = PeerName::ALL.iter().find(|peer| peer.as_str() == text);
    known.copied().ok_or_else(|| {
        let names: Vec<_> = PeerName::ALL.iter().map(|peer| peer.as_str()).collect();
        Misuse(format!(
            "no peer `{text}`: choose from {}",
            names.join(", ")
        ))
    })
}

/// What `help` prints.
pub(crate) const HELP: &str = "\
usage: trill-bench <group> [options]

groups
  micro    time of single operations, memory of a task, CPU of an echo server
  mem      a million tasks, a million timers, idle sockets up to the descriptor limit
  build    crate count and cold release build of trill, smol and tokio
  list     every row, and how its work is made the same for each runtime

options
  --only a,b        only rows whose name contains a or b
  --rounds n        rounds to take the median of (micro 7, mem 3, build 1)
  --workers 1,2     numbers of worker threads
  --peers tokio,smol,trill,bare
  --quick           a tenth of the work in each measurement

Results also go to <target directory>/bench/ as CSV, JSON and SVG.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, Misuse> {
        Command::parse(line.split_whitespace().map(str::to_string))
    }

    #[test]
    fn nothing_asks_for_help() {
        assert_eq!(parse(""), Ok(Command::Help));
    }

    #[test]
    fn options_are_read_in_any_order() {
        let line = "micro --quick --rounds 3 --workers 2,4 --peers smol,tokio --only echo,mutex";
        let expected = Options {
            only: vec!["echo".into(), "mutex".into()],
            rounds: Some(3),
            workers: vec![2, 4],
            peers: vec![PeerName::Smol, PeerName::Tokio],
            quick: true,
        };
        assert_eq!(parse(line), Ok(Command::Rows(Group::Micro, expected)));
    }

    #[test]
    fn only_keeps_rows_that_contain_a_part() {
        let Ok(Command::Rows(_, options)) = parse("mem --only echo,lock") else {
            panic!("this line is well formed");
        };
        assert!(options.wants("echo-50x64") && options.wants("locks"));
        assert!(!options.wants("mutex"));
        assert!(Options::default().wants("mutex"));
    }

    #[test]
    fn a_measurement_survives_the_way_to_its_child() {
        let one = One {
            row: "mutex".into(),
            peer: PeerName::Smol,
            workers: 2,
            quick: true,
        };
        let words = one.words("run-one").into_iter();
        assert_eq!(Command::parse(words), Ok(Command::RunOne(one)));
    }

    #[test]
    fn bad_words_are_named() {
        for (line, part) in [
            ("mikro", "mikro"),
            ("micro --rounds", "--rounds needs"),
            ("micro --rounds 0", "--rounds 0"),
            ("micro --workers 1,x", "--workers x"),
            ("micro --peers tokyo", "tokyo"),
            ("micro --workers ,", "at least one"),
            ("run-one --peer smol", "--row"),
            ("run-one --row mutex", "--peer"),
            ("micro --fast", "--fast"),
        ] {
            let misuse = parse(line).expect_err(line).to_string();
            assert!(misuse.contains(part), "{line}: {misuse}");
        }
    }
}
