//! floor 2: IP as a whole.
