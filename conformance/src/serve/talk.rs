//! floor 8: what a service says on one connection: echo (RFC 862), discard (RFC 863), daytime (RFC 867),
//! HTTP.

use super::http;

/// Which service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Says again what it hears.
    Echo,
    /// Says nothing.
    Discard,
    /// Says the time, and is done.
    Daytime,
    /// A small web server.
    Http,
}

impl Service {
    /// Every service with the port that it has by its standard, and whether datagrams reach it, too.
    pub const ALL: [(Self, u16, bool); 4] =
        [(Self::Echo, 7, true), (Self::Discard, 9, true), (Self::Daytime, 13, true), (Self::Http, 80, false)];

    /// What answers a datagram with these octets; `None` if nothing does.
    pub(super) fn answer(self, data: Vec<u8>, clock: &dyn Fn() -> String) -> Option<Vec<u8>> {
        match self {
            Self::Echo => Some(data),
            Self::Daytime => Some(clock().into_bytes()),
            Self::Discard | Self::Http => None,
        }
    }
}

/// One connection of a service: octets that were heard become octets to say.
#[derive(Debug)]
pub(super) enum Talk {
    /// The octets that were heard and not said yet; whether there will be more.
    Echo { heard: Vec<u8>, ended: bool },
    /// Whether there will be more.
    Discard { ended: bool },
    /// The time, until it is said.
    Daytime(Option<String>),
    /// The web server.
    Http(http::Server),
}

impl Talk {
    pub(super) fn new(service: Service, clock: &dyn Fn() -> String) -> Self {
        match service {
            Service::Echo => Self::Echo { heard: Vec::new(), ended: false },
            Service::Discard => Self::Discard { ended: false },
            Service::Daytime => Self::Daytime(Some(clock())),
            Service::Http => Self::Http(http::Server::default()),
        }
    }

    /// Octets came.
    pub(super) fn hear(&mut self, octets: &[u8]) {
        match self {
            Self::Echo { heard, .. } => heard.extend_from_slice(octets),
            Self::Discard { .. } | Self::Daytime(_) => {}
            Self::Http(server) => server.take(octets),
        }
    }

    /// The other end will send no more.
    pub(super) const fn end(&mut self) {
        match self {
            Self::Echo { ended, .. } | Self::Discard { ended } => *ended = true,
            Self::Daytime(_) => {}
            Self::Http(server) => server.end(),
        }
    }

    /// Whether it says something without hearing more.
    pub(super) const fn has_more(&self) -> bool {
        match self {
            Self::Echo { heard, .. } => !heard.is_empty(),
            Self::Discard { .. } => false,
            Self::Daytime(text) => text.is_some(),
            Self::Http(server) => !server.is_ready(),
        }
    }

    /// Whether it would hear more now.
    pub(super) const fn is_ready(&self) -> bool {
        match self {
            Self::Echo { heard, .. } => heard.is_empty(),
            Self::Discard { .. } | Self::Daytime(_) => true,
            Self::Http(server) => server.is_ready(),
        }
    }

    /// Says what there is to say, until `out` has about `max` octets.
    pub(super) fn say(&mut self, out: &mut Vec<u8>, max: usize) {
        match self {
            Self::Echo { heard, .. } if out.len() < max => out.append(heard),
            Self::Echo { .. } | Self::Discard { .. } => {}
            Self::Daytime(text) => out.extend(text.take().unwrap_or_default().into_bytes()),
            Self::Http(server) => server.say(out, max),
        }
    }

    /// Whether nothing will follow what was said.
    pub(super) const fn is_done(&self) -> bool {
        match self {
            Self::Echo { heard, ended } => *ended && heard.is_empty(),
            Self::Discard { ended } => *ended,
            Self::Daytime(text) => text.is_none(),
            Self::Http(server) => server.is_done(),
        }
    }
}
