//! floor 7: what is plain about a segment. Nearly every segment of an open connection is like the one before,
//! and rules say beforehand what they say of such ones ([`Quiet`]): they need not be asked about them.
//!
//! Each of these facts is looked at once for all rules. That no rule says otherwise of a segment than what it
//! said beforehand, is compared whenever its unit tests run.

use super::assume::Vantage;
use super::checksum::{Field, Kind as Sum};
use super::connection::Place;
use super::facts::ack::{Count, LATE_US};
use super::facts::sent::Sent;
use super::facts::turn::{Turn, is_after};
use super::ip;
use super::packet::{Net, Packet, Segment};
use super::rule::Scene;
use super::tcp_congestion::{self, Flight};
use super::tcp_send::TAKEN_AT_ITS_WORD;
use super::tcp_timestamp;
use stack::wire::ethernet::EtherType;
use stack::wire::ipv6_extension::is_extension;
use stack::wire::tcp::{Flags, MIN_HEADER_OCTETS};

/// A set of plain facts about one segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Plain(u64);

impl Plain {
    /// Nothing is plain.
    pub const NONE: Self = Self(0);

    /// Both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of these are in the set.
    pub const fn has(self, all: Self) -> bool {
        self.0 & all.0 == all.0
    }

    /// As a number below 1 << [`Plain::COUNT`].
    pub const fn number(self) -> u64 {
        self.0
    }

    /// Adds these on a condition.
    const fn put(&mut self, what: Self, on: bool) {
        self.0 |= if on { what.0 } else { 0 };
    }
}

macro_rules! facts {
    ($($name:ident $text:literal)*) => {
        #[derive(Clone, Copy)]
        #[allow(clippy::upper_case_acronyms, non_camel_case_types, reason = "they number the constants")]
        enum Fact { $($name,)* Count }

        /// What may be plain.
        impl Plain {
            $(#[doc = concat!($text, ".")] pub const $name: Self = Self(1 << Fact::$name as u32);)*
            /// How many there are.
            pub const COUNT: u32 = Fact::Count as u32;
        }
    };
}

facts! {
    HEAD "The data offset fits, reserved bits are clear, and the control bits make sense together"
    STAMPED "All of the header was captured, and its options are timestamps behind two fillers alone"
    BARE "All of the header was captured, and it has no options"
    OPTIONS_RIGHT "All of the header was captured; its options have lengths of their kinds, and zeros behind"
    FORM "All of the header was captured, and its options are timestamps behind two fillers alone, or none"
    SUMMED "Its checksum is right"
    UNMARKED "The two bits of explicit congestion notification are clear"
    V6 "It is IPv6 without extension headers"
    HEADER "It is IPv4, the header has no options, and its numbers and its checksum are right"
    DF "It is IPv4 and must not be fragmented on the way"
    ADDRESSES "Both addresses may be those of one host"
    UNPADDED "Nothing is behind the packet in its frame, or there is no frame"
    UNFRAMED "There is no frame of Ethernet, or it is IPv6"
    FRAME "It is IPv4 from one station to another in an ordinary frame of Ethernet"
    UNSAID "Nobody said where the tap is"
    KNOWN "The handshake is known"
    UNKNOWN "It is not"
    STAMPS_AGREED "The handshake is known, and all SYNs had timestamps"
    STAMPS_REFUSED "The handshake is known, and one side had none"
    TAKES_SACK "The other side permits selective acknowledgements"
    NO_ECN "No SYN asked for explicit congestion notification"
    BEHIND_SYN "It acknowledges the only SYN of the other side"
    PEER_ACKED "The other side acknowledged something, and nothing that it was not seen to have got"
    ACK_FIRST "Its sender has not acknowledged anything before"
    ACK_SAME "It acknowledges what was acknowledged before"
    ACK_NEW "It acknowledges more than what was acknowledged before"
    PROMPT "What it acknowledges was seen, and nothing that it may acknowledge waits for half a second"
    NOT_OWED "Nothing waits for an acknowledgement"
    FEW_FULL "Less than two full-sized segments wait for an acknowledgement"
    PEER_INTACT "Nothing of the other side was seen damaged alone"
    NOT_REPORTING "The latest report of its sender had no blocks of octets beyond a hole"
    NO_FIN "Its sender has not ended what it sends"
    SPEAKS "Its sender has not aborted the connection, and sent more than resets"
    NOT_PROBING "Its sender does not probe a closed window"
    NOT_LAST "It does not begin at the last number that its sender has sent"
    NOT_REPEATED "Its limits are not those of the segments that its sender may repeat"
    NOT_EXPIRED "Its sender is not seen to wait for a timer"
    NOT_URGENT "It has no urgent data"
    FLOWING "It has ACK, and neither SYN nor RST"
    NO_DATA "It has no data"
    DATA "It has data"
    SHORT "Its data and options take no more octets than any host takes"
    FOLLOWS "It has data, follows the latest segment, and nothing waits for an acknowledgement"
    NO_FLIGHT "It is no new data in flight whose size can be known"
    LATER_FLIGHT "It is new data in flight, and some data was acknowledged"
    SMALL_FLIGHT "It is new data in flight, and no more than is always allowed"
    IN_WINDOW "It is new data inside of the window"
    WINDOW_OPENED "Not only SYNs offered a window to its sender"
    NOT_SHRUNK "The window towards its sender did not shrink"
    STAMP_ON "Its timestamp does not go back"
    ECHO_ON "Its echo does not go back"
    CLOCK "Its timestamp is not further from the first than any clock goes in ten seconds"
    YOUNG "The connection is younger than the time in which a clock has to move"
    ECHO_SENT "The handshake is known, and its echo is between what the other side sent"
    ECHO_ALLOWED "In addition it is no later than what was acknowledged then"
    PEER_ECHOED "The other side echoed something, and nothing that was not seen"
}

/// What a rule says, without being asked, of a segment about which all of this is plain.
#[derive(Clone, Copy, Debug)]
pub struct Quiet {
    /// All of this is plain.
    pub(super) when: Plain,
    /// It is kept; the situation that it is about does not occur otherwise.
    pub(super) holds: bool,
}

/// With all of this plain, the rule is kept.
pub const fn holds(when: &[Plain]) -> Quiet {
    Quiet { when: all(when), holds: true }
}

/// With all of this plain, the situation that the rule is about does not occur.
pub const fn absent(when: &[Plain]) -> Quiet {
    Quiet { when: all(when), holds: false }
}

const fn all(mut facts: &[Plain]) -> Plain {
    let mut all = Plain::NONE;
    while let [first, rest @ ..] = facts {
        all = all.and(*first);
        facts = rest;
    }
    all
}

/// What is plain about the packet of a scene. Of what is no segment nothing is.
pub(super) fn of(scene: &Scene<'_>) -> Plain {
    let (Some(turn), Some(segment)) = (scene.turn, scene.segment()) else { return Plain::NONE };
    let mut plain = Plain::NONE;
    of_segment(&mut plain, segment, turn);
    of_packet(&mut plain, scene);
    if let Some(place) = scene.place {
        of_agreement(&mut plain, &place, turn);
        of_acknowledgement(&mut plain, &place, turn);
        of_sending(&mut plain, &place, turn);
        let again = scene.sum_before.is_some() || place.own().sent.may_be_repeated_by(turn);
        plain.put(Plain::NOT_REPEATED, !again);
        if turn.data_octets > 0 {
            of_data(&mut plain, &place, turn);
        }
        of_stamps(&mut plain, &place, turn);
    }
    plain
}

fn of_segment(plain: &mut Plain, segment: &Segment<'_>, turn: &Turn<'_>) {
    let offset = segment.view.data_offset_octets();
    let fits = offset >= MIN_HEADER_OCTETS && offset <= segment.extent.len_octets;
    let mixed = turn.flags.intersects(Flags::FIN | Flags::RST);
    let sense = if turn.flags.syn() { !mixed } else { turn.flags.intersects(Flags::ACK | Flags::RST) };
    plain.put(Plain::HEAD, fits && sense && segment.view.reserved() == 0);
    let stamped = fits && segment.header_whole && segment.only_stamped;
    plain.put(Plain::OPTIONS_RIGHT, fits && segment.header_whole && segment.options_right);
    let bare = segment.header_whole && offset == MIN_HEADER_OCTETS;
    plain.put(Plain::STAMPED, stamped);
    plain.put(Plain::BARE, bare && fits);
    plain.put(Plain::FORM, stamped || (bare && fits));
    plain.put(Plain::FLOWING, turn.ack.is_some() && !turn.flags.intersects(Flags::SYN | Flags::RST));
    plain.put(Plain::UNMARKED, turn.ecn == 0);
    plain.put(Plain::NO_DATA, turn.data_octets == 0);
    plain.put(Plain::DATA, turn.data_octets > 0);
}

fn of_packet(plain: &mut Plain, scene: &Scene<'_>) {
    let packet = scene.packet;
    plain.put(Plain::SUMMED, scene.upper_field == Some((Sum::Tcp, Field::Right)));
    plain.put(Plain::UNSAID, scene.calibration.vantage == Vantage::Anywhere);
    plain.put(Plain::ADDRESSES, ip::are_of_hosts(packet));
    match &packet.net {
        Net::V4(view) => {
            let total = u32::from(view.total_len_octets());
            let right = scene.header_field == Some(Field::Right) && view.ihl() == 5;
            let sense = view.ttl() != 0 && !view.reserved_flag() && total >= 20;
            plain.put(Plain::HEADER, right && sense);
            plain.put(Plain::DF, view.dont_fragment());
            of_frame(plain, packet, total);
        }
        Net::V6(view, None) => {
            plain.put(Plain::V6, !is_extension(view.next_header()));
            plain.put(Plain::UNPADDED, true);
            plain.put(Plain::UNFRAMED, true);
        }
        Net::V6(_, Some(_)) | Net::Arp(_) => (),
    }
}

/// The frame of an IPv4 packet with so many octets.
fn of_frame(plain: &mut Plain, packet: &Packet<'_>, total_octets: u32) {
    let sighting = &packet.sighting;
    let Some(link) = &sighting.link else {
        plain.put(Plain::UNPADDED.and(Plain::UNFRAMED), true);
        return;
    };
    let usual = sighting.ethertype == EtherType::IPV4;
    plain.put(Plain::UNPADDED, usual && total_octets >= sighting.wire_len);
    plain.put(Plain::FRAME, usual && !link.is_snap && !link.dst.is_group() && ip::is_one_host(packet.dst));
}

fn of_agreement(plain: &mut Plain, place: &Place<'_>, turn: &Turn<'_>) {
    let agreement = place.connection.agreement;
    let known = agreement.is_handshake_known();
    plain.put(Plain::KNOWN, known);
    plain.put(Plain::UNKNOWN, !known);
    plain.put(Plain::STAMPS_AGREED, known && agreement.has_stamps());
    plain.put(Plain::STAMPS_REFUSED, known && agreement.has_no_stamps());
    plain.put(Plain::TAKES_SACK, agreement.takes_sack(1 - place.side));
    plain.put(Plain::NO_ECN, !agreement.is_ecn_asked());
    let opening = place.peer().openings.only();
    plain.put(
        Plain::BEHIND_SYN,
        opening.zip(turn.ack).is_some_and(|(opening, ack)| is_after(ack, opening.isn)),
    );
}

fn of_acknowledgement(plain: &mut Plain, place: &Place<'_>, turn: &Turn<'_>) {
    let (own, peer) = (place.own(), place.peer());
    plain.put(Plain::PEER_ACKED, peer.ack.unsent().is_none() && peer.numbers.highest_ack().is_some());
    if let Some(ack) = turn.ack {
        let before = own.numbers.highest_ack();
        let more = before.is_some_and(|before| is_after(ack, before));
        plain.put(Plain::ACK_FIRST, before.is_none());
        plain.put(Plain::ACK_SAME, before == Some(ack));
        plain.put(Plain::ACK_NEW, more);
        let waited_us = own.ack.waiting_us(turn.us());
        let prompt = waited_us.is_some_and(|us| us <= LATE_US);
        plain.put(Plain::PROMPT, prompt && !own.ack.is_blind(ack));
        plain.put(Plain::NOT_OWED, waited_us.is_none());
    }
    plain.put(Plain::FEW_FULL, own.ack.count(Count::Full) < 2);
    plain.put(Plain::PEER_INTACT, peer.damage.is_none());
    plain.put(Plain::NOT_REPORTING, !own.sack.is_reporting());
}

fn of_sending(plain: &mut Plain, place: &Place<'_>, turn: &Turn<'_>) {
    let own = place.own();
    plain.put(Plain::NO_FIN, own.close.fin().is_none());
    plain.put(Plain::SPEAKS, own.close.speaks() && own.close.aborted_us(0).is_none());
    plain.put(Plain::NOT_PROBING, !own.timer.is_probing());
    plain.put(Plain::NOT_LAST, own.numbers.highest() != Some(turn.seq.wrapping_add(1)));
    plain.put(Plain::NOT_EXPIRED, !own.timer.has_expired());
    plain.put(Plain::NOT_URGENT, !turn.flags.contains(Flags::URG));
    plain.put(Plain::WINDOW_OPENED, !place.peer().window.is_only_of_syn());
    plain.put(Plain::NOT_SHRUNK, !place.peer().window.has_shrunk());
}

fn of_data(plain: &mut Plain, place: &Place<'_>, turn: &Turn<'_>) {
    let (own, peer) = (place.own(), place.peer());
    let options = turn.segment.view.data_offset_octets() - MIN_HEADER_OCTETS;
    let ip_is_bare = plain.has(Plain::HEADER) || plain.has(Plain::V6);
    let octets = turn.data_octets.saturating_add(options as u32);
    plain.put(Plain::SHORT, plain.has(Plain::HEAD) && ip_is_bare && octets <= TAKEN_AT_ITS_WORD);
    let highest = own.numbers.highest();
    let (latest, taken): (&Sent, _) = (&own.sent, place.taken());
    let follows = highest == Some(turn.seq) && latest.latest.end() == turn.seq && !turn.flags.fin();
    plain.put(Plain::FOLLOWS, follows && taken.is_some_and(|ack| !is_after(turn.seq, ack)));
    match tcp_congestion::flight_of(turn, place) {
        None => plain.put(Plain::NO_FLIGHT, true),
        Some(flight @ Flight { taken, .. }) => {
            plain.put(Plain::LATER_FLIGHT, taken > 0);
            plain.put(Plain::SMALL_FLIGHT, flight.is_surely_allowed());
        }
    }
    let new = highest.is_some_and(|highest| is_after(turn.text_end, highest));
    let inside = peer.window.edge().is_some_and(|edge| !is_after(turn.text_end, edge));
    plain.put(Plain::IN_WINDOW, new && inside && !peer.numbers.acknowledged_unseen());
}

fn of_stamps(plain: &mut Plain, place: &Place<'_>, turn: &Turn<'_>) {
    let young = turn.at.since(place.connection.first).as_nanos() < tcp_timestamp::STANDING_US * 1_000;
    plain.put(Plain::YOUNG, young);
    let Some(stamps) = turn.stamps() else { return };
    let (own, peer) = (&place.own().stamps, &place.peer().stamps);
    let slack = tcp_timestamp::slack(own);
    let behind = stamps.value.wrapping_add(slack);
    plain.put(Plain::STAMP_ON, own.highest().is_some_and(|before| !is_after(before, behind)));
    plain.put(Plain::ECHO_ON, own.echo().is_some_and(|before| !is_after(before, stamps.echo)));
    let ticks = own.lowest().filter(|lowest| *lowest != 0).map(|lowest| stamps.value.wrapping_sub(lowest));
    plain.put(
        Plain::CLOCK,
        ticks.is_some_and(|ticks| u64::from(ticks) <= tcp_timestamp::SURELY_ALLOWED_TICKS),
    );
    plain.put(Plain::PEER_ECHOED, peer.ahead().is_none() && peer.echo().is_some());
    let sent = |(lowest, highest)| !is_after(lowest, stamps.echo) && !is_after(stamps.echo, highest);
    let sent = plain.has(Plain::KNOWN) && peer.lowest().zip(peer.highest()).is_some_and(sent);
    let allowed = own.allowed().is_some_and(|allowed| !is_after(stamps.echo, allowed));
    plain.put(Plain::ECHO_SENT, sent);
    plain.put(Plain::ECHO_ALLOWED, sent && allowed);
}
