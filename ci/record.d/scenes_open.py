"""Scenes: how connections open, or do not."""

from scene import scene
from topology import CLIENT_MAC, SERVER_MAC

NEVER_OPENS = "holds no connection and no datagram exchange"


@scene(
    "http-v4",
    "A web page over IPv4: one request, an answer of 20,000 octets, the server closes first.",
    "tcp ipv4 http open server-closes-first",
    {
        "tcp.flags.syn==1": 2,
        "http.request": 1,
        "http.response.code==200": 1,
        "tcp.flags.fin==1": 2,
        "tcp.flags.reset==1": 0,
    },
)
def http_v4(stage):
    http(stage, "192.0.2.2", "http://192.0.2.2:8080/page.bin")


@scene(
    "http-v6",
    "A web page over IPv6: one request, an answer of 20,000 octets, the server closes first.",
    "tcp ipv6 http open server-closes-first",
    {"ipv6 and tcp.flags.syn==1": 2, "http.request": 1, "http.response.code==200": 1, "tcp.flags.fin==1": 2},
)
def http_v6(stage):
    http(stage, "2001:db8::2", "http://[2001:db8::2]:8080/page.bin")


def http(stage, address, url):
    net = stage.pair()
    stage.file_of("page.bin", 20000)
    net.server.start(f"python3 -m http.server --bind {address} 8080", listens=8080)
    with stage.record():
        net.client.run(f"curl -sS --local-port 40001 -o got.bin {url}")


@scene(
    "http-not-found",
    "A web request for a page that is not there; the client's second request goes over a second connection.",
    "tcp ipv4 http open",
    {"tcp.flags.syn==1 and tcp.flags.ack==0": 2, "http.response.code==404": 2},
)
def http_not_found(stage):
    net = stage.pair()
    net.server.start("python3 -m http.server --bind 192.0.2.2 8080", listens=8080)
    with stage.record():
        for port in (40001, 40002):
            net.client.run(f"curl -sS --local-port {port} -o got.bin http://192.0.2.2:8080/missing")


@scene(
    "tcp-parallel",
    "Six connections at once to one listening port, each with data both ways.",
    "tcp ipv4 open parallel",
    {"tcp.flags.syn==1 and tcp.flags.ack==0": 6, "tcp.flags.fin==1": 12, "tcp.flags.reset==1": 0},
)
def parallel(stage):
    net = stage.pair()
    server = net.server.start(
        "talk tcp bind=192.0.2.2,8080 listen=16 serve=6 recv=700 send=3000 recv=eof close", listens=8080
    )
    with stage.record():
        net.client.run(
            "talk parallel=6 tcp bind=192.0.2.1,4000% connect=192.0.2.2,8080 send=700 recv=3000 "
            "sleep=0.2 close"
        )
        server.finish()


@scene(
    "tcp-refused-v4",
    "A connection to a port where nobody listens: RST in answer to the SYN.",
    "tcp ipv4 refused rst",
    {"tcp.flags.syn==1": 1, "tcp.flags.reset==1 and tcp.flags.ack==1": 1},
)
def refused_v4(stage):
    net = stage.pair()
    with stage.record():
        net.client.run("curl -sS --local-port 40001 http://192.0.2.2:81/", status=7)


@scene(
    "tcp-refused-v6",
    "A connection over IPv6 to a port where nobody listens: RST in answer to the SYN.",
    "tcp ipv6 refused rst",
    {"ipv6 and tcp.flags.syn==1": 1, "ipv6 and tcp.flags.reset==1 and tcp.flags.ack==1": 1},
)
def refused_v6(stage):
    net = stage.pair()
    with stage.record():
        net.client.run("curl -sS --local-port 40001 http://[2001:db8::2]:81/", status=7)


@scene(
    "tcp-nobody-answers",
    "SYNs to a peer that is silent: four linear timeouts, as Linux has them, then exponential ones, then "
    "it gives up.",
    "tcp ipv4 syn-retransmission timeout no-answer",
    {"tcp.flags.syn==1 and tcp.flags.ack==0": 8, "tcp.flags.ack==1": 0},
)
def nobody_answers(stage):
    net = stage.pair()
    net.client.set("sysctl -qw net.ipv4.tcp_syn_retries=3")
    silent(stage, net)


@scene(
    "tcp-nobody-answers-backoff",
    "SYNs to a peer that is silent, with exponential backoff from the first one on.",
    "tcp ipv4 syn-retransmission timeout no-answer",
    {"tcp.flags.syn==1 and tcp.flags.ack==0": 4, "tcp.flags.ack==1": 0},
)
def nobody_answers_backoff(stage):
    net = stage.pair()
    net.client.set("sysctl -qw net.ipv4.tcp_syn_linear_timeouts=0 net.ipv4.tcp_syn_retries=3")
    silent(stage, net)


def silent(stage, net):
    net.client.set(f"ip neighbor add 192.0.2.99 lladdr {SERVER_MAC} dev eth0 nud permanent")
    with stage.record():
        net.client.run("talk tcp bind=192.0.2.1,40001 connect=192.0.2.99,8080!ETIMEDOUT")


@scene(
    "tcp-simultaneous-open",
    "Both ends connect to each other at once; their SYNs cross and one connection comes of it.",
    "tcp ipv4 open simultaneous-open",
    taps=("client", "server"),
    expect={
        "tcp.flags.syn==1 and tcp.flags.ack==0": 2,
        "tcp.flags.syn==1 and tcp.flags.ack==1": 2,
        "tcp.len>0": "2+",
        "tcp.flags.fin==1": 2,
    },
)
def simultaneous_open(stage):
    net = stage.bridged("--delay-ms 150")
    know_each_other(net)
    server = net.server.start(
        "talk tcp bind=192.0.2.2,40002 wait connect=192.0.2.1,40001 send=600 recv=400 recv=eof close"
    )
    client = net.client.start(
        "talk tcp bind=192.0.2.1,40001 wait connect=192.0.2.2,40002 send=400 recv=600 close"
    )
    stage.pause(0.5)
    with stage.record():
        client.go()
        server.go()
        client.finish()
        server.finish()
        stage.pause(0.5)


def know_each_other(net):
    """Neighbour entries up front, so that address resolution does not delay one of two ends."""
    net.client.quiet(f"ip neighbor replace 192.0.2.2 lladdr {SERVER_MAC} dev eth0 nud permanent")
    net.server.quiet(f"ip neighbor replace 192.0.2.1 lladdr {CLIENT_MAC} dev eth0 nud permanent")


@scene(
    "tcp-connect-to-itself",
    "A socket that connects to its own address and port on the loopback: simultaneous open with itself.",
    "tcp ipv4 open simultaneous-open loopback",
    taps=("loopback",),
    sound=False,
    why_not="both ends are one socket",
    expect={
        "tcp.flags.syn==1 and tcp.flags.ack==0": 1,
        "tcp.len>0": 1,
        "tcp.srcport==40001 and tcp.dstport==40001": "4+",
    },
)
def connect_to_itself(stage):
    net = stage.pair()
    with stage.record():
        net.client.run("talk tcp bind=127.0.0.1,40001 connect=127.0.0.1,40001 send=100 recv=100 close")


@scene(
    "tcp-time-wait-client",
    "The same four-tuple twice: the client closed first and leaves TIME-WAIT for the second connection.",
    "tcp ipv4 open time-wait-reuse client-closes-first",
    {
        "tcp.flags.syn==1 and tcp.flags.ack==0 and tcp.srcport==40001": 2,
        "tcp.flags.syn==1 and tcp.flags.ack==1": 2,
        "tcp.flags.fin==1": 4,
    },
)
def time_wait_client(stage):
    net = stage.pair()
    net.client.set("sysctl -qw net.ipv4.tcp_tw_reuse=1")
    server = net.server.start(
        "talk tcp bind=192.0.2.2,8080 listen=4 accept-keep recv=eof close again recv=eof close", listens=8080
    )
    with stage.record():
        for _ in range(2):
            net.client.run("talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 send=300 close")
            stage.pause(1.5)
        server.finish()


@scene(
    "tcp-time-wait-server",
    "The same four-tuple twice: the server closed first and accepts the new SYN in TIME-WAIT.",
    "tcp ipv4 open time-wait-reuse server-closes-first",
    {
        "tcp.flags.syn==1 and tcp.flags.ack==0 and tcp.srcport==40001": 2,
        "tcp.flags.syn==1 and tcp.flags.ack==1": 2,
        "tcp.flags.fin==1": 4,
    },
)
def time_wait_server(stage):
    net = stage.pair()
    server = net.server.start(
        "talk tcp bind=192.0.2.2,8080 listen=4 accept-keep send=300 close again send=300 close", listens=8080
    )
    with stage.record():
        for _ in range(2):
            net.client.run("talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 recv=eof close")
            stage.pause(0.3)
        server.finish()
