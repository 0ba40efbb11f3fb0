//! Where the timers of a wheel lie: slots in pages of fixed size, so that growing copies no slot.

use std::array;
use std::mem;
use std::ops::{Index, IndexMut};
use std::task::Waker;

/// Slots in pages, with a free list through them.
#[derive(Debug)]
pub(crate) struct Slab {
    pages: Pages,
    /// The first free slot, or [`NONE`].
    free: u32,
    /// The generation of new slots: above all that slots had which are gone, so that no key of those is good again.
    base: u32,
}

/// Boxes, so that the list of pages grows without copying them.
type Pages = Vec<Box<[Slot; PAGE_SLOTS]>>;

/// A timer in a wheel, or a free place for one.
#[derive(Debug)]
pub(crate) struct Slot {
    /// Nanoseconds since the wheel's origin.
    pub(crate) deadline: u64,
    /// Whom to wake; `Some` unless the slot is free.
    pub(crate) waker: Option<Waker>,
    /// The slot before this one in its bucket, or [`NONE`].
    pub(crate) prev: u32,
    /// The slot after this one in its bucket or in the free list, or [`NONE`].
    pub(crate) next: u32,
    /// Grows each time the slot is freed.
    generation: u32,
    /// The bucket it is linked in, [`DETACHED`] or [`FREE`].
    pub(crate) bucket: u16,
}

/// Names a timer in a wheel; one that has fired since is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(loom), allow(unreachable_pub))] // Public for the models only.
pub struct Key {
    index: u32,
    generation: u32,
}

impl Key {
    /// Where the timer's slot is, or was.
    #[inline]
    pub(crate) fn index(self) -> u32 {
        self.index
    }
}

impl Slab {
    pub(crate) const fn new() -> Slab {
        Slab {
            pages: Vec::new(),
            free: NONE,
            base: 0,
        }
    }

    /// Whether there is no free slot.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.free == NONE
    }

    /// Takes a slot for a timer, linked nowhere yet. There must be one.
    #[inline]
    pub(crate) fn take(&mut self, deadline: u64, waker: Waker) -> Key {
        let index = self.free;
        let slot = &mut self[index];
        debug_assert!(slot.bucket == FREE && slot.waker.is_none());
        slot.deadline = deadline;
        slot.waker = Some(waker);
        slot.bucket = DETACHED;
        let generation = slot.generation;
        self.free = slot.next;
        Key { index, generation }
    }

    /// Frees a slot that is linked nowhere; returns its waker.
    #[inline]
    pub(crate) fn release(&mut self, index: u32) -> Option<Waker> {
        let free = self.free;
        let slot = &mut self[index];
        debug_assert_eq!(slot.bucket, DETACHED);
        slot.generation = slot.generation.wrapping_add(1);
        slot.bucket = FREE;
        slot.next = free;
        let waker = slot.waker.take();
        self.free = index;
        waker
    }

    /// Finds the slot of a timer, unless that was freed.
    #[inline]
    pub(crate) fn find(&self, key: Key) -> Option<u32> {
        let index = key.index as usize;
        // Its page may be gone.
        let slot = &self.pages.get(index / PAGE_SLOTS)?[index % PAGE_SLOTS];
        (slot.generation == key.generation && slot.bucket != FREE).then_some(key.index)
    }

    /// Takes all pages out if all their slots are free.
    pub(crate) fn clear(&mut self) -> Option<Pages> {
        let slots = || self.pages.iter().flat_map(|page| page.iter());
        if slots().any(|slot| slot.bucket != FREE) {
            return None;
        }
        // A slot's generation has grown since its last key was made.
        let ages = slots().map(|slot| slot.generation.wrapping_sub(self.base));
        self.base = self.base.wrapping_add(ages.max().unwrap_or(0));
        self.free = NONE;
        Some(mem::take(&mut self.pages))
    }

    /// Adds a page.
    #[cold]
    pub(crate) fn grow(&mut self) {
        let first = self.pages.len() * PAGE_SLOTS;
        let end = first + PAGE_SLOTS;
        assert!(
            end < NONE as usize,
            "a thread cannot have more than 4 billion timers at once"
        );
        self.pages.push(Box::new(array::from_fn(|at| Slot {
            deadline: 0,
            waker: None,
            prev: NONE,
            // The last one of the page ends the free list, which is empty now.
            next: if at + 1 < PAGE_SLOTS {
                (first + at + 1) as u32
            } else {
                NONE
            },
            generation: self.base,
            bucket: FREE,
        })));
        self.free = first as u32;
    }
}

impl Index<u32> for Slab {
    type Output = Slot;

    #[inline]
    fn index(&self, index: u32) -> &Slot {
        let index = index as usize;
        &self.pages[index / PAGE_SLOTS][index % PAGE_SLOTS]
    }
}

impl IndexMut<u32> for Slab {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut Slot {
        let index = index as usize;
        &mut self.pages[index / PAGE_SLOTS][index % PAGE_SLOTS]
    }
}

/// Stands for no slot.
pub(crate) const NONE: u32 = u32::MAX;

/// The bucket of a slot that is taken but linked nowhere: it has a waker and no deadline.
pub(crate) const DETACHED: u16 = u16::MAX;

/// The bucket of a free slot.
const FREE: u16 = u16::MAX - 1;

/// Slots in a page: 5 KiB, so that a thread with few timers stays small and a million timers need 8,000 pages.
const PAGE_SLOTS: usize = if cfg!(loom) { 4 } else { 128 };

/// A sleeping task pays for one of these.
#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Slot>() == 40);
