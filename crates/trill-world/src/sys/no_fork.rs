//! No process is made by `fork` here.

/// See the module `sys`.
pub(crate) fn at_fork(_before: extern "C" fn(), _after: extern "C" fn(), _child: extern "C" fn()) {}
