//! floor 1: exact lines, and the law that no input panics.
