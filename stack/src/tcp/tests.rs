//! floor 3: tests of whole connections, and the rig that the tests of the steps use too.

mod calls;
mod clauses;
mod congestion;
mod edges;
mod hostile;
mod losses;
mod pair;
mod recovery;
pub(super) mod rig;
mod sweep;
mod timing;
mod transfer;
mod transitions;
