//! What ends a piece of a stream.

/// One or several byte strings that end a piece of a stream; see [`Reader::read_until`](crate::Reader::read_until).
///
/// A byte, bytes and text are one separator; arrays and slices of bytes and text are several.
///
/// # Examples
///
/// ```
/// use trill_io::Reader;
///
/// trill_park::block_on(async {
///     let mut reader = Reader::new(&b"a;b\r\nc\nd--"[..]);
///     assert_eq!(reader.read_until(b';').await?, b"a;");
///     assert_eq!(reader.read_until(["\r\n", "\n"]).await?, b"b\r\n");
///     assert_eq!(reader.read_until(["\r\n", "\n"]).await?, b"c\n");
///     assert_eq!(reader.read_until("--").await?, b"d--");
///     # Ok::<(), trill_io::ReadError>(())
/// })?;
/// # Ok::<(), trill_io::ReadError>(())
/// ```
pub trait Separators {
    /// Returns how many there are.
    fn count(&self) -> usize;

    /// Returns one of them; `index` is below the count.
    fn separator(&self, index: usize) -> &[u8];
}

impl Separators for u8 {
    fn count(&self) -> usize {
        1
    }

    fn separator(&self, _: usize) -> &[u8] {
        std::slice::from_ref(self)
    }
}

impl Separators for &[u8] {
    fn count(&self) -> usize {
        1
    }

    fn separator(&self, _: usize) -> &[u8] {
        self
    }
}

impl<const N: usize> Separators for &[u8; N] {
    fn count(&self) -> usize {
        1
    }

    fn separator(&self, _: usize) -> &[u8] {
        *self
    }
}

impl Separators for &str {
    fn count(&self) -> usize {
        1
    }

    fn separator(&self, _: usize) -> &[u8] {
        self.as_bytes()
    }
}

impl<T: AsRef<[u8]>, const N: usize> Separators for [T; N] {
    fn count(&self) -> usize {
        N
    }

    fn separator(&self, index: usize) -> &[u8] {
        self[index].as_ref()
    }
}

impl<T: AsRef<[u8]> + Several> Separators for &[T] {
    fn count(&self) -> usize {
        self.len()
    }

    fn separator(&self, index: usize) -> &[u8] {
        self[index].as_ref()
    }
}

/// What a slice of separators may hold; a byte is none of these, so that a slice of bytes is one separator.
pub trait Several {}

impl Several for &[u8] {}
impl Several for &str {}
impl Several for Vec<u8> {}
impl Several for String {}

/// Where a piece ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    /// Where the separator begins.
    pub(crate) start: usize,
    /// Behind the separator.
    pub(crate) end: usize,
}

/// The match that ends first; of several that end there, the longest. `from` is where a match may begin.
///
/// Which match ends first does not depend on what comes after it, so it is the same however the stream is cut.
pub(crate) fn first<S: Separators>(separators: &S, data: &[u8], from: usize) -> Option<Match> {
    let mut best: Option<Match> = None;
    for index in 0..separators.count() {
        let separator = separators.separator(index);
        // No match behind the best one is of interest.
        let until = best.map_or(data.len(), |best| best.end);
        let Some(start) = find(&data[..until], from, separator) else {
            continue;
        };
        let found = Match {
            start,
            end: start + separator.len(),
        };
        if best.is_none_or(|best| (found.end, found.start) < (best.end, best.start)) {
            best = Some(found);
        }
    }
    best
}

/// The length of the longest separator.
///
/// # Panics
///
/// If there is none, or one is empty.
#[track_caller]
pub(crate) fn longest<S: Separators>(separators: &S) -> usize {
    let lens = (0..separators.count()).map(|index| separators.separator(index).len());
    let (min, max) = lens.fold((usize::MAX, 0), |(min, max), len| {
        (min.min(len), max.max(len))
    });
    assert!(
        max > 0 && min > 0,
        "read_until needs a separator, and none may be empty"
    );
    max
}

/// Where `needle` begins in `data`, at `from` or later.
fn find(data: &[u8], from: usize, needle: &[u8]) -> Option<usize> {
    let (first, rest) = needle.split_first()?;
    let mut at = from;
    loop {
        at += data.get(at..)?.iter().position(|byte| byte == first)?;
        if data[at + 1..].starts_with(rest) {
            return Some(at);
        }
        at += 1;
    }
}
