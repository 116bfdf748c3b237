"""Network namespaces with unique names, the links between them, and the programs that run inside."""

import itertools
import os
import pathlib
import shlex
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = {
    "talk": HERE / "talk.py",
    "bridge": HERE / "bridge.py",
    "craft": HERE / "craft.py",
    "inject": HERE / "inject.py",
}
OFFLOADS = "tx off rx off gso off tso off gro off"

_number = itertools.count(1)
_alive = {}
_lock = threading.Lock()


def administer(command):
    """Runs one command of the rig outside any scene's record; the rig is broken when it fails."""
    said = subprocess.run(shlex.split(command), capture_output=True, text=True)
    if said.returncode != 0:
        raise RuntimeError(f"{command}: {said.stderr.strip()}")
    return said.stdout


class Program:
    """A program running in a namespace."""

    def __init__(self, namespace, line, folder):
        self.line = line
        words = shlex.split(line)
        if words[0] in PROGRAMS:
            words = [sys.executable, "-B", str(PROGRAMS[words[0]]), *words[1:]]
        self.popen = subprocess.Popen(
            ["ip", "netns", "exec", namespace.name, *words],
            cwd=folder,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def go(self):
        """Releases a `wait` of the talk program."""
        self.popen.stdin.write("go\n")
        self.popen.stdin.flush()

    def finish(self, status=0, within_s=90):
        """Waits for the end and returns the output; any exit status but the expected one is a failure."""
        try:
            said, _ = self.popen.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            self.stop()
            raise RuntimeError(f"`{self.line}` did not end within {within_s} s") from None
        if status is not None and self.popen.returncode != status:
            raise RuntimeError(f"`{self.line}` ended with {self.popen.returncode}: {said.strip()[-400:]}")
        return said

    def stop(self):
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(5)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()


class Namespace:
    """One host of a scene. Commands run through it are noted in the scene's origin."""

    def __init__(self, role, origin, folder):
        self.role, self.origin, self.folder = role, origin, folder
        self.name = f"assay{os.getpid()}-{next(_number)}-{role}"
        self.programs = []
        administer(f"ip netns add {self.name}")
        with _lock:
            _alive[self.name] = self
        administer(f"ip -n {self.name} link set lo up")
        # What most machines have by default: the captures do not depend on where they are made.
        for setting in (
            "net.ipv4.tcp_congestion_control=reno",
            "net.ipv4.tcp_no_metrics_save=1",
            "'net.ipv4.tcp_rmem=4096 131072 6291456'",
            "'net.ipv4.tcp_wmem=4096 16384 4194304'",
            "net.ipv6.conf.default.accept_dad=0",
            "net.ipv6.conf.default.accept_ra=0",
            "net.ipv6.conf.default.router_solicitations=0",
        ):
            administer(f"ip netns exec {self.name} sysctl -qw {setting}")

    def quiet(self, command):
        """A setting that every scene has: not worth a line of the origin."""
        return administer(f"ip netns exec {self.name} {command}")

    def set(self, command):
        """A setting that matters to what the capture shows."""
        self.origin.append(f"{self.role}# {command}")
        return administer(f"ip netns exec {self.name} {command}")

    def start(self, line, listens=None, udp=False):
        """Starts a program and, when told its port, waits until it listens."""
        self.origin.append(f"{self.role}$ {line}")
        program = Program(self, line, self.folder)
        self.programs.append(program)
        if listens is not None:
            self._wait_listening(program, listens, "u" if udp else "t")
        return program

    def run(self, line, status=0, within_s=90):
        return self.start(line).finish(status, within_s)

    def _wait_listening(self, program, port, kind):
        for _ in range(200):
            if self.quiet(f"ss -Hln{kind} sport = :{port}").strip():
                return
            if program.popen.poll() is not None:
                raise RuntimeError(f"`{program.line}` ended early: {program.popen.stdout.read()[-400:]}")
            time.sleep(0.05)
        raise RuntimeError(f"`{program.line}` does not listen on {port}")

    def remove(self):
        for program in self.programs:
            program.stop()
        with _lock:
            if _alive.pop(self.name, None) is None:
                return
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True)


def remove_all():
    """The trap: whatever happened, no namespace and no program stays."""
    for namespace in list(_alive.values()):
        namespace.remove()


def link(left, left_name, right, right_name, offload=False, mtu=1500):
    """A virtual Ethernet cable between two namespaces, with offloads off unless told."""
    administer(
        f"ip link add {left_name} netns {left.name} type veth peer name {right_name} netns {right.name}"
    )
    for namespace, name in ((left, left_name), (right, right_name)):
        if not offload:
            namespace.quiet(f"ethtool -K {name} {OFFLOADS}")
        administer(f"ip -n {namespace.name} link set {name} mtu {mtu}")


def address(namespace, name, mac, *addresses):
    """Gives an interface its fixed Ethernet address and its IP addresses, and brings it up."""
    inside = f"ip -n {namespace.name}"
    administer(f"{inside} link set {name} address {mac}")
    administer(f"{inside} link set {name} up")
    for one in addresses:
        administer(f"{inside} address add {one} dev {name}" + (" nodad" if ":" in one else ""))
