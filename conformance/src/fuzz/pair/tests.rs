//! The properties of pairs can be broken.
