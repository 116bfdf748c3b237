//! Two parsers read the same packet: the one of the stack, and etherparse. Where both accept, every field has
//! to be the same; where they differ in accepting, it has to be for a reason that is known.

use conformance::fuzz::Finding;
use etherparse::{Ipv4HeaderSlice, Ipv6HeaderSlice, TcpHeaderSlice, UdpHeaderSlice};
use stack::wire::{ipv4, ipv6, tcp, udp};

/// Reads the bytes as IPv4, IPv6, TCP and UDP headers with both parsers.
///
/// # Errors
/// The first disagreement.
pub fn with_etherparse(bytes: &[u8]) -> Result<(), Finding> {
    same("ipv4", on_ipv4(bytes), bytes)?;
    same("ipv6", on_ipv6(bytes), bytes)?;
    same("tcp", on_tcp(bytes), bytes)?;
    same("udp", on_udp(bytes), bytes)
}

fn same(class: &str, agrees: bool, bytes: &[u8]) -> Result<(), Finding> {
    if agrees {
        return Ok(());
    }
    let seen = bytes.iter().map(|octet| format!("{octet:02x}")).collect();
    Err(Finding { class: format!("agreement on {class}"), seen, trace: None })
}

/// A header of IPv4. Ours can be read with any version and header length; theirs only if these are right.
fn on_ipv4(bytes: &[u8]) -> bool {
    let (ours, theirs) = (ipv4::View::read(bytes), Ipv4HeaderSlice::from_slice(bytes));
    let (view, slice) = match (ours, theirs) {
        (Ok(view), Ok(slice)) => (view, slice),
        (Ok(view), Err(_)) => {
            return view.version() != 4 || view.ihl() < 5 || usize::from(view.ihl()) * 4 > bytes.len();
        }
        (Err(_), Ok(_)) => return false,
        (Err(_), Err(_)) => return true,
    };
    view.version() == slice.version()
        && view.ihl() == slice.ihl()
        && view.tos() == slice.dcp().value() << 2 | slice.ecn().value()
        && view.total_len_octets() == slice.total_len()
        && view.identification() == slice.identification()
        && view.dont_fragment() == slice.dont_fragment()
        && view.more_fragments() == slice.more_fragments()
        && view.fragment_offset_octets() == slice.fragments_offset().value() * 8
        && view.ttl() == slice.ttl()
        && view.protocol() == slice.protocol().0
        && view.checksum() == slice.header_checksum()
        && view.src() == slice.source_addr()
        && view.dst() == slice.destination_addr()
        && view.options_bytes() == slice.options()
        // Their header value has no place for the reserved flag, and sums without it.
        && (view.reserved_flag()
            || view.checksum_holds() == (slice.to_header().calc_header_checksum() == view.checksum()))
        // Zero and all ones are the same sum: only one of them is ever computed.
        || view.checksum() == 0xffff
}

fn on_ipv6(bytes: &[u8]) -> bool {
    let (ours, theirs) = (ipv6::View::read(bytes), Ipv6HeaderSlice::from_slice(bytes));
    let (view, slice) = match (ours, theirs) {
        (Ok(view), Ok(slice)) => (view, slice),
        (Ok(view), Err(_)) => return view.version() != 6,
        (Err(_), Ok(_)) => return false,
        (Err(_), Err(_)) => return true,
    };
    view.version() == slice.version()
        && view.traffic_class() == slice.traffic_class()
        && view.flow_label() == slice.flow_label().value()
        && view.payload_len_octets() == slice.payload_length()
        && view.next_header() == slice.next_header().0
        && view.hop_limit() == slice.hop_limit()
        && view.src() == slice.source_addr()
        && view.dst() == slice.destination_addr()
}

/// A header of TCP. Ours can be read with any data offset; theirs only if it is right.
fn on_tcp(bytes: &[u8]) -> bool {
    let (ours, theirs) = (tcp::View::read(bytes), TcpHeaderSlice::from_slice(bytes));
    let (view, slice) = match (ours, theirs) {
        (Ok(view), Ok(slice)) => (view, slice),
        (Ok(view), Err(_)) => return view.stop().is_some(),
        (Err(_), Ok(_)) => return false,
        (Err(_), Err(_)) => return true,
    };
    let flags = view.flags();
    view.stop().is_none()
        && view.src_port() == slice.source_port()
        && view.dst_port() == slice.destination_port()
        && view.seq() == slice.sequence_number()
        && view.ack() == slice.acknowledgment_number()
        && view.data_offset_octets() == usize::from(slice.data_offset()) * 4
        && (flags.fin(), flags.syn(), flags.rst()) == (slice.fin(), slice.syn(), slice.rst())
        && (flags.ack(), flags.urg()) == (slice.ack(), slice.urg())
        && flags.contains(tcp::Flags::PSH) == slice.psh()
        && flags.contains(tcp::Flags::ECE) == slice.ece()
        && flags.contains(tcp::Flags::CWR) == slice.cwr()
        && flags.contains(tcp::Flags::AE) == slice.ns()
        && view.window() == slice.window_size()
        && view.checksum() == slice.checksum()
        && view.urgent_pointer() == slice.urgent_pointer()
        && view.options_bytes() == slice.options()
}

fn on_udp(bytes: &[u8]) -> bool {
    let (ours, theirs) = (udp::View::read(bytes), UdpHeaderSlice::from_slice(bytes));
    let (view, slice) = match (ours, theirs) {
        (Ok(view), Ok(slice)) => (view, slice),
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => return false,
        (Err(_), Err(_)) => return true,
    };
    view.src_port() == slice.source_port()
        && view.dst_port() == slice.destination_port()
        && view.length() == slice.length()
        && view.checksum() == slice.checksum()
}
