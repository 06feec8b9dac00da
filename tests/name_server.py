"""A name server on loopback that knows what a test has published."""

import socketserver
from collections.abc import Mapping, Sequence
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from tests.loopback import Listener

TTL = 60
Zone = dict[tuple[str, str], list[str]]


def txt(*texts: str) -> list[str]:
    """Return TXT records with *texts*, each cut into strings of at most 255 bytes."""
    return [
        " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255)) for text in texts
    ]


class NameServer(Listener):
    """Ask it at *address*; *zone* maps (name, kind) to records as a zone file writes them."""

    def __init__(self, zone: Mapping[tuple[str, str], Sequence[str]] = {}) -> None:
        self.zone: Zone = {key: list(values) for key, values in zone.items()}
        self.fails = False
        self.silent = False
        self.asked: list[str] = []
        server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), _Handler)
        server.daemon_threads = True
        server.name_server = self  # type: ignore[attr-defined]
        super().__init__(server)
        self.address = f"127.0.0.1:{self.port}"

    def answer(self, wire: bytes) -> bytes:
        query = dns.message.from_wire(wire)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        [question] = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = question.rdtype.name
        self.asked.append(f"{kind} {name}")
        if self.fails:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif values := self.zone.get((name, kind)):
            response.answer.append(dns.rrset.from_text(question.name, TTL, "IN", kind, *values))
        elif not any(known.endswith(name) for known, _ in self.zone):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        wire, sock = self.request
        server: Any = self.server
        if not server.name_server.silent:
            sock.sendto(server.name_server.answer(wire), self.client_address)
