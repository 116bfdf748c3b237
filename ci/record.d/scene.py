"""What a scene is: a name, a claim, and a function that makes the traffic; how it is played."""

import contextlib
import dataclasses
import importlib
import pathlib
import sys
import tempfile
import time
import typing

import check
import setup
import topology
from recorder import Recorder

FILES = [
    "scenes_open",
    "scenes_close",
    "scenes_data",
    "scenes_loss",
    "scenes_ip",
    "scenes_udp",
    "scenes_scan",
    "scenes_attack",
    "scenes_format",
]
ENDINGS = {"pcap-us": "pcap", "pcap-ns": "pcap", "pcapng": "pcapng"}
ATTEMPTS = 3
_known = {}


@dataclasses.dataclass
class Scene:
    """One scene. `expect` counts packets by display filter: 3 is exactly three, "3+" is at least three."""

    name: str
    shows: str
    tags: list
    expect: dict
    act: typing.Callable
    expect_at: dict
    taps: tuple = ("client",)
    format: str = "pcap-us"
    link: str = "EN10MB"
    why_not: str = ""
    role: str = ""
    sound: bool = True
    finish: typing.Callable | None = None

    def file(self, tap):
        return f"{self.name}{'-' + tap if len(self.taps) > 1 else ''}.{ENDINGS[self.format]}"


def scene(name, shows, tags, expect, expect_at=None, **more):
    """Registers the decorated function as a scene. `why_not` says why nothing can be replayed from it;
    `role` which end alone can be, where no TCP made the segments of the other;
    `sound=False` allows malformed packets and bad checksums; `finish` rewrites the recorded file."""

    def register(act):
        if name in _known:
            raise ValueError(f"two scenes are called {name}")
        _known[name] = Scene(name, shows, tags.split(), expect, act, expect_at or {}, **more)
        return act

    return register


def load():
    """Every scene by name, in the order of the files."""
    for name in FILES:
        importlib.import_module(name)
    return dict(_known)


class Stage:
    """What a scene's function gets: networks to play in, and the recorder."""

    def __init__(self, what, captures, folder):
        self.scene, self.captures, self.folder = what, captures, folder
        self.origin, self.net = [], None

    def pair(self, **how):
        return self._use(topology.pair(self.origin, self.folder, **how))

    def bridged(self, bridge=""):
        return self._use(topology.bridged(self.origin, self.folder, bridge))

    def trunk(self, tag):
        return self._use(topology.trunk(self.origin, self.folder, tag))

    def tunnelled(self):
        return self._use(topology.tunnelled(self.origin, self.folder))

    def routed(self, far_mtu):
        return self._use(topology.routed(self.origin, self.folder, far_mtu))

    def _use(self, net):
        self.net = net
        return net

    def pause(self, seconds):
        self.origin.append(f"# {seconds} s later")
        time.sleep(seconds)

    def file_of(self, name, octets):
        """A file for servers to serve: fixed pseudo-random octets."""
        import talk

        (self.folder / name).write_bytes(talk.Octets("file").take(octets))

    @contextlib.contextmanager
    def record(self, options="", only=""):
        """Records at every tap of the scene while the block runs."""
        with contextlib.ExitStack() as stack:
            for tap in self.scene.taps:
                namespace, interface = self.net.taps[tap]
                path = self.folder / self.scene.file(tap)
                stack.enter_context(Recorder(namespace, interface, path, options, only))
            yield


def play(what, captures):
    """Plays one scene and returns a manifest row for each capture that it made. Timing is not ours to
    decide, so a capture that does not show what it should is recorded again, and that is said."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _play_once(what, captures)
        except check.NotShown as missing:
            if attempt == ATTEMPTS:
                raise
            print(f"again    {what.name}: {missing}", file=sys.stderr, flush=True)
    return []


def _play_once(what, captures):
    """Plays in a folder of its own; nothing is kept unless every tap shows what it should."""
    with tempfile.TemporaryDirectory(prefix="record-") as temporary:
        folder = pathlib.Path(temporary)
        stage = Stage(what, captures, folder)
        try:
            what.act(stage)
        finally:
            if stage.net is not None:
                stage.net.remove()
        paths = {tap: folder / what.file(tap) for tap in what.taps}
        for tap, path in paths.items():
            if what.finish is not None:
                what.finish(path)
            check.check(path, {**what.expect, **what.expect_at.get(tap, {})}, what)
        for path in paths.values():
            (captures / path.name).write_bytes(path.read_bytes())
        return [_row(what, stage, tap, path.name) for tap, path in paths.items()]


def _row(what, stage, tap, file):
    programs = [line.split("$ ", 1)[1].split()[0] for line in stage.origin if "$ " in line]
    tools = [setup.tcpdump_version()] + [setup.version(program) for program in dict.fromkeys(programs)]
    row = {
        "file": file,
        "scene": what.name,
        "shows": what.shows,
        "tags": what.tags,
        "tap": tap,
        "link": what.link,
        "format": what.format,
        "replay": not what.why_not,
    }
    if what.why_not:
        row["why_not"] = what.why_not
    if what.role:
        row["role"] = what.role
    row["tool"] = ", ".join(dict.fromkeys(tool for tool in tools if tool))
    row["origin"] = "\n".join(stage.origin)
    return row
