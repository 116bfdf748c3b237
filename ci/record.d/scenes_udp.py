"""Scenes: UDP questions and answers, and ports where nobody listens."""

from scene import scene


@scene(
    "dns-v4",
    "dig asks a name server for two addresses, once with EDNS and once without.",
    "udp ipv4 dns request-response",
    {"dns.flags.response==0": 2, "dns.flags.response==1 and dns.a==192.0.2.80": 2},
)
def dns_v4(stage):
    net = stage.pair()
    net.server.start("talk udp bind=192.0.2.2,53 dns=2,192.0.2.80", listens=53, udp=True)
    with stage.record():
        net.client.run("dig -b 192.0.2.1#40001 @192.0.2.2 www.example.com A +tries=1")
        net.client.run("dig -b 192.0.2.1#40002 @192.0.2.2 mail.example.com A +noedns +tries=1")


@scene(
    "dns-v6",
    "dig asks a name server over IPv6.",
    "udp ipv6 dns request-response",
    {"ipv6 and dns.flags.response==0": 1, "ipv6 and dns.flags.response==1": 1},
)
def dns_v6(stage):
    net = stage.pair()
    net.server.start("talk udp6 bind=2001:db8::2,53 dns=1,192.0.2.80", listens=53, udp=True)
    with stage.record():
        net.client.run("dig -b 2001:db8::1#40001 @2001:db8::2 www.example.com A +tries=1")


@scene(
    "udp-sizes-v4",
    "Datagrams of 0, 1, 512 and 1,472 octets, each sent back.",
    "udp ipv4 request-response empty-datagram",
    {"udp.length==8": 2, "udp.length==9": 2, "udp.length==520": 2, "udp.length==1480": 2},
)
def udp_sizes_v4(stage):
    sizes(stage, "udp", "192.0.2.1", "192.0.2.2", (0, 1, 512, 1472))


@scene(
    "udp-sizes-v6",
    "Datagrams over IPv6 of 0, 1, 512 and 1,452 octets, each sent back.",
    "udp ipv6 request-response empty-datagram",
    {"udp.length==8": 2, "udp.length==9": 2, "udp.length==520": 2, "udp.length==1460": 2},
)
def udp_sizes_v6(stage):
    sizes(stage, "udp6", "2001:db8::1", "2001:db8::2", (0, 1, 512, 1452))


@scene(
    "udp-fragments-v4",
    "Datagrams of 3,000 and 9,000 octets over IPv4, in fragments both ways.",
    "udp ipv4 fragments request-response",
    {"ip.flags.mf==1": "8+", "udp.length==3008": 2, "udp.length==9008": 2},
)
def udp_fragments_v4(stage):
    sizes(stage, "udp fragment", "192.0.2.1", "192.0.2.2", (3000, 9000))


@scene(
    "udp-fragments-v6",
    "Datagrams of 3,000 and 9,000 octets over IPv6, in fragments both ways.",
    "udp ipv6 fragments request-response",
    {"ipv6.fraghdr.more==1": "8+", "udp.length==3008": 2, "udp.length==9008": 2},
)
def udp_fragments_v6(stage):
    sizes(stage, "udp6", "2001:db8::1", "2001:db8::2", (3000, 9000))


def sizes(stage, kind, client, server, octets):
    net = stage.pair()
    net.server.start(f"talk {kind} bind={server},7 reply={len(octets)}", listens=7, udp=True)
    with stage.record():
        words = " ".join(f"sendto={server},7,{one} recvfrom" for one in octets)
        net.client.run(f"talk {kind} bind={client},40001 {words}")


@scene(
    "udp-no-checksum",
    "Datagrams whose sender computes no checksum (SO_NO_CHECK), sent back with one.",
    "udp ipv4 request-response no-checksum",
    {"udp.checksum==0": 1, "udp.checksum.status==1": 1},
)
def udp_no_checksum(stage):
    net = stage.pair()
    net.server.start("talk udp bind=192.0.2.2,7 reply=1", listens=7, udp=True)
    with stage.record():
        net.client.run("talk udp nocheck bind=192.0.2.1,40001 sendto=192.0.2.2,7,200 recvfrom")


@scene(
    "udp-closed-v4",
    "Datagrams to a port where nobody listens: ICMP port unreachable.",
    "udp ipv4 icmpv4 port-unreachable",
    {"udp.dstport==9 and not icmp": 2, "icmp.type==3 and icmp.code==3": 2},
)
def udp_closed_v4(stage):
    net = stage.pair()
    with stage.record():
        net.client.run(
            "talk udp bind=192.0.2.1,40001 connect=192.0.2.2,9 send=100 recvfrom!ECONNREFUSED send=1400 "
            "recvfrom!ECONNREFUSED"
        )


@scene(
    "udp-closed-v6",
    "Datagrams over IPv6 to a port where nobody listens: ICMPv6 port unreachable.",
    "udp ipv6 icmpv6 port-unreachable",
    {"udp.dstport==9 and not icmpv6": 2, "icmpv6.type==1 and icmpv6.code==4": 2},
)
def udp_closed_v6(stage):
    net = stage.pair()
    with stage.record():
        net.client.run(
            "talk udp6 bind=2001:db8::1,40001 connect=2001:db8::2,9 send=100 recvfrom!ECONNREFUSED "
            "send=1400 recvfrom!ECONNREFUSED"
        )


@scene(
    "udp-many-clients",
    "Eight clients of one UDP server at the same time, three questions each.",
    "udp ipv4 parallel request-response",
    {"udp.dstport==7": 24, "udp.srcport==7": 24},
)
def udp_many_clients(stage):
    net = stage.pair()
    net.server.start("talk udp bind=192.0.2.2,7 reply=24,900", listens=7, udp=True)
    ask = " ".join(["sendto=192.0.2.2,7,120 recvfrom"] * 3)
    with stage.record():
        net.client.run(f"talk parallel=8 udp bind=192.0.2.1,4000% {ask}")


@scene(
    "udp-netcat",
    "Three lines by netcat over UDP, and an answer.",
    "udp ipv4 request-response",
    {"udp.dstport==7000": "3+", "udp.srcport==7000": 1},
)
def udp_netcat(stage):
    net = stage.pair()
    net.server.start("talk udp bind=192.0.2.2,7000 reply=1", listens=7000, udp=True)
    with stage.record():
        net.client.run(
            "sh -c '(echo one; sleep 0.2; echo two; sleep 0.2; echo three) | nc -u -w 1 -p 40001 "
            "192.0.2.2 7000'"
        )
