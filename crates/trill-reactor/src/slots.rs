//! All slots of a reactor, in pages that are never moved or freed.

use std::fmt;
use std::io;
use std::sync::OnceLock;

use crate::primitive::{Mutex, lock};
use crate::slot::Slot;
use crate::word::{GENERATION_BITS, INDEX_BITS};

/// All slots of a reactor.
pub(crate) struct Slots {
    /// Page `n` holds `FIRST_PAGE_SLOTS << n` slots.
    pages: [OnceLock<Box<[Slot]>>; PAGES_MAX],
    free: Mutex<Free>,
}

/// Which slots are not in use.
#[derive(Debug, Default)]
struct Free {
    /// Slots that were in use; the last one is the warmest.
    returned: Vec<u32>,
    /// The first index that was never in use.
    next: u32,
}

/// What an event carries: the slot's index, and the generation it was registered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

impl Slots {
    pub(crate) fn new() -> Slots {
        Slots {
            pages: [const { OnceLock::new() }; PAGES_MAX],
            free: Mutex::new(Free::default()),
        }
    }

    /// Takes a free slot.
    pub(crate) fn take(&self) -> io::Result<(u32, &Slot)> {
        let mut free = lock(&self.free);
        let index = match free.returned.pop() {
            Some(index) => index,
            None if u64::from(free.next) < SLOTS_MAX => {
                free.next += 1;
                free.next - 1
            }
            None => {
                return Err(io::Error::other(format!(
                    "the reactor already has {SLOTS_MAX} sources: make a second reactor"
                )));
            }
        };
        drop(free);
        let (page, offset) = place(index);
        let slots = self.pages[page].get_or_init(|| {
            let len = FIRST_PAGE_SLOTS << page;
            (0..len).map(|_| Slot::new()).collect()
        });
        Ok((index, &slots[offset]))
    }

    /// Gives a closed slot back.
    pub(crate) fn give_back(&self, index: u32) {
        lock(&self.free).returned.push(index);
    }

    /// The slot at an index, if it was ever in use.
    #[inline]
    pub(crate) fn at(&self, index: u32) -> Option<&Slot> {
        let (page, offset) = place(index);
        self.pages.get(page)?.get()?.get(offset)
    }

    /// Runs `each` on every slot that was ever in use.
    pub(crate) fn each(&self, mut each: impl FnMut(&Slot)) {
        let len = lock(&self.free).next;
        (0..len)
            .filter_map(|index| self.at(index))
            .for_each(&mut each);
    }

    /// How many slots are in use.
    pub(crate) fn len(&self) -> usize {
        let free = lock(&self.free);
        free.next as usize - free.returned.len()
    }
}

impl fmt::Debug for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slots")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl Token {
    /// Packs it into a word.
    pub(crate) fn word(self) -> u64 {
        u64::from(self.generation) << INDEX_BITS | u64::from(self.index)
    }

    /// Opposite of [`Token::word`].
    pub(crate) fn from_word(word: u64) -> Token {
        Token {
            index: (word & ((1 << INDEX_BITS) - 1)) as u32,
            generation: (word >> INDEX_BITS) as u32,
        }
    }
}

/// The page of an index and the offset in it.
#[inline]
fn place(index: u32) -> (usize, usize) {
    let shifted = index as usize + FIRST_PAGE_SLOTS;
    let page = (shifted / FIRST_PAGE_SLOTS).ilog2();
    (page as usize, shifted - (FIRST_PAGE_SLOTS << page))
}

/// 8 KiB: enough for a small program, and not much for one without sockets.
const FIRST_PAGE_SLOTS: usize = 64;

/// Pages double, so these hold more than [`SLOTS_MAX`].
const PAGES_MAX: usize = 21;

/// More sockets than the memory of a machine holds, or what an index has bits for.
const SLOTS_MAX: u64 = if usize::BITS == 64 { 1 << 26 } else { 1 << 22 };

const _: () = assert!(SLOTS_MAX <= 1 << INDEX_BITS);
const _: () = assert!(INDEX_BITS + GENERATION_BITS < usize::BITS);
