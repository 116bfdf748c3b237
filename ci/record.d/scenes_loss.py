"""Scenes: a network that loses, reorders and duplicates, at random or exactly where it hurts."""

from scene import scene
from scenes_data import BULK, transfer

# The client's tap sees its segments before the network loses them; the server's tap sees what is left.
BOTH = ("client", "server")
# How tshark calls a retransmission depends on its timing.
SENT_AGAIN = "tcp.len>0 and (tcp.analysis.retransmission or tcp.analysis.out_of_order)"


@scene(
    "bulk-loss",
    "250,000 octets over a link that loses 3 % of the packets each way.",
    "tcp ipv4 bulk loss",
    {"tcp.flags.fin==1": "2+"},
    {"client": {SENT_AGAIN: "2+"}},
    taps=BOTH,
)
def bulk_loss(stage):
    transfer(stage, stage.bridged("--delay-ms 5 --loss 30 --seed 1"), BULK)


@scene(
    "bulk-reorder",
    "250,000 octets over a link that delays 5 % of the packets behind later ones.",
    "tcp ipv4 bulk reorder",
    {"tcp.flags.fin==1": "2+"},
    {
        "server": {"tcp.analysis.out_of_order or tcp.analysis.retransmission": "2+"},
        "client": {"tcp.options.sack_le": "2+"},
    },
    taps=BOTH,
)
def bulk_reorder(stage):
    transfer(stage, stage.bridged("--delay-ms 5 --reorder 50 --seed 2"), BULK)


@scene(
    "bulk-duplicate",
    "250,000 octets over a link that delivers 3 % of the packets twice.",
    "tcp ipv4 bulk duplicate",
    {"tcp.flags.fin==1": "2+"},
    {"server": {"tcp.analysis.retransmission and tcp.len>0": "2+"}},
    taps=BOTH,
)
def bulk_duplicate(stage):
    transfer(stage, stage.bridged("--delay-ms 5 --duplicate 30 --seed 3"), BULK)


@scene(
    "bulk-hostile",
    "250,000 octets over a link that loses 2 %, reorders 4 % and duplicates 2 %.",
    "tcp ipv4 bulk loss reorder duplicate",
    {"tcp.flags.fin==1": "2+"},
    {"client": {SENT_AGAIN: "2+"}},
    taps=BOTH,
)
def bulk_hostile(stage):
    transfer(stage, stage.bridged("--delay-ms 5 --loss 20 --reorder 40 --duplicate 20 --seed 4"), BULK)


@scene(
    "bulk-loss-no-sack",
    "150,000 octets over a link that loses 3 %, without selective acknowledgement.",
    "tcp ipv4 bulk loss no-sack",
    {SENT_AGAIN: "2+", "tcp.options.sack_le": 0},
)
def bulk_loss_no_sack(stage):
    net = stage.bridged("--delay-ms 5 --loss 30 --seed 5")
    net.server.set("sysctl -qw net.ipv4.tcp_sack=0")
    transfer(stage, net, 150_000)


@scene(
    "bulk-loss-v6",
    "150,000 octets from the server over IPv6 on a link that loses 3 %.",
    "tcp ipv6 bulk loss",
    {"ipv6 and tcp.options.sack_le": "1+", "tcp.flags.fin==1": "2+"},
)
def bulk_loss_v6(stage):
    net = stage.bridged("--delay-ms 5 --loss 30 --seed 6")
    server = net.server.start(
        "talk tcp6 bind=2001:db8::2,8080 listen=1 accept send=150000 close", listens=8080
    )
    with stage.record():
        net.client.run("talk tcp6 bind=2001:db8::1,40001 connect=2001:db8::2,8080 recv=eof close")
        server.finish()
        stage.pause(0.8)


@scene(
    "tcp-syn-lost",
    "The client's SYN is lost; it comes again after one second.",
    "tcp ipv4 syn-lost syn-retransmission",
    {"tcp.flags.fin==1": 2},
    {
        "client": {"tcp.flags.syn==1 and tcp.flags.ack==0": 2},
        "server": {"tcp.flags.syn==1 and tcp.flags.ack==0": 1},
    },
    taps=BOTH,
)
def syn_lost(stage):
    transfer(stage, stage.bridged("--delay-ms 2 --drop left:S:1"), 500)


@scene(
    "tcp-syn-ack-lost",
    "The server's SYN,ACK is lost; SYN and SYN,ACK come again.",
    "tcp ipv4 syn-ack-lost syn-retransmission",
    {"tcp.flags.fin==1": 2, "tcp.flags.syn==1 and tcp.flags.ack==0": 2},
    {"server": {"tcp.flags.syn==1 and tcp.flags.ack==1": "2+"}},
    taps=BOTH,
)
def syn_ack_lost(stage):
    transfer(stage, stage.bridged("--delay-ms 2 --drop right:SA:1"), 500)


@scene(
    "tcp-handshake-ack-lost",
    "The ACK that ends the handshake is lost; the server speaks first, so its SYN,ACK must come again.",
    "tcp ipv4 handshake-ack-lost",
    {"tcp.flags.syn==1 and tcp.flags.ack==1": "2+", "tcp.flags.fin==1": 2},
    taps=BOTH,
)
def handshake_ack_lost(stage):
    net = stage.bridged("--delay-ms 2 --drop left:A:1")
    net.server.start("talk tcp bind=192.0.2.2,8080 listen=1 accept send=500 close", listens=8080)
    with stage.record():
        net.client.run("talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 recv=eof close")
        stage.pause(0.3)


@scene(
    "tcp-fin-lost",
    "The client's FIN is lost and comes again.",
    "tcp ipv4 fin-lost",
    {},
    {"client": {"tcp.flags.fin==1 and ip.src==192.0.2.1": "2+"}},
    taps=BOTH,
)
def fin_lost(stage):
    transfer(stage, stage.bridged("--delay-ms 2 --drop left:F:1"), 500)


@scene(
    "tcp-last-ack-lost",
    "The ACK of the last FIN is lost: the FIN comes again and TIME-WAIT answers it again.",
    "tcp ipv4 last-ack-lost time-wait",
    {"tcp.flags.fin==1 and ip.src==192.0.2.2": "2+"},
)
def last_ack_lost(stage):
    net = stage.bridged("--delay-ms 2 --drop left:A:2")
    server = net.server.start(
        "talk tcp bind=192.0.2.2,8080 listen=1 accept recv=500 recv=eof close", listens=8080
    )
    with stage.record():
        net.client.run("talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 send=500 close")
        server.finish()
        stage.pause(1.0)


@scene(
    "tcp-fast-retransmit",
    "One segment in the middle of a flight is lost: duplicate acknowledgements with SACK, then a fast "
    "retransmission.",
    "tcp ipv4 fast-retransmit sack loss",
    {"tcp.analysis.duplicate_ack": "3+", "tcp.options.sack_le": "3+", "tcp.analysis.retransmission": 1},
)
def fast_retransmit(stage):
    transfer(stage, stage.bridged("--delay-ms 20 --drop left:D:12"), 60_000)


@scene(
    "tcp-tail-loss",
    "The last segment before a pause is lost: nothing follows that could show it, a timer must.",
    "tcp ipv4 tail-loss loss",
    {"tcp.analysis.retransmission and tcp.len>0": "1+", "tcp.analysis.duplicate_ack": 0},
)
def tail_loss(stage):
    transfer(stage, stage.bridged("--delay-ms 20 --drop left:D:3"), 4000)


@scene(
    "tcp-retransmission-backoff",
    "A segment and its first five retransmissions are lost: the timeout doubles each time.",
    "tcp ipv4 backoff timeout loss",
    {"tcp.analysis.retransmission and tcp.len==300": "5+", "tcp.flags.fin==1": 2},
)
def retransmission_backoff(stage):
    net = stage.bridged("--delay-ms 5 --drop left:D:2-7")
    net.server.start(
        "talk tcp bind=192.0.2.2,8080 listen=1 accept recv=600 send=100 recv=eof close", listens=8080
    )
    with stage.record():
        net.client.run(
            "talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 send=300 sleep=0.2 send=300 recv=100 close"
        )
        stage.pause(0.3)
