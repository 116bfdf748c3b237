"""Scenes: segments from nowhere put into a live connection, and a listener that is asked too much."""

from scene import scene


def injected(stage, kinds, after="send=200 recv=300 close", server_end="recv=200 send=300 recv=eof close"):
    """A connection with data both ways, the injected segments, and then what is left of the connection."""
    net = stage.pair()
    net.client.set("sysctl -qw net.ipv4.tcp_timestamps=0")
    net.server.start(
        f"talk tcp bind=192.0.2.2,8080 listen=1 accept recv=500 send=300 {server_end}", listens=8080
    )
    intruder = net.client.start(f"inject {kinds}")
    stage.pause(0.3)
    with stage.record():
        client = net.client.start(
            f"talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 send=500 recv=300 wait {after}"
        )
        stage.pause(0.5)
        intruder.go()
        intruder.finish()
        client.go()
        client.finish()


@scene(
    "tcp-challenge-ack",
    "A SYN, a RST inside the window and an acknowledgement of what was never sent: the server answers each "
    "with an ACK and stays (RFC 5961).",
    "tcp ipv4 crafted challenge-ack",
    {
        "tcp.flags.syn==1 and tcp.flags.ack==0": 2,
        "tcp.flags.reset==1": 1,
        "tcp.flags.fin==1": 2,
        "ip.src==192.0.2.2 and tcp.len==0 and tcp.flags==0x10": "4+",
    },
    role="server",
)
def challenge_ack(stage):
    injected(stage, "syn rst-in-window ack-of-unsent")


@scene(
    "tcp-outside-window",
    "Old data, data far beyond the window and a RST far beyond it: ACKs for the data, silence for the RST.",
    "tcp ipv4 crafted outside-window",
    {
        "tcp.flags.reset==1": 1,
        "tcp.flags.fin==1": 2,
        "ip.src==192.0.2.1 and tcp.len==100": 2,
        "tcp.analysis.duplicate_ack": 2,
    },
    role="server",
)
def outside_window(stage):
    injected(stage, "data-old data-outside rst-outside")


@scene(
    "tcp-dropped-silently",
    "Data with a wrong checksum, data without ACK, a segment without any flag: no answer to any of them.",
    "tcp ipv4 crafted bad-checksum",
    {
        "tcp.flags.reset==1": 0,
        "tcp.flags.fin==1": 2,
        "tcp.checksum.status==0": 1,
        "ip.src==192.0.2.2 and tcp.len==0 and tcp.flags==0x10": 1,
    },
    role="server",
    sound=False,
)
def dropped_silently(stage):
    injected(stage, "data-bad-checksum data-without-ack no-flags")


@scene(
    "tcp-keepalive-old",
    "A keep-alive with one octet of old data, as old stacks send it: the server answers with an ACK.",
    "tcp ipv4 crafted keepalive",
    {"ip.src==192.0.2.1 and tcp.len==1": 1, "tcp.analysis.keep_alive_ack": 1, "tcp.flags.fin==1": 2},
    role="server",
)
def keepalive_old(stage):
    injected(stage, "keepalive-one-octet")


@scene(
    "tcp-reset-by-intruder",
    "A RST with exactly the expected sequence number ends the connection; the client's next data meets RST.",
    "tcp ipv4 crafted rst",
    {"tcp.flags.reset==1 and ip.src==192.0.2.1": 1, "tcp.flags.reset==1 and ip.src==192.0.2.2": 1},
    role="server",
)
def reset_by_intruder(stage):
    injected(
        stage, "rst-exact", after="send=200 sleep=0.2 recv=1!ECONNRESET", server_end="recv=eof!ECONNRESET"
    )


@scene(
    "tcp-backlog-full",
    "A listener that accepts nothing and has room for one: the second client's SYNs meet silence.",
    "tcp ipv4 open backlog syn-retransmission no-answer",
    {
        "tcp.srcport==40001 and tcp.flags.syn==1": 1,
        "tcp.srcport==40002 and tcp.flags.syn==1": "3+",
        "tcp.dstport==40002 and tcp.flags.syn==1": 0,
    },
)
def backlog_full(stage):
    net = stage.pair()
    net.client.set("sysctl -qw net.ipv4.tcp_syn_linear_timeouts=0 net.ipv4.tcp_syn_retries=2")
    server = net.server.start("talk tcp bind=192.0.2.2,8080 listen=0 wait close", listens=8080)
    with stage.record():
        first = net.client.start("talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 wait close")
        stage.pause(0.3)
        net.client.run("talk tcp bind=192.0.2.1,40002 connect=192.0.2.2,8080!ETIMEDOUT")
        first.go()
        first.finish()
        server.go()
        server.finish()
