//! floor 8: what two kernels are told to do, and what the cable between them does. Everything follows from a
//! seed; what comes of it does not, because it happens in real time.

use crate::drive::link::dice::Dice;
use std::time::Duration;

/// The first port that somebody listens on.
const FIRST_PORT: u16 = 5_000;

/// Who finishes segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cards {
    /// The kernels.
    None,
    /// A card of each, below the tap on it.
    Finish,
    /// Nobody: kernels on the same machine believe each other.
    Virtual,
}

/// One direction of the cable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// From end to end.
    pub delay: Duration,
    /// Frames lost, in thousandths.
    pub loss: u16,
    /// Frames that come much later than others, in thousandths.
    pub late: u16,
    /// Frames that come twice, in thousandths.
    pub double: u16,
    /// Its rate, if it is limited.
    pub octets_per_s: Option<u64>,
    /// For how long a frame waits at the most, where it is.
    pub queue: Duration,
}

/// How a namespace is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Files below `/proc/sys/net`.
    pub files: Vec<(&'static str, &'static str)>,
}

/// One thing that a program does with its socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Writes so many octets.
    Send(u32),
    /// Reads so many octets.
    Recv(u32),
    /// Reads to the end of the stream.
    RecvAll,
    /// Waits so many milliseconds.
    Sleep(u16),
    /// Shuts its half.
    Shut,
    /// Writes an octet of urgent data.
    Urgent,
}

/// What one end of a connection does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// In order.
    pub acts: Vec<Act>,
    /// At the same time, in order.
    pub beside: Vec<Act>,
    /// Whether it aborts in the end.
    pub aborts: bool,
}

/// Numbers of a socket; zeros are the usual ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `TCP_CONGESTION`.
    pub congestion: &'static str,
    /// `TCP_NODELAY`.
    pub no_delay: bool,
    /// `TCP_MAXSEG`.
    pub max_segment: i32,
    /// `SO_RCVBUF`.
    pub receive_buffer: i32,
    /// `SO_SNDBUF`.
    pub send_buffer: i32,
    /// `SO_KEEPALIVE`, with a second between probes.
    pub keep_alive: bool,
}

/// One connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Talk {
    /// Whether it is of IPv6.
    pub v6: bool,
    /// The end that opens it.
    pub from: usize,
    /// The port of the other end.
    pub port: u16,
    /// Nobody listens there.
    pub refused: bool,
    /// When it is opened.
    pub after: Duration,
    /// The options of both ends.
    pub options: [Options; 2],
    /// What both ends do.
    pub scripts: [Script; 2],
}

/// Everything about two ends and what is between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetPlan {
    /// Seed of the cable.
    pub seed: u64,
    /// Who finishes segments.
    pub cards: Cards,
    /// From the first end, and from the second.
    pub lines: [Line; 2],
    /// Of both ends.
    pub settings: [Settings; 2],
    /// The connections.
    pub talks: Vec<Talk>,
}

impl NetPlan {
    /// The plan of so many connections that follows from a seed.
    pub fn from_seed(seed: u64, talks: u16) -> Self {
        let mut dice = Dice::new(seed ^ 0x6c69_6e75);
        let cards = one_of(&mut dice, &[Cards::None, Cards::None, Cards::Finish, Cards::Virtual]);
        let first = line(&mut dice);
        let other = if dice.percent(30) { line(&mut dice) } else { first };
        let lines = [first, other];
        let settings = [settings(&mut dice), settings(&mut dice)];
        let talks = (0..talks).map(|index| talk(&mut dice, FIRST_PORT + index)).collect();
        Self { seed, cards, lines, settings, talks }
    }

    /// Whether the kernels leave something to others.
    pub fn offloads(&self) -> bool {
        self.cards != Cards::None
    }
}

fn one_of<T: Copy>(dice: &mut Dice, from: &[T]) -> T {
    from[usize::try_from(dice.below(from.len() as u64)).unwrap_or(0)]
}

fn line(dice: &mut Dice) -> Line {
    let mut some = |percent: u8, most: u64| {
        let drawn = dice.below(most) + 1;
        if dice.percent(percent) { u16::try_from(drawn).unwrap_or(0) } else { 0 }
    };
    let (loss, late, double) = (some(70, 80), some(40, 80), some(40, 30));
    let delay = Duration::from_micros(one_of(dice, &[0, 100, 500, 2_000, 10_000, 30_000]));
    let octets_per_s = dice.percent(25).then(|| one_of(dice, &[200_000, 1_000_000, 5_000_000]));
    let queue = Duration::from_millis(one_of(dice, &[5, 30, 200]));
    Line { delay, loss, late, double, octets_per_s, queue }
}

/// Not among them is `tcp_shrink_window`: Linux takes no notice of a window that a repeated acknowledgement
/// shrinks, and sends new data behind its edge, which it should not (RFC9293-SHLD-15). That is found, and
/// true.
fn settings(dice: &mut Dice) -> Settings {
    let mut files = vec![
        ("ipv6/conf/all/accept_dad", "0"),
        ("ipv6/conf/default/accept_dad", "0"),
        ("ipv6/conf/default/accept_ra", "0"),
        ("ipv6/conf/default/router_solicitations", "0"),
        ("ipv4/tcp_no_metrics_save", "1"),
        ("ipv4/tcp_syn_retries", "4"),
        ("ipv4/tcp_fin_timeout", "2"),
        ("ipv4/icmp_ratelimit", "0"),
        ("ipv6/icmp/ratelimit", "0"),
    ];
    files.push(("ipv4/tcp_ecn", one_of(dice, &["0", "1", "1", "2", "2", "3"])));
    for (name, values) in [
        ("ipv4/tcp_timestamps", &["0", "2"][..]),
        ("ipv4/tcp_sack", &["0"]),
        ("ipv4/tcp_window_scaling", &["0"]),
        ("ipv4/tcp_dsack", &["0"]),
        ("ipv4/tcp_recovery", &["0", "2"]),
        ("ipv4/tcp_early_retrans", &["0"]),
        ("ipv4/tcp_slow_start_after_idle", &["0"]),
        ("ipv4/tcp_frto", &["0"]),
        ("ipv4/tcp_rmem", &["4096 16384 65536", "4096 131072 6291456"]),
        ("ipv4/tcp_workaround_signed_windows", &["1"]),
        ("ipv4/tcp_autocorking", &["0"]),
        ("ipv4/tcp_min_tso_segs", &["8"]),
        ("ipv4/tcp_mtu_probing", &["2"]),
    ] {
        let value = one_of(dice, values);
        if dice.percent(20) {
            files.push((name, value));
        }
    }
    Settings { files }
}

fn options(dice: &mut Dice) -> Options {
    let mut some = |percent: u8, from: &[i32]| {
        let drawn = one_of(dice, from);
        if dice.percent(percent) { drawn } else { 0 }
    };
    let (max_segment, receive_buffer) =
        (some(15, &[88, 536, 1_000, 1_220]), some(30, &[2_300, 5_000, 20_000]));
    let send_buffer = some(20, &[5_000, 20_000]);
    Options {
        congestion: one_of(dice, &["cubic", "cubic", "reno", "bbr"]),
        no_delay: dice.percent(30),
        max_segment,
        receive_buffer,
        send_buffer,
        keep_alive: dice.percent(20),
    }
}

fn talk(dice: &mut Dice, port: u16) -> Talk {
    Talk {
        v6: dice.percent(40),
        from: usize::from(dice.percent(40)),
        port,
        refused: dice.percent(5),
        after: Duration::from_millis(dice.below(300)),
        options: [options(dice), options(dice)],
        scripts: scripts(dice),
    }
}

/// What the end that opens does, and the other.
fn scripts(dice: &mut Dice) -> [Script; 2] {
    use Act::{Recv, RecvAll, Send, Shut, Sleep, Urgent};
    let bulk = 20_000 + u32::try_from(dice.below(180_000)).unwrap_or(0);
    let small = 1 + u32::try_from(dice.below(4_000)).unwrap_or(0);
    let pause = u16::try_from(dice.below(900)).unwrap_or(0);
    let plain = |acts: &[Act]| Script { acts: acts.to_vec(), ..Script::default() };
    let abort = |acts: &[Act]| Script { aborts: true, ..plain(acts) };
    let both = |acts: &[Act], beside: &[Act]| Script { beside: beside.to_vec(), ..plain(acts) };
    match dice.below(14) {
        0 => [plain(&[Send(bulk), Shut, RecvAll]), plain(&[RecvAll])],
        1 => [plain(&[RecvAll]), plain(&[Send(bulk), Shut, RecvAll])],
        2 => [both(&[Send(bulk), Shut], &[RecvAll]), both(&[Send(bulk / 2), Shut], &[RecvAll])],
        3 => {
            let (mut asks, mut answers) = (Vec::new(), Vec::new());
            for _ in 0..6 {
                asks.extend([Send(small / 10 + 1), Recv(small)]);
                answers.extend([Recv(small / 10 + 1), Send(small)]);
            }
            [plain(&asks), plain(&[answers, vec![RecvAll]].concat())]
        }
        4 => {
            let reads = [Sleep(pause), Recv(3_000), Sleep(pause * 2), Recv(9_000), Sleep(pause), RecvAll];
            [plain(&[Send(bulk), Shut, RecvAll]), plain(&reads)]
        }
        5 => [abort(&[Send(bulk / 2), Sleep(pause / 4)]), plain(&[RecvAll])],
        6 => [plain(&[Sleep(pause), Recv(small)]), plain(&[Send(bulk), Shut, RecvAll])],
        7 => [plain(&[Send(small), Shut, RecvAll]), plain(&[RecvAll, Sleep(pause), Send(bulk / 4)])],
        8 => {
            let same = [Send(small), Recv(small), Sleep(300), Shut, RecvAll];
            [plain(&same), plain(&same)]
        }
        9 => [
            plain(&[Send(small), Urgent, Send(small), Sleep(pause), Urgent, Shut, RecvAll]),
            plain(&[RecvAll]),
        ],
        10 => [plain(&[Send(small), Sleep(3_200), Send(small), Shut, RecvAll]), plain(&[RecvAll])],
        11 => {
            let writes: Vec<Act> = (0..30).flat_map(|_| [Send(small / 40 + 1), Sleep(pause / 60)]).collect();
            [plain(&[writes, vec![Shut, RecvAll]].concat()), plain(&[RecvAll])]
        }
        12 => [plain(&[]), plain(&[Send(small), RecvAll])],
        _ => [plain(&[Send(bulk), Sleep(pause), Send(small), Shut, RecvAll]), abort(&[Recv(bulk / 2)])],
    }
}
