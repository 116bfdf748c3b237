//! floor 7: rules about single segments (RFC 9293 section 3.1, RFC 7323 sections 2 and 3, RFC 2018 section 2,
//! RFC 3168 section 6.1). They need nothing but the segment, from whatever tap.
//!
//! Left out: P-A13 (a reset and no ICMP message for a closed TCP port: packet filters answer with either).
//! Of P-A10 what needs to know a retransmission or a window probe, until those are recognised.
//!
//! RFC7323-A-a: a recommended layout; any other is as good.
//! RFC5482-3-c: whether the first segment after the SYN was lost before the tap is not to be seen, and the
//! option tells what the program wants, which may change.

use super::assume::Assumption::{self, Captured, Genuine, NoOffload, Untouched};
use super::checksum::{Field, Kind};
use super::kind::On;
use super::packet::{Net, Segment};
use super::plain::{Plain, absent, holds};
use super::rule::{Opinion, Rule, Scene};
use crate::verdict::{Outcome, Reason};
use stack::wire::tcp::{Flags, MIN_HEADER_OCTETS};
use stack::wire::tcp_option::{FIXED_LENGTHS, TcpOption};

/// What every claim about the form of a segment takes for granted.
const FORM: &[Assumption] = &[Captured, Untouched, Genuine];

const MAX_SEGMENT: u8 = 2;
const WINDOW_SCALE: u8 = 3;
const SACK_PERMITTED: u8 = 4;
const SACK: u8 = 5;
const TIMESTAMPS: u8 = 8;

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "P-A1",
        about: "reserved bits of the TCP header are zero",
        clauses: &["RFC9293-3.1-a"],
        on: On::TCP,
        assumptions: FORM,
        quiet: &[holds(&[Plain::HEAD])],
        judge: reserved_bits,
        ..Rule::USUAL
    },
    Rule {
        id: "P-A2",
        about: "the data offset lies between 5 words and the segment size",
        clauses: &["RFC9293-3.1-c"],
        on: On::TCP,
        assumptions: FORM,
        quiet: &[holds(&[Plain::HEAD])],
        judge: data_offset,
        ..Rule::USUAL
    },
    Rule {
        id: "P-A3",
        about: "TCP options have a length that makes sense, and padding is zero",
        clauses: &["RFC9293-MUST-68", "RFC9293-MUST-69"],
        on: On::TCP,
        assumptions: FORM,
        quiet: &[holds(&[Plain::OPTIONS_RIGHT]), absent(&[Plain::BARE])],
        judge: option_walk,
        ..Rule::USUAL
    },
    Rule {
        id: "P-A4",
        about: "options of the opening appear only with SYN",
        clauses: &["RFC9293-MUST-65", "RFC2018-2-a"],
        on: On::TCP,
        assumptions: FORM,
        quiet: &[holds(&[Plain::STAMPED, Plain::FLOWING]), absent(&[Plain::BARE])],
        judge: options_of_the_opening,
        ..Rule::USUAL
    },
    Rule {
        id: "P-A5",
        about: "the window scale is at most 14",
        clauses: &["RFC7323-2.3-e"],
        on: On::OPENING,
        assumptions: FORM,
        judge: window_scale,
        ..Rule::USUAL
    },
    Rule {
        id: "P-A6",
        about: "options have the length of their kind",
        clauses: &["RFC9293-3.2-a", "RFC7323-2.2-f", "RFC2018-2-b", "RFC7323-3.2-j"],
        on: On::TCP,
        assumptions: FORM,
        quiet: &[holds(&[Plain::OPTIONS_RIGHT]), absent(&[Plain::BARE])],
        judge: option_lengths,
        ..Rule::USUAL
    },
    Rule {
        id: "P-A7",
        about: "the TCP checksum is right",
        clauses: &["RFC9293-MUST-2"],
        on: On::TCP,
        assumptions: &[Captured, Untouched, NoOffload, Genuine],
        quiet: &[holds(&[Plain::SUMMED])],
        judge: checksum,
        ..Rule::USUAL
    },
    Rule {
        id: "P-A8",
        about: "the timestamp echo of a SYN without ACK is zero",
        clauses: &["RFC7323-3.2-a"],
        on: On::SYN,
        assumptions: FORM,
        judge: echo_of_a_syn,
        ..Rule::USUAL
    },
    Rule {
        id: "P-A9",
        about: "control bits make sense together",
        clauses: &["RFC9293-3.1-g", "RFC9293-3.1-e"],
        on: On::TCP,
        assumptions: FORM,
        quiet: &[holds(&[Plain::HEAD])],
        judge: control_bits,
        ..Rule::USUAL
    },
    Rule {
        id: "P-A10",
        about: "SYNs and bare acknowledgements are not ECN-capable",
        clauses: &["RFC3168-6.1.1-b", "RFC3168-6.1.4-a"],
        on: On::OPENING.and(On::EMPTY),
        assumptions: FORM,
        // DCTCP and the experiments that RFC 8311 allows mark them, and routers rewrite the octet.
        ceiling: Outcome::Deviates,
        quiet: &[holds(&[Plain::UNMARKED])],
        judge: ecn_capable_control,
        ..Rule::USUAL
    },
    Rule {
        id: "P-A14",
        about: "with timestamps in use, packets must not be fragmented on the way",
        clauses: &["RFC7323-5.7-a"],
        on: On::TCP,
        assumptions: FORM,
        // Path MTU discovery can be switched off, and tunnels clear the flag.
        ceiling: Outcome::Note,
        quiet: &[
            holds(&[Plain::STAMPED, Plain::DF, Plain::FLOWING]),
            absent(&[Plain::BARE]),
            absent(&[Plain::V6]),
        ],
        judge: dont_fragment,
        ..Rule::USUAL
    },
];

fn reserved_bits(scene: &Scene<'_>) -> Opinion {
    // The bit that ECN nonces had and accurate ECN has is not among them.
    let Some(segment) = scene.segment() else { return Opinion::Absent };
    let reserved = segment.view.reserved();
    Opinion::unless(reserved != 0, "RFC9293-3.1-a", || {
        (format!("reserved bits {reserved:03b}"), "000".into())
    })
}

fn data_offset(scene: &Scene<'_>) -> Opinion {
    let Some(segment) = scene.segment() else { return Opinion::Absent };
    let offset = segment.view.data_offset_octets();
    let most = segment.extent.len_octets;
    Opinion::unless(offset < MIN_HEADER_OCTETS || offset > most, "RFC9293-3.1-c", || {
        (format!("data offset of {offset} octets"), format!("{MIN_HEADER_OCTETS} to {most} octets"))
    })
}

/// The segment, if its options were captured; what to answer otherwise.
fn with_options<'a>(scene: &Scene<'a>) -> Result<&'a Segment<'a>, Opinion> {
    let Some(segment) = scene.segment() else { return Err(Opinion::Absent) };
    if segment.data_octets().is_none() || segment.view.data_offset_octets() == MIN_HEADER_OCTETS {
        return Err(Opinion::Absent);
    }
    if segment.header_whole { Ok(segment) } else { Err(Opinion::Cut) }
}

fn option_walk(scene: &Scene<'_>) -> Opinion {
    let segment = match with_options(scene) {
        Ok(segment) => segment,
        Err(opinion) => return opinion,
    };
    if segment.only_stamped {
        return Opinion::Holds;
    }
    let mut walk = segment.view.options();
    let stop = walk.by_ref().find_map(Result::err);
    if let Some(stop) = stop {
        return Opinion::unless(true, "RFC9293-MUST-68", || (stop.to_string(), "a length that fits".into()));
    }
    let padding = walk.rest();
    Opinion::unless(padding.iter().any(|octet| *octet != 0), "RFC9293-MUST-69", || {
        (format!("octets {padding:02x?} behind the end of the option list"), "zeros".into())
    })
}

fn options_of_the_opening(scene: &Scene<'_>) -> Opinion {
    let segment = match with_options(scene) {
        Ok(segment) => segment,
        Err(opinion) => return opinion,
    };
    if segment.view.flags().syn() {
        return Opinion::Absent;
    }
    let flags = segment.view.flags();
    let misplaced = [(MAX_SEGMENT, "RFC9293-MUST-65", "mss"), (SACK_PERMITTED, "RFC2018-2-a", "sackOK")];
    let found = misplaced.into_iter().find(|(kind, _, _)| segment.has_option(*kind));
    match found {
        Some((_, clause, name)) => {
            Opinion::unless(true, clause, || (format!("{name} on {flags}"), "only with SYN".into()))
        }
        None => Opinion::Holds,
    }
}

fn window_scale(scene: &Scene<'_>) -> Opinion {
    let segment = match with_options(scene) {
        Ok(segment) => segment,
        Err(opinion) => return opinion,
    };
    let Some(scale) = segment.options.window_scale else { return Opinion::Absent };
    Opinion::unless(scale > 14, "RFC7323-2.3-e", || (format!("wscale {scale}"), "at most 14".into()))
}

fn option_lengths(scene: &Scene<'_>) -> Opinion {
    let segment = match with_options(scene) {
        Ok(segment) => segment,
        Err(opinion) => return opinion,
    };
    if segment.only_stamped {
        return Opinion::Holds;
    }
    let mut judged = false;
    for option in segment.view.options().map_while(Result::ok) {
        let clause = match option.kind() {
            MAX_SEGMENT => "RFC9293-3.2-a",
            WINDOW_SCALE => "RFC7323-2.2-f",
            SACK_PERMITTED | SACK => "RFC2018-2-b",
            TIMESTAMPS => "RFC7323-3.2-j",
            _ => continue,
        };
        judged = true;
        // A known kind that is not read as such has a length that it can not have.
        if let TcpOption::Other { kind, data } = option {
            let bound = match FIXED_LENGTHS.iter().find(|(known, _)| *known == kind) {
                Some((_, Some(octets))) => format!("{octets} octets"),
                Some((_, None)) | None => "8n+2 octets, n from 1 to 4".into(),
            };
            let seen = format!("option {kind} of {} octets", data.len() + 2);
            return Opinion::unless(true, clause, || (seen, bound));
        }
    }
    if judged { Opinion::Holds } else { Opinion::Absent }
}

fn checksum(scene: &Scene<'_>) -> Opinion {
    of_kind(scene, Kind::Tcp, "RFC9293-MUST-2", |scene| {
        scene.segment().map(|segment| segment.view.checksum())
    })
}

/// Judges a checksum of the layer above IP.
pub(super) fn of_kind(
    scene: &Scene<'_>,
    kind: Kind,
    clause: &'static str,
    written: impl FnOnce(&Scene<'_>) -> Option<u16>,
) -> Opinion {
    let Some((found, field)) = scene.upper_field else { return Opinion::Absent };
    if found != kind {
        return Opinion::Absent;
    }
    let doubt = match field {
        Field::Right => return Opinion::Holds,
        Field::Unfilled => Some(Reason::Unfilled),
        Field::OneBit => Some(Reason::OneBit),
        Field::Wrong => None,
    };
    let written = written(scene).unwrap_or(0);
    let breach =
        || (format!("checksum {written:#06x}, which is wrong"), "the sum over what it covers".into());
    Opinion::unless(true, clause, breach).doubting(doubt)
}

fn echo_of_a_syn(scene: &Scene<'_>) -> Opinion {
    let segment = match with_options(scene) {
        Ok(segment) => segment,
        Err(opinion) => return opinion,
    };
    let flags = segment.view.flags();
    let Some(stamps) = segment.options.timestamps.filter(|_| flags.syn() && !flags.ack()) else {
        return Opinion::Absent;
    };
    Opinion::unless(stamps.echo != 0, "RFC7323-3.2-a", || {
        (format!("ecr {} on a SYN", stamps.echo), "0".into())
    })
}

fn control_bits(scene: &Scene<'_>) -> Opinion {
    let Some(segment) = scene.segment() else { return Opinion::Absent };
    let flags = segment.view.flags();
    let known = flags.without(Flags::AE | Flags::ECE | Flags::CWR | Flags::PSH | Flags::URG);
    let nonsense = (flags.syn() && flags.intersects(Flags::FIN | Flags::RST)) || known == Flags::NONE;
    if nonsense {
        let what = || (format!("flags {flags}"), "one of SYN, RST, or ACK with or without FIN".into());
        return Opinion::unless(true, "RFC9293-3.1-g", what);
    }
    let bare = !flags.ack() && !flags.syn() && !flags.rst();
    Opinion::unless(bare, "RFC9293-3.1-e", || (format!("flags {flags}"), "ACK set".into()))
}

fn ecn_capable_control(scene: &Scene<'_>) -> Opinion {
    let Some(segment) = scene.segment() else { return Opinion::Absent };
    let flags = segment.view.flags();
    let bare = flags.ack()
        && !flags.intersects(Flags::SYN | Flags::FIN | Flags::RST)
        && segment.data_octets() == Some(0);
    if !flags.syn() && !bare {
        return Opinion::Absent;
    }
    // A router may have marked what was capable: any of the three marks shows that it was.
    let marks = scene.packet.net.ecn();
    let clause = if flags.syn() { "RFC3168-6.1.1-b" } else { "RFC3168-6.1.4-a" };
    Opinion::unless(marks != 0, clause, || (format!("ECN field {marks:02b} on {flags}"), "00".into()))
}

fn dont_fragment(scene: &Scene<'_>) -> Opinion {
    let (Some(segment), Net::V4(view)) = (scene.segment(), &scene.packet.net) else { return Opinion::Absent };
    let flags = segment.view.flags();
    if !segment.header_whole
        || segment.options.timestamps.is_none()
        || flags.intersects(Flags::SYN | Flags::RST)
    {
        return Opinion::Absent;
    }
    Opinion::unless(!view.dont_fragment(), "RFC7323-5.7-a", || ("DF clear".into(), "DF set".into()))
}
