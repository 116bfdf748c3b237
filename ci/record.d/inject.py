"""Puts segments into a live connection of this host, as an attacker or a broken stack would.

    inject KIND...      watches eth0 until a line comes on the standard input, then sends one segment of each

The connection must be without timestamps, so that a bare header is what its peer expects.
"""

import select
import socket
import struct
import sys
import time

from craft import ones_sum

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
BEYOND = 1 << 30
REST_S = 0.7  # Linux answers at most one bad segment in 500 ms (tcp_invalid_ratelimit)

# kind: (flags, from snd.nxt, from rcv.nxt, octets of data, the checksum is right)
KINDS = {
    "syn": (SYN, 0, 0, 0, True),
    "rst-exact": (RST, 0, 0, 0, True),
    "rst-in-window": (RST, 1000, 0, 0, True),
    "rst-outside": (RST, BEYOND, 0, 0, True),
    "ack-of-unsent": (ACK, 0, 5000, 0, True),
    "data-old": (PSH | ACK, -300, 0, 100, True),
    "data-outside": (PSH | ACK, BEYOND, 0, 100, True),
    "data-bad-checksum": (PSH | ACK, 0, 0, 100, False),
    "data-without-ack": (PSH, 0, 0, 100, True),
    "no-flags": (0, 0, 0, 0, True),
    "keepalive-one-octet": (ACK, -1, 0, 1, True),
}


class Watched:
    """What the newest segments said: addresses, ports, snd.nxt and rcv.nxt of this host."""

    def __init__(self):
        self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.wire.bind(("eth0", 3))
        self.head, self.next, self.acknowledged = b"", 0, 0

    def until_told(self):
        while True:
            ready, _, _ = select.select([self.wire, sys.stdin], [], [])
            if self.wire in ready:
                frame, origin = self.wire.recvfrom(65536)
                if origin[2] == 4 and frame[12:14] == b"\x08\x00" and frame[23] == 6:
                    self.learn(frame)
            elif sys.stdin in ready:
                return sys.stdin.readline()

    def learn(self, frame):
        length = struct.unpack_from("!H", frame, 16)[0]
        sequence, acknowledged = struct.unpack_from("!II", frame, 38)
        flags = frame[47]
        data = length - 20 - (frame[46] >> 4) * 4
        self.head = frame[:34]
        self.ports = frame[34:38]
        self.next = sequence + data + (flags & SYN) // SYN + (flags & FIN)
        self.acknowledged = acknowledged

    def send(self, kind):
        flags, ahead, beyond, octets, right = KINDS[kind]
        data = bytes(range(octets))
        sequence = (self.next + ahead) % 2**32
        acknowledgement = (self.acknowledged + beyond) % 2**32 if flags & ACK else 0
        fields = self.ports + struct.pack("!IIBBHHH", sequence, acknowledgement, 5 << 4, flags, 500, 0, 0)
        pseudo = self.head[26:34] + struct.pack("!BBH", 0, 6, len(fields) + octets)
        checksum = ones_sum(pseudo + fields + data) ^ (0 if right else 0x5555)
        segment = fields[:16] + struct.pack("!H", checksum) + fields[18:] + data
        header = bytearray(self.head[14:34])
        header[2:4] = struct.pack("!H", 20 + len(segment))
        header[10:12] = b"\0\0"
        header[10:12] = struct.pack("!H", ones_sum(bytes(header)))
        self.wire.send(self.head[:14] + bytes(header) + segment)


if __name__ == "__main__":
    watched = Watched()
    watched.until_told()
    for one in sys.argv[1:]:
        watched.send(one)
        time.sleep(REST_S)
