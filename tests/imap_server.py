"""A mailbox on loopback: as much of IMAP as a reader of headers needs, and a record of the rest."""

import re
import socket
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Self

CAME = datetime(2026, 11, 20, 9, tzinfo=UTC)

_COMMAND = re.compile(rb"(\S+) (\S+)(?: (.*))?\r\n", re.DOTALL)
_FETCH = re.compile(rb"FETCH (\d+):(\d+) \((.*)\)", re.DOTALL)


@dataclass
class Received:
    head: bytes
    came: datetime = CAME


@dataclass
class ImapServer:
    """Listens while it is entered; *mails* are by their UIDs."""

    mails: dict[int, Received] = field(default_factory=dict)
    validity: int = 7
    folder: str = "INBOX"
    user: str = "mira"
    password: str = "p ss"
    tls: ssl.SSLContext | None = None
    silent: bool = False
    """Say nothing at all."""
    tail_first: bool = False
    """Name UID and INTERNALDATE after the header, as some servers do."""
    commands: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        there = self

        class Handler(StreamRequestHandler):
            def handle(self) -> None:
                there._talk(self)

        class Server(ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

            def get_request(self) -> tuple[socket.socket, object]:
                connection, address = super().get_request()
                if there.tls:
                    connection = there.tls.wrap_socket(connection, server_side=True)
                return connection, address

            def handle_error(self, *_: object) -> None:
                pass  # whoever hangs up in the middle is part of the tests

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def put(self, head: str, *, uid: int | None = None, came: datetime = CAME) -> int:
        uid = uid or max(self.mails, default=0) + 1
        text = head.replace("\n", "\r\n").strip() + "\r\n\r\n"
        self.mails[uid] = Received(text.encode("utf-8", "surrogateescape"), came)
        return uid

    def _talk(self, handler: StreamRequestHandler) -> None:
        if self.silent:
            handler.rfile.readline()
            return
        handler.wfile.write(b"* OK ready\r\n")
        while line := handler.rfile.readline():
            found = _COMMAND.fullmatch(line)
            assert found, line
            tag, name, rest = found[1], found[2].upper(), found[3] or b""
            self.commands.append(f"{name.decode()} {rest.decode()}".strip())
            handler.wfile.write(self._answer(name, rest).replace(b"TAG", tag))
            if name == b"LOGOUT":
                return

    def _answer(self, name: bytes, rest: bytes) -> bytes:
        match name:
            case b"CAPABILITY":
                return b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n"
            case b"LOGIN":
                right = rest.decode() == f'"{self.user}" "{self.password}"'
                return b"TAG OK done\r\n" if right else b"TAG NO [AUTHENTICATIONFAILED] no\r\n"
            case b"EXAMINE" if rest.decode() == f'"{self.folder}"':
                after = max(self.mails, default=0) + 1
                return (
                    f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] ok\r\n"
                    f"* OK [UIDNEXT {after}] ok\r\nTAG OK [READ-ONLY] done\r\n"
                ).encode()
            case b"UID":
                return self._fetched(rest) + b"TAG OK done\r\n"
            case b"LOGOUT":
                return b"* BYE now\r\nTAG OK done\r\n"
        return b"TAG NO what?\r\n"

    def _fetched(self, rest: bytes) -> bytes:
        found = _FETCH.fullmatch(rest)
        assert found, rest
        low, high = int(found[1]), int(found[2])
        chosen = [uid for uid in sorted(self.mails) if low <= uid <= high]
        # RFC 9051: a range beyond the last number means the last one.
        chosen = chosen or sorted(self.mails)[-1:]
        return b"".join(self._mail(uid) for uid in chosen)

    def _mail(self, uid: int) -> bytes:
        mail = self.mails[uid]
        facts = f'UID {uid} INTERNALDATE "{mail.came:%d-%b-%Y %H:%M:%S +0000}"'.encode()
        body = b"BODY[HEADER.FIELDS (SUBJECT)]<0> {%d}\r\n%b" % (len(mail.head), mail.head)
        parts = (body, facts) if self.tail_first else (facts, body)
        return b"* 1 FETCH (%b %b)\r\n" % parts
