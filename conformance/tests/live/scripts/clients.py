"""Clients of a host's services, by Python's sockets. Prints what each of them met with."""

import errno
import hashlib
import os
import resource
import select
import socket
import struct
import sys
import threading

HOST = {socket.AF_INET: os.environ["NETASSAY_V4"], socket.AF_INET6: os.environ["NETASSAY_V6"]}
CONNECTIONS = 1000


def connected(family, port):
    one = socket.socket(family, socket.SOCK_STREAM)
    one.settimeout(20)
    one.connect((HOST[family], port))
    return one


def rest(one):
    parts = []
    while part := one.recv(65536):
        parts.append(part)
    return b"".join(parts)


def half_close(family):
    """Our half is closed before anything is read."""
    with connected(family, 7) as one:
        one.sendall(b"first, ")
        one.sendall(b"second")
        one.shutdown(socket.SHUT_WR)
        return rest(one).decode()


def refused(family):
    try:
        connected(family, 4)
    except OSError as error:
        return errno.errorcode[error.errno]
    return "connected"


def abort(family):
    """A reset instead of a FIN; the host goes on."""
    one = connected(family, 7)
    one.sendall(b"x" * 100_000)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    one.close()
    return half_close(family)


def urgent(family):
    """The urgent octet is none of the stream."""
    with connected(family, 7) as one:
        one.send(b"before")
        one.send(b"!", socket.MSG_OOB)
        one.send(b"after")
        one.shutdown(socket.SHUT_WR)
        return rest(one).decode()


def both_ways(family):
    """Five million octets there and back at the same time."""
    sent = os.urandom(5_000_000)
    with connected(family, 7) as one:
        writer = threading.Thread(target=lambda: (one.sendall(sent), one.shutdown(socket.SHUT_WR)))
        writer.start()
        heard = rest(one)
        writer.join()
    same = hashlib.sha256(heard).digest() == hashlib.sha256(sent).digest()
    return f"{len(heard)} octets, {'the same' if same else 'others'}"


def many(family):
    """So many connections at the same time, each with a word of its own."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    waiting = select.epoll()
    all_of_them = {}
    for _ in range(CONNECTIONS):
        one = socket.socket(family, socket.SOCK_STREAM)
        one.setblocking(False)
        one.connect_ex((HOST[family], 7))
        waiting.register(one, select.EPOLLOUT)
        all_of_them[one.fileno()] = one
    up = 0
    while up < CONNECTIONS:
        for number, _ in waiting.poll(20) or sys.exit("nobody connects any more"):
            one = all_of_them[number]
            if error := one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                sys.exit(os.strerror(error))
            waiting.modify(number, 0)
            up += 1
    for number, one in all_of_them.items():
        one.send(b"word %d" % number)
        one.shutdown(socket.SHUT_WR)
    right = 0
    for number, one in all_of_them.items():
        one.settimeout(20)
        right += rest(one) == b"word %d" % number
        one.close()
    return f"{right} of {CONNECTIONS}"


def datagrams(family):
    """Each datagram comes back as it is, the largest ones in fragments."""
    with socket.socket(family, socket.SOCK_DGRAM) as one:
        one.settimeout(20)
        one.connect((HOST[family], 7))
        right = 0
        for octets in (0, 1, 1472, 1473, 9000, 65_507 if family == socket.AF_INET else 65_400):
            sent = os.urandom(octets)
            one.send(sent)
            right += one.recv(65536) == sent
        return f"{right} of 6"


def closed_port(family, port=4):
    """A datagram to nobody is answered by ICMP."""
    with socket.socket(family, socket.SOCK_DGRAM) as one:
        one.settimeout(5)
        one.connect((HOST[family], port))
        one.send(b"anybody?")
        try:
            return one.recv(100)
        except OSError as error:
            return errno.errorcode.get(error.errno, "silence")


SCENES = (half_close, refused, abort, urgent, both_ways, many, datagrams, closed_port)

if __name__ == "__main__":
    scenes = {scene.__name__: scene for scene in SCENES}
    name, *arguments = sys.argv[1:]
    for family in HOST:
        print(family.name, name, scenes[name](family, *map(int, arguments)))
