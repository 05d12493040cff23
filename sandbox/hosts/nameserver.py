"""A nameserver that knows no name and says so at once (NXDOMAIN), run as a program: `nameserver.py ADDRESS`.

Docker's own DNS passes names it does not know, those of ended tasks too, to the host's nameserver. When none answers,
clients wait for 10 to 20 s.
"""

import socket
import sys

_HEADER = 12
_RESPONSE = 0x80
_RECURSION_DESIRED = 0x01
_RECURSION_AVAILABLE_NXDOMAIN = 0x83


def answer(query: bytes) -> bytes | None:
    """The reply to one query (RFC 1035, 4.1), or None to what is not a query with one question."""
    if len(query) <= _HEADER or query[2] & _RESPONSE or query[4:6] != b"\x00\x01":
        return None
    end = _HEADER
    while end < len(query) and query[end]:  # the labels of the name, each after its length
        end += query[end] + 1
    end += 5  # the empty label, type and class
    if end > len(query):
        return None
    flags = bytes((_RESPONSE | (query[2] & (0x78 | _RECURSION_DESIRED)), _RECURSION_AVAILABLE_NXDOMAIN))
    return query[:2] + flags + b"\x00\x01" + bytes(6) + query[_HEADER:end]


def main(address: str) -> None:
    """Answer on UDP port 53 for ever."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((address, 53))
        while True:
            query, client = server.recvfrom(4096)
            if reply := answer(query):
                server.sendto(reply, client)


if __name__ == "__main__":
    main(sys.argv[1])
