//! The rows of the group `growth`.

use super::figure;
use crate::rows::{Budget, Figure, Group, Growing, Row, Work};

pub(super) static ROWS: &[Row] = &[
    row(
        "grow-spawn",
        Growing::Spawn,
        "spawn, with so many tasks waiting",
        "So many tasks are spawned and polled until each waits for a flag and a waker of the harness; then all are woken and \
joined. Time of the first half per task. Small sizes are repeated up to 200,000 tasks. Then, in one more pass, the heap \
in use per task by a counting allocator.",
    ),
    row(
        "grow-wake",
        Growing::Wake,
        "wake and join, with so many tasks waiting",
        "As grow-spawn; time of the second half.",
    ),
    row(
        "grow-timer",
        Growing::Timer,
        "arm and cancel, with so many timers",
        "One task makes so many of the peer's own timers, ten minutes away and more, boxes and polls each, and then drops \
all. Time per timer, and heap as in grow-spawn.",
    ),
    row(
        "grow-channel",
        Growing::Channel,
        "receive, with so many senders waiting",
        "So many tasks wait to send on one of the peer's own bounded(1) channels; a task receives all. Time per message from \
the first receive on, and heap per waiting task.",
    ),
    row(
        "grow-accept",
        Growing::Accept,
        "accept, with so many connections open",
        "The echo server in a process of its own; a client opens connections up to each size, as far as the descriptor limit \
allows, and at each size 500 more, which it closes again. Server CPU per accept of those, and the server's heap per open \
connection.",
    ),
    row(
        "grow-idle",
        Growing::Idle,
        "message, with so many idle connections",
        "As grow-accept; at each size one more connection exchanges 30,000 messages of a byte. Server CPU per message.",
    ),
];

const fn row(name: &'static str, growing: Growing, title: &'static str, same: &'static str) -> Row {
    Row {
        name,
        group: Group::Growth,
        work: Work::Growth(growing),
        title,
        same,
        figures: FIGURES,
    }
}

/// A cost and a weight for each of `SIZES`.
const FIGURES: &[Figure] = &[
    figure("10", "ns", Budget::Open),
    figure("100", "ns", Budget::Open),
    figure("1,000", "ns", Budget::Open),
    figure("10,000", "ns", Budget::Open),
    figure("100,000", "ns", Budget::Open),
    figure("1,000,000", "ns", Budget::Open),
    figure("memory of 10", "B", Budget::Open),
    figure("memory of 100", "B", Budget::Open),
    figure("memory of 1,000", "B", Budget::Open),
    figure("memory of 10,000", "B", Budget::Open),
    figure("memory of 100,000", "B", Budget::Open),
    figure("memory of 1,000,000", "B", Budget::Open),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::SIZES;

    #[test]
    fn each_size_has_a_cost_and_a_weight() {
        assert_eq!(FIGURES.len(), 2 * SIZES.len());
        for (index, size) in SIZES.iter().enumerate() {
            let plain = FIGURES[index].label.replace(',', "");
            assert_eq!(plain.parse(), Ok(*size));
            let weight = FIGURES[SIZES.len() + index].label;
            assert_eq!(weight, format!("memory of {}", FIGURES[index].label));
        }
    }
}
