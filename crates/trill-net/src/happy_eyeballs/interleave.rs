//! In which order addresses are tried.

use std::net::SocketAddr;

/// Orders addresses so that the families take turns, beginning with the family of the first one.
///
/// Within a family the order stays: whoever looked the name up has put what it prefers first. Doubles are left out.
pub(super) fn interleave(addresses: impl IntoIterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut all = Vec::new();
    for address in addresses {
        if !all.contains(&address) {
            all.push(address);
        }
    }
    take_turns(&mut all);
    all
}

fn take_turns(all: &mut [SocketAddr]) {
    for at in 1..all.len() {
        // Whichever family has its turn; if it has no more, the rest of the other stays as it is.
        let was_v6 = all[at - 1].is_ipv6();
        let next = (at..all.len()).find(|next| all[*next].is_ipv6() != was_v6);
        if let Some(next) = next {
            all[at..=next].rotate_right(1);
        }
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
