//! floor 3: what ICMP says about segments of this connection (RFC 9293 section 3.9.2.2, RFC 5927).
//!
//! RFC9293-SHLD-26: a hard error ends only a connection that is not synchronized yet. RFC 5927 section 5.2
//! takes it for a soft one afterwards, since anybody can forge it.

use super::state::{Origin, Phase};
use super::{Cx, Report, Tcb};
use crate::base::{Instant, Ours, Refused, Seq, Why};
use crate::ip::{ErrorKind, IcmpError};

/// Octets of IP header and TCP header without options.
const HEADERS_V4_OCTETS: u16 = 40;
const HEADERS_V6_OCTETS: u16 = 60;

/// What an error means for a connection.
enum Meaning {
    /// It passes: remember it.
    Soft(Refused),
    /// The peer can not be reached at all.
    Hard(Refused),
    /// Segments are too large for the path.
    TooBig { mtu_octets: u16 },
    /// Nothing.
    Nothing,
}

/// What the application is told of `error`, as Linux names it; `None` for what says nothing of the path.
fn told(error: &IcmpError<'_>) -> Option<Refused> {
    let v6 = error.src.is_ipv6();
    Some(match error.kind {
        ErrorKind::Unreachable(code) if v6 => match code {
            0 => Refused::NetUnreachable,
            1 | 5 | 6 => Refused::AccessDenied,
            4 => Refused::ConnRefused,
            _ => Refused::HostUnreachable,
        },
        ErrorKind::Unreachable(code) => match code {
            0 | 6 | 9 | 11 => Refused::NetUnreachable,
            2 => Refused::NoSuchOption,
            3 => Refused::ConnRefused,
            5 => Refused::NotSupported,
            7 => Refused::HostDown,
            8 => Refused::NotOnNetwork,
            _ => Refused::HostUnreachable,
        },
        ErrorKind::TimeExceeded(_) => Refused::HostUnreachable,
        ErrorKind::ParameterProblem { .. } => Refused::ProtocolError,
        ErrorKind::PacketTooBig { .. } | ErrorKind::Other { .. } => return None,
    })
}

/// Hard or soft, by family, type and code.
fn meaning(error: &IcmpError<'_>) -> Meaning {
    use ErrorKind::{ParameterProblem, TimeExceeded, Unreachable};
    let v6 = error.src.is_ipv6();
    match (error.kind, told(error)) {
        (ErrorKind::PacketTooBig { mtu_octets }, _) => Meaning::TooBig { mtu_octets },
        //= RFC1122-3.2.2.1-d
        (Unreachable(2 | 3), Some(refused)) if !v6 => Meaning::Hard(refused),
        (Unreachable(1 | 4), Some(refused)) if v6 => Meaning::Hard(refused),
        //= RFC9293-MUST-56
        (Unreachable(_) | TimeExceeded(_) | ParameterProblem { .. }, Some(refused)) => Meaning::Soft(refused),
        (ErrorKind::Other { .. }, _) | (Unreachable(_) | TimeExceeded(_) | ParameterProblem { .. }, None) => {
            Meaning::Nothing
        }
    }
}

impl Tcb {
    /// An ICMP error quotes a segment of this connection.
    pub fn icmp_error(&mut self, now: Instant, error: &IcmpError<'_>, cx: &mut Cx<'_>) {
        let Some(quoted) = self.in_flight(error) else {
            cx.out.discard(Why::TcpIcmpSequence);
            return;
        };
        //= RFC9293-MUST-54
        match meaning(error) {
            Meaning::Soft(refused)
                if self.phase == Phase::SynSent && self.settings.soft_errors_end_opening =>
            {
                self.fail_opening(Origin::Active, refused);
            }
            Meaning::Soft(refused) => self.note_soft_error(refused, cx),
            Meaning::Hard(refused) => match self.phase {
                //= RFC9293-SHLD-26
                Phase::SynSent => self.fail_opening(Origin::Active, refused),
                Phase::SynReceived(origin) => self.fail_opening(origin, refused),
                // A connection that was once open is not given up for one message that anybody can forge
                // (RFC 5927 section 5.2).
                //= RFC5927-5.2-a
                Phase::Established
                | Phase::FinWait1
                | Phase::FinWait2
                | Phase::CloseWait
                | Phase::Closing
                | Phase::LastAck
                | Phase::TimeWait { .. }
                | Phase::Closed(_) => self.note_soft_error(refused, cx),
            },
            Meaning::TooBig { mtu_octets } => {
                let headers = if error.src.is_ipv6() { HEADERS_V6_OCTETS } else { HEADERS_V4_OCTETS };
                self.too_big(now, quoted, mtu_octets.saturating_sub(headers), cx);
            }
            Meaning::Nothing => {}
        }
    }

    /// The sequence number that the error quotes, if it is outstanding now.
    fn in_flight(&self, error: &IcmpError<'_>) -> Option<Seq<Ours>> {
        let number = error.transport.get(4..)?.first_chunk::<4>()?;
        let quoted: Seq<Ours> = Seq::new(u32::from_be_bytes(*number));
        //= RFC5927-4.1-a
        let outstanding = quoted.within(self.snd.una, self.outstanding_octets());
        (outstanding && !matches!(self.phase, Phase::Closed(_))).then_some(quoted)
    }

    fn note_soft_error(&mut self, refused: Refused, cx: &mut Cx<'_>) {
        //= RFC9293-SHLD-25
        self.soft_error = Some(refused);
        //= RFC9293-MUST-47
        cx.out.report(Report::SoftError(refused));
    }
}

#[cfg(test)]
mod tests {
    use crate::base::Refused;
    use crate::ip::ErrorKind;
    use crate::tcp::tests::rig::Rig;
    use crate::tcp::{End, Settings, State};

    //? RFC9293-SHLD-26
    //? RFC9293-MUST-56
    //? RFC9293-SHLD-25
    //? RFC9293-MUST-54
    //? RFC9293-MUST-47
    #[test]
    fn hard_errors_end_an_attempt_and_soft_ones_do_not() {
        let mut rig = Rig::connect_with(&Settings::default());
        assert_eq!(rig.icmp(false, ErrorKind::Unreachable(1), 0), ["* SoftError(HostUnreachable)"]);
        assert_eq!(rig.icmp(false, ErrorKind::TimeExceeded(0), 0), ["* SoftError(HostUnreachable)"]);
        assert_eq!(rig.tcb.soft_error(), Some(Refused::HostUnreachable));
        assert_eq!(rig.tcb.state(), State::SynSent);
        rig.icmp(false, ErrorKind::Unreachable(3), 0);
        assert_eq!(rig.tcb.end(), Some(End::Failed(Refused::ConnRefused)));
        // The same code means something else in ICMPv6.
        let mut rig = Rig::connect_with(&Settings::default());
        rig.icmp(true, ErrorKind::Unreachable(3), 0);
        assert_eq!(rig.tcb.state(), State::SynSent);
        rig.icmp(true, ErrorKind::Unreachable(4), 0);
        assert_eq!(rig.tcb.state(), State::Closed);
    }

    //? RFC5927-5.2-a
    #[test]
    fn a_connection_that_was_open_survives_hard_errors() {
        let mut rig = Rig::established();
        rig.send(10);
        assert_eq!(rig.icmp(false, ErrorKind::Unreachable(2), 1), ["* SoftError(NoSuchOption)"]);
        assert_eq!(rig.tcb.state(), State::Established);
    }

    //? RFC5927-4.1-a
    //? RFC9293-MUST-54
    #[test]
    fn an_error_has_to_quote_what_is_outstanding() {
        let mut rig = Rig::established();
        rig.send(10);
        for (seq, known) in [(0, false), (1, true), (10, true), (11, false)] {
            let lines = rig.icmp(false, ErrorKind::TimeExceeded(0), seq);
            assert_eq!(lines[0] == "! TcpIcmpSequence", !known, "{seq}");
        }
    }

    //? RFC5927-4.1-a
    #[test]
    fn nothing_of_a_connection_that_has_ended_is_in_flight() {
        let mut rig = Rig::established();
        rig.send(10);
        rig.abort();
        let too_big = ErrorKind::PacketTooBig { mtu_octets: 540 };
        assert_eq!(rig.icmp(false, too_big, 1), ["! TcpIcmpSequence"]);
    }

    //? RFC8201-5.4-a
    #[test]
    fn a_smaller_path_brings_smaller_segments_and_never_larger_ones() {
        let mut rig = Rig::established();
        rig.send(1000);
        let lines = rig.icmp(false, ErrorKind::PacketTooBig { mtu_octets: 540 }, 1);
        assert_eq!(lines, ["> . 1:501(500) ack 1 win 65535"]);
        let wide = ErrorKind::PacketTooBig { mtu_octets: 9000 };
        assert_eq!(rig.icmp(false, wide, 1), ["! TcpMtuNotSent"]);
        assert_eq!(rig.gets(". 1:1(0) ack 501"), ["> P. 501:1001(500) ack 1 win 65535"]);
        // Nothing below what every link carries is believed.
        let narrow = ErrorKind::PacketTooBig { mtu_octets: 67 };
        assert_eq!(rig.icmp(false, narrow, 501), ["! TcpMtuNotSent"]);
        assert_eq!(rig.tcb.segment_limit_octets(), 500);
    }
}
