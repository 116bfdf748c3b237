"""Scenes: how connections end: in order, halfway, at once, and by abort."""

from scene import scene
from scenes_open import know_each_other


@scene(
    "tcp-client-closes-first",
    "netcat sends a file and closes; the server closes after it.",
    "tcp ipv4 close client-closes-first",
    {
        "tcp.flags.fin==1": 2,
        "tcp.flags.reset==1": 0,
        "tcp.flags.fin==1 and ip.src==192.0.2.1 and tcp.ack==1": 1,
    },
)
def client_closes_first(stage):
    net = stage.pair()
    stage.file_of("file.bin", 4000)
    server = net.server.start("nc -l 192.0.2.2 8080", listens=8080)
    with stage.record():
        net.client.run("sh -c 'nc -N -p 40001 192.0.2.2 8080 < file.bin'")
        server.popen.wait(10)


@scene(
    "tcp-server-closes-first",
    "The server says a line and closes; the client reads to the end and closes after it.",
    "tcp ipv4 close server-closes-first",
    {
        "tcp.flags.fin==1": 2,
        "tcp.flags.reset==1": 0,
        "tcp.flags.fin==1 and ip.src==192.0.2.2 and tcp.ack==1": 1,
    },
)
def server_closes_first(stage):
    net = stage.pair()
    net.server.start("talk tcp bind=192.0.2.2,8080 listen=1 accept send=200 close", listens=8080)
    with stage.record():
        net.client.run("talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 recv=eof sleep=0.2 close")


@scene(
    "tcp-close-v6",
    "Data both ways over IPv6 and an orderly close by the client.",
    "tcp ipv6 close client-closes-first",
    {"tcp.flags.fin==1": 2, "tcp.flags.reset==1": 0, "tcp.len==500": 2},
)
def close_v6(stage):
    net = stage.pair()
    net.server.start(
        "talk tcp6 bind=2001:db8::2,8080 listen=1 accept recv=500 send=500 recv=eof close", listens=8080
    )
    with stage.record():
        net.client.run("talk tcp6 bind=2001:db8::1,40001 connect=2001:db8::2,8080 send=500 recv=500 close")


@scene(
    "tcp-half-close",
    "The client closes its direction; the server goes on sending 30,000 octets, then closes.",
    "tcp ipv4 close half-close client-closes-first",
    {
        "tcp.flags.fin==1": 2,
        "tcp.flags.reset==1": 0,
        "ip.src==192.0.2.2 and tcp.len>0 and tcp.ack==302": "20+",
    },
)
def half_close(stage):
    net = stage.pair()
    net.server.start(
        "talk tcp bind=192.0.2.2,8080 listen=1 accept recv=eof sleep=0.3 write=10,3000,20 close", listens=8080
    )
    with stage.record():
        net.client.run(
            "talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 send=300 shutdown recv=eof close"
        )


@scene(
    "tcp-half-close-server",
    "The server closes its direction; the client goes on sending, then closes.",
    "tcp ipv4 close half-close server-closes-first",
    {
        "tcp.flags.fin==1": 2,
        "tcp.flags.reset==1": 0,
        "ip.src==192.0.2.1 and tcp.len>0 and tcp.ack==302": "5+",
    },
)
def half_close_server(stage):
    net = stage.pair()
    net.server.start(
        "talk tcp bind=192.0.2.2,8080 listen=1 accept send=300 shutdown recv=eof close", listens=8080
    )
    with stage.record():
        net.client.run(
            "talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 recv=eof sleep=0.3 write=10,1000,20 close"
        )


@scene(
    "tcp-simultaneous-close",
    "Both ends close at once; their FINs cross and both ends go through CLOSING.",
    "tcp ipv4 close simultaneous-close",
    taps=("client", "server"),
    expect={"tcp.flags.fin==1": 2, "tcp.flags.fin==1 and tcp.ack==401": 2, "tcp.flags.reset==1": 0},
)
def simultaneous_close(stage):
    net = stage.bridged("--delay-ms 150")
    know_each_other(net)
    server = net.server.start(
        "talk tcp bind=192.0.2.2,8080 listen=1 accept send=400 recv=400 wait close", listens=8080
    )
    with stage.record():
        client = net.client.start(
            "talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 send=400 recv=400 wait close"
        )
        stage.pause(1.5)
        client.go()
        server.go()
        client.finish()
        server.finish()
        stage.pause(0.6)


@scene(
    "tcp-abort-client",
    "The client aborts (SO_LINGER 0) after data both ways: RST instead of FIN.",
    "tcp ipv4 close abort rst",
    {"tcp.flags.reset==1 and ip.src==192.0.2.1": 1, "tcp.flags.fin==1": 0},
)
def abort_client(stage):
    net = stage.pair()
    net.server.start(
        "talk tcp bind=192.0.2.2,8080 listen=1 accept recv=500 send=500 recv=eof!ECONNRESET", listens=8080
    )
    with stage.record():
        net.client.run(
            "talk tcp linger0 bind=192.0.2.1,40001 connect=192.0.2.2,8080 send=500 recv=500 sleep=0.2 close"
        )


@scene(
    "tcp-abort-server",
    "The server aborts (SO_LINGER 0) after data both ways: RST instead of FIN.",
    "tcp ipv4 close abort rst",
    {"tcp.flags.reset==1 and ip.src==192.0.2.2": 1, "tcp.flags.fin==1": 0},
)
def abort_server(stage):
    net = stage.pair()
    net.server.start(
        "talk tcp bind=192.0.2.2,8080 listen=1 accept recv=500 send=500 linger0 sleep=0.2 close", listens=8080
    )
    with stage.record():
        net.client.run(
            "talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 send=500 recv=500 recv=eof!ECONNRESET"
        )


@scene(
    "tcp-abort-v6",
    "The client aborts over IPv6 with data still unacknowledged.",
    "tcp ipv6 close abort rst",
    {"ipv6 and tcp.flags.reset==1 and ipv6.src==2001:db8::1": "1+", "tcp.flags.fin==1": 0},
)
def abort_v6(stage):
    net = stage.pair()
    net.server.start(
        "talk tcp6 bind=2001:db8::2,8080 listen=1 accept sleep=0.5 recv=eof!ECONNRESET", listens=8080
    )
    with stage.record():
        net.client.run("talk tcp6 linger0 bind=2001:db8::1,40001 connect=2001:db8::2,8080 send=20000 close")


@scene(
    "tcp-close-unread",
    "The server closes while data of the client is unread: RST at once (RFC 9293 section 3.10.4).",
    "tcp ipv4 close close-unread rst",
    {"tcp.flags.reset==1 and ip.src==192.0.2.2": 1, "tcp.flags.fin==1": 0},
)
def close_unread(stage):
    net = stage.pair()
    net.server.start("talk tcp bind=192.0.2.2,8080 listen=1 accept recv=100 sleep=0.3 close", listens=8080)
    with stage.record():
        net.client.run("talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 send=5000 recv=eof!ECONNRESET")


@scene(
    "tcp-data-after-close",
    "The server has closed both directions; data that comes later is answered by RST.",
    "tcp ipv4 close data-after-close rst server-closes-first",
    {"tcp.flags.fin==1 and ip.src==192.0.2.2": 1, "tcp.flags.reset==1 and ip.src==192.0.2.2": "1+"},
)
def data_after_close(stage):
    net = stage.pair()
    net.server.start("talk tcp bind=192.0.2.2,8080 listen=1 accept recv=100 close", listens=8080)
    with stage.record():
        net.client.run(
            "talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 send=100 sleep=0.3 send=100 sleep=0.3 close"
        )


@scene(
    "tcp-keepalive",
    "An idle connection kept alive by probes, one each second, which the peer answers.",
    "tcp ipv4 keepalive idle",
    {"tcp.analysis.keep_alive": 3, "tcp.analysis.keep_alive_ack": 3, "tcp.flags.fin==1": 2},
)
def keepalive(stage):
    net = stage.pair()
    net.server.start(
        "talk tcp bind=192.0.2.2,8080 listen=1 accept recv=100 send=100 recv=eof close", listens=8080
    )
    with stage.record():
        net.client.run(
            "talk tcp keepalive=1,1,5 bind=192.0.2.1,40001 connect=192.0.2.2,8080 send=100 recv=100 "
            "sleep=3.7 close"
        )


@scene(
    "tcp-keepalive-dead",
    "An idle connection whose peer has gone silent: unanswered probes, then the prober gives up with RST.",
    "tcp ipv4 keepalive timeout abort rst",
    {
        "tcp.analysis.keep_alive": "3+",
        "tcp.analysis.keep_alive_ack": 0,
        "tcp.flags.reset==1 and ip.src==192.0.2.1": 1,
    },
)
def keepalive_dead(stage):
    net = stage.bridged("--drop right:any:4-999")
    net.server.start("talk tcp bind=192.0.2.2,8080 listen=1 accept recv=100 send=100 recv=eof", listens=8080)
    with stage.record():
        net.client.run(
            "talk tcp keepalive=1,1,3 bind=192.0.2.1,40001 connect=192.0.2.2,8080 send=100 recv=100 "
            "recv=eof!ETIMEDOUT"
        )
