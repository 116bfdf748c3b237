"""A server to which the host under test connects: what it heard it says again in capitals."""

import os
import socket
import struct
import sys

(how,) = sys.argv[1:]
family = socket.AF_INET6 if how.endswith("6") else socket.AF_INET
own = os.environ["NETASSAY_PEER_V6" if family == socket.AF_INET6 else "NETASSAY_PEER_V4"]
with socket.create_server((own, 8000), family=family) as listening:
    one, (addr, *_) = listening.accept()
    heard = b""
    if how.startswith("reset"):
        heard = one.recv(3)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        while part := one.recv(65536):
            heard += part
        one.sendall(heard.upper())
    one.close()
print(f"{len(heard)} octets from {addr}", file=sys.stderr)
