//! floor 3: tests of whole connections, and the rig that the tests of the steps use too.

mod hostile;
mod pair;
pub(super) mod rig;
mod timing;
mod transfer;
mod transitions;
