//! floor 3: congestion control (RFC 5681, RFC 6582). Empty for now: flight is bounded by the peer's window
//! alone. Slow start, congestion avoidance, fast retransmit and fast recovery come here.
//!
//! RFC9293-MUST-19: not yet; of congestion control only the exponential back-off of the timer is there.
//! RFC9293-SHLD-8: explicit congestion notification belongs to it.
