//! Rings: where the system takes whole operations, one per thread and reactor, made at first use.

mod entries;
mod journey;
mod own;
mod setup;

pub(crate) use entries::Raw;
pub(crate) use entries::{RawStat, attributes};
pub(crate) use journey::Journey;
pub(crate) use own::Ring;

use std::cell::RefCell;
use std::ptr;
use std::sync::Arc;

use crate::core::Core;

/// This thread's ring in `core`, if it can run operations of this code.
pub(crate) fn ring(core: &'static Core, code: u8) -> Option<Arc<Ring>> {
    let able = setup::abilities().is_ok_and(|abilities| abilities.has(code));
    if !able {
        return None;
    }
    // While the thread's locals are being destroyed it has no ring.
    MINE.try_with(|mine| mine.borrow_mut().of(core)).ok()?
}

/// Says why there are no rings.
pub(crate) fn test() -> Result<(), String> {
    match setup::abilities() {
        Ok(_) => Ok(()),
        Err(why) => Err(why.into()),
    }
}

/// The rings of a thread, one per reactor it has used.
struct Mine(Vec<Own>);

struct Own {
    core: &'static Core,
    ring: Option<Arc<Ring>>,
    /// How many operations are handed back before the system is asked for a ring again.
    pause: u32,
}

impl Mine {
    /// The ring in this reactor.
    fn of(&mut self, core: &'static Core) -> Option<Arc<Ring>> {
        let index = self.0.iter().position(|own| ptr::eq(own.core, core));
        let index = index.unwrap_or_else(|| {
            self.0.push(Own {
                core,
                ring: None,
                pause: 0,
            });
            self.0.len() - 1
        });
        let own = &mut self.0[index];
        if own.ring.is_none() {
            if own.pause > 0 {
                own.pause -= 1;
                return None;
            }
            match Ring::new(core) {
                Ok(ring) => own.ring = Some(ring),
                // No descriptor or no memory left, now.
                Err(_) => own.pause = REFUSED_PAUSE,
            }
        }
        own.ring.clone()
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        for ring in self.0.drain(..).filter_map(|own| own.ring) {
            ring.retire();
        }
    }
}

thread_local! {
    static MINE: RefCell<Mine> = const { RefCell::new(Mine(Vec::new())) };
}

/// Making a ring takes some 50 µs: asking in vain costs less than a hundredth of the operations meanwhile.
const REFUSED_PAUSE: u32 = 1024;
