"""Scenes: below the transports: neighbours, echo, fragments, and what routers say."""

from scene import scene

NO_FLOW = "no TCP connection and no UDP exchange"


@scene(
    "arp",
    "A neighbour found by ARP, then used; an echo request each way.",
    "arp icmpv4 ping",
    {"arp.opcode==1": "1+", "arp.opcode==2": "1+", "icmp.type==8": 2, "icmp.type==0": 2},
    why_not=NO_FLOW,
)
def arp(stage):
    net = stage.pair()
    with stage.record():
        net.client.run("ping -n -c 1 192.0.2.2")
        net.server.run("ping -n -c 1 192.0.2.1")


@scene(
    "arp-unanswered",
    "ARP requests for an address that nobody has; the packet that waited is given up.",
    "arp arp-unanswered",
    {"arp.opcode==1 and arp.dst.proto_ipv4==192.0.2.99": "3+", "arp.opcode==2": 0, "icmp.type==8": 0},
    why_not=NO_FLOW,
)
def arp_unanswered(stage):
    net = stage.pair()
    with stage.record():
        net.client.run("ping -n -c 1 -W 4 192.0.2.99", status=1)


@scene(
    "arp-gratuitous",
    "A host that announces its new Ethernet address by itself; its neighbour then uses the new one.",
    "arp arp-gratuitous",
    {"arp.isgratuitous==1": "1+", "icmp.type==0": 2, "eth.dst==02:00:00:00:00:22": "1+"},
    why_not=NO_FLOW,
)
def arp_gratuitous(stage):
    net = stage.pair()
    with stage.record():
        net.client.run("ping -n -c 1 192.0.2.2")
        net.server.set("ip link set eth0 address 02:00:00:00:00:22")
        net.server.run("arping -c 2 -A -I eth0 192.0.2.2", status=None)
        net.client.run("ping -n -c 1 192.0.2.2")


@scene(
    "nd",
    "A neighbour found by solicitation and advertisement, and echo over IPv6.",
    "ipv6 nd icmpv6 ping",
    {"icmpv6.type==135": "1+", "icmpv6.type==136": "1+", "icmpv6.type==128": 2, "icmpv6.type==129": 2},
    why_not=NO_FLOW,
)
def nd(stage):
    net = stage.pair()
    with stage.record():
        net.client.run("ping -n -c 2 -i 0.2 2001:db8::2")


@scene(
    "nd-unanswered",
    "Solicitations for an IPv6 address that nobody has.",
    "ipv6 nd nd-unanswered",
    {"icmpv6.type==135": "3+", "icmpv6.type==128": 0},
    why_not=NO_FLOW,
)
def nd_unanswered(stage):
    net = stage.pair()
    with stage.record():
        net.client.run("ping -n -c 1 -W 4 2001:db8::99", status=1)


@scene(
    "nd-duplicate-address",
    "Duplicate address detection, once with a free address and once with a taken one.",
    "ipv6 nd dad",
    {
        "icmpv6.type==135 and ipv6.src==::": "2+",
        "icmpv6.type==136 and icmpv6.nd.na.target_address==2001:db8::2": "1+",
    },
    why_not=NO_FLOW,
)
def nd_duplicate_address(stage):
    net = stage.pair()
    net.client.set("sysctl -qw net.ipv6.conf.eth0.accept_dad=1")
    with stage.record():
        for address in ("2001:db8::77", "2001:db8::2"):
            net.client.set(f"ip address add {address}/64 dev eth0")
            stage.pause(2)


@scene(
    "nd-router",
    "A host comes up, solicits a router, forms an address from the advertised prefix, and tests it for "
    "duplicates.",
    "ipv6 nd rs ra dad",
    {"icmpv6.type==133": "1+", "icmpv6.type==134": "1+", "icmpv6.type==135 and ipv6.src==::": "1+"},
    taps=("server",),
    why_not=NO_FLOW,
)
def nd_router(stage):
    net = stage.pair()
    net.client.set(
        "sysctl -qw net.ipv6.conf.eth0.accept_ra=1 net.ipv6.conf.eth0.router_solicitations=2 "
        "net.ipv6.conf.eth0.accept_dad=1"
    )
    net.server.start("craft router")
    net.client.set("ip link set eth0 down")
    with stage.record():
        net.client.set("ip link set eth0 up")
        stage.pause(4)
        if "2001:db8:7:" not in net.client.quiet("ip -6 address show dev eth0"):
            raise RuntimeError("the client has no address of the advertised prefix")


@scene(
    "ping-v4",
    "Echo requests of several sizes over IPv4.",
    "icmpv4 ping",
    {"icmp.type==8": 4, "icmp.type==0": 4},
    why_not=NO_FLOW,
)
def ping_v4(stage):
    pings(stage, "192.0.2.2")


@scene(
    "ping-v6",
    "Echo requests of several sizes over IPv6.",
    "ipv6 icmpv6 ping",
    {"icmpv6.type==128": 4, "icmpv6.type==129": 4},
    why_not=NO_FLOW,
)
def ping_v6(stage):
    pings(stage, "2001:db8::2")


def pings(stage, address):
    net = stage.pair()
    with stage.record():
        for octets in (0, 1, 56, 1400):
            net.client.run(f"ping -n -c 1 -s {octets} {address}")


@scene(
    "ping-fragments-v4",
    "An echo request of 4,000 octets over IPv4, in fragments both ways.",
    "icmpv4 ping fragments",
    {"ip.flags.mf==1": 4, "ip.frag_offset>0": 4, "icmp.type==8 and icmp.type": "1+"},
    why_not=NO_FLOW,
)
def ping_fragments_v4(stage):
    net = stage.pair()
    with stage.record():
        net.client.run("ping -n -c 1 -s 4000 192.0.2.2")


@scene(
    "ping-fragments-v6",
    "An echo request of 4,000 octets over IPv6, in fragments both ways.",
    "ipv6 icmpv6 ping fragments",
    {"ipv6.fraghdr.more==1": 4, "ipv6.fraghdr.offset>0": 4},
    why_not=NO_FLOW,
)
def ping_fragments_v6(stage):
    net = stage.pair()
    with stage.record():
        net.client.run("ping -n -c 1 -s 4000 2001:db8::2")


def crafted(stage, name, version):
    net = stage.pair()
    net.client.run("ping -n -c 1 " + ("192.0.2.2" if version == "v4" else "2001:db8::2"))
    net.server.set("sysctl -qw net.ipv4.ipfrag_time=2 net.ipv6.ip6frag_time=2")
    address = "udp bind=192.0.2.2" if version == "v4" else "udp6 bind=2001:db8::2"
    net.server.start(f"talk {address},7 reply=99", listens=7, udp=True)
    with stage.record():
        net.client.run(f"craft {name}-{version}")


@scene(
    "fragments-overlap-v4",
    "Fragments that overlap with other octets: the datagram is dropped, a good one after it is answered.",
    "ipv4 udp fragments overlap crafted",
    {"ip.flags.mf==1": 3, "udp.srcport==7": 1},
    role="server",
    sound=False,
)
def fragments_overlap_v4(stage):
    crafted(stage, "overlap", "v4")


@scene(
    "fragments-overlap-v6",
    "IPv6 fragments that overlap: dropped silently (RFC 5722), a good datagram after it is answered.",
    "ipv6 udp fragments overlap crafted",
    {"ipv6.fraghdr.more==1": 3, "udp.srcport==7": 1, "icmpv6.type==3": 0},
    role="server",
    sound=False,
)
def fragments_overlap_v6(stage):
    crafted(stage, "overlap", "v6")


@scene(
    "fragments-backwards-v4",
    "Fragments in reverse order; the datagram is put together and answered.",
    "ipv4 udp fragments fragments-reordered crafted",
    {"udp.srcport==7": 2},
    role="server",
)
def fragments_backwards_v4(stage):
    crafted(stage, "backwards", "v4")


@scene(
    "fragments-backwards-v6",
    "IPv6 fragments in reverse order; the datagram is put together and answered.",
    "ipv6 udp fragments fragments-reordered crafted",
    {"udp.srcport==7": 2},
    role="server",
)
def fragments_backwards_v6(stage):
    crafted(stage, "backwards", "v6")


@scene(
    "fragments-missing-v4",
    "A fragment that never comes: time exceeded in reassembly, then a good datagram is answered.",
    "ipv4 udp icmpv4 fragments reassembly-timeout crafted",
    {"icmp.type==11 and icmp.code==1": 1, "udp.srcport==7": 1},
    role="server",
)
def fragments_missing_v4(stage):
    crafted(stage, "hole", "v4")


@scene(
    "fragments-missing-v6",
    "An IPv6 fragment that never comes: time exceeded in reassembly, then a good datagram is answered.",
    "ipv6 udp icmpv6 fragments reassembly-timeout crafted",
    {"icmpv6.type==3 and icmpv6.code==1": 1, "udp.srcport==7": 1},
    role="server",
)
def fragments_missing_v6(stage):
    crafted(stage, "hole", "v6")


@scene(
    "mtu-v4",
    "A router with a narrow link tells a TCP sender `fragmentation needed`; it sends again in smaller "
    "segments.",
    "tcp ipv4 icmpv4 path-mtu",
    {"icmp.type==3 and icmp.code==4": "1+", "ip.len==1500": "1+", "ip.len==1400": "10+"},
)
def mtu_v4(stage):
    net = stage.routed(far_mtu=1400)
    net.server.start(
        "talk tcp bind=198.51.100.2,8080 listen=1 accept recv=60000 send=100 recv=eof close", listens=8080
    )
    with stage.record():
        net.client.run("talk tcp bind=192.0.2.1,40001 connect=198.51.100.2,8080 send=60000 recv=100 close")


@scene(
    "mtu-v6",
    "A router with a narrow link tells a TCP sender over IPv6 `packet too big`; it sends again in "
    "smaller segments.",
    "tcp ipv6 icmpv6 path-mtu",
    {"icmpv6.type==2": "1+", "ipv6.plen==1460": "1+", "ipv6.plen==1240": "10+"},
)
def mtu_v6(stage):
    net = stage.routed(far_mtu=1280)
    net.server.start(
        "talk tcp6 bind=2001:db8:1::2,8080 listen=1 accept recv=60000 send=100 recv=eof close", listens=8080
    )
    with stage.record():
        net.client.run(
            "talk tcp6 bind=2001:db8::1,40001 connect=2001:db8:1::2,8080 send=60000 recv=100 close"
        )


@scene(
    "tcp-host-unreachable",
    "SYNs to a host behind a router that cannot find it: `host unreachable`, and the connection is given up.",
    "tcp ipv4 icmpv4 unreachable no-answer",
    {"tcp.flags.syn==1 and not icmp": "1+", "icmp.type==3 and icmp.code==1": "1+"},
)
def host_unreachable(stage):
    net = stage.routed(far_mtu=1500)
    net.client.set("sysctl -qw net.ipv4.tcp_syn_linear_timeouts=0 net.ipv4.tcp_syn_retries=2")
    with stage.record():
        net.client.run("talk tcp bind=192.0.2.1,40001 connect=198.51.100.99,8080!EHOSTUNREACH")


@scene(
    "hop-limit",
    "Echo requests whose hop limit ends at the router: time exceeded in transit, both versions of IP.",
    "icmpv4 icmpv6 time-exceeded ping",
    {"icmp.type==11 and icmp.code==0": 1, "icmpv6.type==3 and icmpv6.code==0": 1},
    why_not=NO_FLOW,
)
def hop_limit(stage):
    net = stage.routed(far_mtu=1500)
    with stage.record():
        net.client.run("ping -n -c 1 -t 1 198.51.100.2", status=1)
        net.client.run("ping -n -c 1 -t 1 2001:db8:1::2", status=1)
