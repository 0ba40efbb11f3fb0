//! Finding cycles.

use std::collections::{BTreeMap, VecDeque};

use crate::edge::Node;

/// Returns a shortest cycle of each strongly connected part of the graph, from its smallest node; parts in the order of
/// these.
///
/// Nothing recurses: chains may be as long as there are tasks.
pub(crate) fn find(targets: &BTreeMap<Node, Vec<Node>>) -> Vec<Vec<Node>> {
    // A node without targets is in no cycle, so the others get a number each.
    let nodes: Vec<Node> = targets.keys().copied().collect();
    let number = |node: &Node| nodes.binary_search(node).ok();
    let numbers = |nodes: &Vec<Node>| nodes.iter().filter_map(number).collect();
    let targets: Vec<Vec<usize>> = targets.values().map(numbers).collect();
    let part_of = parts(&targets);
    // By part, as the smallest node of a part comes first.
    let mut is_done = vec![false; nodes.len()];
    let mut cycles = Vec::new();
    for first in 0..nodes.len() {
        if !std::mem::replace(&mut is_done[part_of[first]], true) {
            let cycle = cycle_from(first, &part_of, &targets);
            cycles.extend(cycle.map(|cycle| cycle.into_iter().map(|at| nodes[at]).collect()));
        }
    }
    cycles
}

/// The number of each node's strongly connected part, below the number of nodes; by Tarjan's algorithm of 1972.
fn parts(targets: &[Vec<usize>]) -> Vec<usize> {
    // When each node was found, and the earliest one that is known to be reached from it and has no part yet.
    let mut found = vec![NONE; targets.len()];
    let mut lowest = vec![NONE; targets.len()];
    let mut part_of = vec![NONE; targets.len()];
    let mut without_part = Vec::new();
    let (mut found_count, mut part_count) = (0, 0);
    for start in 0..targets.len() {
        if found[start] != NONE {
            continue;
        }
        // The way from the start: a node, and which of its targets comes next.
        let mut way = vec![(start, 0)];
        while let Some((node, next)) = way.last_mut() {
            let (node, index) = (*node, *next);
            *next += 1;
            if index == 0 {
                (found[node], lowest[node]) = (found_count, found_count);
                found_count += 1;
                without_part.push(node);
            }
            if let Some(&target) = targets[node].get(index) {
                if found[target] == NONE {
                    way.push((target, 0));
                } else if part_of[target] == NONE {
                    lowest[node] = lowest[node].min(found[target]);
                }
                continue;
            }
            way.pop();
            if let Some(&(before, _)) = way.last() {
                lowest[before] = lowest[before].min(lowest[node]);
            }
            if lowest[node] == found[node] {
                while let Some(member) = without_part.pop() {
                    part_of[member] = part_count;
                    if member == node {
                        break;
                    }
                }
                part_count += 1;
            }
        }
    }
    part_of
}

/// A shortest cycle through a node, if there is any.
fn cycle_from(first: usize, part_of: &[usize], targets: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut came_from = BTreeMap::new();
    let mut queue = VecDeque::from([first]);
    while let Some(node) = queue.pop_front() {
        for &target in &targets[node] {
            if target == first {
                let before = |at: &usize| came_from.get(at).copied();
                let mut cycle: Vec<_> = std::iter::successors(Some(node), before).collect();
                cycle.reverse();
                return Some(cycle);
            }
            if part_of[target] == part_of[first] && !came_from.contains_key(&target) {
                came_from.insert(target, node);
                queue.push_back(target);
            }
        }
    }
    None
}

/// No number yet.
const NONE: usize = usize::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(u64, u64)]) -> BTreeMap<Node, Vec<Node>> {
        let mut targets = BTreeMap::<Node, Vec<Node>>::new();
        for &(from, to) in edges {
            targets
                .entry(Node::Lock(from))
                .or_default()
                .push(Node::Lock(to));
        }
        targets
    }

    fn cycles(edges: &[(u64, u64)]) -> Vec<Vec<u64>> {
        let number = |node: Node| match node {
            Node::Lock(number) => number,
            Node::Task(_) => unreachable!("the graphs here have locks only"),
        };
        let found = find(&graph(edges)).into_iter();
        found
            .map(|cycle| cycle.into_iter().map(number).collect())
            .collect()
    }

    #[test]
    fn graph_without_cycles_has_none() {
        assert!(cycles(&[]).is_empty());
        assert!(cycles(&[(1, 2), (2, 3), (1, 3), (4, 3)]).is_empty());
    }

    #[test]
    fn each_part_gives_one_shortest_cycle_from_its_smallest_node() {
        assert_eq!(cycles(&[(5, 5)]), [[5]]);
        assert_eq!(cycles(&[(3, 1), (1, 2), (2, 3)]), [[1, 2, 3]]);
        // A way into a cycle and one out of it are no parts of it.
        assert_eq!(cycles(&[(9, 2), (2, 4), (4, 2), (4, 7)]), [[2, 4]]);
        // Two cycles that a way connects.
        let two = [(1, 2), (2, 1), (2, 3), (3, 4), (4, 3)];
        assert_eq!(cycles(&two), [[1, 2], [3, 4]]);
        // One part with a short and a long cycle.
        assert_eq!(cycles(&[(1, 2), (2, 3), (3, 1), (2, 1)]), [[1, 2]]);
    }

    #[test]
    fn long_chains_and_rings_are_no_trouble() {
        let chain: Vec<_> = (0..100_000).map(|n| (n, n + 1)).collect();
        assert!(cycles(&chain).is_empty());
        let ring: Vec<_> = (0..100_000).map(|n| (n, (n + 1) % 100_000)).collect();
        assert_eq!(cycles(&ring)[0].len(), 100_000);
        // Many parts.
        let pairs: Vec<_> = (0..20_000).map(|n| (n, n ^ 1)).collect();
        assert_eq!(cycles(&pairs).len(), 10_000);
    }
}
