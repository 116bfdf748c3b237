"""The captures that are too large to be shipped: for ci/bench, in a folder of their own.

    bulk.pcap          1.2 GB between two hosts, in frames of 9000 octets; made by netassay-bench
    interleaved.pcap   1,000,000 connections of eight packets, all open at the same time; made by it too
    short.pcap         240,000 connections to a web server, over the Linux kernel, in network namespaces
"""

import json
import os
import subprocess
import sys

import namespaces
import topology
from recorder import Recorder

BULK_OCTETS = 1_200_000_000
INTERLEAVED = 1_000_000
SHORT = 240_000
# Whoever has less room than this would fill the disk.
ROOM_OCTETS = 4_000_000_000


def bench(root):
    """The program, as cargo builds it."""
    build = ["cargo", "build", "--profile", "bench", "--locked", "--package", "netassay-bench"]
    build += ["--message-format=json"]
    said = subprocess.run(build, cwd=root, check=True, stdout=subprocess.PIPE, text=True).stdout
    made = [json.loads(line).get("executable") for line in said.splitlines()]
    return next(path for path in made if path)


def short(program, path):
    """A web server under load, recorded at the client."""
    origin = []
    net = topology.pair(origin, path.parent)
    try:
        for host in (net.client, net.server):
            host.quiet("sysctl -qw net.ipv4.ip_local_port_range='15000 65000'")
            host.quiet("sysctl -qw net.core.somaxconn=4096 net.ipv4.tcp_max_syn_backlog=4096")
        server = net.server.start(f"{program} web serve {topology.SERVER} 0", listens=8000)
        with Recorder(net.client, "eth0", path, "-B 262144 -s 2048", "tcp"):
            net.client.run(f"{program} web load {topology.SERVER} {SHORT}", within_s=600)
        server.stop()
    finally:
        net.remove()


def record(root, folder):
    """Makes all three. The exit code of ci/record."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    room = os.statvfs(folder)
    if room.f_bavail * room.f_frsize < ROOM_OCTETS:
        print(f"{folder}: less than {ROOM_OCTETS // 10**9} GB are free", file=sys.stderr)
        return 3
    program = bench(root)
    makers = {
        "bulk.pcap": lambda path: made(program, "bulk", path, BULK_OCTETS),
        "interleaved.pcap": lambda path: made(program, "interleaved", path, INTERLEAVED),
        "short.pcap": lambda path: short(program, path),
    }
    failed = 0
    try:
        for name, make in makers.items():
            path = folder / name
            # Half a file must not look like a whole one.
            unfinished = path.with_suffix(".part")
            try:
                make(unfinished)
            except (RuntimeError, subprocess.CalledProcessError) as trouble:
                print(f"FAILED   {name}: {trouble}", file=sys.stderr)
                unfinished.unlink(missing_ok=True)
                failed += 1
                continue
            unfinished.replace(path)
            print(f"recorded {path}: {path.stat().st_size // 10**6} MB", flush=True)
    finally:
        namespaces.remove_all()
    return 1 if failed else 0


def made(program, kind, path, size):
    subprocess.run([program, "record", kind, str(path), str(size)], check=True)
