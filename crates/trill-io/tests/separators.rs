//! Behaviour 23: what `read_until` returns does not depend on how the bytes arrive.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

mod support;

use support::{Chance, Hand, Script};
use trill_io::{ReadError, Reader, Separators};

/// What a read returned.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Piece(Vec<u8>),
    Rest(Vec<u8>),
    /// How much is consumable.
    Overrun(usize),
}

/// All that `read_until` returns to the end, when the stream is cut as `cuts` says. What is over the limit is discarded as
/// the error allows.
fn outcomes<S: Separators + Copy + Unpin>(
    data: &[u8],
    cuts: u64,
    separators: S,
    limit: usize,
) -> Vec<Outcome> {
    let mut reader = Reader::with_limit(limit, Script::cut(data, cuts));
    let mut all = Vec::new();
    loop {
        let mut read = Hand::new(reader.read_until(separators));
        let result = loop {
            if let std::task::Poll::Ready(result) = read.poll() {
                break result;
            }
            assert_eq!(read.wakes(), 1);
        };
        drop(read);
        match result {
            Ok(piece) => all.push(Outcome::Piece(piece)),
            Err(ReadError::Overrun(overrun)) => {
                // The data is still there, as much as is said.
                assert!(reader.buffer().len() >= overrun.consumable);
                assert!(overrun.consumable > limit);
                all.push(Outcome::Overrun(overrun.consumable));
                reader.discard(overrun.consumable);
            }
            Err(ReadError::Incomplete(incomplete)) => {
                all.push(Outcome::Rest(incomplete.partial));
                return all;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// The rule, without any buffer: the match that ends first, and of those the longest.
fn model<S: Separators>(mut data: &[u8], separators: S, limit: usize) -> Vec<Outcome> {
    let count = separators.count();
    let longest = (0..count)
        .map(|index| separators.separator(index).len())
        .max()
        .unwrap();
    let mut all = Vec::new();
    loop {
        let found = (0..=data.len()).find_map(|end| {
            let matching =
                (0..count).filter(|index| data[..end].ends_with(separators.separator(*index)));
            let len = matching
                .map(|index| separators.separator(index).len())
                .max()?;
            Some((end - len, end))
        });
        match found {
            Some((start, end)) if start <= limit => {
                all.push(Outcome::Piece(data[..end].to_vec()));
                data = &data[end..];
            }
            // Without a separator the last bytes might have been the begin of one.
            None if (data.len() + 1).saturating_sub(longest) <= limit => {
                all.push(Outcome::Rest(data.to_vec()));
                return all;
            }
            _ => {
                all.push(Outcome::Overrun(limit + 1));
                data = &data[limit + 1..];
            }
        }
    }
}

#[track_caller]
fn same_for_all_cuts<S: Separators + Copy + Unpin>(data: &[u8], separators: S, limit: usize) {
    let expected = model(data, separators, limit);
    for cuts in 0..1_u64 << (data.len() - 1) {
        let got = outcomes(data, cuts, separators, limit);
        assert_eq!(got, expected, "{data:?} cut at {cuts:b}, limit {limit}");
    }
}

#[test]
fn separators_of_different_lengths_give_the_same_for_every_cut() {
    for limit in [0, 1, 2, 3, 5, 100] {
        same_for_all_cuts(b"ab\r\nc\nd\r\r", ["\r\n", "\n"], limit);
        same_for_all_cuts(b"a--b-c---d", ["--", "---", "-c"], limit);
        same_for_all_cuts(b"xAAAABxABA", ["AAAAB", "B", "ABA"], limit);
        same_for_all_cuts(b"aaaaaaaaaa", ["aaa", "aa"], limit);
        same_for_all_cuts(b"abcabcabca", "abca", limit);
        same_for_all_cuts(b"no such one", ["xyz", "q"], limit);
        same_for_all_cuts(b"one\ntwo\nx", b'\n', limit);
    }
}

#[test]
fn the_match_that_ends_first_wins() {
    // Not the one that begins first, nor the one that is named first.
    let long = outcomes(b"xABCDy", 0, ["ABCD", "BC"], 100);
    assert_eq!(long[0], Outcome::Piece(b"xABC".to_vec()));
    // Of two that end at the same byte the longer: the limit counts only what is before it.
    let both = outcomes(b"abc\r\n", 0, ["\n", "\r\n"], 3);
    assert_eq!(both[0], Outcome::Piece(b"abc\r\n".to_vec()));
    let short = outcomes(b"abc\r\n", 0, ["\n"], 3);
    assert_eq!(short[0], Outcome::Overrun(4));
}

// Fault 10a
#[test]
fn long_streams_cut_anywhere_give_the_same() {
    let alphabet = b"ab\r\n-";
    for seed in 0..3_000 {
        let mut chance = Chance::new(seed);
        let len = 50 + chance.below(200);
        let data: Vec<u8> = (0..len).map(|_| alphabet[chance.below(5)]).collect();
        let separators = [
            ["\r\n", "\n", "--"],
            ["-\r\n-", "\n\n", "aab"],
            ["a", "ba", "bba"],
            ["-----", "\r\r", "abab"],
        ][chance.below(4)];
        let limit = chance.below(30);
        let expected = model(&data, separators, limit);
        for _ in 0..4 {
            let cuts = chance.next() & chance.next();
            assert_eq!(
                outcomes(&data, cuts, separators, limit),
                expected,
                "seed {seed}"
            );
        }
    }
}

#[test]
fn the_limit_holds_found_or_not() {
    let limit = 4;
    for data in [&b"123456789\n"[..], b"123456789", b"12345\n"] {
        let mut reader = Reader::with_limit(limit, data);
        let error = support::ready(reader.read_line()).unwrap_err();
        let ReadError::Overrun(overrun) = error else {
            panic!("{error}");
        };
        assert_eq!((overrun.limit, overrun.consumable), (4, 5));
        assert_eq!(reader.buffer(), data);
        // Asked again it says the same, and reads nothing more.
        assert!(support::ready(reader.read_line()).is_err());
        assert_eq!(support::ready(reader.read(5)).unwrap(), &data[..5]);
    }
    let mut reader = Reader::with_limit(limit, &b"1234\n"[..]);
    assert_eq!(support::ready(reader.read_line()).unwrap(), b"1234\n");
}

#[test]
fn a_search_without_an_end_buffers_no_more_than_the_limit_and_a_read() {
    let mut reader = Reader::with_limit(100_000, futures_lite::io::repeat(b'x'));
    let error = trill_park::block_on(reader.read_line()).unwrap_err();
    assert!(matches!(error, ReadError::Overrun(_)));
    assert!(
        reader.buffer().len() <= 100_000 + 16 * 1024 + 1,
        "{}",
        reader.buffer().len()
    );
}

#[test]
fn all_kinds_of_separators_are_understood() {
    fn count<S: Separators>(separators: S) -> (usize, usize) {
        (separators.count(), separators.separator(0).len())
    }
    assert_eq!(count(b'\n'), (1, 1));
    assert_eq!(count(b"\r\n"), (1, 2));
    assert_eq!(count(&b"\r\n"[..]), (1, 2));
    assert_eq!(count("--"), (1, 2));
    assert_eq!(count(["--", "-"]), (2, 2));
    assert_eq!(count([&b"abc"[..], b"-"]), (2, 3));
    assert_eq!(count(&["--", "-"][..]), (2, 2));
    assert_eq!(count(&[b"--".to_vec()][..]), (1, 2));
}
