//! floor 4: what a host bounds, and when it defends itself (RFC 4987, RFC 9293 section 3.10.1).

/// When SYNs are answered with cookies (RFC 4987 section 3.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SynCookies {
    /// Never: a SYN that finds no room is dropped.
    Never,
    /// While there is no room, and what fills it has not answered for a whole retransmission timeout: that
    /// is a flood and no crowd.
    #[default]
    UnderFlood,
    /// Always.
    Always,
}

/// Bounds of what strangers can make a host keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// SYN cookies.
    pub syn_cookies: SynCookies,
    /// Connections in TIME-WAIT that no application has open. One more goes without.
    pub time_wait_max: usize,
    /// Other connections that no application has open any more, because it closed them before they ended. One
    /// more is reset.
    pub orphans_max: usize,
}

impl Default for Policy {
    /// Room for what a busy server leaves behind: 65,536 connections in TIME-WAIT, a thousand new ones a
    /// second, and 8,192 orphans. Linux computes numbers of this size from its memory.
    fn default() -> Self {
        Self { syn_cookies: SynCookies::default(), time_wait_max: 65_536, orphans_max: 8_192 }
    }
}
