//! The harness shared by the tests of this package.
