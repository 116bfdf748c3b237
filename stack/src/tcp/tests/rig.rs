//! floor 3: one connection on a bench: segments in and out as text, numbers relative to both initial ones.
//!
//! A line is `FLAGS SEQ:END(LEN) ack N win N urg N mss N wscale N sackok ts N ecr N uto Ns sack A:B,C:D ect`,
//! with `> ` before what left, `! ` before a discard reason and `* ` before a report. The last word is the
//! ECN codepoint of the packet: `ect`, `ect1`, `ce`, or none. The peer's octets are the low bytes of their
//! relative numbers. Timestamps are relative to where either clock began, an echo to where the clock it
//! echoes began; on a segment without ACK, where it means nothing, an echo of 0 is 0.

use crate::base::{Choose, Ecn, Freedom, Instant, Seq, Span, Why};
use crate::tcp::{Cx, Emit, Offsets, Report, Settings, State, Tcb, listen};
use crate::wire::tcp::{Flags, Segment};
use crate::wire::tcp_option::{SackBlocks, Timestamps, UserTimeout};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;
use core::ops::RangeInclusive;

/// Both initial numbers lie right before the wrap, so that every test crosses it.
pub(in crate::tcp) const ISS: u32 = u32::MAX - 2;
pub(in crate::tcp) const IRS: u32 = u32::MAX - 5;
/// Where the own timestamp clock and the peer's begin: the own one goes round after 1.5 seconds.
pub(in crate::tcp) const OUR_STAMPS: u32 = u32::MAX - 1499;
const OFFSETS: Offsets = Offsets { sequence: ISS, timestamps: OUR_STAMPS };
pub(in crate::tcp) const THEIR_STAMPS: u32 = u32::MAX - 99;

struct Fixed {
    ack_delay_ms: u64,
}

impl Choose for Fixed {
    fn choose(&mut self, freedom: Freedom, legal: RangeInclusive<u64>) -> u64 {
        if freedom == Freedom::AckDelay {
            return self.ack_delay_ms.clamp(*legal.start(), *legal.end());
        }
        match freedom.usual() {
            Some(usual) => usual.clamp(*legal.start(), *legal.end()),
            None => u64::from(ISS),
        }
    }
}

/// Writes down what a connection brings forth.
#[derive(Clone, Debug, Default)]
struct Log {
    lines: Vec<String>,
    data: Vec<u8>,
    /// How long acknowledgements wait: not at all, where they would only be noise.
    ack_delay_ms: u64,
}

impl Emit for Log {
    fn segment(&mut self, segment: &Segment<'_>, ecn: Ecn) {
        let Segment { seq, ack, flags, window, urgent_pointer, payload, .. } = segment;
        let seq = seq.wrapping_sub(ISS);
        let mut line =
            format!("> {flags} {seq}:{}({})", seq.wrapping_add(payload.len() as u32), payload.len());
        if flags.ack() {
            write!(line, " ack {}", ack.wrapping_sub(IRS)).unwrap();
        }
        write!(line, " win {window}").unwrap();
        if flags.urg() {
            write!(line, " urg {urgent_pointer}").unwrap();
        }
        if let Some(mss) = segment.options.mss {
            write!(line, " mss {mss}").unwrap();
        }
        write_options(segment, &mut line);
        line.push_str(match ecn {
            Ecn::NotEct => "",
            Ecn::Ect1 => " ect1",
            Ecn::Ect0 => " ect",
            Ecn::Ce => " ce",
        });
        self.lines.push(line);
        self.data = payload.to_vec();
    }

    fn discard(&mut self, why: Why) {
        self.lines.push(format!("! {why:?}"));
    }

    fn report(&mut self, report: Report) {
        self.lines.push(format!("* {report:?}"));
    }
}

/// The window shift is not written: its word is for what arrives only.
fn write_options(segment: &Segment<'_>, line: &mut String) {
    let options = &segment.options;
    if options.sack_permitted {
        line.push_str(" sackok");
    }
    if let Some(Timestamps { value, echo }) = options.timestamps {
        let echo = if segment.flags.ack() || echo > 0 { echo.wrapping_sub(THEIR_STAMPS) } else { echo };
        write!(line, " ts {} ecr {echo}", value.wrapping_sub(OUR_STAMPS)).unwrap();
    }
    if let Some(timeout) = options.user_timeout {
        write!(line, " uto {timeout}").unwrap();
    }
    for (at, (left, right)) in options.sack.iter().enumerate() {
        let before = if at == 0 { " sack " } else { "," };
        write!(line, "{before}{}:{}", left.wrapping_sub(IRS), right.wrapping_sub(IRS)).unwrap();
    }
}

/// The peer's octets from the relative number `seq` on.
pub(in crate::tcp) fn octets(seq: u32, len: u32) -> Vec<u8> {
    (seq..seq + len).map(|number| number as u8).collect()
}

/// A connection, the time, and what left.
#[derive(Clone, Debug)]
pub(in crate::tcp) struct Rig {
    pub(in crate::tcp) tcb: Tcb,
    pub(in crate::tcp) now: Instant,
    log: Log,
}

macro_rules! cx {
    ($log:expr) => {
        &mut Cx { choices: &mut Fixed { ack_delay_ms: $log.ack_delay_ms }, out: &mut $log }
    };
}

/// Reads a line of the notation, without its first character.
fn parse(text: &str, payload: &mut Vec<u8>) -> (Segment<'static>, Ecn) {
    let mut words = text.split_whitespace();
    let flags: Flags = words.next().unwrap().parse().unwrap();
    let range = words.next().unwrap();
    let (seq, rest) = range.split_once(':').unwrap();
    let (end, len) = rest.trim_end_matches(')').split_once('(').unwrap();
    let (seq, end, len): (i64, i64, u32) = (seq.parse().unwrap(), end.parse().unwrap(), len.parse().unwrap());
    assert_eq!(end - seq, i64::from(len), "{text}");
    *payload = (seq..end).map(|number| number as u8).collect();
    let mut segment =
        Segment { seq: IRS.wrapping_add(seq as u32), flags, window: 65535, ..Segment::default() };
    let mut ecn = Ecn::NotEct;
    while let Some(word) = words.next() {
        let mut number = || words.next().unwrap().parse::<i64>().unwrap();
        match word {
            "ack" => segment.ack = ISS.wrapping_add(number() as u32),
            "win" => segment.window = number() as u16,
            "urg" => segment.urgent_pointer = number() as u16,
            "mss" => segment.options.mss = Some(number() as u16),
            "wscale" => segment.options.window_scale = Some(number() as u8),
            "sackok" => segment.options.sack_permitted = true,
            "sack" => segment.options.sack = parse_blocks(words.next().unwrap()),
            "ts" => stamps(&mut segment).value = THEIR_STAMPS.wrapping_add(number() as u32),
            "ecr" => {
                let base = if flags.ack() { OUR_STAMPS } else { 0 };
                stamps(&mut segment).echo = base.wrapping_add(number() as u32);
            }
            "uto" => segment.options.user_timeout = Some(parse_timeout(words.next().unwrap())),
            "ect" => ecn = Ecn::Ect0,
            "ect1" => ecn = Ecn::Ect1,
            "ce" => ecn = Ecn::Ce,
            other => panic!("{other} is not a word of the notation"),
        }
    }
    (segment, ecn)
}

fn stamps<'a>(segment: &'a mut Segment<'static>) -> &'a mut Timestamps {
    segment.options.timestamps.get_or_insert_default()
}

/// A user timeout, as `5s` or `5min`.
fn parse_timeout(text: &str) -> UserTimeout {
    let minutes = text.ends_with("min");
    let count = text.trim_end_matches(char::is_alphabetic).parse().unwrap();
    UserTimeout { minutes, count }
}

/// Blocks of own numbers, as `A:B,C:D`.
fn parse_blocks(text: &str) -> SackBlocks {
    let number = |text: &str| ISS.wrapping_add(text.parse::<i64>().unwrap() as u32);
    let mut blocks = SackBlocks::NONE;
    for block in text.split(',') {
        let (left, right) = block.split_once(':').unwrap();
        assert!(blocks.push((number(left), number(right))), "{text} does not fit");
    }
    blocks
}

/// The segment that a line describes, handed to `act`.
pub(in crate::tcp) fn with_segment<R>(text: &str, act: impl FnOnce(&Segment<'_>) -> R) -> R {
    with_packet(text, |segment, _| act(segment))
}

/// The segment that a line describes, and the codepoint of its packet.
fn with_packet<R>(text: &str, act: impl FnOnce(&Segment<'_>, Ecn) -> R) -> R {
    let mut payload = Vec::new();
    let (segment, ecn) = parse(text, &mut payload);
    act(&Segment { payload: &payload, ..segment }, ecn)
}

impl Rig {
    /// An active open; the SYN has left.
    pub(in crate::tcp) fn connect_with(settings: &Settings) -> Self {
        let mut log = Log::default();
        let tcb = Tcb::connect(&(*settings).into(), OFFSETS, Instant::ZERO, cx!(log));
        tcb.check();
        Self { tcb, now: Instant::ZERO, log }
    }

    /// An active open, with acknowledgements that wait for this long.
    pub(in crate::tcp) fn connect_delaying(ack_delay_ms: u64) -> Self {
        let mut rig = Self::connect_with(&Settings::default());
        rig.log.ack_delay_ms = ack_delay_ms;
        rig
    }

    /// A passive open by `syn`; the SYN,ACK has left.
    pub(in crate::tcp) fn accept_with(settings: &Settings, syn: &str) -> Self {
        let mut log = Log::default();
        let tcb = with_segment(syn, |syn| {
            assert_eq!(listen::on_segment(syn), listen::Disposition::Open);
            Tcb::accept(&(*settings).into(), OFFSETS, Instant::ZERO, syn, cx!(log))
        });
        tcb.check();
        Self { tcb, now: Instant::ZERO, log }
    }

    /// Established by an active open, with these settings and this window of the peer.
    pub(in crate::tcp) fn established_with(settings: &Settings, win: u32, mss: u32) -> Self {
        let mut rig = Self::connect_with(settings);
        rig.gets(&format!("S. 0:0(0) ack 1 win {win} mss {mss}"));
        assert_eq!(rig.tcb.state(), State::Established);
        rig
    }

    pub(in crate::tcp) fn established() -> Self {
        Self::established_with(&Settings::default(), 65535, 1000)
    }

    /// Established, with acknowledgements that wait for this long.
    pub(in crate::tcp) fn delaying(ack_delay_ms: u64) -> Self {
        let mut rig = Self::established();
        rig.log.ack_delay_ms = ack_delay_ms;
        rig
    }

    /// A connection that came to `state` on the shortest way.
    pub(in crate::tcp) fn in_state(state: State) -> Self {
        let mut rig = match state {
            State::Closed | State::Listen => panic!("there is no connection in {state}"),
            State::SynSent => Self::connect_with(&Settings::default()),
            State::SynReceived => Self::accept_with(&Settings::default(), "S 0:0(0) mss 1000"),
            State::Established
            | State::FinWait1
            | State::FinWait2
            | State::CloseWait
            | State::Closing
            | State::LastAck
            | State::TimeWait => Self::established(),
        };
        let fin = |rig: &mut Self| drop(rig.gets("F. 1:1(0) ack 1"));
        match state {
            State::Closed | State::Listen | State::SynSent | State::SynReceived | State::Established => {}
            State::FinWait1 => drop(rig.shutdown()),
            State::FinWait2 => {
                rig.shutdown();
                rig.gets(". 1:1(0) ack 2");
            }
            State::CloseWait => fin(&mut rig),
            State::Closing => {
                rig.shutdown();
                fin(&mut rig);
            }
            State::LastAck => {
                fin(&mut rig);
                rig.shutdown();
            }
            State::TimeWait => {
                rig.shutdown();
                rig.gets("F. 1:1(0) ack 2");
            }
        }
        assert_eq!(rig.tcb.state(), state);
        rig
    }

    /// What was written down since the last time.
    pub(in crate::tcp) fn log(&mut self) -> Vec<String> {
        self.tcb.check();
        core::mem::take(&mut self.log.lines)
    }

    /// The octets of the segment sent last.
    pub(in crate::tcp) fn data(&self) -> &[u8] {
        &self.log.data
    }

    /// A segment arrives; what came of it.
    pub(in crate::tcp) fn gets(&mut self, segment: &str) -> Vec<String> {
        self.log.lines.clear();
        with_packet(segment, |segment, ecn| self.tcb.arrives(self.now, segment, ecn, cx!(self.log)));
        self.log()
    }

    /// A segment that no line can describe.
    pub(in crate::tcp) fn arrives(&mut self, segment: &Segment<'_>) {
        self.tcb.arrives(self.now, segment, Ecn::NotEct, cx!(self.log));
    }

    pub(in crate::tcp) fn send(&mut self, len: u32) -> Vec<String> {
        self.log.lines.clear();
        let data = octets(0, len);
        assert_eq!(self.tcb.send(self.now, &data, false, cx!(self.log)), Ok(len));
        self.log()
    }

    pub(in crate::tcp) fn send_urgent(&mut self, len: u32) -> Vec<String> {
        self.log.lines.clear();
        let data = octets(0, len);
        assert_eq!(self.tcb.send(self.now, &data, true, cx!(self.log)), Ok(len));
        self.log()
    }

    pub(in crate::tcp) fn set_nagle(&mut self, on: bool) -> Vec<String> {
        self.log.lines.clear();
        self.tcb.set_nagle(self.now, on, cx!(self.log));
        self.log()
    }

    /// The answer to SEND, as text.
    pub(in crate::tcp) fn try_send(&mut self, data: &[u8]) -> String {
        format!("{:?}", self.tcb.send(self.now, data, false, cx!(self.log)))
    }

    pub(in crate::tcp) fn read(&mut self, max: u32) -> Result<Vec<u8>, crate::base::Refused> {
        self.log.lines.clear();
        self.tcb.receive(self.now, max, cx!(self.log))
    }

    pub(in crate::tcp) fn shutdown(&mut self) -> Vec<String> {
        self.log.lines.clear();
        if let Err(refused) = self.tcb.shutdown_write(self.now, cx!(self.log)) {
            self.log.lines.push(refused.name().to_string());
        }
        self.log()
    }

    pub(in crate::tcp) fn close(&mut self) -> Vec<String> {
        self.log.lines.clear();
        self.tcb.close(self.now, cx!(self.log));
        self.log()
    }

    pub(in crate::tcp) fn abort(&mut self) -> Vec<String> {
        self.log.lines.clear();
        self.tcb.abort(self.now, cx!(self.log));
        self.log()
    }

    /// An ICMP error about the segment with the relative number `seq`.
    pub(in crate::tcp) fn icmp(&mut self, v6: bool, kind: crate::ip::ErrorKind, seq: u32) -> Vec<String> {
        use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
        self.log.lines.clear();
        let any = if v6 { IpAddr::V6(Ipv6Addr::LOCALHOST) } else { IpAddr::V4(Ipv4Addr::LOCALHOST) };
        let mut transport = [0; 8];
        transport[4..].copy_from_slice(&ISS.wrapping_add(seq).to_be_bytes());
        let transport = transport.as_slice().into();
        let error = crate::ip::IcmpError { from: any, kind, src: any, dst: any, protocol: 6, transport };
        self.tcb.icmp_error(self.now, &error, cx!(self.log));
        self.log()
    }

    /// Time passes until the next deadline; what happened then, with the time in milliseconds before it.
    pub(in crate::tcp) fn wait(&mut self) -> Vec<String> {
        let Some(due) = self.tcb.due() else { return Vec::new() };
        assert!(due >= self.now, "a deadline in the past");
        self.now = due;
        self.log.lines.clear();
        self.tcb.on_due(self.now, cx!(self.log));
        let at = self.now.since(Instant::ZERO).as_millis();
        self.log().into_iter().map(|line| format!("{at} {line}")).collect()
    }

    /// Time passes without anything being due.
    pub(in crate::tcp) fn pass(&mut self, span: Span) {
        self.now += span;
        assert!(self.tcb.due().is_none_or(|due| due > self.now), "something was due");
    }

    /// SND.NXT, relative.
    pub(in crate::tcp) fn sent(&self) -> u32 {
        self.tcb.snd().nxt.octets_since(Seq::new(ISS))
    }

    /// SND.UNA, relative.
    pub(in crate::tcp) fn acknowledged(&self) -> u32 {
        self.numbers().1
    }

    /// RCV.NXT and SND.UNA, relative.
    pub(in crate::tcp) fn numbers(&self) -> (u32, u32) {
        let (rcv, snd) = (self.tcb.rcv().nxt, self.tcb.snd().una);
        (rcv.octets_since(Seq::new(IRS)), snd.octets_since(Seq::new(ISS)))
    }
}
