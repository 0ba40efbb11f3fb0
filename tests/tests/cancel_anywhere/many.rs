//! The cases of trill-task's ways to wait for several: what they own is gone with them, what they borrow goes on.

use std::cell::{Cell, RefCell};

use trill_task::many::AsCompleted;
use trill_task::{
    TaskHandle, Until, gather, join_all, map_concurrent, race, try_gather, try_join_all,
    try_map_concurrent, wait,
};

use crate::case;
use crate::harness::ms;
use crate::work::Work;

case!(gather_all: "trill_task::many::gather",
    setup: Work::default(),
    wait: |work| gather((work.of(1, 1), work.of(3, 2), work.of(2, 3))).await,
    after: |work, output| {
        assert_eq!(output.unwrap_or((1, 2, 3)), (1, 2, 3));
        work.is_gone().await;
    },
);

case!(try_gather_all: "trill_task::many::try_gather",
    setup: Work::default(),
    wait: |work| try_gather((work.of(1, Ok(1)), work.of(4, Ok(2)), work.of(3, Err::<u8, _>("no")))).await,
    after: |work, output| {
        assert_eq!(output.unwrap_or(Err("no")), Err("no"));
        work.is_gone().await;
    },
);

case!(race_all: "trill_task::many::race",
    setup: Work::default(),
    wait: |work| race((work.of(3, 1), work.of(2, 2))).await,
    after: |work, output| {
        assert_eq!(output.unwrap_or(2), 2);
        work.is_gone().await;
    },
);

case!(join_all_tasks: "trill_task::many::join_all",
    setup: Work::default(),
    wait: |work| {
        let ends = join_all([work.task(3, 1), work.task(1, 2)]).await;
        ends.into_iter().map(Result::unwrap).collect::<Vec<_>>()
    },
    after: |work, output| {
        assert_eq!(output.unwrap_or(vec![1, 2]), [1, 2]);
        work.is_gone().await;
    },
);

case!(try_join_all_tasks: "trill_task::many::try_join_all",
    setup: Work::default(),
    wait: |work| {
        let tasks = [work.task(1, Ok(1)), work.task(2, Err("no")), work.task(9, Ok(3))];
        try_join_all(tasks).await.unwrap_err().into_error().unwrap()
    },
    after: |work, output| {
        assert_eq!(output.unwrap_or("no"), "no");
        work.is_gone().await;
    },
);

case!(map_concurrent_all: "trill_task::many::map_concurrent",
    setup: Work::default(),
    wait: |work| map_concurrent([3, 1, 2], 2, |n| work.of(n, n)).await,
    after: |work, output| {
        assert_eq!(output.unwrap_or(vec![3, 1, 2]), [3, 1, 2]);
        work.is_gone().await;
    },
);

case!(try_map_concurrent_all: "trill_task::many::try_map_concurrent",
    setup: Work::default(),
    wait: |work| {
        let fail_at_two = |n| work.of(n, if n == 2 { Err("no") } else { Ok(n) });
        try_map_concurrent([3, 2, 1], 2, fail_at_two).await
    },
    after: |work, output| {
        assert_eq!(output.unwrap_or(Err("no")), Err("no"));
        work.is_gone().await;
    },
);

// The stream lives on when a wait for its next output is dropped, and so do its futures.
case!(as_completed_next: "trill_task::many::AsCompleted::next",
    setup: {
        let work = Work::default();
        let mut outputs = AsCompleted::new();
        for n in [3, 1] {
            outputs.push(Box::pin(work.of(n, n)));
        }
        (RefCell::new(outputs), RefCell::new(Vec::new()))
    },
    wait: |(outputs, got)| {
        let mut outputs = outputs.borrow_mut();
        while let Some(output) = outputs.next().await {
            got.borrow_mut().push(output);
        }
    },
    after: |(outputs, got), _| {
        let mut outputs = outputs.borrow_mut();
        while let Some(output) = outputs.next().await {
            got.borrow_mut().push(output);
        }
        assert_eq!(*got.borrow(), [1, 3]);
    },
    keeps: "the futures live on in the stream, and wake through its waker",
);

case!(task_handle: "trill_task::many::TaskHandle::new",
    setup: Work::default(),
    wait: |work| TaskHandle::new(work.task(3, 1)).await.unwrap(),
    after: |work, output| {
        assert_eq!(output.unwrap_or(1), 1);
        work.is_gone().await;
    },
);

case!(task_handle_of_result: "trill_task::many::TaskHandle::of_result",
    setup: Work::default(),
    wait: |work| TaskHandle::of_result(work.task(3, Err::<u8, _>("no"))).await.unwrap(),
    after: |work, output| {
        assert_eq!(output.unwrap_or(Err("no")), Err("no"));
        work.is_gone().await;
    },
);

case!(task_handle_ended: "trill_task::many::TaskHandle::ended",
    setup: {
        let work = Work::default();
        let handle = TaskHandle::new(work.task(3, 1));
        (work, RefCell::new(handle))
    },
    wait: |(_, handle)| handle.borrow_mut().ended().await,
    after: |(work, handle), _| {
        let mut handle = handle.borrow_mut();
        handle.ended().await;
        assert_eq!(handle.result().map(|end| *end.as_ref().unwrap()), Some(1));
        assert_eq!(work.done(), 1, "the task went on");
    },
    keeps: "the task lives on, and keeps the waker of its handle",
);

case!(wait_for_some: "trill_task::many::wait",
    setup: {
        let work = Work::default();
        let handles = [work.task(5, 1), work.task(2, 2)].map(TaskHandle::new);
        (work, RefCell::new(handles), Cell::new(0))
    },
    wait: |(_, handles, waits)| {
        let handles = &mut *handles.borrow_mut();
        let first = wait(handles, Until::FirstCompleted, None).await;
        assert_eq!((first.done, first.pending), (vec![1], vec![0]));
        waits.set(1);
        let timed = wait(handles, Until::All, Some(ms(1))).await;
        assert_eq!((timed.done, timed.pending), (vec![1], vec![0]));
    },
    after: |(work, handles, _), _| {
        let handles = &mut *handles.borrow_mut();
        assert_eq!(wait(handles, Until::All, None).await.done, [0, 1]);
        assert_eq!(work.done(), 2, "the tasks went on");
    },
    keeps: "the tasks live on, and keep the waker of their handles",
);
