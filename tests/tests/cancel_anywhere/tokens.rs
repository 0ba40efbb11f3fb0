//! The cases of trill-task's tokens, limits and locals: what is inside is dropped with them, and nothing leaks out.

use std::cell::Cell;

use trill_task::{
    CancelToken, Context, TaskLocal, TimeLimit, checkpoint, fail_after, fail_at, move_on_after,
    move_on_at, shield, shielded, timeout_join, try_shield,
};
use trill_world::now;

use crate::case;
use crate::harness::{ms, pause};
use crate::work::{Work, spawn};

/// More than `block_on` lets pass in one poll.
const CHECKPOINTS: u32 = 5000;

static LOCAL: TaskLocal<u32> = TaskLocal::new();

case!(local_scope: "trill_task::TaskLocal::scope",
    setup: Work::default(),
    wait: |work| LOCAL.scope(5, async {
        work.of(2, ()).await;
        LOCAL.get()
    }).await,
    behind: |_| { assert_eq!(LOCAL.get(), None, "it is not seen outside") },
    after: |work, output| {
        assert_eq!((output.unwrap_or(Some(5)), LOCAL.get()), (Some(5), None));
        work.is_gone().await;
    },
);

case!(context_scope: "trill_task::Context::scope",
    setup: (Work::default(), LOCAL.sync_scope(5, Context::current)),
    wait: |(work, context)| context.clone().scope(async {
        LOCAL.set(6);
        work.of(2, ()).await;
        LOCAL.get()
    }).await,
    after: |(work, _), output| {
        assert_eq!((output.unwrap_or(Some(6)), LOCAL.get()), (Some(6), None));
        work.is_gone().await;
    },
);

case!(checkpoints: "trill_task::checkpoint",
    setup: Cell::new(0),
    wait: |count| {
        // It gives way when the budget of the play's poll is used up.
        for _ in 0..CHECKPOINTS {
            checkpoint().await.unwrap();
            count.set(count.get() + 1);
        }
    },
    after: |count, output| { assert!(output.is_none() || count.get() == CHECKPOINTS) },
);

case!(token_cancelled: "trill_task::CancelToken::cancelled",
    setup: CancelToken::new(),
    script: |token| {
        pause().await;
        pause().await;
        token.cancel("enough");
    },
    wait: |token| token.cancelled().await.reason().to_string(),
    behind: |token| { assert_eq!(token.cancelled().await.reason(), "enough") },
    after: |token, output| {
        assert!(token.is_cancelled());
        assert_eq!(output.unwrap_or("enough".to_string()), "enough");
    },
);

case!(token_scope: "trill_task::CancelToken::scope",
    setup: (Work::default(), CancelToken::new()),
    script: |(_, token)| {
        pause().await;
        token.cancel("enough");
    },
    wait: |(work, token)| token.scope(async {
        // It is told, and goes on to its end.
        work.of(3, ()).await;
        CancelToken::current().unwrap().is_cancelled()
    }).await,
    after: |(work, _), output| {
        assert!(output.unwrap_or(true) && CancelToken::current().is_none());
        work.is_gone().await;
    },
);

case!(token_run: "trill_task::CancelToken::run",
    setup: (Work::default(), CancelToken::new()),
    script: |(_, token)| {
        pause().await;
        pause().await;
        token.cancel("enough");
    },
    wait: |(work, token)| token.run(work.endless::<()>()).await.is_err(),
    behind: |(_, token)| { drop(token.cancelled().await) },
    after: |(work, _), output| {
        assert!(output.unwrap_or(true));
        work.is_gone().await;
    },
);

case!(token_run_with_grace: "trill_task::CancelToken::run_with_grace",
    setup: (Work::default(), CancelToken::new()),
    script: |(_, token)| {
        pause().await;
        token.cancel("enough");
    },
    wait: |(work, token)| {
        let cleans_up = async {
            token.cancelled().await;
            work.of(2, "clean").await
        };
        let cleaned = token.run_with_grace(ms(9), cleans_up).await;
        let dropped = token.run_with_grace(ms(2), work.endless::<()>()).await;
        (cleaned.ok(), dropped.is_err())
    },
    after: |(work, _), output| {
        assert_eq!(output.unwrap_or((Some("clean"), true)), (Some("clean"), true));
        work.is_gone().await;
    },
);

case!(shielded_from_requests: "trill_task::shielded",
    setup: (Work::default(), CancelToken::new()),
    script: |(_, token)| { assert!(token.cancel("enough")) },
    wait: |(work, token)| token.scope(shielded(async {
        work.of(2, ()).await;
        checkpoint().await.is_ok()
    })).await,
    after: |(work, _), output| {
        assert!(output.unwrap_or(true));
        work.is_gone().await;
    },
);

case!(shield_task: "trill_task::shield",
    setup: Work::default(),
    wait: |work| {
        let waits = shield(work.of(3, 1)).unwrap();
        pause().await;
        waits.await.unwrap()
    },
    after: |work, output| {
        assert_eq!(output.unwrap_or(1), 1);
        trill_timer::sleep(ms(4)).await;
        work.is_gone().await;
    },
);

case!(try_shield_task: "trill_task::try_shield",
    setup: (Work::default(), Cell::new(false)),
    wait: |(work, begun)| {
        begun.set(true);
        try_shield(work.of(3, Ok::<u8, String>(1))).unwrap().await.unwrap()
    },
    after: |(work, begun), output| {
        assert_eq!(output.unwrap_or(Ok(1)), Ok(1));
        trill_timer::sleep(ms(4)).await;
        assert_eq!(work.done(), u32::from(begun.get()), "it goes on when nobody waits");
    },
);

case!(timeout_join_task: "trill_task::timeout_join",
    setup: Work::default(),
    wait: |work| {
        let quick = timeout_join(ms(5), work.task(2, 1)).await.is_ok();
        let slow = timeout_join(ms(2), spawn(work.endless::<()>())).await.is_err();
        quick && slow
    },
    after: |work, output| {
        assert!(output.unwrap_or(true));
        work.is_gone().await;
    },
);

case!(timeout_join_asking: "trill_task::TimeoutJoin::asking",
    setup: (Work::default(), CancelToken::new()),
    wait: |(work, token)| {
        let (asked, cleans) = (token.cancelled(), work.of(2, "clean"));
        let task = spawn(async move {
            asked.await;
            cleans.await
        });
        timeout_join(ms(2), task).asking(token.clone(), ms(9)).await.unwrap()
    },
    after: |(work, _), output| {
        assert_eq!(output.unwrap_or("clean"), "clean");
        work.is_gone().await;
    },
);

case!(limit_run: "trill_task::TimeLimit::run",
    setup: (Work::default(), TimeLimit::after(ms(9))),
    script: |(_, limit)| {
        pause().await;
        limit.reschedule(Some(now() + ms(2))).unwrap();
    },
    wait: |(work, limit)| limit.run(work.endless::<()>()).await.is_err(),
    after: |(work, _), output| {
        assert!(output.unwrap_or(true));
        work.is_gone().await;
    },
);

case!(limit_run_with_grace: "trill_task::TimeLimit::run_with_grace",
    setup: (Work::default(), TimeLimit::after(ms(2))),
    wait: |(work, limit)| {
        let cleans_up = async {
            CancelToken::current().unwrap().cancelled().await;
            work.of(2, "clean").await
        };
        limit.run_with_grace(ms(9), cleans_up).await.unwrap()
    },
    after: |(work, _), output| {
        assert_eq!(output.unwrap_or("clean"), "clean");
        work.is_gone().await;
    },
);

case!(moves_on_after: "trill_task::move_on_after",
    setup: Work::default(),
    wait: |work| move_on_after(ms(2), work.endless::<()>()).await.is_none(),
    after: |work, output| {
        assert!(output.unwrap_or(true));
        work.is_gone().await;
    },
);

case!(moves_on_at: "trill_task::move_on_at",
    setup: Work::default(),
    wait: |work| move_on_at(now() + ms(2), work.endless::<()>()).await.is_none(),
    after: |work, output| {
        assert!(output.unwrap_or(true));
        work.is_gone().await;
    },
);

case!(fails_after: "trill_task::fail_after",
    setup: Work::default(),
    wait: |work| fail_after(ms(2), work.endless::<()>()).await.is_err(),
    after: |work, output| {
        assert!(output.unwrap_or(true));
        work.is_gone().await;
    },
);

case!(fails_at: "trill_task::fail_at",
    setup: Work::default(),
    wait: |work| fail_at(now() + ms(4), work.of(2, 1)).await.unwrap(),
    after: |work, output| {
        assert_eq!(output.unwrap_or(1), 1);
        work.is_gone().await;
    },
);
