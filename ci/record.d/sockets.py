"""Asks the kernel what sockets answer, by the program conformance/examples/ask_kernel.rs."""

import datetime
import subprocess


def ask(root, sequences):
    """Writes the matrix of binds anew, or compares so many random sequences. Returns the exit code."""
    words = ["sequences", str(sequences)] if sequences else ["matrix", datetime.date.today().isoformat()]
    order = ["cargo", "run", "--quiet", "--release", "--locked", "-p", "netassay", "--example", "ask_kernel", "--"]
    if sequences:
        return subprocess.run([*order, *words], cwd=root, check=False).returncode
    answers = subprocess.run([*order, *words], cwd=root, check=True, stdout=subprocess.PIPE).stdout
    (root / "conformance" / "sockets" / "bind-matrix.csv").write_bytes(answers)
    print(f"{len(answers.splitlines()) - 2} cases written")
    return 0
