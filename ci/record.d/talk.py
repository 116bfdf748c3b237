"""A socket that does what the command line says, word by word; both ends of a scene are often such a program.

    talk tcp bind=192.0.2.2,8080 listen=1 accept recv=eof send=1000 close
    talk tcp bind=192.0.2.1,40001 connect=192.0.2.2,8080 send=500 shutdown recv=eof close

A word that ends in !ERRNO must fail with that error: connect=192.0.2.2,81!ECONNREFUSED
serve=N accepts N connections, parallel=N makes N sockets; each does the rest of the words in a thread.
In the words after parallel=N a % stands for the number of the socket.
"""

import errno
import random
import socket
import struct
import sys
import threading
import time


class Octets:
    """A stream of pseudo-random octets that is the same in every run."""

    def __init__(self, label):
        self.source = random.Random(label)

    def take(self, count):
        return self.source.randbytes(count)


class Talk:
    """One socket and the words it knows. The word `name=a,b` calls `word_name` with the arguments a and b."""

    def __init__(self, words, number=0):
        self.words, self.number = words, number
        self.socket, self.sender, self.octets = None, None, Octets(f"octets {number}")

    def speak(self):
        for at, word in enumerate(self.words):
            word, _, wanted = word.partition("!")
            name, _, rest = word.partition("=")
            arguments = rest.split(",") if rest else []
            if name in ("serve", "parallel"):
                return getattr(self, name)(int(rest), self.words[at + 1 :])
            try:
                getattr(self, "word_" + name.replace("-", "_"))(*arguments)
            except OSError as refused:
                if errno.errorcode.get(refused.errno) != wanted:
                    raise
                wanted = ""
            if wanted:
                sys.exit(f"{word}: no {wanted}")
        return None

    def serve(self, count, words):
        children = []
        for number in range(count):
            child = Talk(words, number)
            child.socket, _ = self.socket.accept()
            child.octets = Octets(f"answer {number}")
            children.append(child)
            child.thread = threading.Thread(target=child.speak)
            child.thread.start()
        for child in children:
            child.thread.join()

    def parallel(self, count, words):
        threads = []
        for number in range(count):
            child = Talk([word.replace("%", str(number)) for word in words], number)
            threads.append(threading.Thread(target=child.speak))
            threads[-1].start()
        for thread in threads:
            thread.join()

    # --- making a socket

    def word_tcp(self):
        self._new(socket.AF_INET, socket.SOCK_STREAM)

    def word_tcp6(self):
        self._new(socket.AF_INET6, socket.SOCK_STREAM)

    def word_udp(self):
        self._new(socket.AF_INET, socket.SOCK_DGRAM)

    def word_udp6(self):
        self._new(socket.AF_INET6, socket.SOCK_DGRAM)

    def _new(self, family, kind):
        self.socket = socket.socket(family, kind)
        if kind == socket.SOCK_STREAM:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

    def word_bind(self, address, port):
        self.socket.bind((address, int(port)))

    def word_fastopen(self):
        """Lets a listener take data in a SYN (TCP_FASTOPEN, RFC 7413)."""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 5)

    def word_listen(self, backlog):
        self.socket.listen(int(backlog))

    def word_accept(self):
        self.socket, _ = self.socket.accept()
        self.octets = Octets("answer 0")

    def word_accept_keep(self):
        """Accepts, and keeps the listening socket for `again`."""
        self.listener = self.socket
        self.word_accept()

    def word_again(self):
        """Accepts the next connection on the socket kept by `accept-keep`."""
        self.socket, _ = self.listener.accept()

    def word_connect(self, address, port):
        self.socket.connect((address, int(port)))

    def word_connect_send(self, address, port, octets):
        """Connects with its first data in the SYN, when it has a cookie of the peer (MSG_FASTOPEN)."""
        self.socket.sendto(self.octets.take(int(octets)), socket.MSG_FASTOPEN, (address, int(port)))

    # --- options

    def word_rcvbuf(self, octets):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, int(octets))

    def word_sndbuf(self, octets):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, int(octets))

    def word_nodelay(self):
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def word_maxseg(self, octets):
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, int(octets))

    def word_linger0(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def word_keepalive(self, idle_s, interval_s, probes):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in (
            (socket.TCP_KEEPIDLE, idle_s),
            (socket.TCP_KEEPINTVL, interval_s),
            (socket.TCP_KEEPCNT, probes),
        ):
            self.socket.setsockopt(socket.IPPROTO_TCP, option, int(value))

    def word_tos(self, value):
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, int(value))

    def word_oobinline(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)

    def word_fragment(self):
        """Lets IP cut large datagrams (IP_MTU_DISCOVER = IP_PMTUDISC_DONT)."""
        self.socket.setsockopt(socket.IPPROTO_IP, 10, 0)

    def word_nocheck(self):
        """No UDP checksum (SO_NO_CHECK)."""
        self.socket.setsockopt(socket.SOL_SOCKET, 11, 1)

    # --- data

    def word_send(self, octets):
        self.socket.sendall(self.octets.take(int(octets)))

    def word_write(self, times, octets, gap_ms="0"):
        """Many writes of the same size, with a pause after each."""
        for _ in range(int(times)):
            self.socket.sendall(self.octets.take(int(octets)))
            time.sleep(int(gap_ms) / 1000)

    def word_oob(self, octets):
        self.socket.send(self.octets.take(int(octets)), socket.MSG_OOB)

    def word_recv(self, octets):
        """Reads exactly so many octets; `eof` reads until the other end has closed."""
        left = None if octets == "eof" else int(octets)
        while left is None or left > 0:
            got = self.socket.recv(65536 if left is None else left)
            if left is None and not got:
                return
            if not got:
                sys.exit(f"the connection ended with {left} octets missing")
            left = None if left is None else left - len(got)

    def word_slow(self, octets, gap_ms):
        """Reads a little, rests, and so on until the other end has closed."""
        while self.socket.recv(int(octets)):
            time.sleep(int(gap_ms) / 1000)

    def word_echo(self):
        while got := self.socket.recv(65536):
            self.socket.sendall(got)

    def word_pingpong(self, rounds, octets):
        for _ in range(int(rounds)):
            self.word_send(octets)
            self.word_recv(octets)

    def word_sendto(self, address, port, octets):
        self.socket.sendto(self.octets.take(int(octets)), (address, int(port)))

    def word_recvfrom(self):
        self.socket.recvfrom(65535)

    def word_reply(self, times, octets="0"):
        """Answers datagrams: with their own octets, or with so many others."""
        for _ in range(int(times)):
            got, self.sender = self.socket.recvfrom(65535)
            self.socket.sendto(self.octets.take(int(octets)) if int(octets) else got, self.sender)

    def word_dns(self, times, address):
        """Answers A questions with one address, as a name server would (RFC 1035)."""
        for _ in range(int(times)):
            asked, sender = self.socket.recvfrom(4096)
            end = asked.index(b"\0", 12) + 5
            head = asked[:2] + struct.pack("!HHHHH", 0x8580, 1, 1, 0, 0)
            answer = struct.pack("!HHHIH", 0xC00C, 1, 1, 300, 4) + socket.inet_aton(address)
            self.socket.sendto(head + asked[12:end] + answer, sender)

    # --- the end

    def word_shutdown(self):
        self.socket.shutdown(socket.SHUT_WR)

    def word_close(self):
        self.socket.close()

    def word_sleep(self, seconds):
        time.sleep(float(seconds))

    def word_wait(self):
        """Waits for a line on the standard input."""
        sys.stdin.readline()


if __name__ == "__main__":
    Talk(sys.argv[1:]).speak()
