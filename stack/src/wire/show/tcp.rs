//! floor 1: the text of TCP segments and UDP datagrams (RFC 9293 section 3.1, RFC 768).

use super::Around;
use crate::wire::tcp::{MIN_HEADER_OCTETS, Segment, View};
use crate::wire::tcp_option::{SackBlocks, TcpOption};
use crate::wire::udp;
use core::fmt;

/// Writes sockets and segment, or why there is none.
pub(super) fn packet(around: &Around, bytes: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    let view = match View::read(bytes) {
        Ok(view) => view,
        Err(stop) => return around.stopped(stop, out),
    };
    around.sockets(view.src_port(), view.dst_port(), out)?;
    out.write_char(' ')?;
    numbers(&Segment::unchecked(&view), around.missing, None, out)?;
    let mut stop = None;
    let known = view.options().map_while(|option| option.map_err(|found| stop = Some(found)).ok());
    options(known, 0, out)?;
    if view.reserved() != 0 {
        write!(out, " [reserved bits {:03b}]", view.reserved())?;
    }
    around.note(view.stop(), out)?;
    around.note(stop.map(|stop| stop.moved(MIN_HEADER_OCTETS)), out)?;
    around.checksum(view.checksum_holds(around.src, around.dst), view.checksum(), out)
}

/// Writes a checked segment without its sockets.
pub(super) fn segment(
    segment: &Segment<'_>,
    relative: Option<(u32, u32)>,
    out: &mut dyn fmt::Write,
) -> fmt::Result {
    numbers(segment, 0, relative, out)?;
    let base = relative.map_or(0, |(_, receiver)| receiver);
    options(segment.options.layout(), base, out)
}

/// Flags, sequence numbers, acknowledgement, window and urgent pointer. Data that is `missing` counts.
fn numbers(
    segment: &Segment<'_>,
    missing: usize,
    relative: Option<(u32, u32)>,
    out: &mut dyn fmt::Write,
) -> fmt::Result {
    let (own, others) = relative.unwrap_or((0, 0));
    let octets = segment.payload.len().saturating_add(missing);
    let seq = segment.seq.wrapping_sub(own);
    let end = seq.wrapping_add(u32::try_from(octets).unwrap_or(u32::MAX));
    write!(out, "{} {seq}:{end}({octets})", segment.flags)?;
    if segment.flags.ack() {
        write!(out, " ack {}", segment.ack.wrapping_sub(others))?;
    }
    write!(out, " win {}", segment.window)?;
    if segment.flags.urg() {
        write!(out, " urg {}", segment.urgent_pointer)?;
    }
    Ok(())
}

/// The options in angle brackets; SACK blocks count from `base`.
fn options<'a>(
    options: impl Iterator<Item = TcpOption<'a>>,
    base: u32,
    out: &mut dyn fmt::Write,
) -> fmt::Result {
    let mut before = " <";
    for option in options {
        out.write_str(before)?;
        before = ",";
        match option {
            TcpOption::Sack(blocks) => write!(out, "{}", TcpOption::Sack(counted_from(base, &blocks)))?,
            TcpOption::EndOfList
            | TcpOption::NoOperation
            | TcpOption::MaxSegment(_)
            | TcpOption::WindowScale(_)
            | TcpOption::SackPermitted
            | TcpOption::Timestamps(_)
            | TcpOption::UserTimeout(_)
            | TcpOption::Other { .. } => write!(out, "{option}")?,
        }
    }
    if before == "," { out.write_char('>') } else { Ok(()) }
}

fn counted_from(base: u32, blocks: &SackBlocks) -> SackBlocks {
    let mut counted = SackBlocks::NONE;
    for (left, right) in blocks.iter() {
        counted.push((left.wrapping_sub(base), right.wrapping_sub(base)));
    }
    counted
}

/// Writes sockets and length of a UDP datagram, or why there is none.
pub(super) fn udp(around: &Around, bytes: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    let view = match udp::View::read(bytes) {
        Ok(view) => view,
        Err(stop) => return around.stopped(stop, out),
    };
    around.sockets(view.src_port(), view.dst_port(), out)?;
    if around.missing > 0 {
        return write!(out, " udp {}", usize::from(view.length()).saturating_sub(udp::HEADER_OCTETS));
    }
    write!(out, " udp {}", view.payload().len())?;
    if !view.surplus().is_empty() {
        write!(out, " [surplus {}]", view.surplus().len())?;
    }
    around.note(view.stop(), out)?;
    if view.checksum() == 0 {
        return out.write_str(" [no checksum]");
    }
    let holds = view.stop().is_some() || view.checksum_holds(around.src, around.dst);
    around.checksum(holds, view.checksum(), out)
}
