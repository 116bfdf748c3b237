//! floor 4: a listener under a flood of SYNs answers without keeping anything (RFC 4987 section 3.6).

use super::call::Device;
use super::name::FourTuple;
use super::policy::SynCookies;
use super::table::{Net, Slot, Sockets};
use crate::base::{Ecn, Why};
use crate::tcp::{self, Tcb, cookie};
use crate::wire::tcp::Segment;

impl Sockets {
    /// Whether a listener without room for half-open connections is flooded: what fills it does not answer.
    pub(super) fn is_flooded(&mut self, slot: Slot) -> bool {
        match self.bounds.syn_cookies {
            SynCookies::Never => false,
            //= RFC4987-4-b
            SynCookies::UnderFlood => {
                let oldest = self.listener(slot).and_then(|listener| listener.oldest_half_open());
                oldest.is_some_and(|oldest| self.socket(oldest).connection().tcb.syn_was_resent())
            }
            SynCookies::WhenFull | SynCookies::Always => true,
        }
    }

    /// Answers a SYN with a cookie.
    pub(super) fn answer_with_cookie(
        &mut self,
        slot: Slot,
        tuple: &FourTuple,
        segment: &Segment<'_>,
        net: &mut Net<'_>,
    ) {
        let (options, family) = (self.socket(slot).options, self.socket(slot).family);
        let settings = self.settings_for(&options, tuple, net);
        let secret = tuple.cookie_secret(&self.key);
        let Some(remembered) = cookie::make(secret, net.now, segment, settings.mss_default_octets) else {
            net.out.discard(Why::SynQueueFull);
            return;
        };
        if let Some(listener) = self.listener(slot) {
            *listener.cookies_until() = Some(net.now + cookie::LIFETIME);
        }
        let offsets = tuple.offsets(&self.key);
        {
            let mut lane = self.departures.lane(tuple, net.out);
            let mut cx = tcp::Cx { choices: net.choices, out: &mut lane };
            Tcb::answer_with_cookie(&settings, offsets, net.now, remembered, &mut cx);
        }
        // Like any answer that is not remembered it is sent once and never missed.
        let _ = self.departures.flush(tuple, options.marks(family, tuple.remote.addr), net);
    }

    /// Whether `segment` acknowledges a cookie. Then its connection is there, as far as there is room.
    pub(super) fn cookie_comes_back(
        &mut self,
        slot: Slot,
        tuple: &FourTuple,
        segment: &Segment<'_>,
        device: Device,
        net: &mut Net<'_>,
    ) -> bool {
        let listener = self.listener(slot);
        let until = listener.and_then(|listener| *listener.cookies_until());
        if segment.flags.syn() || until.is_none_or(|until| until < net.now) {
            return false;
        }
        let secret = tuple.cookie_secret(&self.key);
        let Some(remembered) = cookie::check(secret, net.now, segment) else { return false };
        if let Err(why @ Why::AcceptQueueFull) = self.room_for_child(slot) {
            // A peer with data will send it again, and this acknowledgement with it.
            net.out.discard(why);
            return true;
        }
        let family = self.socket(slot).family;
        let options = self.options_of_child(slot, tuple, device);
        let settings = self.settings_for(&options, tuple, net);
        let offsets = tuple.offsets(&self.key);
        let tcb = {
            let mut lane = self.departures.lane(tuple, net.out);
            let mut cx = tcp::Cx { choices: net.choices, out: &mut lane };
            Tcb::accept_cookie(&settings, offsets, net.now, remembered, segment, &mut cx)
        };
        let child = self.insert_child(slot, tuple, family, options, tcb);
        self.act(child, net, |tcb, now, cx| tcb.arrives(now, segment, Ecn::NotEct, cx));
        true
    }
}
