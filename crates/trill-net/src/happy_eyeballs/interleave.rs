//! In which order addresses are tried.

use std::collections::VecDeque;
use std::net::SocketAddr;

/// Orders addresses so that the families take turns, beginning with the family of the first one.
///
/// Within a family the order stays: whoever looked the name up has put what it prefers first. Doubles are left out.
pub(super) fn interleave(addresses: impl IntoIterator<Item = SocketAddr>) -> VecDeque<SocketAddr> {
    let mut all = Vec::new();
    for address in addresses {
        if !all.contains(&address) {
            all.push(address);
        }
    }
    let first_is_v6 = all.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|address| address.is_ipv6() == first_is_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut ordered = VecDeque::with_capacity(first.len() + second.len());
    loop {
        let turn = [first.next(), second.next()];
        if turn == [None, None] {
            return ordered;
        }
        ordered.extend(turn.into_iter().flatten());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(addresses: &[&str]) -> Vec<String> {
        let addresses = addresses.iter().map(|text| text.parse().unwrap());
        interleave(addresses)
            .iter()
            .map(SocketAddr::to_string)
            .collect()
    }

    #[test]
    fn families_take_turns_from_the_preferred_one() {
        let ordered = order(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"]);
        let expected = ["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"];
        assert_eq!(ordered, expected);
        assert_eq!(
            order(&["1.1.1.1:1", "2.2.2.2:1", "[::1]:1"]),
            ["1.1.1.1:1", "[::1]:1", "2.2.2.2:1"]
        );
    }

    #[test]
    fn doubles_are_tried_once_and_nothing_is_nothing() {
        assert_eq!(order(&["1.1.1.1:1", "1.1.1.1:1"]), ["1.1.1.1:1"]);
        assert!(order(&[]).is_empty());
    }
}
