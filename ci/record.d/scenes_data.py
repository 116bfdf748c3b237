"""Scenes: data in transfer: bulk, small writes, windows, urgent data, options that a connection can lack."""

from scene import scene

BULK = 250_000


def transfer(stage, net, octets, before_connect="", server_before=""):
    """The client sends `octets` to the server and closes; the server answers with 100 octets and closes."""
    server = net.server.start(
        f"talk tcp {server_before}bind=192.0.2.2,8080 listen=1 accept recv={octets} send=100 recv=eof close",
        listens=8080,
    )
    with stage.record():
        net.client.run(
            f"talk tcp {before_connect}bind=192.0.2.1,40001 connect=192.0.2.2,8080 send={octets} "
            f"recv=100 close"
        )
        server.finish()
        stage.pause(0.3)


@scene(
    "bulk-v4",
    "250,000 octets from client to server over a clean link.",
    "tcp ipv4 bulk",
    {"tcp.len>0": "150+", "tcp.analysis.retransmission": 0, "tcp.flags.fin==1": 2},
)
def bulk_v4(stage):
    transfer(stage, stage.bridged("--delay-ms 3"), BULK)


@scene(
    "bulk-v6",
    "250,000 octets from server to client over IPv6 on a clean link.",
    "tcp ipv6 bulk",
    {"ipv6 and tcp.len>0": "150+", "tcp.analysis.retransmission": 0, "tcp.flags.fin==1": 2},
)
def bulk_v6(stage):
    net = stage.bridged("--delay-ms 3")
    net.server.start(f"talk tcp6 bind=2001:db8::2,8080 listen=1 accept send={BULK} close", listens=8080)
    with stage.record():
        net.client.run("talk tcp6 bind=2001:db8::1,40001 connect=2001:db8::2,8080 recv=eof close")
        stage.pause(0.1)


@scene(
    "bulk-both-ways",
    "100,000 octets each way at the same time.",
    "tcp ipv4 bulk bidirectional",
    {"ip.src==192.0.2.1 and tcp.len>0": "50+", "ip.src==192.0.2.2 and tcp.len>0": "50+"},
)
def bulk_both_ways(stage):
    net = stage.bridged("--delay-ms 5")
    net.server.start(
        "talk tcp bind=192.0.2.2,8080 listen=1 accept send=100000 recv=100000 recv=eof close", listens=8080
    )
    with stage.record():
        net.client.run("talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 send=100000 recv=100000 close")
        stage.pause(0.2)


@scene(
    "bulk-iperf3",
    "iperf3: a control connection and two parallel streams of 100,000 octets.",
    "tcp ipv4 bulk parallel iperf3",
    {"tcp.flags.syn==1 and tcp.flags.ack==0": 3, "tcp.dstport==5201 and tcp.len>0": "100+"},
)
def bulk_iperf3(stage):
    net = stage.bridged("--delay-ms 2")
    server = net.server.start("iperf3 -s -1 -B 192.0.2.2", listens=5201)
    with stage.record():
        net.client.run("iperf3 -c 192.0.2.2 -P 2 -n 200K -l 10K --cport 40001 --repeating-payload")
        server.finish(status=None)


@scene(
    "bulk-offload",
    "250,000 octets with all offloads on: segments larger than the link, checksums not filled in.",
    "tcp ipv4 bulk offload unfilled-checksum",
    {"ip.len>1500": "5+", "tcp.flags.fin==1": 2, "tcp.checksum.status==0": "5+"},
    sound=False,
)
def bulk_offload(stage):
    transfer(stage, stage.pair(offload=True), BULK)


@scene(
    "tcp-nagle",
    "Fifty small writes with the Nagle algorithm: while data is unacknowledged, small ones wait and go "
    "together.",
    "tcp ipv4 small-writes nagle",
    {"ip.src==192.0.2.1 and tcp.len>37": "3+", "ip.src==192.0.2.1 and tcp.len==37": "1+"},
)
def nagle(stage):
    small_writes(stage, "")


@scene(
    "tcp-nodelay",
    "Fifty small writes without the Nagle algorithm (TCP_NODELAY): each goes at once.",
    "tcp ipv4 small-writes nodelay",
    {"ip.src==192.0.2.1 and tcp.len==37": 50},
)
def nodelay(stage):
    small_writes(stage, "nodelay ")


def small_writes(stage, option):
    net = stage.bridged("--delay-ms 15")
    net.server.start("talk tcp bind=192.0.2.2,8080 listen=1 accept recv=eof close", listens=8080)
    with stage.record():
        net.client.run(f"talk tcp {option}bind=192.0.2.1,40001 connect=192.0.2.2,8080 write=50,37,4 close")
        stage.pause(0.3)


@scene(
    "tcp-ping-pong",
    "Thirty questions and answers of 64 octets: acknowledgements ride on the answers.",
    "tcp ipv4 request-response",
    {"tcp.len==64": 60, "tcp.analysis.retransmission": 0},
)
def ping_pong(stage):
    net = stage.pair()
    net.server.start("talk tcp nodelay bind=192.0.2.2,8080 listen=1 accept echo close", listens=8080)
    with stage.record():
        net.client.run("talk tcp nodelay bind=192.0.2.1,40001 connect=192.0.2.2,8080 pingpong=30,64 close")


@scene(
    "tcp-zero-window",
    "A reader that rests for 4 s: its window closes, the sender probes it, it reopens.",
    "tcp ipv4 zero-window window-probe",
    {"tcp.analysis.zero_window": "3+", "tcp.analysis.keep_alive": "2+", "tcp.flags.fin==1": 2},
)
def zero_window(stage):
    # Linux probes with no data and one octet below snd.una: to tshark that is a keep-alive.
    net = stage.pair()
    server = net.server.start(
        "talk tcp rcvbuf=8000 bind=192.0.2.2,8080 listen=1 accept sleep=4 recv=eof close", listens=8080
    )
    with stage.record():
        net.client.run("talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 send=60000 close")
        server.finish()


@scene(
    "tcp-slow-reader",
    "A reader that takes 2,000 octets every 60 ms: the window is small all the time.",
    "tcp ipv4 small-window",
    {"tcp.analysis.window_full or tcp.analysis.zero_window": "2+", "tcp.flags.fin==1": 2},
)
def slow_reader(stage):
    net = stage.pair()
    server = net.server.start(
        "talk tcp rcvbuf=6000 bind=192.0.2.2,8080 listen=1 accept slow=2000,60 close", listens=8080
    )
    with stage.record():
        net.client.run("talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 send=50000 close")
        server.finish()


@scene(
    "tcp-urgent",
    "Urgent data in the middle of a stream, twice (MSG_OOB).",
    "tcp ipv4 urgent",
    {"tcp.flags.urg==1": "2+", "tcp.urgent_pointer>0": "2+"},
)
def urgent(stage):
    net = stage.pair()
    net.server.start("talk tcp bind=192.0.2.2,8080 listen=1 accept oobinline recv=eof close", listens=8080)
    with stage.record():
        net.client.run(
            "talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 send=300 oob=1 sleep=0.1 send=300 "
            "sleep=0.1 oob=5 send=200 close"
        )


@scene(
    "tcp-small-mss",
    "Both ends announce a segment size of 536 (TCP_MAXSEG).",
    "tcp ipv4 small-mss",
    {"tcp.options.mss_val==536": 2, "tcp.len>536": 0, "tcp.len>=500": "70+"},
)
def small_mss(stage):
    transfer(stage, stage.pair(), 40000, "maxseg=536 ", "maxseg=536 ")


@scene(
    "tcp-tiny-mss",
    "The server announces a segment size of 216 through its route; the client must obey.",
    "tcp ipv4 small-mss",
    {
        "tcp.options.mss_val==216": 1,
        "ip.src==192.0.2.1 and tcp.len>216": 0,
        "ip.src==192.0.2.1 and tcp.len>=200": "40+",
    },
)
def tiny_mss(stage):
    net = stage.pair()
    net.server.set("ip route replace 192.0.2.0/24 dev eth0 src 192.0.2.2 advmss 216")
    transfer(stage, net, 10000)


@scene(
    "tcp-no-timestamps",
    "A connection without the timestamps option.",
    "tcp ipv4 no-timestamps",
    {"tcp.options.timestamp.tsval": 0, "tcp.options.sack_perm": 2, "tcp.options.wscale": 2},
)
def no_timestamps(stage):
    lacking(stage, "net.ipv4.tcp_timestamps=0")


@scene(
    "tcp-no-sack",
    "A connection without selective acknowledgement.",
    "tcp ipv4 no-sack",
    {
        "tcp.options.sack_perm and ip.src==192.0.2.2": 0,
        "tcp.options.timestamp.tsval": "10+",
        "tcp.options.wscale": 2,
    },
)
def no_sack(stage):
    lacking(stage, "net.ipv4.tcp_sack=0")


@scene(
    "tcp-no-window-scale",
    "A connection without window scaling.",
    "tcp ipv4 no-window-scale",
    {"tcp.options.wscale": 0, "tcp.options.timestamp.tsval": "10+"},
)
def no_window_scale(stage):
    lacking(stage, "net.ipv4.tcp_window_scaling=0")


@scene(
    "tcp-no-options",
    "A connection with the segment size as its only option.",
    "tcp ipv4 no-timestamps no-sack no-window-scale",
    {"tcp.options.wscale or tcp.options.timestamp.tsval or tcp.options.sack_perm": 0, "tcp.options.mss": 2},
)
def no_options(stage):
    lacking(stage, "net.ipv4.tcp_timestamps=0 net.ipv4.tcp_sack=0 net.ipv4.tcp_window_scaling=0")


def lacking(stage, setting):
    net = stage.pair()
    net.client.set(f"sysctl -qw {setting}")
    transfer(stage, net, 20000)


@scene(
    "tcp-window-scale-14",
    "The largest window scale that there is, 14: the windows on the wire are very coarse.",
    "tcp ipv4 window-scale-14",
    {"tcp.options.wscale.shift==14": 2},
)
def window_scale_14(stage):
    net = stage.pair()
    for host in (net.client, net.server):
        host.set("sysctl -qw 'net.ipv4.tcp_rmem=4096 131072 1073741824'")
    transfer(stage, net, 20000)


@scene(
    "tcp-fast-open",
    "TCP Fast Open: the first connection gets a cookie, the second sends data in its SYN.",
    "tcp ipv4 open fast-open",
    {
        "tcp.flags.syn==1 and tcp.flags.ack==0": 2,
        "tcp.options.tfo": "3+",
        "tcp.flags.syn==1 and tcp.len>0": 1,
    },
)
def fast_open(stage):
    net = stage.pair()
    net.server.set("sysctl -qw net.ipv4.tcp_fastopen=3")
    net.client.set("sysctl -qw net.ipv4.tcp_fastopen=1 net.ipv4.tcp_no_metrics_save=0")
    net.server.start(
        "talk tcp bind=192.0.2.2,8080 fastopen listen=4 serve=2 recv=200 send=400 recv=eof close",
        listens=8080,
    )
    with stage.record():
        for port in (40001, 40002):
            net.client.run(f"talk tcp bind=192.0.2.1,{port} connect-send=192.0.2.2,8080,200 recv=400 close")
            stage.pause(0.2)


@scene(
    "tcp-ecn",
    "Explicit congestion notification agreed on; the network marks segments, the receiver echoes, the "
    "sender says it slowed.",
    "tcp ipv4 ecn bulk",
    taps=("client", "server"),
    expect={
        "tcp.flags.syn==1 and tcp.flags.ece==1": 2,
        "tcp.flags.ece==1 and tcp.flags.syn==0": "1+",
        "tcp.flags.cwr==1 and tcp.flags.syn==0": "1+",
    },
    expect_at={"server": {"ip.dsfield.ecn==3": "1+"}, "client": {"ip.dsfield.ecn==2": "50+"}},
)
def ecn(stage):
    net = stage.bridged("--delay-ms 10 --mark 30 --seed 11")
    for host in (net.client, net.server):
        host.set("sysctl -qw net.ipv4.tcp_ecn=1")
    transfer(stage, net, 150_000)


@scene(
    "tcp-dscp",
    "A connection whose client marks its packets with a service class (IP_TOS 0xb8).",
    "tcp ipv4 dscp",
    {"ip.dsfield.dscp==46 and ip.src==192.0.2.1": "3+"},
)
def dscp(stage):
    transfer(stage, stage.pair(), 3000, "tos=184 ")


@scene(
    "tcp-padded-frames",
    "A connection over a link that pads short frames to 60 octets: more octets than the IP length says.",
    "tcp ipv4 padding",
    {"eth.padding or eth.trailer": "3+", "tcp.flags.fin==1": 2},
)
def padded_frames(stage):
    net = stage.bridged("--pad")
    net.client.set("sysctl -qw net.ipv4.tcp_timestamps=0")
    transfer(stage, net, 3000)
