//! floor 1: the text of neighbour discovery (RFC 4861 section 4).

use super::Around;
use crate::base::Mac;
use crate::wire::ndp::{
    HOP_LIMIT, NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION, NdpOption, REDIRECT, ROUTER_ADVERTISEMENT, View,
};
use core::fmt;

/// Writes a message, and what of it would make a host discard it.
pub(super) fn message(around: &Around, bytes: &[u8], out: &mut dyn fmt::Write) -> fmt::Result {
    let view = match View::read(bytes) {
        Ok(view) => view,
        Err(stop) => return around.note(Some(stop), out),
    };
    out.write_str(" nd ")?;
    match view.kind() {
        ROUTER_ADVERTISEMENT => router_advertisement(&view, out)?,
        NEIGHBOR_SOLICITATION => write!(out, "who-has {}", view.target())?,
        NEIGHBOR_ADVERTISEMENT => neighbor_advertisement(&view, out)?,
        REDIRECT => write!(out, "redirect {} to {}", view.destination(), view.target())?,
        _ => out.write_str("router solicitation")?,
    }
    options(&view, out)?;
    if view.code() != 0 {
        write!(out, " [code {}]", view.code())?;
    }
    if around.hop_limit != HOP_LIMIT {
        write!(out, " [hop limit {}]", around.hop_limit)?;
    }
    around.note(view.stop(), out)
}

fn router_advertisement(view: &View<'_>, out: &mut dyn fmt::Write) -> fmt::Result {
    let [hop_limit, flags, lifetime_s @ ..] = view.word().to_be_bytes();
    let lifetime_s = u16::from_be_bytes(lifetime_s);
    write!(out, "router advertisement hop limit {hop_limit} lifetime {lifetime_s}s")?;
    letters(flags, &[(0x80, 'M'), (0x40, 'O')], out)
}

fn neighbor_advertisement(view: &View<'_>, out: &mut dyn fmt::Write) -> fmt::Result {
    write!(out, "{} is-at ", view.target())?;
    match view.options().flatten().find_map(target_link) {
        Some(mac) => write!(out, "{mac}")?,
        None => out.write_str("the same")?,
    }
    let [flags, ..] = view.word().to_be_bytes();
    letters(flags, &[(0x80, 'R'), (0x40, 'S'), (0x20, 'O')], out)
}

fn target_link(option: NdpOption<'_>) -> Option<Mac> {
    match option {
        NdpOption::TargetLink(mac) => Some(mac),
        NdpOption::SourceLink(_)
        | NdpOption::Prefix(_)
        | NdpOption::Redirected(_)
        | NdpOption::Mtu(_)
        | NdpOption::Other { .. } => None,
    }
}

/// ` flags ` and the letters of the bits that are set, if one is.
fn letters(flags: u8, known: &[(u8, char)], out: &mut dyn fmt::Write) -> fmt::Result {
    let mut before = " flags ";
    for (bit, letter) in known {
        if flags & bit != 0 {
            write!(out, "{before}{letter}")?;
            before = "";
        }
    }
    Ok(())
}

/// The options in angle brackets, but for what an advertisement has said already.
fn options(view: &View<'_>, out: &mut dyn fmt::Write) -> fmt::Result {
    let mut before = " <";
    let said = view.kind() == NEIGHBOR_ADVERTISEMENT;
    for option in view.options().map_while(Result::ok) {
        if said && target_link(option).is_some() {
            continue;
        }
        out.write_str(before)?;
        before = ",";
        match option {
            NdpOption::SourceLink(mac) => write!(out, "source {mac}"),
            NdpOption::TargetLink(mac) => write!(out, "target {mac}"),
            NdpOption::Prefix(prefix) => write!(out, "prefix {}/{}", prefix.prefix, prefix.bits),
            NdpOption::Redirected(packet) => write!(out, "redirected len {}", packet.len()),
            NdpOption::Mtu(mtu) => write!(out, "mtu {mtu}"),
            NdpOption::Other { kind, data } => write!(out, "opt-{kind} len {}", data.len()),
        }?;
    }
    if before == "," { out.write_char('>') } else { Ok(()) }
}
