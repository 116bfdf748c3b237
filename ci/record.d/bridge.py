"""A bridge in user space between two interfaces: it delays, loses, reorders, doubles, marks, pads and tags.

    bridge left right --delay-ms 10 --loss 30 --reorder 50 --duplicate 20 --seed 7 --drop right:SA:1-2

Rates are in thousandths of the frames that carry TCP or UDP.
--drop SIDE:KIND:NTH drops the frames of that kind which came in on that side, counted from 1. Kinds: S, SA,
A (an acknowledgement without data), D (data), F (a FIN), any. What meets no rule waits for the delay only.
"""

import argparse
import fcntl
import heapq
import itertools
import os
import random
import select
import socket
import struct
import time

ETH_P_ALL, PACKET_OUTGOING, SO_RCVBUFFORCE = 3, 4, 33
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
REORDER_EXTRA_MS = (4, 12)


class Side:
    """One interface: where frames come in and go out."""

    def __init__(self, name, options):
        self.name, self.options = name, options
        self.tag = options.tag_left if name == options.left else options.tag_right
        if options.tun:
            self.file = os.open("/dev/net/tun", os.O_RDWR)
            fcntl.ioctl(self.file, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
            return
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        self.socket.bind((name, ETH_P_ALL))

    def fileno(self):
        return self.file if self.options.tun else self.socket.fileno()

    def take(self):
        """The next frame, or nothing when it was one that we sent ourselves."""
        if self.options.tun:
            return os.read(self.file, 65536)
        frame, origin = self.socket.recvfrom(65536)
        return None if origin[2] == PACKET_OUTGOING else frame

    def put(self, frame):
        if self.options.tun:
            os.write(self.file, frame)
            return
        if self.tag:
            frame = frame[:12] + struct.pack("!HH", 0x8100, self.tag) + frame[12:]
        if self.options.pad:
            frame = frame.ljust(60, b"\0")
        try:
            self.socket.send(frame)
        except OSError:
            pass  # the other end is gone: so is the frame, as on a real cable


def segment(frame):
    """(protocol, TCP flags, octets of TCP data) of a frame; protocol 0 for anything but TCP and UDP."""
    (kind,) = struct.unpack_from("!H", frame, 12)
    if kind == 0x0800:
        at, protocol, end = 14 + (frame[14] & 15) * 4, frame[23], 14 + struct.unpack_from("!H", frame, 16)[0]
    elif kind == 0x86DD:
        at, protocol, end = 54, frame[20], 54 + struct.unpack_from("!H", frame, 18)[0]
    else:
        return 0, 0, 0
    if protocol == 17:
        return 17, 0, 0
    if protocol != 6 or len(frame) < at + 20:
        return 0, 0, 0
    return 6, frame[at + 13], end - at - (frame[at + 12] >> 4) * 4


def kinds(frame):
    """The names under which a drop rule counts this frame."""
    protocol, flags, data = segment(frame)
    if protocol == 0:
        return set()
    found = {"any"}
    if protocol == 6:
        if flags & 0x17 == 0x02:
            found.add("S")
        elif flags & 0x17 == 0x12:
            found.add("SA")
        elif flags & 0x01:
            found.add("F")
        elif data:
            found.add("D")
        elif flags & 0x17 == 0x10:
            found.add("A")
    return found


def marked(frame):
    """The frame with the congestion-experienced mark, when its sender can read it (RFC 3168 section 5)."""
    if frame[12:14] != b"\x08\x00" or frame[15] & 3 in (0, 3):
        return frame
    header = bytearray(frame[14:34])
    header[1] |= 3
    header[10:12] = b"\0\0"
    total = sum(struct.unpack("!10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    header[10:12] = struct.pack("!H", ~total & 0xFFFF)
    return frame[:14] + bytes(header) + frame[34:]


class Bridge:
    def __init__(self, options):
        self.options = options
        self.left, self.right = Side(options.left, options), Side(options.right, options)
        self.sides = {self.left: self.right, self.right: self.left}
        self.random = {self.left: random.Random(options.seed), self.right: random.Random(options.seed + 1)}
        self.counted, self.queue, self.order = {}, [], itertools.count()
        self.rules = [rule.split(":") for rule in options.drop]

    def dropped(self, side, frame):
        """Counts the frame under each of its kinds and says whether a rule names that number."""
        verdict = False
        for kind in kinds(frame):
            key = (side, kind)
            self.counted[key] = self.counted.get(key, 0) + 1
            for where, what, which in self.rules:
                first, _, last = which.partition("-")
                side_of_rule = self.left if where == "left" else self.right
                if key == (side_of_rule, what) and int(first) <= self.counted[key] <= int(last or first):
                    verdict = True
        return verdict

    def arrived(self, side, frame, now):
        options, chance, due = self.options, self.random[side], now + self.options.delay_ms / 1000
        if not options.tun and segment(frame)[0]:
            if self.dropped(side, frame) or chance.randrange(1000) < options.loss:
                return
            if chance.randrange(1000) < options.mark:
                frame = marked(frame)
            if chance.randrange(1000) < options.duplicate:
                heapq.heappush(self.queue, (due + 0.001, next(self.order), side, frame))
            if chance.randrange(1000) < options.reorder:
                due += chance.randint(*REORDER_EXTRA_MS) / 1000
        heapq.heappush(self.queue, (due, next(self.order), side, frame))

    def forward_for_ever(self):
        while True:
            wait = max(0, self.queue[0][0] - time.monotonic()) if self.queue else None
            ready, _, _ = select.select([self.left, self.right], [], [], wait)
            now = time.monotonic()
            for side in ready:
                frame = side.take()
                if frame:
                    self.arrived(side, frame, now)
            while self.queue and self.queue[0][0] <= time.monotonic():
                _, _, side, frame = heapq.heappop(self.queue)
                self.sides[side].put(frame)


def main():
    order = argparse.ArgumentParser()
    order.add_argument("left")
    order.add_argument("right")
    for name in ("delay-ms", "loss", "reorder", "duplicate", "mark", "seed", "tag-left", "tag-right"):
        order.add_argument("--" + name, type=int, default=0)
    order.add_argument("--drop", action="append", default=[])
    order.add_argument("--pad", action="store_true")
    order.add_argument("--tun", action="store_true")
    Bridge(order.parse_args()).forward_for_ever()


if __name__ == "__main__":
    main()
