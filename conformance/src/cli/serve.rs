//! floor 9: `netassay serve`: a host that real programs talk to.

use super::out::Out;
use super::{Exit, complain};
use clap::{Args as ClapArgs, ValueEnum};
use conformance::host::{HostConfig, registry};
use conformance::report::{serve as report, sockets};
use conformance::serve::client::{Errand, Outcome};
use conformance::serve::filter::{Filter, Rule, network};
use conformance::serve::map::{Exchange, Map};
use conformance::serve::talk::Service;
use conformance::serve::{self, Ended, Place, Setup};
use conformance::trace::Link;
use stack::base::{Cidr, Mac, Span};
use stack::sock::table::Row;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  netassay serve -- curl http://192.0.2.2/
  netassay serve -- curl 'http://[2001:db8::2]/count/5000000' --output numbers
  netassay serve --filter 'reject tcp 25' --filter 'deny udp 53-60 from 192.0.2.0/24' -- nmap 192.0.2.2
  netassay serve --map tcp:8080=80 --table -- curl http://192.0.2.2:8080/
  netassay serve --connect 192.0.2.1:8000 --send request -- nc -N -l 192.0.2.1 8000
  netassay serve --record trace.pcap --for 60

What the host serves: echo (TCP and UDP 7), discard (9), daytime (13), HTTP (TCP 80: `/` is a page,
`/count/N` has N octets, the numbers from 1 as `seq` prints them).

A filter rule is ACTION PROTOCOL [PORT[-PORT]] [from NETWORK] [to NETWORK]. The first that fits decides, and
what none fits is allowed. Actions: allow; deny, silently; reject, with a reset or an ICMP error; prohibit,
with an ICMP error. Protocols: any, tcp, udp, icmp. The ports are those of the destination, as the
outside calls them: the filter stands in front of the mappings of --map.

The program that follows `--` finds the addresses of the host in NETASSAY_V4 and NETASSAY_V6, and those of its
own end in NETASSAY_PEER_V4 and NETASSAY_PEER_V6.

Exit codes:
  0    the time was over, or the connection of --connect was closed by both ends
  1    the connection of --connect failed
  2    the command line makes no sense
  3    no device, no namespace, no such program, or the host broke
  130  interrupted
  With a program: its own code, or 128 and the number of the signal that ended it";

/// Let real programs talk to a host, over a network interface in a namespace of its own. Needs Linux, and
/// root or user namespaces.
#[derive(Debug, ClapArgs)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A program to run beside the host, with its arguments. When it ends all ends.
    #[arg(last = true, value_name = "COMMAND")]
    program: Vec<OsString>,

    /// The stack.
    #[arg(long, value_name = "NAME", default_value = "reference")]
    host: String,

    /// Where the interface is made.
    #[arg(long = "in", value_enum, value_name = "WHERE", default_value_t = Where::Namespace)]
    place: Where,

    /// What frames begin with: a packet of IP (a TUN interface) or a header of Ethernet (TAP).
    #[arg(long, value_enum, default_value_t = LinkName::Ip)]
    link: LinkName,

    /// The name of the interface.
    #[arg(long, value_name = "NAME", default_value = "assay0", value_parser = device_name)]
    device: String,

    /// The network of IPv4: its first address is that of the machine, its second that of the host.
    #[arg(long, value_name = "NETWORK", default_value = "192.0.2.0/24", value_parser = network_v4)]
    network_v4: Cidr,

    /// The same for IPv6.
    #[arg(long, value_name = "NETWORK", default_value = "2001:db8::/64", value_parser = network_v6)]
    network_v6: Cidr,

    /// Largest IP packet, in octets.
    #[arg(long, value_name = "OCTETS", default_value_t = 1500,
          value_parser = clap::value_parser!(u16).range(1280..))]
    mtu: u16,

    /// Fixes the random choices of the host: initial sequence numbers, ports, identifications.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,

    /// A rule of the packet filter in front of the host; may be given again.
    #[arg(long, value_name = "RULE")]
    filter: Vec<Rule>,

    /// Two ports that change places in front of the host, as tcp:8080=80; may be given again.
    #[arg(long, value_name = "PROTOCOL:OUTSIDE=INSIDE")]
    map: Vec<Exchange>,

    /// Let the host connect there. What it hears goes to standard output.
    #[arg(long, value_name = "ADDR:PORT")]
    connect: Option<SocketAddr>,

    /// What the host sends once it is connected; `-` is standard input.
    #[arg(long, value_name = "FILE", requires = "connect")]
    send: Option<PathBuf>,

    /// How long to try again while nobody listens there, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, requires = "connect")]
    patience: u32,

    /// Stop after so many seconds.
    #[arg(long = "for", value_name = "SECONDS")]
    limit: Option<u32>,

    /// Write what passes the interface to this file, as pcap.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,

    /// Show the socket table whenever it changes, on standard error.
    #[arg(long)]
    table: bool,

    /// Say nothing but what is wrong.
    #[arg(long)]
    quiet: bool,
}

/// Where the interface is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Where {
    /// In a network namespace of its own.
    Namespace,
    /// In the present one: the machine itself can talk to the host.
    Here,
}

/// What frames begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LinkName {
    /// An IP header.
    Ip,
    /// An Ethernet header.
    Ethernet,
}

fn device_name(text: &str) -> Result<String, String> {
    let sound = (1..16).contains(&text.len()) && !text.contains(|c: char| c == '/' || c.is_whitespace());
    if sound { Ok(text.to_owned()) } else { Err("a name has 1 to 15 octets, no slash and no blank".into()) }
}

fn network_v4(text: &str) -> Result<Cidr, String> {
    roomy(text, |net| net.addr.is_ipv4(), 30)
}

fn network_v6(text: &str) -> Result<Cidr, String> {
    roomy(text, |net| net.addr.is_ipv6(), 126)
}

/// A network of the right family with room for two stations.
fn roomy(text: &str, is_right: fn(&Cidr) -> bool, most: u8) -> Result<Cidr, String> {
    let net = network(text).map_err(|error| error.to_string())?;
    match (is_right(&net), net.prefix <= most) {
        (false, _) => Err("it is of the other version of IP".into()),
        (true, false) => Err(format!("two stations need a prefix of at most {most} bits")),
        (true, true) => Ok(net),
    }
}

/// The address of the station with this number in the network.
fn station(net: Cidr, number: u8) -> Cidr {
    let addr = match net.addr {
        IpAddr::V4(addr) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(net.prefix)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(addr) & mask | u32::from(number)))
        }
        IpAddr::V6(addr) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(net.prefix)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(addr) & mask | u128::from(number)))
        }
    };
    Cidr::new(addr, net.prefix)
}

pub(super) fn run(args: &Args, out: &mut Out) -> io::Result<Exit> {
    out.flush()?;
    let Some(mut host) = registry::by_name(&args.host) else {
        let names: Vec<&str> = registry::names().collect();
        complain(&format!("there is no host \"{}\"; known are {}", args.host, names.join(", ")));
        return Ok(Exit::Usage);
    };
    let map = Map { exchanges: args.map.clone() };
    if let Some((one, other)) = map.conflict() {
        complain(&format!("--map {one} and --map {other} share a port: only one of them could count"));
        return Ok(Exit::Usage);
    }
    let nets = [args.network_v4, args.network_v6];
    let errand = match args.connect.map(|remote| errand(args, remote)).transpose() {
        Ok(errand) => errand,
        Err(told) => {
            complain(&told);
            return Ok(Exit::Rig);
        }
    };
    let setup = Setup {
        place: match args.place {
            Where::Namespace => Place::Namespace,
            Where::Here => Place::Here,
        },
        device: args.device.clone(),
        host: HostConfig {
            link: match args.link {
                LinkName::Ip => Link::Ip,
                LinkName::Ethernet => Link::Ethernet,
            },
            // Locally administered, and that of one station.
            mac: Mac([2, 0, 0, 0, 0, 2]),
            addrs: nets.map(|net| station(net, 2)).to_vec(),
            peers: nets.map(|net| (station(net, 1).addr, None)).to_vec(),
            mtu_octets: args.mtu,
            seed: args.seed,
        },
        peer_addrs: nets.map(|net| station(net, 1)).to_vec(),
        services: Service::ALL.to_vec(),
        filter: Filter { rules: args.filter.clone() },
        map,
        limit: args.limit.map(|seconds| Duration::from_secs(seconds.into())),
        record: args.record.clone(),
        errand,
        program: program(args),
    };
    let users = user_namespace();
    let mut ready = || tell(args, &welcome(args, users != user_namespace()));
    let mut table = |rows: &[Row]| tell(args, &format!("{}\n", sockets::ss(rows, sockets::Show::default())));
    let ended = serve::serve(setup, host.as_mut(), &mut ready, args.table.then_some(&mut table));
    Ok(match ended {
        Ok((ended, totals)) => {
            tell(args, &report::summary(&totals));
            if let Some(Outcome::Refused(refused)) = &totals.client {
                complain(&format!("the connection failed: {refused}"));
            }
            exit(&ended, totals.client.as_ref())
        }
        Err(fault) => {
            complain(&fault.to_string());
            Exit::Rig
        }
    })
}

/// What the host is to do as a client.
fn errand(args: &Args, remote: SocketAddr) -> Result<Errand, String> {
    let opened = args.send.as_ref().map(|path| {
        let opened = if path.as_os_str() == "-" {
            io::stdin().as_fd().try_clone_to_owned().map(File::from)
        } else {
            File::open(path)
        };
        opened.map_err(|error| {
            format!("{}: it cannot be read: {error}; --send wants a file to send", path.display())
        })
    });
    let input = opened.transpose()?;
    let patience = Span::from_secs(args.patience.into());
    Ok(Errand { remote, input, output: Box::new(io::stdout()), patience })
}

/// The program, which finds the addresses of its own end in its environment.
fn program(args: &Args) -> Option<Command> {
    let (name, arguments) = args.program.split_first()?;
    let mut program = Command::new(name);
    program.args(arguments);
    program.env("NETASSAY_PEER_V4", station(args.network_v4, 1).addr.to_string());
    program.env("NETASSAY_PEER_V6", station(args.network_v6, 1).addr.to_string());
    Some(program)
}

/// The user namespace that this program is in.
fn user_namespace() -> Option<PathBuf> {
    std::fs::read_link("/proc/self/ns/user").ok()
}

/// What is told when the host is there. To enter the network of a user namespace takes entering that one.
fn welcome(args: &Args, has_users: bool) -> String {
    let at = |number| {
        format!("{} and {}", station(args.network_v4, number).addr, station(args.network_v6, number).addr)
    };
    let enter = match args.place {
        Where::Namespace if args.program.is_empty() => {
            let users = if has_users { " --user --preserve-credentials" } else { "" };
            format!("; reach it with: nsenter --target {}{users} --net COMMAND", std::process::id())
        }
        Where::Namespace | Where::Here => String::new(),
    };
    let (host, device) = (&args.host, &args.device);
    format!("{host} is at {}, this end of {device} at {}{enter}\n", at(2), at(1))
}

/// Tells people something that is not wrong. The output of a program beside the host stays its own.
fn tell(args: &Args, text: &str) {
    if !args.quiet {
        // If even standard error is closed nobody wants to know.
        let _ = write!(io::stderr(), "{text}");
    }
}

fn exit(ended: &Ended, client: Option<&Outcome>) -> Exit {
    match (ended, client) {
        (Ended::Interrupted, _) => Exit::Interrupted,
        (Ended::Program(code), _) => Exit::Program(*code),
        (Ended::Time | Ended::Client, Some(Outcome::Refused(_))) => Exit::Verdict,
        (Ended::Time | Ended::Client, Some(Outcome::Closed { .. }) | None) => Exit::Holds,
    }
}
