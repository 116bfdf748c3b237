"""The networks of the scenes: two hosts on a cable, with a bridge, router, trunk or tunnel between them."""

import time

from namespaces import Namespace, address, administer, link

CLIENT_MAC, SERVER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
ROUTER_NEAR_MAC, ROUTER_FAR_MAC = "02:00:00:00:00:03", "02:00:00:00:00:04"
CLIENT, CLIENT6 = "192.0.2.1", "2001:db8::1"
SERVER, SERVER6 = "192.0.2.2", "2001:db8::2"
FAR, FAR6 = "198.51.100.2", "2001:db8:1::2"


class Network:
    """The hosts of one scene. `taps` maps a tap's name to its namespace and interface."""

    def __init__(self, origin, folder):
        self.origin, self.folder = origin, folder
        self.hosts, self.taps = [], {}
        self.client = self._host("client")
        self.server = self._host("server")
        self.taps["client"] = (self.client, "eth0")
        self.taps["server"] = (self.server, "eth0")
        self.taps["any"] = (self.client, "any")
        self.taps["loopback"] = (self.client, "lo")

    def _host(self, role):
        host = Namespace(role, self.origin, self.folder)
        self.hosts.append(host)
        return host

    def _ends(self):
        address(self.client, "eth0", CLIENT_MAC, f"{CLIENT}/24", f"{CLIENT6}/64")
        address(self.server, "eth0", SERVER_MAC, f"{SERVER}/24", f"{SERVER6}/64")

    def _middle(self):
        middle = self._host("middle")
        for which in ("all", "default"):
            middle.quiet(f"sysctl -qw net.ipv6.conf.{which}.disable_ipv6=1")
        return middle

    def remove(self):
        for host in self.hosts:
            host.remove()


def pair(origin, folder, offload=False):
    """Client and server on one cable."""
    net = Network(origin, folder)
    link(net.client, "eth0", net.server, "eth0", offload)
    net._ends()
    return net


def bridged(origin, folder, bridge):
    """Client and server with the user-space bridge between them; `bridge` is its arguments."""
    net = Network(origin, folder)
    middle = net._middle()
    link(net.client, "eth0", middle, "left")
    link(net.server, "eth0", middle, "right")
    for name in ("left", "right"):
        administer(f"ip -n {middle.name} link set {name} up")
    net._ends()
    middle.start(f"bridge left right {bridge}")
    net.taps["bridge"] = (middle, "left")
    time.sleep(0.3)
    return net


def trunk(origin, folder, tag):
    """Client and server with two bridges between them; the cable between those carries tagged frames."""
    net = Network(origin, folder)
    middle = net._middle()
    link(net.client, "eth0", middle, "left")
    link(net.server, "eth0", middle, "right")
    link(middle, "trunk0", middle, "trunk1")
    for name in ("left", "right", "trunk0", "trunk1"):
        administer(f"ip -n {middle.name} link set {name} up")
    net._ends()
    middle.start(f"bridge left trunk0 --tag-right {tag}")
    middle.start(f"bridge trunk1 right --tag-left {tag}")
    net.taps["bridge"] = (middle, "trunk0")
    time.sleep(0.3)
    return net


def tunnelled(origin, folder):
    """Client and server on point-to-point interfaces without a link layer; one program holds both ends."""
    net = Network(origin, folder)
    middle = net._middle()
    middle.start("bridge tun-c tun-s --tun")
    time.sleep(0.5)
    for host, name, mine, mine6 in (
        (net.client, "tun-c", CLIENT, CLIENT6),
        (net.server, "tun-s", SERVER, SERVER6),
    ):
        administer(f"ip -n {middle.name} link set {name} netns {host.name} name eth0")
        administer(f"ip -n {host.name} link set eth0 up")
        administer(f"ip -n {host.name} address add {mine}/24 dev eth0")
        administer(f"ip -n {host.name} address add {mine6}/64 dev eth0 nodad")
    return net


def routed(origin, folder, far_mtu):
    """Client, router, server. Only the router knows that the far link is narrow: it must tell the sender."""
    net = Network(origin, folder)
    router = net._host("router")
    router.quiet("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
    link(net.client, "eth0", router, "near")
    link(net.server, "eth0", router, "far")
    address(net.client, "eth0", CLIENT_MAC, f"{CLIENT}/24", f"{CLIENT6}/64")
    address(net.server, "eth0", SERVER_MAC, f"{FAR}/24", f"{FAR6}/64")
    address(router, "near", ROUTER_NEAR_MAC, "192.0.2.254/24", "2001:db8::fe/64")
    address(router, "far", ROUTER_FAR_MAC, "198.51.100.254/24", "2001:db8:1::fe/64")
    router.set(f"ip link set far mtu {far_mtu}")
    for host, hop, hop6 in (
        (net.client, "192.0.2.254", "2001:db8::fe"),
        (net.server, "198.51.100.254", "2001:db8:1::fe"),
    ):
        administer(f"ip -n {host.name} route add default via {hop}")
        administer(f"ip -n {host.name} -6 route add default via {hop6}")
    net.taps["router"] = (router, "near")
    return net
