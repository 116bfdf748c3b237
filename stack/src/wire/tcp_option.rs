//! floor 1: TCP options, one table row per option (RFC 9293 section 3.2, RFC 7323 sections 2.2 and 3.2,
//! RFC 2018 sections 2 and 3, RFC 5482 section 3).

use super::stop::{Layer, Stop};
use alloc::vec::Vec;
use core::fmt;

/// Octets that all options of a header can take: 15 words less the fixed header.
pub const MAX_OCTETS: usize = 40;

/// Blocks that one SACK option can carry: the largest `n` with `8n + 2` octets in [`MAX_OCTETS`].
pub const MAX_SACK_BLOCKS: usize = 4;

/// A value that an option carries after its kind and length octets.
trait Field: Sized {
    /// Octets, or `None` if several sizes are right.
    const OCTETS: Option<usize>;
    /// The value, if `data` has a right size for it.
    fn read(data: &[u8]) -> Option<Self>;
    /// Appends the value.
    fn write(self, out: &mut Vec<u8>);
}

macro_rules! options {
    ($($(#[$doc:meta])* $kind:literal $name:ident $(($field:ident: $type:ty))? $text:literal)*) => {
        /// An option as it stands in a header.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum TcpOption<'a> {
            /// Kind 0: nothing after it counts. One octet, no length.
            EndOfList,
            /// Kind 1: filler. One octet, no length.
            NoOperation,
            $($(#[$doc])* $name $(($type))?,)*
            /// An option that is not known here, or a known one whose length is not one of its lengths.
            Other {
                /// The kind octet.
                kind: u8,
                /// What follows the length octet.
                data: &'a [u8],
            },
        }

        impl<'a> TcpOption<'a> {
            /// The kind octet.
            pub const fn kind(&self) -> u8 {
                match self {
                    Self::EndOfList => END_OF_LIST,
                    Self::NoOperation => NO_OPERATION,
                    $(Self::$name { .. } => $kind,)*
                    Self::Other { kind, .. } => *kind,
                }
            }

            /// Reads what follows kind and length; `data` may have any size.
            fn from_data(kind: u8, data: &'a [u8]) -> Self {
                let known = match kind {
                    $($kind => options!(@read $name data $($type)?),)*
                    _ => None,
                };
                known.unwrap_or(Self::Other { kind, data })
            }

            /// Appends what follows kind and length.
            fn write_data(&self, out: &mut Vec<u8>) {
                match *self {
                    Self::EndOfList | Self::NoOperation => {}
                    $(Self::$name $(($field))? => {$($field.write(out);)?})*
                    Self::Other { data, .. } => out.extend_from_slice(data),
                }
            }
        }

        impl fmt::Display for TcpOption<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Self::EndOfList => f.write_str("eol"),
                    Self::NoOperation => f.write_str("nop"),
                    $(Self::$name $(($field))? => write!(f, $text),)*
                    Self::Other { kind, data } => {
                        write!(f, "opt-{kind}")?;
                        let separator = if data.is_empty() { "" } else { ":" };
                        f.write_str(separator)?;
                        data.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
                    }
                }
            }
        }

        /// Kind and right number of octets, length octet included, of every option that has one right size.
        pub const FIXED_LENGTHS: &[(u8, Option<usize>)] = &[$(($kind, options!(@octets $($type)?))),*];
    };
    (@read $name:ident $data:ident) => { $data.is_empty().then_some(Self::$name) };
    (@read $name:ident $data:ident $type:ty) => { <$type as Field>::read($data).map(Self::$name) };
    (@octets) => { Some(2) };
    (@octets $type:ty) => {
        match <$type as Field>::OCTETS {
            Some(octets) => Some(octets + 2),
            None => None,
        }
    };
}

const END_OF_LIST: u8 = 0;
const NO_OPERATION: u8 = 1;
/// Kind and length of timestamps.
const STAMPS: u8 = 8;
const STAMPS_OCTETS: u8 = 10;

options! {
    /// Maximum segment size that the sender of the option can take, in octets of data (RFC 9293
    /// section 3.7.1). Only on SYN.
    //= RFC9293-3.2-a
    2 MaxSegment(size: u16) "mss {size}"
    /// Shift count of the sender's window field (RFC 7323 section 2.2). Only on SYN.
    //= RFC7323-2.2-f
    3 WindowScale(shift: u8) "wscale {shift}"
    /// Selective acknowledgements may be sent (RFC 2018 section 2). Only on SYN.
    4 SackPermitted "sackOK"
    /// Data received out of order (RFC 2018 section 3).
    5 Sack(blocks: SackBlocks) "sack{blocks}"
    /// Timestamps (RFC 7323 section 3.2).
    //= RFC7323-3.2-j
    8 Timestamps(stamps: Timestamps) "TS {stamps}"
    /// How long the sender waits for acknowledgements before it gives up (RFC 5482 section 3).
    28 UserTimeout(timeout: UserTimeout) "uto {timeout}"
}

impl Field for u8 {
    const OCTETS: Option<usize> = Some(1);

    fn read(data: &[u8]) -> Option<Self> {
        data.first().copied().filter(|_| data.len() == 1)
    }

    fn write(self, out: &mut Vec<u8>) {
        out.push(self);
    }
}

impl Field for u16 {
    const OCTETS: Option<usize> = Some(2);

    fn read(data: &[u8]) -> Option<Self> {
        <[u8; 2]>::try_from(data).ok().map(Self::from_be_bytes)
    }

    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes());
    }
}

/// The two numbers of a timestamps option, in ticks of clocks that only their owners know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Timestamps {
    /// TSval: the sender's clock.
    pub value: u32,
    /// TSecr: a value received from the other side, returned.
    pub echo: u32,
}

impl Field for Timestamps {
    const OCTETS: Option<usize> = Some(8);

    fn read(data: &[u8]) -> Option<Self> {
        let [value, echo] = words(data)?;
        Some(Self { value, echo })
    }

    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.value.to_be_bytes());
        out.extend_from_slice(&self.echo.to_be_bytes());
    }
}

impl fmt::Display for Timestamps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "val {} ecr {}", self.value, self.echo)
    }
}

/// The value of a user timeout option: 15 bits and their unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct UserTimeout {
    /// Whether the number counts minutes, otherwise seconds (the granularity bit).
    pub minutes: bool,
    /// The number, below 2^15.
    pub count: u16,
}

impl UserTimeout {
    /// The time in seconds.
    pub fn seconds(self) -> u32 {
        u32::from(self.count) * if self.minutes { 60 } else { 1 }
    }
}

impl Field for UserTimeout {
    const OCTETS: Option<usize> = Some(2);

    fn read(data: &[u8]) -> Option<Self> {
        let field = u16::read(data)?;
        Some(Self { minutes: field >> 15 == 1, count: field & 0x7fff })
    }

    fn write(self, out: &mut Vec<u8>) {
        (u16::from(self.minutes) << 15 | self.count & 0x7fff).write(out);
    }
}

impl fmt::Display for UserTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.count, if self.minutes { "min" } else { "s" })
    }
}

/// Up to [`MAX_SACK_BLOCKS`] blocks of sequence numbers, each from its first octet up to, not including,
/// the second number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SackBlocks {
    // Blocks that are not in use are zero, so that the derived equality is that of the slices.
    blocks: [(u32, u32); MAX_SACK_BLOCKS],
    count: u8,
}

impl SackBlocks {
    /// No blocks.
    pub const NONE: Self = Self { blocks: [(0, 0); MAX_SACK_BLOCKS], count: 0 };

    /// The first blocks of `blocks`, as many as an option holds.
    pub fn from_slice(blocks: &[(u32, u32)]) -> Self {
        let mut all = Self::NONE;
        for block in blocks {
            all.push(*block);
        }
        all
    }

    /// Adds a block at the end. Returns whether there was room.
    pub fn push(&mut self, block: (u32, u32)) -> bool {
        let Some(free) = self.blocks.get_mut(usize::from(self.count)) else { return false };
        *free = block;
        self.count += 1;
        true
    }

    /// The blocks in the order of the option.
    pub fn as_slice(&self) -> &[(u32, u32)] {
        self.blocks.get(..usize::from(self.count)).unwrap_or(&self.blocks)
    }

    /// The blocks in the order of the option.
    pub fn iter(&self) -> core::slice::Iter<'_, (u32, u32)> {
        self.as_slice().iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        usize::from(self.count)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The first `count` of them.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        Self::from_slice(self.as_slice().get(..count).unwrap_or(self.as_slice()))
    }
}

impl Field for SackBlocks {
    const OCTETS: Option<usize> = None;

    fn read(data: &[u8]) -> Option<Self> {
        //= RFC2018-2-b
        if data.is_empty() || data.len() > 8 * MAX_SACK_BLOCKS || !data.len().is_multiple_of(8) {
            return None;
        }
        let mut blocks = Self::NONE;
        for block in data.chunks_exact(8) {
            let [left, right] = words(block)?;
            blocks.push((left, right));
        }
        Some(blocks)
    }

    fn write(self, out: &mut Vec<u8>) {
        for (left, right) in self.iter() {
            out.extend_from_slice(&left.to_be_bytes());
            out.extend_from_slice(&right.to_be_bytes());
        }
    }
}

/// Each block as ` left:right`, absolute numbers.
impl fmt::Display for SackBlocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|(left, right)| write!(f, " {left}:{right}"))
    }
}

/// Two words, if `data` is exactly that long.
fn words(data: &[u8]) -> Option<[u32; 2]> {
    let [a, b, c, d, e, f, g, h] = <[u8; 8]>::try_from(data).ok()?;
    Some([u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])])
}

impl TcpOption<'_> {
    /// Appends the option as it goes on the wire.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.push(self.kind());
        match self {
            Self::EndOfList | Self::NoOperation => {}
            Self::MaxSegment(_)
            | Self::WindowScale(_)
            | Self::SackPermitted
            | Self::Sack(_)
            | Self::Timestamps(_)
            | Self::UserTimeout(_)
            | Self::Other { .. } => {
                //= RFC9293-MUST-68
                let at = out.len();
                out.push(0);
                self.write_data(out);
                let length = u8::try_from(out.len() - at + 1).unwrap_or(u8::MAX);
                if let Some(octet) = out.get_mut(at) {
                    *octet = length;
                }
            }
        }
    }
}

/// Walks through the option octets of a header. Ends after [`TcpOption::EndOfList`], or with one [`Stop`]
/// at the first option whose length is impossible.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    rest: &'a [u8],
    at: usize,
    ended: bool,
}

impl<'a> Walk<'a> {
    /// Begins at the first option octet; offsets are counted from there.
    pub const fn new(options: &'a [u8]) -> Self {
        Self { rest: options, at: 0, ended: false }
    }

    /// What has not been walked through: after the end of the list, the padding, which should be zero.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn advance(&mut self, octets: usize) {
        self.rest = self.rest.get(octets..).unwrap_or(&[]);
        self.at += octets;
    }

    fn stop(&mut self, need: usize, have: usize, said_by: &'static str) -> Stop {
        self.ended = true;
        Stop { layer: Layer::TcpOption, at: self.at, need, have, said_by }
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<TcpOption<'a>, Stop>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        //= RFC9293-MUST-64
        let kind = *self.rest.first()?;
        //= RFC9293-MUST-4
        if kind == END_OF_LIST || kind == NO_OPERATION {
            self.ended = kind == END_OF_LIST;
            self.advance(1);
            return Some(Ok(if self.ended { TcpOption::EndOfList } else { TcpOption::NoOperation }));
        }
        let Some(length) = self.rest.get(1).map(|octet| usize::from(*octet)) else {
            return Some(Err(self.stop(2, 1, "option kind")));
        };
        //= RFC9293-MUST-7
        if length < 2 {
            return Some(Err(self.stop(2, length, "minimum option length")));
        }
        let Some(data) = self.rest.get(2..length) else {
            return Some(Err(self.stop(length, self.rest.len(), "option length")));
        };
        self.advance(length);
        //= RFC9293-MUST-6
        Some(Ok(TcpOption::from_data(kind, data)))
    }
}

/// What a TCP machine wants to know of the options of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Options {
    /// Maximum segment size in octets.
    pub mss: Option<u16>,
    /// Window shift count as it stands in the option: may be above 14.
    pub window_scale: Option<u8>,
    /// Whether selective acknowledgements may be sent.
    pub sack_permitted: bool,
    /// Selective acknowledgements.
    pub sack: SackBlocks,
    /// Timestamps.
    pub timestamps: Option<Timestamps>,
    /// User timeout.
    pub user_timeout: Option<UserTimeout>,
}

impl Options {
    /// No options.
    pub const NONE: Self = Self {
        mss: None,
        window_scale: None,
        sack_permitted: false,
        sack: SackBlocks::NONE,
        timestamps: None,
        user_timeout: None,
    };

    /// Reads option octets. Of each kind the first one counts; what is not known is skipped; at an
    /// impossible length reading ends, and what came before counts.
    pub fn from_bytes(options: &[u8]) -> Self {
        // What nearly every segment has that is no SYN.
        if let [NO_OPERATION, NO_OPERATION, STAMPS, STAMPS_OCTETS, stamps @ ..] = options
            && let Some(stamps) = Timestamps::read(stamps)
        {
            return Self { timestamps: Some(stamps), ..Self::NONE };
        }
        let mut read = Self::NONE;
        for option in Walk::new(options).map_while(Result::ok) {
            match option {
                TcpOption::MaxSegment(size) => read.mss = read.mss.or(Some(size)),
                TcpOption::WindowScale(shift) => read.window_scale = read.window_scale.or(Some(shift)),
                TcpOption::SackPermitted => read.sack_permitted = true,
                TcpOption::Sack(blocks) if read.sack.is_empty() => read.sack = blocks,
                TcpOption::Timestamps(stamps) => read.timestamps = read.timestamps.or(Some(stamps)),
                TcpOption::UserTimeout(timeout) => read.user_timeout = read.user_timeout.or(Some(timeout)),
                TcpOption::EndOfList
                | TcpOption::NoOperation
                | TcpOption::Sack(_)
                | TcpOption::Other { .. } => {}
            }
        }
        read
    }

    /// Octets of all options but SACK blocks, each option padded to whole words.
    fn len_without_sack_octets(&self) -> usize {
        let size = if self.mss.is_some() { 4 } else { 0 };
        let scale = if self.window_scale.is_some() { 4 } else { 0 };
        let stamps = match (self.timestamps, self.sack_permitted) {
            (Some(_), true | false) => 12,
            (None, true) => 4,
            (None, false) => 0,
        };
        let timeout = if self.user_timeout.is_some() { 4 } else { 0 };
        size + scale + stamps + timeout
    }

    /// How many SACK blocks find room beside the other options: 4, with timestamps 3.
    pub fn sack_room(&self) -> usize {
        let room = MAX_OCTETS.saturating_sub(self.len_without_sack_octets() + 4);
        (room / 8).min(MAX_SACK_BLOCKS)
    }

    /// Octets that [`Options::emit`] appends: a multiple of 4, at most [`MAX_OCTETS`].
    pub fn encoded_len_octets(&self) -> usize {
        let without_sack_octets = self.len_without_sack_octets();
        if self.sack.is_empty() {
            return without_sack_octets;
        }
        let blocks = self.sack.len().min(self.sack_room());
        without_sack_octets + if blocks == 0 { 0 } else { 4 + 8 * blocks }
    }

    /// The options in the customary order, each aligned to words with no-operations in front of it; SACK
    /// blocks that find no room are left out from the end.
    pub fn layout(&self) -> impl Iterator<Item = TcpOption<'static>> {
        let nops = |count: usize| core::iter::repeat_n(TcpOption::NoOperation, count);
        let permitted = self.sack_permitted.then_some(TcpOption::SackPermitted);
        let blocks = Some(self.sack.first(self.sack_room())).filter(|blocks| !blocks.is_empty());
        //= RFC7323-A-a
        // Permission to acknowledge selectively takes the place of the two no-operations of timestamps.
        let shared_padding = if self.sack_permitted == self.timestamps.is_some() { 0 } else { 2 };
        let size = self.mss.map(TcpOption::MaxSegment);
        let stamps = self.timestamps.map(TcpOption::Timestamps);
        let scale = self.window_scale.map(TcpOption::WindowScale);
        size.into_iter()
            .chain(nops(shared_padding))
            .chain(permitted)
            .chain(stamps)
            .chain(nops(usize::from(scale.is_some())))
            .chain(scale)
            .chain(self.user_timeout.map(TcpOption::UserTimeout))
            .chain(nops(if blocks.is_some() { 2 } else { 0 }))
            .chain(blocks.map(TcpOption::Sack))
    }

    /// Appends the options as [`Options::layout`] orders them.
    pub fn emit(&self, out: &mut Vec<u8>) {
        if let Some(stamps) = self.timestamps
            && self.encoded_len_octets() == 2 + usize::from(STAMPS_OCTETS)
            && !self.sack_permitted
        {
            out.extend_from_slice(&[NO_OPERATION, NO_OPERATION, STAMPS, STAMPS_OCTETS]);
            stamps.write(out);
            return;
        }
        for option in self.layout() {
            option.emit(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::{String, ToString};
    use alloc::vec;
    use quickcheck::{Arbitrary, Gen, quickcheck};

    impl Arbitrary for Options {
        fn arbitrary(g: &mut Gen) -> Self {
            let stamps: Option<(u32, u32)> = Arbitrary::arbitrary(g);
            let timeout: Option<(bool, u16)> = Arbitrary::arbitrary(g);
            let options = Self {
                mss: Arbitrary::arbitrary(g),
                window_scale: Arbitrary::arbitrary(g),
                sack_permitted: Arbitrary::arbitrary(g),
                sack: SackBlocks::from_slice(&Vec::arbitrary(g)),
                timestamps: stamps.map(|(value, echo)| Timestamps { value, echo }),
                user_timeout: timeout.map(|(minutes, count)| UserTimeout { minutes, count: count >> 1 }),
            };
            Self { sack: options.sack.first(options.sack_room()), ..options }
        }
    }

    fn emitted(options: &Options) -> Vec<u8> {
        let mut out = Vec::new();
        options.emit(&mut out);
        out
    }

    fn texts(bytes: &[u8]) -> Vec<String> {
        let show = |item: Result<TcpOption<'_>, Stop>| match item {
            Ok(option) => option.to_string(),
            Err(stop) => stop.to_string(),
        };
        Walk::new(bytes).map(show).collect()
    }

    quickcheck! {
        //? RFC9293-MUST-4
        //? RFC9293-MUST-64
        fn what_is_emitted_is_read_back(options: Options) -> bool {
            Options::from_bytes(&emitted(&options)) == options
        }

        //? RFC9293-MUST-69
        fn the_length_is_whole_words_and_known_before(options: Options, blocks: Vec<(u32, u32)>) -> bool {
            let crowded = Options { sack: SackBlocks::from_slice(&blocks), ..options };
            let octets = emitted(&crowded).len();
            octets == crowded.encoded_len_octets() && octets.is_multiple_of(4) && octets <= MAX_OCTETS
        }

        fn reading_any_octets_is_stable(bytes: Vec<u8>) -> bool {
            let read = Options::from_bytes(&bytes);
            let room = read.sack.first(read.sack_room());
            Options::from_bytes(&emitted(&read)) == Options { sack: room, ..read }
        }

        fn walking_loses_nothing(bytes: Vec<u8>) -> bool {
            let mut walk = Walk::new(&bytes);
            let mut seen = Vec::new();
            for option in walk.by_ref() {
                match option {
                    Ok(option) => option.emit(&mut seen),
                    Err(stop) => {
                        assert!(stop.at == seen.len() && stop.at < bytes.len() && stop.have < stop.need);
                    }
                }
            }
            seen.extend_from_slice(walk.rest());
            seen == bytes
        }

        //? RFC9293-MUST-7
        fn a_walk_ends_with_its_first_stop(bytes: Vec<u8>) -> bool {
            let items: Vec<_> = Walk::new(&bytes).collect();
            items.iter().rev().skip(1).all(Result::is_ok)
        }
    }

    //? RFC9293-MUST-68
    //? RFC9293-3.2-a
    //? RFC7323-2.2-f
    //? RFC7323-3.2-j
    //? RFC2018-2-b
    #[test]
    fn fixed_lengths_are_those_that_are_written() {
        let samples = [
            TcpOption::MaxSegment(0),
            TcpOption::WindowScale(0),
            TcpOption::SackPermitted,
            TcpOption::Sack(SackBlocks::from_slice(&[(1, 2)])),
            TcpOption::Timestamps(Timestamps::default()),
            TcpOption::UserTimeout(UserTimeout::default()),
        ];
        assert_eq!(samples.len(), FIXED_LENGTHS.len());
        for (option, (kind, octets)) in samples.iter().zip(FIXED_LENGTHS) {
            let mut out = Vec::new();
            option.emit(&mut out);
            assert_eq!(option.kind(), *kind);
            assert_eq!(octets.unwrap_or(10), out.len());
        }
    }

    #[test]
    fn the_customary_order_of_a_syn() {
        let options = Options {
            mss: Some(1460),
            window_scale: Some(7),
            sack_permitted: true,
            timestamps: Some(Timestamps { value: 1, echo: 0 }),
            sack: SackBlocks::NONE,
            user_timeout: Some(UserTimeout { minutes: true, count: 5 }),
        };
        let expected = ["mss 1460", "sackOK", "TS val 1 ecr 0", "nop", "wscale 7", "uto 5min"];
        assert_eq!(texts(&emitted(&options)), expected);
    }

    //? RFC7323-A-a
    #[test]
    fn timestamps_stand_behind_two_no_operations() {
        let options = Options { timestamps: Some(Timestamps { value: 1, echo: 2 }), ..Options::NONE };
        assert_eq!(texts(&emitted(&options)), ["nop", "nop", "TS val 1 ecr 2"]);
    }

    //? RFC2018-2-b
    #[test]
    fn timestamps_leave_room_for_three_blocks() {
        let blocks = SackBlocks::from_slice(&[(1, 2), (3, 4), (5, 6), (7, 8), (9, 10)]);
        let stamps = Some(Timestamps::default());
        assert_eq!(blocks.len(), 4);
        assert_eq!(Options { sack: blocks, ..Options::NONE }.encoded_len_octets(), 36);
        let both = Options { sack: blocks, timestamps: stamps, ..Options::NONE };
        assert_eq!(Options::from_bytes(&emitted(&both)).sack, blocks.first(3));
    }

    //? RFC9293-MUST-6
    //? RFC9293-MUST-64
    #[test]
    fn unknown_options_and_known_ones_of_another_length_are_skipped() {
        let bytes = [254, 4, 0xab, 0xcd, 2, 3, 9, 2, 4, 5, 180, 253, 2];
        assert_eq!(texts(&bytes), ["opt-254:abcd", "opt-2:09", "mss 1460", "opt-253"]);
        assert_eq!(Options::from_bytes(&bytes), Options { mss: Some(1460), ..Options::NONE });
    }

    //? RFC9293-MUST-7
    #[test]
    fn impossible_lengths_end_the_walk_where_they_are() {
        let stop = |at, need, have, said_by| {
            vec![
                TcpOption::NoOperation.to_string(),
                Stop { layer: Layer::TcpOption, at, need, have, said_by }.to_string(),
            ]
        };
        assert_eq!(texts(&[1, 8, 0, 1, 1]), stop(1, 2, 0, "minimum option length"));
        assert_eq!(texts(&[1, 8, 1, 1, 1]), stop(1, 2, 1, "minimum option length"));
        assert_eq!(texts(&[1, 8, 10, 0, 0]), stop(1, 10, 4, "option length"));
        assert_eq!(texts(&[1, 8]), stop(1, 2, 1, "option kind"));
    }

    //? RFC9293-MUST-4
    #[test]
    fn the_first_of_a_kind_counts_and_nothing_after_the_end() {
        let options = Options::from_bytes(&[3, 3, 7, 3, 3, 9, 0, 2, 4, 5, 180]);
        assert_eq!(options, Options { window_scale: Some(7), ..Options::NONE });
        let mut walk = Walk::new(&[0, 0, 7]);
        assert_eq!(walk.by_ref().count(), 1);
        assert_eq!(walk.rest(), [0, 7]);
    }

    #[test]
    fn user_timeouts_have_two_units() {
        let minutes = UserTimeout { minutes: true, count: 2 };
        assert_eq!((minutes.seconds(), minutes.to_string()), (120, "2min".to_string()));
        assert_eq!(texts(&[28, 4, 0x80, 2, 28, 4, 0, 120]), ["uto 2min", "uto 120s"]);
    }
}
