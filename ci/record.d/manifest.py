"""corpora/MANIFEST.toml: one table for each capture, in the order of the file names."""

import hashlib
import json
import os
import tomllib

HEAD = """\
# Every capture of corpora/captures. Written by ci/record; do not edit by hand.
#
# origin   what was run, in order: `role$ command` a program, `role# command` a setting or the recorder.
#          talk, bridge, craft and inject are the programs of that name in ci/record.d.
#          Addresses: client 192.0.2.1 and 2001:db8::1, server 192.0.2.2 and 2001:db8::2 unless routed.
# tap      where it was recorded. The client's tap sees what the client sends before the network can lose it.
# role     the only end that can be replayed, where no TCP made the segments of the other.
# replay   false when no TCP connection and no UDP exchange in it can be replayed; why_not says why.

"""
ORDER = [
    "file",
    "scene",
    "shows",
    "tags",
    "tap",
    "link",
    "format",
    "replay",
    "why_not",
    "role",
    "kernel",
    "tool",
    "licence",
    "sha256",
    "origin",
]


def _text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(_text(one) for one in value) + "]"
    if "\n" in value:
        return '"""\n' + value.replace("\\", "\\\\") + '\n"""'
    return json.dumps(value, ensure_ascii=False)


def write(path, rows, captures, known, everything):
    """Writes the manifest: the new rows, and the old ones of scenes that were not played this time."""
    table = {}
    if path.exists():
        table = {row["file"]: row for row in tomllib.loads(path.read_text())["capture"]}
    for row in rows:
        digest = hashlib.sha256((captures / row["file"]).read_bytes()).hexdigest()
        table[row["file"]] = {
            **row,
            "kernel": "Linux " + os.uname().release,
            "licence": "MIT OR Apache-2.0",
            "sha256": digest,
        }
    expected = {one.file(tap) for one in known.values() for tap in one.taps}
    for stray in set(table) - expected:
        del table[stray]
    for stray in captures.glob("*.pcap*"):
        if everything and stray.name not in table:
            stray.unlink()
    parts = []
    for _, row in sorted(table.items()):
        lines = [
            f"{key} = {_text(row[key].rstrip() if isinstance(row[key], str) else row[key])}"
            for key in ORDER
            if key in row
        ]
        parts.append("[[capture]]\n" + "\n".join(lines) + "\n")
    path.write_text(HEAD + "\n".join(parts))
