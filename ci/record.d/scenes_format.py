"""Scenes: one short connection in every shape that a capture file can have; captures that lack something."""

import subprocess

import formats
from recorder import Recorder
from scene import scene

CLAIM = {"tcp.flags.syn==1": 2, "tcp.len==300": 1, "tcp.len==1200": 1, "tcp.flags.fin==1": 2}
SERVE = "talk tcp bind=192.0.2.2,8080 listen=1 accept recv=300 send=1200 recv=eof close"
ASK = "talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 send=300 recv=1200 close"


def short(stage, net=None, options="", only=""):
    """300 octets there, 1,200 back, the client closes first."""
    net = net or stage.pair()
    net.server.start(SERVE, listens=8080)
    with stage.record(options, only):
        net.client.run(ASK)


def editcap_to_pcapng(path):
    """What editcap makes of the recording, without what it says about this machine."""
    subprocess.run(["editcap", "-F", "pcapng", str(path), str(path) + ".ng"], check=True)
    made = (path.parent / (path.name + ".ng")).read_bytes()
    first = int.from_bytes(made[4:8], "little")
    plain = formats.Pcapng()
    plain.section()
    path.write_bytes(plain.parts[0] + made[first:])


@scene(
    "format-pcap-ns",
    "A short connection with times in nanoseconds.",
    "tcp ipv4 format nanoseconds",
    CLAIM,
    format="pcap-ns",
)
def pcap_ns(stage):
    short(stage, options="--time-stamp-precision=nano")


@scene(
    "format-pcap-big-endian",
    "A short connection in a file written in the other byte order.",
    "tcp ipv4 format big-endian",
    CLAIM,
    finish=formats.big_endian,
)
def pcap_big_endian(stage):
    short(stage)


@scene(
    "format-pcapng",
    "A short connection as editcap writes pcapng, times in nanoseconds.",
    "tcp ipv4 format pcapng nanoseconds",
    CLAIM,
    format="pcapng",
    finish=editcap_to_pcapng,
)
def pcapng(stage):
    short(stage, options="--time-stamp-precision=nano")


EACH_TWICE = {
    "tcp.flags.syn==1": 4,
    "frame.interface_id==0 and tcp.len==300": 1,
    "frame.interface_id==1 and tcp.len==300": 1,
}


def both_ends(stage, mixed_links):
    net = stage.pair()
    net.server.start(SERVE, listens=8080)
    paths = [stage.folder / f"{tap}.pcap" for tap in ("client", "server")]
    with Recorder(net.client, "eth0", paths[0]), Recorder(net.server, "eth0", paths[1]):
        net.client.run(ASK)
    formats.several_interfaces(*paths, stage.folder / stage.scene.file("client+server"), mixed_links)


@scene(
    "format-pcapng-interfaces",
    "One connection recorded at both ends in one pcapng file: two interfaces, two clock resolutions.",
    "tcp ipv4 format pcapng several-interfaces nanoseconds",
    EACH_TWICE,
    format="pcapng",
    taps=("client+server",),
    why_not="every packet is in it twice, as seen at each end",
)
def pcapng_interfaces(stage):
    both_ends(stage, mixed_links=False)


@scene(
    "format-pcapng-mixed-links",
    "The same with two link types in one file, which pcapng allows and programs over libpcap refuse.",
    "tcp ipv4 format pcapng several-interfaces mixed-links",
    EACH_TWICE,
    format="pcapng",
    taps=("client+server",),
    link="EN10MB+RAW",
    why_not="every packet is in it twice, as seen at each end",
)
def pcapng_mixed_links(stage):
    both_ends(stage, mixed_links=True)


@scene(
    "format-pcapng-odd-blocks",
    "A short connection in big-endian pcapng: two sections, comments, blocks that a reader must step over.",
    "tcp ipv4 format pcapng big-endian odd-blocks",
    CLAIM,
    format="pcapng",
    finish=formats.odd_blocks,
)
def pcapng_odd_blocks(stage):
    short(stage)


@scene(
    "format-pcapng-simple",
    "A short connection in simple packet blocks, which have no time.",
    "tcp ipv4 format pcapng no-time",
    CLAIM,
    format="pcapng",
    finish=formats.simple_packets,
    why_not="no times: replay needs to know when",
)
def pcapng_simple(stage):
    short(stage)


@scene(
    "format-raw-ip",
    "A short connection and an echo over IPv6 on an interface without a link layer.",
    "tcp ipv4 ipv6 format raw-ip",
    {**CLAIM, "icmpv6.type==128": 1, "eth": 0},
    link="RAW",
)
def raw_ip(stage):
    net = stage.tunnelled()
    net.server.start(SERVE, listens=8080)
    with stage.record():
        net.client.run(ASK)
        net.client.run("ping -n -c 1 2001:db8::2")


@scene(
    "format-null",
    "A short connection with the link type of BSD loopback interfaces.",
    "tcp ipv4 format null-link",
    CLAIM,
    link="NULL",
    finish=formats.null_link,
)
def null(stage):
    short(stage)


@scene(
    "format-sll",
    "A short connection recorded on all interfaces at once, Linux cooked header.",
    "tcp ipv4 format linux-sll",
    {**CLAIM, "sll": "8+"},
    taps=("any",),
    link="LINUX_SLL",
)
def sll(stage):
    short(stage, options="-y LINUX_SLL")


@scene(
    "format-sll2",
    "A short connection recorded on all interfaces at once, Linux cooked header version 2.",
    "tcp ipv4 format linux-sll2",
    CLAIM,
    taps=("any",),
    link="LINUX_SLL2",
)
def sll2(stage):
    short(stage, options="-y LINUX_SLL2")


@scene(
    "format-loopback",
    "Web pages over the loopback, IPv4 and IPv6: Ethernet addresses of zeros, checksums not filled in, "
    "segments of any size.",
    "tcp ipv4 ipv6 http format loopback offload unfilled-checksum",
    {"tcp.flags.syn==1 and tcp.flags.ack==0": 2, "eth.src==00:00:00:00:00:00": "10+"},
    taps=("loopback",),
    sound=False,
)
def loopback(stage):
    net = stage.pair()
    stage.file_of("page.bin", 100_000)
    net.client.start("python3 -m http.server --bind 127.0.0.1 8080", listens=8080)
    net.client.start("python3 -m http.server --bind ::1 8081", listens=8081)
    with stage.record():
        net.client.run("curl -sS --local-port 40001 -o got.bin http://127.0.0.1:8080/page.bin")
        net.client.run("curl -sS --local-port 40002 -o got.bin http://[::1]:8081/page.bin")


@scene(
    "format-vlan",
    "A short connection on a trunk between two bridges: frames tagged for VLAN 42.",
    "tcp ipv4 format vlan",
    {**CLAIM, "vlan.id==42": "8+"},
    taps=("bridge",),
)
def vlan(stage):
    net = stage.trunk(42)
    short(stage, net)
    stage.pause(0.1)


@scene(
    "format-snap-68",
    "A connection of which only the first 68 octets of each frame were kept.",
    "tcp ipv4 format snap-length",
    {"tcp.flags.syn==1": 2, "frame.cap_len<frame.len": "3+"},
    sound=False,
    why_not="payload cut by the snap length",
)
def snap_68(stage):
    short(stage, options="-s 68")


@scene(
    "format-snap-96",
    "A connection over IPv6 of which only the first 96 octets of each frame were kept.",
    "tcp ipv6 format snap-length",
    {"tcp.flags.syn==1": 2, "frame.cap_len<frame.len": "2+"},
    sound=False,
    why_not="payload cut by the snap length",
)
def snap_96(stage):
    net = stage.pair()
    net.server.start(
        "talk tcp6 bind=2001:db8::2,8080 listen=1 accept recv=300 send=1200 recv=eof close", listens=8080
    )
    with stage.record("-s 96"):
        net.client.run("talk tcp6 bind=2001:db8::1,40001 connect=2001:db8::2,8080 send=300 recv=1200 close")


@scene(
    "format-mid-connection",
    "A recording that begins in the middle of a connection.",
    "tcp ipv4 format mid-connection",
    {"tcp.flags.syn==1": 0, "tcp.len>0": "4+", "tcp.flags.fin==1": 2},
    why_not="no handshake in the capture",
    sound=False,
)
def mid_connection(stage):
    net = stage.pair()
    net.server.start("talk tcp bind=192.0.2.2,8080 listen=1 accept echo close", listens=8080)
    client = net.client.start(
        "talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 pingpong=3,200 wait pingpong=3,200 close"
    )
    stage.pause(0.5)
    with stage.record():
        client.go()
        client.finish()


@scene(
    "format-one-direction",
    "A connection of which only the client's packets were recorded.",
    "tcp ipv4 format one-direction",
    {"ip.src==192.0.2.2": 0, "tcp.flags.syn==1": 1},
    why_not="one direction only",
    sound=False,
)
def one_direction(stage):
    short(stage, only="src host 192.0.2.1")


@scene(
    "format-cut",
    "A file that ends in the middle of a record: the last acknowledgement is not whole.",
    "tcp ipv4 format cut-file",
    {"tcp.flags.syn==1": 2, "tcp.flags.fin==1": 2},
    finish=formats.cut_in_record,
)
def cut(stage):
    short(stage, only="tcp")


@scene(
    "format-empty",
    "A file with a header and no packet.",
    "format empty",
    {"frame": 0},
    finish=formats.empty,
    why_not="no packet",
)
def empty(stage):
    short(stage)
