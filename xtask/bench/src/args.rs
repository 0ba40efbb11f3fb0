//! What the command line asks for.

use std::fmt;

use crate::flavour::Flavour;
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
    /// Count instructions, allocations and system calls of an operation.
    Cost(Options),
    /// Measure one row once (a child process).
    RunOne(One),
    /// Serve connections for a row that needs a server process (a child of a child).
    Serve(One),
}

/// What a person may choose for a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Only rows whose name contains one of these.
    pub(crate) only: Vec<String>,
    /// How many rounds; the group's own default if absent.
    pub(crate) rounds: Option<usize>,
    /// The flavours to measure; the group's own if absent.
    pub(crate) workers: Option<Vec<Flavour>>,
    /// The peers to measure; all, or with `against` trill alone, if absent.
    pub(crate) peers: Option<Vec<PeerName>>,
    /// Another revision of trill to measure beside this one.
    pub(crate) against: Option<String>,
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
    /// On so many worker threads, or single-threaded.
    pub(crate) flavour: Flavour,
    /// A tenth of the work.
    pub(crate) quick: bool,
    /// The port behind a proxy.
    pub(crate) backend: Option<u16>,
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
            "build" => Ok(Self::Build(Options::parse(words)?)),
            "cost" => Ok(Self::Cost(Options::parse(words)?)),
            "run-one" => Ok(Self::RunOne(One::parse(words)?)),
            "serve" => Ok(Self::Serve(One::parse(words)?)),
            other => match Group::ALL.iter().find(|group| group.as_str() == other) {
                Some(group) => Ok(Self::Rows(*group, Options::parse(words)?)),
                None => {
                    let names: Vec<_> = Group::ALL.iter().map(|group| group.as_str()).collect();
                    Err(Misuse(format!(
                        "no group `{other}`: choose {}, cost, build, list or help",
                        names.join(", ")
                    )))
                }
            },
        }
    }
}

impl Options {
    /// Whether a row of this name is wanted.
    pub(crate) fn wants(&self, row: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| row.contains(part))
    }

    /// The peers to measure, in the order of the columns.
    pub(crate) fn peers(&self) -> Vec<PeerName> {
        let mut peers = match (&self.peers, &self.against) {
            (Some(peers), _) => peers.clone(),
            (None, Some(_)) => vec![PeerName::Trill],
            (None, None) => PeerName::ALL.to_vec(),
        };
        if self.against.is_some() && !peers.contains(&PeerName::Before) {
            peers.push(PeerName::Before);
        } else if self.against.is_none() {
            peers.retain(|peer| *peer != PeerName::Before);
        }
        peers
    }

    /// The flavours of a group to measure.
    pub(crate) fn flavours(&self, group: Group) -> Vec<Flavour> {
        match &self.workers {
            Some(flavours) => flavours.clone(),
            None => group.flavours(),
        }
    }

    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, Misuse> {
        let mut options = Self::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--only" => options.only.extend(list(&value(&word, &mut words)?)),
                "--rounds" => options.rounds = Some(positive(&word, &value(&word, &mut words)?)?),
                "--workers" => {
                    let flavours: Vec<_> = list(&value(&word, &mut words)?)
                        .map(|text| flavour(&word, &text))
                        .collect::<Result<_, _>>()?;
                    options.workers = Some(flavours);
                }
                "--peers" => {
                    let peers: Vec<_> = list(&value(&word, &mut words)?)
                        .map(|text| peer(&text))
                        .collect::<Result<_, _>>()?;
                    options.peers = Some(peers);
                }
                "--against" => options.against = Some(value(&word, &mut words)?),
                "--quick" => options.quick = true,
                other => return Err(Misuse(format!("no option `{other}`: see `help`"))),
            }
        }
        let is_empty = |length: Option<usize>| length == Some(0);
        if is_empty(options.workers.as_ref().map(Vec::len))
            || is_empty(options.peers.as_ref().map(Vec::len))
        {
            return Err(Misuse(
                "--workers and --peers need at least one entry".into(),
            ));
        }
        Ok(options)
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
            self.flavour.to_string(),
        ];
        words.extend(self.quick.then(|| "--quick".to_string()));
        if let Some(port) = self.backend {
            words.extend(["--backend".into(), port.to_string()]);
        }
        words
    }

    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, Misuse> {
        let (mut row, mut who, mut quick, mut backend) = (None, None, false, None);
        let mut way = Flavour::Workers(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--row" => row = Some(value(&word, &mut words)?),
                "--peer" => who = Some(peer(&value(&word, &mut words)?)?),
                "--workers" => way = flavour(&word, &value(&word, &mut words)?)?,
                "--quick" => quick = true,
                "--backend" => {
                    let port = positive(&word, &value(&word, &mut words)?)?;
                    let port = u16::try_from(port);
                    backend = Some(port.map_err(|_| Misuse("--backend needs a port".into()))?);
                }
                other => return Err(Misuse(format!("no option `{other}`: see `help`"))),
            }
        }
        Ok(Self {
            row: row.ok_or_else(|| Misuse("one measurement needs --row <name>".into()))?,
            peer: who.ok_or_else(|| Misuse("one measurement needs --peer <name>".into()))?,
            flavour: way,
            quick,
            backend,
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

fn flavour(option: &str, text: &str) -> Result<Flavour, Misuse> {
    Flavour::parse(text).ok_or_else(|| {
        Misuse(format!(
            "{option} {text}: write a whole number above 0, `all` or `local`"
        ))
    })
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
  hostile  light tasks beside hogs, a stuck worker, storms of wakes and resets, a lock nobody polls
  http     HTTP on hyper under wrk, an echo, files, a proxy, RPC over Unix sockets
  growth   spawn, wake, timer, channel, accept and idle connections from 10 to 1,000,000
  mem      a million tasks, a million timers, idle sockets up to the descriptor limit
  io       files, TLS, datagrams, children, echo and connect
  cost     instructions, allocations and system calls of an operation, by callgrind and strace
  build    crate count and cold release build of trill, smol and tokio
  list     every row, and how its work is made the same for each runtime

options
  --only a,b        only rows whose name contains a or b
  --rounds n        rounds to take the median of (micro, hostile and io 7, http, growth and mem 3, build 1)
  --workers 1,all,local
                    numbers of worker threads; all: as many as processors; local: single-threaded
  --peers tokio,smol,trill,bare,monoio,compio,asyncio,uvloop,trill-ring
  --against rev     trill at another revision beside this one, built in a work tree of its own
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
            workers: Some(vec![Flavour::Workers(2), Flavour::Workers(4)]),
            peers: Some(vec![PeerName::Smol, PeerName::Tokio]),
            against: None,
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
    fn another_revision_stands_beside_trill_alone() {
        let Ok(Command::Rows(_, options)) = parse("micro --against main~3") else {
            panic!("this line is well formed");
        };
        assert_eq!(options.peers(), [PeerName::Trill, PeerName::Before]);
        let Ok(Command::Rows(_, options)) = parse("micro --peers tokio,before") else {
            panic!("this line is well formed");
        };
        assert_eq!(options.peers(), [PeerName::Tokio]);
    }

    #[test]
    fn a_measurement_survives_the_way_to_its_child() {
        let one = One {
            row: "mutex".into(),
            peer: PeerName::Smol,
            flavour: Flavour::Local,
            quick: true,
            backend: Some(8080),
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
