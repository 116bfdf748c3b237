"""What the recording needs on this machine: root, programs, their versions."""

import functools
import os
import shutil
import subprocess
import sys

PACKAGES = {
    "ip": "iproute2",
    "ss": "iproute2",
    "ethtool": "ethtool",
    "sysctl": "procps",
    "tcpdump": "tcpdump",
    "tshark": "tshark",
    "curl": "curl",
    "nc": "netcat-openbsd",
    "dig": "bind9-dnsutils",
    "iperf3": "iperf3",
    "nmap": "nmap",
    "ping": "iputils-ping",
    "arping": "iputils-arping",
    "editcap": "wireshark-common",
}
VERSION_OF = {
    "curl": ["curl", "--version"],
    "iperf3": ["iperf3", "--version"],
    "nmap": ["nmap", "--version"],
    "ping": ["ping", "-V"],
    "arping": ["arping", "-V"],
    "dig": ["dig", "-v"],
    "editcap": ["editcap", "--version"],
    "python3": ["python3", "--version"],
    "talk": ["python3", "--version"],
}


def ready_or_exit(again):
    """Leaves with code 3 and the exact command to type when this machine cannot record."""
    if os.geteuid() != 0:
        if (
            shutil.which("sudo")
            and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0
        ):
            os.execvp("sudo", ["sudo", "-n", sys.executable, *again])
        print(
            "recording makes network namespaces; run: sudo ci/record " + " ".join(again[1:]), file=sys.stderr
        )
        sys.exit(3)
    missing = sorted({package for program, package in PACKAGES.items() if not shutil.which(program)})
    if not missing:
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for command in (["apt-get", "update"], install):
        if (
            not shutil.which("apt-get")
            or subprocess.run(command, env=quiet, stdout=sys.stderr).returncode != 0
        ):
            print("cannot install what is missing; run: " + " ".join(install), file=sys.stderr)
            sys.exit(3)


@functools.cache
def version(program):
    """`curl 7.88.1`; empty for a program whose version does not matter to a capture."""
    if program not in VERSION_OF:
        return ""
    said = subprocess.run(VERSION_OF[program], capture_output=True, text=True)
    words = (said.stdout + said.stderr).replace(",", " ").split()
    number = next((word for word in words if any(c.isdigit() for c in word)), "?")
    return f"{'python3' if program == 'talk' else program} {number}"


@functools.cache
def tcpdump_version():
    """`tcpdump 4.99.3, libpcap 1.10.3`."""
    said = subprocess.run(["tcpdump", "--version"], capture_output=True, text=True)
    words = (said.stdout + said.stderr).split()
    return f"tcpdump {words[words.index('tcpdump') + 2]}, libpcap {words[words.index('libpcap') + 2]}"
