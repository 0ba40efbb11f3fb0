//! What a reactor says that was built without the feature `uring`.
#![cfg(all(target_os = "linux", not(feature = "uring")))] // Run without default features.
#![allow(clippy::unwrap_used)] // A failed step fails its test.

use trill_reactor::op::Rename;
use trill_reactor::{NoRings, Reactor, Rings};

#[test]
fn a_reactor_without_the_feature_hands_operations_back_and_names_it() {
    let reactor = Reactor::builder().build().unwrap();
    let Rings::Off(NoRings::System(why)) = reactor.rings() else {
        panic!("rings without the feature: {}", reactor.rings());
    };
    assert!(why.contains("`uring`"), "{why}");
    assert!(reactor.submit(Rename::new(c"from", c"to")).is_err());
}
