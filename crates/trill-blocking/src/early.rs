//! A thread of a pool, between the end of its work and the look for more.
//!
//! What ends a task knows nothing of pools, so what a job has to say goes through words of its thread: its work is over, and
//! now comes its result's awaiter; or a stranger's code comes next, which may take as long as it likes.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::job;
use crate::member::Member;
use crate::pool::Shared;
use crate::seat::Seat;

/// What a thread of a pool does, from its start to its end.
pub(crate) fn serve(shared: &Arc<Shared>, seat: Arc<Seat>) {
    let member = Rc::new(Member::new(seat));
    SERVING.set(Some((shared.clone(), member.clone())));
    shared.work(&member, |job| {
        job::run(job);
        trill_cell::forget_alarm();
    });
    SERVING.take();
}

/// Says that this thread's job has done its work and is about to give the result away.
///
/// From here to its next look the thread runs nothing that takes long, or is warned by [`trill_cell::strangers`].
pub(crate) fn finish() {
    let is_early = with(|shared, member| shared.finish_early(member));
    if is_early == Some(true) {
        trill_cell::before_strangers(|| {
            with(|shared, member| shared.step_aside(member));
        });
    }
}

/// Calls `body` for the pool that this thread serves; `None` if it serves none.
fn with<R>(body: impl FnOnce(&Arc<Shared>, &Member) -> R) -> Option<R> {
    // While the thread's locals are being destroyed it serves nobody any more.
    let called = SERVING.try_with(|serving| {
        let serving = serving.borrow();
        serving
            .as_ref()
            .map(|(shared, member)| body(shared, member))
    });
    called.ok().flatten()
}

thread_local! {
    /// The pool that this thread serves, and its place there.
    static SERVING: RefCell<Option<(Arc<Shared>, Rc<Member>)>> = const { RefCell::new(None) };
}
