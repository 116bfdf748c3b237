//! floor 3: congestion control (RFC 5681, RFC 6582). Empty for now: flight is bounded by the peer's window
//! alone. Slow start, congestion avoidance, fast retransmit and fast recovery come here.
