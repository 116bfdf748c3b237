"""Asks the kernel what sockets answer, by the program conformance/examples/ask_kernel.rs."""

import datetime
import subprocess
import sys

ORDER = ["cargo", "run", "--quiet", "--release", "--locked", "-p", "netassay", "--example", "ask_kernel", "--"]
CASES = 4_800
# What stands above the cases: where the answers are from, and the names of the columns.
HEAD = 2


def ask(root, sequences):
    """Writes the matrix of binds anew, or compares so many random sequences. Returns the exit code."""
    words = ["sequences", str(sequences)] if sequences else ["matrix", datetime.date.today().isoformat()]
    try:
        ended = subprocess.run([*ORDER, *words], cwd=root, stdout=None if sequences else subprocess.PIPE)
    except FileNotFoundError:
        print("there is no cargo to build the program that asks", file=sys.stderr)
        return 3
    if sequences:
        return ended.returncode
    cases = len(ended.stdout.splitlines()) - HEAD
    if ended.returncode != 0 or cases != CASES:
        told = f"the program ended with {ended.returncode}, {max(cases, 0)} of {CASES} cases came"
        print(f"the kernel could not be asked ({told}): nothing is written", file=sys.stderr)
        return 3
    (root / "conformance" / "sockets" / "bind-matrix.csv").write_bytes(ended.stdout)
    print(f"{cases} cases written")
    return 0
