"""Capture files rewritten into other shapes: byte order, pcapng with all it allows, other links, a cut."""

import struct

IN_MICROSECONDS, IN_NANOSECONDS = 0xA1B2C3D4, 0xA1B23C4D
ETHERNET, NULL, RAW = 1, 0, 101
SECTION, INTERFACE, SIMPLE, NAME_RESOLUTION = 0x0A0D0D0A, 1, 3, 4
STATISTICS, ENHANCED, CUSTOM = 5, 6, 0xBAD
UNASSIGNED_BLOCK = 0x00004E41
EXAMPLE_ENTERPRISE = 32473  # RFC 5612: the enterprise number for documentation


def read(path):
    """(link type, snap length, [(seconds, fraction, length, octets)]) of a little-endian pcap file."""
    octets = path.read_bytes()
    magic, _, _, _, _, snap, link = struct.unpack_from("<IHHiIII", octets)
    if magic not in (IN_MICROSECONDS, IN_NANOSECONDS):
        raise ValueError(f"{path.name} is not a little-endian pcap file")
    records, at = [], 24
    while at < len(octets):
        seconds, fraction, kept, length = struct.unpack_from("<IIII", octets, at)
        records.append((seconds, fraction, length, octets[at + 16 : at + 16 + kept]))
        at += 16 + kept
    return link, snap, records


def write(path, link, snap, records, order="<"):
    """A pcap file with microseconds in the byte order asked for."""
    parts = [struct.pack(order + "IHHiIII", IN_MICROSECONDS, 2, 4, 0, 0, snap, link)]
    for seconds, fraction, length, octets in records:
        parts += [struct.pack(order + "IIII", seconds, fraction, len(octets), length), octets]
    path.write_bytes(b"".join(parts))


def big_endian(path):
    write(path, *read(path), order=">")


def null_link(path):
    """Ethernet replaced by the protocol family of BSD loopback interfaces; what is not IP is left out."""
    families = {b"\x08\x00": 2, b"\x86\xdd": 30}
    link, snap, records = read(path)
    changed = [
        (s, f, n - 10, struct.pack("<I", families[o[12:14]]) + o[14:])
        for s, f, n, o in records
        if o[12:14] in families
    ]
    write(path, NULL, snap, changed)


def cut_in_record(path):
    """The last 20 octets are missing, as when the recorder was killed."""
    path.write_bytes(path.read_bytes()[:-20])


def empty(path):
    link, snap, _ = read(path)
    write(path, link, snap, [])


class Pcapng:
    """Blocks of a pcapng file, in either byte order."""

    def __init__(self, order="<"):
        self.order, self.parts = order, []

    def pack(self, form, *values):
        return struct.pack(self.order + form, *values)

    def option(self, code, value):
        return self.pack("HH", code, len(value)) + value + bytes(-len(value) % 4)

    def block(self, kind, body, options=b""):
        if options:
            body += options + self.pack("HH", 0, 0)
        length = self.pack("I", 12 + len(body))
        self.parts.append(self.pack("I", kind) + length + body + length)

    def section(self, options=b""):
        self.block(SECTION, self.pack("IHHq", 0x1A2B3C4D, 1, 0, -1), options)

    def interface(self, link, snap, name, resolution=6):
        options = self.option(2, name.encode()) + self.option(9, bytes([resolution]))
        self.block(INTERFACE, self.pack("HHI", link, 0, snap), options)

    def packet(self, interface, ticks, length, octets, options=b""):
        head = self.pack("IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(octets), length)
        self.block(ENHANCED, head + octets + bytes(-len(octets) % 4), options)

    def save(self, path):
        path.write_bytes(b"".join(self.parts))


def several_interfaces(left, right, path, mixed_links):
    """Two recordings in one file: interface 0 counts microseconds, interface 1 nanoseconds; with
    `mixed_links` interface 1 has no link layer either, which libpcap would refuse."""
    file = Pcapng()
    file.section(file.option(4, b"ci/record"))
    file.interface(ETHERNET, read(left)[1], "client")
    file.interface(RAW if mixed_links else ETHERNET, read(right)[1], "server", resolution=9)
    skip = 14 if mixed_links else 0
    records = [(s, f, 0, n, o) for s, f, n, o in read(left)[2]]
    records += [
        (s, f, 1, n - skip, o[skip:])
        for s, f, n, o in read(right)[2]
        if o[12:14] in (b"\x08\x00", b"\x86\xdd") or not mixed_links
    ]
    for seconds, micros, interface, length, octets in sorted(records, key=lambda one: one[:3]):
        ticks = seconds * 10**6 + micros
        file.packet(interface, ticks * 1000 if interface else ticks, length, octets)
    file.save(path)


def odd_blocks(path):
    """Big-endian pcapng, two sections, comments, and blocks that a reader must step over."""
    link, snap, records = read(path)
    file = Pcapng(">")
    for number, part in enumerate((records[: len(records) // 2], records[len(records) // 2 :])):
        file.section(file.option(1, f"section {number}".encode()))
        file.interface(link, snap, f"eth{number}")
        file.block(
            NAME_RESOLUTION,
            file.pack("HH", 1, 18)
            + bytes([192, 0, 2, 2])
            + b"www.example.com"[:13]
            + b"\0"
            + bytes(2)
            + file.pack("HH", 0, 0),
        )
        file.block(CUSTOM, file.pack("I", EXAMPLE_ENTERPRISE) + b"custom block")
        file.block(UNASSIGNED_BLOCK, b"unassigned kind!")
        for seconds, fraction, length, octets in part:
            file.packet(
                0,
                seconds * 10**6 + fraction,
                length,
                octets,
                file.option(1, b"a comment") + file.option(2, file.pack("I", 1)),
            )
        file.block(STATISTICS, file.pack("III", 0, 0, 0), file.option(4, file.pack("Q", len(part))))
    file.save(path)


def simple_packets(path):
    """pcapng with simple packet blocks: no times, no interface, length from the interface's snap length."""
    link, snap, records = read(path)
    file = Pcapng()
    file.section()
    file.interface(link, snap, "eth0")
    for _, _, length, octets in records:
        file.block(SIMPLE, file.pack("I", length) + octets + bytes(-len(octets) % 4))
    file.save(path)
