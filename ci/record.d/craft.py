"""Frames that no ordinary program sends: fragments that overlap, come backwards or never complete; adverts.

craft overlap-v4     the client's fragments to UDP port 7 of the server; also backwards-, hole-, and -v6
craft router         answers router solicitations on the server's eth0
"""

import random
import socket
import struct
import sys
import time

from topology import CLIENT, CLIENT6, CLIENT_MAC, SERVER, SERVER6, SERVER_MAC

FROM, ECHO = 40001, 7
IP_MORE, UDP, FRAGMENT = 0x2000, 17, 44
OCTETS = 64


def ones_sum(octets):
    """The Internet checksum (RFC 1071)."""
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def datagram(family, seed):
    """A UDP datagram with its checksum, so that only reassembly can go wrong."""
    data = random.Random(seed).randbytes(OCTETS)
    length = 8 + len(data)
    ends = (CLIENT, SERVER) if family == socket.AF_INET else (CLIENT6, SERVER6)
    addresses = b"".join(socket.inet_pton(family, one) for one in ends)
    pseudo = addresses + struct.pack("!IHBB", length, 0, 0, UDP)
    head = struct.pack("!HHHH", FROM, ECHO, length, 0)
    return struct.pack("!HHHH", FROM, ECHO, length, ones_sum(pseudo + head + data) or 0xFFFF) + data


def ethernet(kind):
    return bytes.fromhex(SERVER_MAC.replace(":", "") + CLIENT_MAC.replace(":", "")) + struct.pack("!H", kind)


def fragment_v4(identification, offset, more, data):
    def head(checksum):
        return struct.pack(
            "!BBHHHBBH4s4s",
            0x45,
            0,
            20 + len(data),
            identification,
            (IP_MORE if more else 0) | offset // 8,
            64,
            UDP,
            checksum,
            socket.inet_aton(CLIENT),
            socket.inet_aton(SERVER),
        )

    return ethernet(0x0800) + head(ones_sum(head(0))) + data


def fragment_v6(identification, offset, more, data):
    extension = struct.pack("!BBHI", UDP, 0, offset | more, identification)
    ends = socket.inet_pton(socket.AF_INET6, CLIENT6) + socket.inet_pton(socket.AF_INET6, SERVER6)
    return (
        ethernet(0x86DD)
        + struct.pack("!IHBB", 6 << 28, 8 + len(data), FRAGMENT, 64)
        + ends
        + extension
        + data
    )


def fragments(how, cut, whole, identification):
    """The frames of one datagram, cut as the name says. Offsets are multiples of eight, as they must be."""
    other = bytes(255 - octet for octet in whole)
    pieces = {
        "overlap": [(0, True, whole[:40]), (32, True, other[32:48]), (40, False, whole[40:])],
        "backwards": [(48, False, whole[48:]), (24, True, whole[24:48]), (0, True, whole[:24])],
        "hole": [(0, True, whole[:24]), (48, False, whole[48:])],
        "whole": [(0, True, whole[:40]), (40, False, whole[40:])],
    }[how]
    return [cut(identification, offset, more, data) for offset, more, data in pieces]


def send_fragments(how, version):
    """Sends the odd datagram, then a good one of the same flow that shows the receiver alive."""
    family, cut = (socket.AF_INET, fragment_v4) if version == "v4" else (socket.AF_INET6, fragment_v6)
    here = socket.socket(family, socket.SOCK_DGRAM)
    here.bind(("" if family == socket.AF_INET else "::", FROM))
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind(("eth0", 0))
    for number, (kind, rest_s) in enumerate(((how, 0.2 if how != "hole" else 4), ("whole", 0.2))):
        for frame in fragments(kind, cut, datagram(family, number), 0x1000 + number):
            wire.send(frame)
            time.sleep(0.01)
        time.sleep(rest_s)


def advertise():
    """Waits for a router solicitation and answers it (RFC 4861 section 6.2.6), for ever."""
    index = socket.if_nametoindex("eth0")
    raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    raw.setsockopt(
        socket.IPPROTO_IPV6,
        socket.IPV6_JOIN_GROUP,
        socket.inet_pton(socket.AF_INET6, "ff02::2") + struct.pack("I", index),
    )
    prefix = socket.inet_pton(socket.AF_INET6, "2001:db8:7::")
    answer = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
    answer += struct.pack("!BB6s", 1, 1, bytes.fromhex(SERVER_MAC.replace(":", "")))
    answer += struct.pack("!BBHI", 5, 1, 0, 1500)
    answer += struct.pack("!BBBBIII16s", 3, 4, 64, 0xC0, 86400, 14400, 0, prefix)
    while True:
        asked, _ = raw.recvfrom(2048)
        if asked[0] == 133:
            raw.sendto(answer, ("ff02::1", 0, 0, index))


if __name__ == "__main__":
    if sys.argv[1] == "router":
        advertise()
    else:
        send_fragments(*sys.argv[1].split("-"))
