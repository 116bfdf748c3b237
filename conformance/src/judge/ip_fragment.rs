//! floor 7: rules about fragments and identifications (RFC 791 section 3.2, RFC 6864 section 4, RFC 8200
//! section 4.5, RFC 5722, RFC 7112, RFC 8021).
//!
//! RFC1122-3.2.1.5-a: a permission, and one that was taken back; what repeats one datagram breaks nothing.
//! RFC1122-3.3.3-a: which destinations are far away, and what the host knows of the path, is not on the wire.
//! RFC1122-3.3.3-b: a permission. A datagram that was cut short instead breaks RFC768-Fields-a.
//! RFC4821-8-a: it binds who looks for the path MTU by the losses of larger packets, which does not show.
//! RFC6864-4.1-a: what a receiver takes an identification for shows in nothing that it sends.
//! RFC6864-4.1-b: a permission.
//! RFC6864-4.3-b: a source may set the flag on fragments of its own, and whoever clears it is not the source.
//! RFC7739-4-a: towards one destination a counter is allowed, and nothing shows whether there is one for all.

use super::assume::Assumption::{self, Captured, Genuine, Untouched};
use super::facts::pair::{PairPlace, Piece};
use super::kind::{Kind, On};
use super::packet::Net;
use super::plain::{Plain, absent};
use super::rule::{Opinion, Rule, Scene};
use crate::verdict::Reason;
use stack::wire::ipv6::HEADER_OCTETS;
use stack::wire::{icmpv6, tcp, udp};

/// What every claim about a header takes for granted.
const FORM: &[Assumption] = &[Captured, Untouched, Genuine];

/// Octets that an IP packet can have at the most, header not counted for IPv6.
const PACKET_OCTETS_MAX: usize = 65_535;

/// How long a datagram is surely on the way yet, in milliseconds: less than the 60 to 120 seconds of
/// RFC 8200 section 4.5 and RFC 6864 section 4.1.
const LIFETIME_MS: u32 = 30_000;

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-I5",
        about: "every fragment but the last is a multiple of eight octets",
        clauses: &["RFC791-3.2-frag-e", "RFC8200-4.5-d"],
        on: On::FRAGMENT,
        assumptions: FORM,
        judge: fragment_length,
        ..Rule::USUAL
    },
    Rule {
        id: "P-I6",
        about: "no fragment reaches past the longest packet",
        clauses: &["RFC791-3.2-frag-g"],
        on: On::FRAGMENT,
        assumptions: FORM,
        judge: fragment_end,
        ..Rule::USUAL
    },
    Rule {
        id: "P-I7",
        about: "a whole IPv6 packet has no fragment header",
        clauses: &["RFC8021-4-a"],
        on: On::UNSETTLED,
        assumptions: FORM,
        quiet: &[absent(&[Plain::HEADER]), absent(&[Plain::V6])],
        judge: atomic_fragment,
        ..Rule::USUAL
    },
    Rule {
        id: "P-I11",
        about: "datagrams that may be cut have identifications of their own",
        clauses: &["RFC6864-4.3-a", "RFC791-3.2-a"],
        on: On::UDP.and(On::ICMPV4).and(On::FRAGMENT).and(On::only(Kind::Other)),
        assumptions: FORM,
        judge: identification_v4,
        ..Rule::USUAL
    },
    Rule {
        id: "P-I12",
        about: "fragments of an IPv6 packet do not overlap",
        clauses: &["RFC5722-4-a", "RFC8200-4.5-c"],
        on: On::FRAGMENT,
        assumptions: FORM,
        judge: overlap,
        ..Rule::USUAL
    },
    Rule {
        id: "P-I13",
        about: "fragmented IPv6 packets have identifications of their own",
        clauses: &["RFC8200-4.5-a"],
        on: On::FRAGMENT,
        assumptions: FORM,
        judge: identification_v6,
        ..Rule::USUAL
    },
    Rule {
        id: "P-I14",
        about: "the first fragment of an IPv6 packet has all of its headers",
        clauses: &["RFC7112-5-a", "RFC8200-4.5-b"],
        // Without its headers nothing shows what it carries.
        on: On::FRAGMENT.and(On::only(Kind::Other)),
        assumptions: FORM,
        judge: header_chain,
        ..Rule::USUAL
    },
];

/// Offset, whether more follow, and length of a fragment's data in octets, by its headers.
fn fragment(scene: &Scene<'_>) -> Option<(usize, bool, usize)> {
    match &scene.packet.net {
        Net::V4(view) => {
            let (offset, more) = (usize::from(view.fragment_offset_octets()), view.more_fragments());
            let len = usize::from(view.total_len_octets()).checked_sub(4 * usize::from(view.ihl()))?;
            (more || offset != 0).then_some((offset, more, len))
        }
        Net::V6(view, Some(header)) if !header.is_whole() => {
            let at = view.extensions().upper().ok()?.offset;
            let total = HEADER_OCTETS + usize::from(view.payload_len_octets());
            let len = total.checked_sub(at)?;
            Some((usize::from(header.offset_octets), header.more, len))
        }
        Net::V6(..) | Net::Arp(_) => None,
    }
}

fn fragment_length(scene: &Scene<'_>) -> Opinion {
    let Some((_, true, len)) = fragment(scene) else { return Opinion::Absent };
    let clause = if scene.packet.src.is_ipv4() { "RFC791-3.2-frag-e" } else { "RFC8200-4.5-d" };
    Opinion::unless(!len.is_multiple_of(8), clause, || {
        (format!("{len} octets in a fragment with more to follow"), "a multiple of 8".into())
    })
}

fn fragment_end(scene: &Scene<'_>) -> Opinion {
    let (Some((offset, _, len)), Net::V4(view)) = (fragment(scene), &scene.packet.net) else {
        return Opinion::Absent;
    };
    let most = PACKET_OCTETS_MAX - 4 * usize::from(view.ihl());
    Opinion::unless(offset + len > most, "RFC791-3.2-frag-g", || {
        (format!("a fragment up to octet {}", offset + len), format!("at most {most}"))
    })
}

fn atomic_fragment(scene: &Scene<'_>) -> Opinion {
    let Net::V6(_, Some(header)) = &scene.packet.net else { return Opinion::Absent };
    Opinion::unless(header.is_whole(), "RFC8021-4-a", || {
        ("a fragment header on a whole packet".into(), "no fragment header".into())
    })
}

/// The piece at hand, and those before it that have its identification, are of the same source by their hop
/// limit, and were sent while any of them may have been on the way.
fn earlier<'a>(scene: &Scene<'a>) -> Option<(Piece, impl Iterator<Item = &'a Piece>)> {
    let piece = Piece::of(scene.packet)?;
    let place: PairPlace<'a> = scene.pair?;
    let same = move |other: &&Piece| {
        other.id == piece.id
            && other.protocol == piece.protocol
            && other.hops == piece.hops
            && piece.at_ms.wrapping_sub(other.at_ms) <= LIFETIME_MS
    };
    Some((piece, place.own().pieces.iter().filter(same)))
}

/// Whether two pieces are of two datagrams: they begin at the same octet and are not the same.
fn are_of_two(piece: &Piece, other: &Piece) -> bool {
    other.begin_octets == piece.begin_octets
        && (other.end_octets, other.digest) != (piece.end_octets, piece.digest)
}

/// Two hosts behind one address may by chance take the same identification; three datagrams that have it are
/// of one that does not change it. If no packet has another, who wrote the capture may have written the
/// field.
fn identification_v4(scene: &Scene<'_>) -> Opinion {
    let Some((piece, earlier)) = earlier(scene).filter(|_| scene.packet.src.is_ipv4()) else {
        return Opinion::Absent;
    };
    let mut digests = [piece.digest, 0, 0];
    let mut others = 0;
    let mut cut = piece.is_fragment;
    for other in earlier.filter(|other| are_of_two(&piece, other)) {
        if others < 2 && !digests[..=others].contains(&other.digest) {
            others += 1;
            digests[others] = other.digest;
            cut |= other.is_fragment;
        }
    }
    let clause = if cut { "RFC791-3.2-a" } else { "RFC6864-4.3-a" };
    Opinion::unless(others > 0, clause, || {
        (
            format!("identification {} again for another datagram", piece.id),
            "one that was not used within the last 30 s".into(),
        )
    })
    .doubting((others < 2).then_some(Reason::SharedAddress))
    .doubting(never_differs(scene, &piece).then_some(Reason::Overwritten))
}

/// Whether all that is remembered of the sender has one identification.
fn never_differs(scene: &Scene<'_>, piece: &Piece) -> bool {
    scene.pair.is_none_or(|place| place.own().pieces.iter().all(|other| other.id == piece.id))
}

fn identification_v6(scene: &Scene<'_>) -> Opinion {
    let Some((piece, mut earlier)) = earlier(scene).filter(|_| scene.packet.src.is_ipv6()) else {
        return Opinion::Absent;
    };
    let broken = piece.begin_octets == 0 && earlier.any(|other| are_of_two(&piece, other));
    Opinion::unless(broken, "RFC8200-4.5-a", || {
        (
            format!("identification {:#x} again for another packet", piece.id),
            "one that was not used within the last 30 s".into(),
        )
    })
}

/// First fragments that differ are of two packets, which is what [`identification_v6`] judges.
fn overlap(scene: &Scene<'_>) -> Opinion {
    let Some((piece, mut earlier)) = earlier(scene).filter(|_| scene.packet.src.is_ipv6()) else {
        return Opinion::Absent;
    };
    let overlapped = earlier.find(|other| {
        let same = (other.begin_octets, other.end_octets, other.digest)
            == (piece.begin_octets, piece.end_octets, piece.digest);
        let both_first = other.begin_octets == 0 && piece.begin_octets == 0;
        let overlaps = other.begin_octets < piece.end_octets && piece.begin_octets < other.end_octets;
        overlaps && !same && !both_first
    });
    let first = overlapped.is_some_and(|other| other.begin_octets == 0) || piece.begin_octets == 0;
    let clause = if first { "RFC5722-4-a" } else { "RFC8200-4.5-c" };
    Opinion::unless(overlapped.is_some(), clause, || {
        let other = overlapped.map_or((0, 0), |other| (other.begin_octets, other.end_octets));
        (
            format!(
                "octets {} to {} of packet {:#x}, and {} to {} before",
                piece.begin_octets, piece.end_octets, piece.id, other.0, other.1
            ),
            "every octet once".into(),
        )
    })
}

/// Octets of the header that a packet of this protocol begins with, as far as it is known here.
const fn upper_header_octets(protocol: u8) -> Option<usize> {
    match protocol {
        tcp::PROTOCOL => Some(tcp::MIN_HEADER_OCTETS),
        udp::PROTOCOL => Some(udp::HEADER_OCTETS),
        icmpv6::PROTOCOL => Some(icmpv6::HEADER_OCTETS),
        _ => None,
    }
}

fn header_chain(scene: &Scene<'_>) -> Opinion {
    let Net::V6(view, Some(header)) = &scene.packet.net else { return Opinion::Absent };
    if header.offset_octets != 0 || !header.more {
        return Opinion::Absent;
    }
    let whole = view.stop().is_none();
    match view.extensions().upper() {
        Err(_) if !whole => Opinion::Cut,
        Err(stop) => Opinion::unless(true, "RFC7112-5-a", || {
            (
                format!(
                    "the first fragment ends {} octets into an extension header of {}",
                    stop.have, stop.need
                ),
                "all headers in it".into(),
            )
        }),
        Ok(upper) => {
            let Some(need) = upper_header_octets(upper.protocol) else { return Opinion::Absent };
            let have = upper.payload.len();
            if have < need && !whole {
                return Opinion::Cut;
            }
            Opinion::unless(have < need, "RFC8200-4.5-b", || {
                (
                    format!("{have} octets of protocol {} in the first fragment", upper.protocol),
                    format!("at least its header of {need}"),
                )
            })
        }
    }
}
