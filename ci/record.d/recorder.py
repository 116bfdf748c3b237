"""tcpdump around a part of a scene: started before it, stopped cleanly after it, nothing lost."""

import re
import signal
import subprocess
import time

SETTLE_S = 0.4


class Recorder:
    """Records one interface of one namespace to one file."""

    def __init__(self, namespace, interface, path, options="", only=""):
        self.namespace, self.path = namespace, path
        shown = f"tcpdump -i {interface} {options} -w {path.name} {only}".split()
        namespace.origin.append(f"{namespace.role}# " + " ".join(shown))
        words = [
            "ip",
            "netns",
            "exec",
            namespace.name,
            "tcpdump",
            "-i",
            interface,
            "-Z",
            "root",
            "--immediate-mode",
            "-B",
            "16384",
            *options.split(),
            "-w",
            str(path),
            *only.split(),
        ]
        self.popen = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.said = []
        while not any("listening on" in line for line in self.said):
            line = self.popen.stderr.readline()
            if not line:
                raise RuntimeError("tcpdump did not start: " + "".join(self.said))
            self.said.append(line)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            time.sleep(SETTLE_S)
        self.popen.send_signal(signal.SIGINT)
        rest = self.popen.communicate(timeout=20)[1]
        dropped = re.search(r"(\d+) packets? dropped by kernel", rest)
        if kind is None and (dropped is None or dropped.group(1) != "0"):
            raise RuntimeError(f"{self.path.name}: {rest.strip()}")
