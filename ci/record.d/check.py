"""A capture must show what it claims: packets counted with tshark, an implementation that is not ours."""

import subprocess

VERIFY = [
    word
    for setting in ("ip.check_checksum:TRUE", "tcp.check_checksum:TRUE", "udp.check_checksum:TRUE")
    for word in ("-o", setting)
]
SOUND = {
    # Data of ours may look like a broken message of some application: only the headers count.
    "_ws.malformed and not tcp.len > 0 and not udp": 0,
    # An ICMP error quotes the start of a packet, whose checksums tshark cannot verify.
    "(ip.checksum.status == 0 or tcp.checksum.status == 0 or udp.checksum.status == 0) and not icmp and "
    "not icmpv6": 0,
    "icmp.checksum.status == 0 or icmpv6.checksum.status == 0": 0,
}
WHOLE = {"tcp.analysis.ack_lost_segment": 0}


class NotShown(Exception):
    """A capture without what its scene claims."""


def count(path, claim):
    """How many packets of the capture match the display filter."""
    said = subprocess.run(
        ["tshark", "-n", *VERIFY, "-r", str(path), "-Y", claim, "-T", "fields", "-e", "frame.number"],
        capture_output=True,
        text=True,
    )
    cut = "cut short in the middle of a packet" in said.stderr
    if said.returncode != 0 and not cut:
        raise RuntimeError(f"tshark: {said.stderr.strip()}")
    return len(said.stdout.split())


def check(path, expect, what):
    """Raises with the first claim that the capture does not hold."""
    claims = dict(expect)
    if what.sound:
        claims = {**SOUND, **claims}
    if what.sound and not what.why_not and not what.role:
        claims = {**WHOLE, **claims}
    for claim, wanted in claims.items():
        found = count(path, claim)
        least = isinstance(wanted, str) and wanted.endswith("+")
        holds = found >= int(wanted[:-1]) if least else found == int(wanted)
        if not holds:
            raise NotShown(f"{path.name}: `{claim}` matches {found} packets, expected {wanted}")
