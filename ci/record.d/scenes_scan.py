"""Scenes: nmap at a host with one open port: what each kind of probe is answered with."""

from scene import scene

SCAN = "nmap -n -Pn -r --max-retries 1 --host-timeout 30s"


def scan(stage, kind, ports, address="192.0.2.2"):
    net = stage.pair()
    net.server.start(
        f"talk tcp{'6' if ':' in address else ''} bind={address},80 listen=8 serve=1 recv=eof close",
        listens=80,
    )
    with stage.record():
        net.client.run(f"{SCAN} {kind} -p {ports} {address}")


@scene(
    "scan-syn",
    "nmap -sS: SYN,ACK from the open port, which the prober's kernel resets; RST from the closed ones.",
    "tcp ipv4 scan rst",
    {"tcp.flags.syn==1 and tcp.flags.ack==1": 1, "tcp.flags.reset==1 and ip.src==192.0.2.2": 3},
    role="server",
)
def scan_syn(stage):
    scan(stage, "-sS", "22,80,81,8080")


@scene(
    "scan-connect",
    "nmap -sT: ordinary connections to four ports, one of them open.",
    "tcp ipv4 scan refused rst",
    {"tcp.flags.syn==1 and tcp.flags.ack==1": 1, "tcp.flags.reset==1 and ip.src==192.0.2.2": "3+"},
)
def scan_connect(stage):
    scan(stage, "-sT", "22,80,81,8080")


@scene(
    "scan-udp",
    "nmap -sU: port unreachable from closed ports, an answer from the open one.",
    "udp ipv4 scan icmpv4 port-unreachable",
    {"icmp.type==3 and icmp.code==3": "2+", "udp.srcport==53": "1+"},
    sound=False,
    role="server",
)
def scan_udp(stage):
    net = stage.pair()
    net.server.start("talk udp bind=192.0.2.2,53 reply=9", listens=53, udp=True)
    with stage.record():
        net.client.run(f"{SCAN} -sU -p 53,69,123 192.0.2.2")


@scene(
    "scan-no-flags",
    "nmap -sN: segments without any flag, to an open and to closed ports.",
    "tcp ipv4 scan odd-flags rst",
    {"tcp.flags==0": "4+", "tcp.flags.reset==1 and tcp.flags.ack==1": 2},
    role="server",
)
def scan_no_flags(stage):
    scan(stage, "-sN", "22,80,81")


@scene(
    "scan-christmas",
    "nmap -sX: segments with FIN, PSH and URG, to an open and to closed ports.",
    "tcp ipv4 scan odd-flags rst",
    {"tcp.flags==0x29": "4+", "tcp.flags.reset==1 and tcp.flags.ack==1": 2},
    role="server",
)
def scan_christmas(stage):
    scan(stage, "-sX", "22,80,81")


@scene(
    "scan-ack",
    "nmap -sA: acknowledgements out of nowhere, each answered by RST, open port or not.",
    "tcp ipv4 scan odd-flags rst",
    {"tcp.flags==0x10": 3, "tcp.flags==0x04": 3},
    role="server",
)
def scan_ack(stage):
    scan(stage, "-sA", "22,80,81")


@scene(
    "scan-syn-v6",
    "nmap -6 -sS: the same over IPv6.",
    "tcp ipv6 scan rst",
    {
        "ipv6 and tcp.flags.syn==1 and tcp.flags.ack==1": 1,
        "ipv6 and tcp.flags.reset==1 and ipv6.src==2001:db8::2": 2,
    },
    role="server",
)
def scan_syn_v6(stage):
    scan(stage, "-6 -sS", "22,80,81", "2001:db8::2")
