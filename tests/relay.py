"""A mail relay on loopback that records what it takes and can be told to misbehave."""

import asyncio
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers import free_port

# Good for nothing: 127.0.0.1, and nobody trusts it but the tests.
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBbDCCARKgAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAkxMjcuMC4w
LjEwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CTEyNy4wLjAuMTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBvRVYFXgyg6y1qq
xOrIw8GfRjLQTBMMZlHQ6uLw7R8Rd/gyvTfu7Yilu3xagc3WptnammMPtwTTeFjY
afUEM0+jUzBRMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgKEMA8GA1Ud
EQQIMAaHBH8AAAEwHQYDVR0OBBYEFPeIm9FhG7l9cCP7PL9bz4OVybVwMAoGCCqG
SM49BAMCA0gAMEUCIDP5I2C2+F6iCSZw7Dz9l1io7RObLXQDZ9fpAs83v/v7AiEA
mR1DMaDVCDlU0gcUUVAtawxw+dS/xRDY4Ern0tzr0Cg=
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgivUJ5mmPwVR5DUO5
2UUB+vfx4emmv81YxbL7vW7DNMyhRANCAAQb0VWBV4MoOstaqsTqyMPBn0Yy0EwT
DGZR0Ori8O0fEXf4Mr037u2Ipbt8WoHN1qbZ2ppjD7cE03hY2Gn1BDNP
-----END PRIVATE KEY-----
"""

HANG_UP = "hang up"
SILENCE = "silence"
SILENT_FOR = 2.0
"""Seconds, which is longer than the tests wait."""


@dataclass(frozen=True, slots=True)
class Received:
    sender: str
    to: list[str]
    raw: bytes


class Relay:
    """
    Listens on *port* while it is entered.

    *answers* maps a command to what is said instead of taking it: `{"RCPT": "550 no such user"}`,
    HANG_UP or SILENCE. DATA is answered after the final dot; *begun* and *offered* count how often
    a mail was begun (MAIL), and how often one came as far as that dot.
    """

    def __init__(
        self, *, login: tuple[str, str] | None = None, tls: bool = False, starttls: bool = False
    ) -> None:
        self.port = free_port()
        self.answers: dict[str, str] = {}
        self.received: list[Received] = []
        self.begun = self.offered = 0
        self.greetings: list[str] = []
        """The names given with EHLO, before and after STARTTLS."""
        self.logins: list[tuple[str, str]] = []
        self._login = login
        self._connections: set[SMTP] = set()
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            ssl_context=server_context() if tls else None,
            tls_context=server_context() if starttls else None,
            authenticator=self._authenticate,
            # Without TLS logins are offered only where this is off.
            auth_require_tls=starttls or login is None,
        )

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.hang_up_on_all()
        self._controller.stop()

    def hang_up_on_all(self) -> None:
        async def hang_up() -> None:
            for each in self._connections:
                _hang_up(each)
            await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(hang_up(), self._controller.loop).result()
        self._connections.clear()

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, _envelope: Envelope, name: str, offers: list[str]
    ) -> list[str]:
        self._connections.add(server)
        self.greetings.append(name)
        session.host_name = name
        answer = self._instead(server, "EHLO")
        return [answer] if answer else offers

    async def handle_HELO(  # noqa: N802
        self, server: SMTP, session: Session, _envelope: Envelope, name: str
    ) -> str:
        session.host_name = name
        return self._instead(server, "EHLO") or "250 relay"

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.begun += 1
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self._instead(server, "MAIL") or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if answer := self._instead(server, "RCPT"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.offered += 1
        if answer := self._instead(server, "DATA"):
            if answer == SILENCE:
                await asyncio.sleep(SILENT_FOR)
            return answer
        assert isinstance(envelope.content, bytes)
        assert envelope.mail_from is not None
        self.received.append(Received(envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return f"250 2.0.0 queued as {len(self.received)}"

    def _authenticate(self, *args: Any) -> AuthResult:
        sent = args[-1]
        assert isinstance(sent, LoginPassword)
        self.logins.append((sent.login.decode(), sent.password.decode()))
        return AuthResult(success=self.logins[-1] == self._login, handled=False)

    def _instead(self, server: SMTP, command: str) -> str:
        answer = self.answers.get(command, "")
        if answer == HANG_UP:
            _hang_up(server)
        return answer


def _hang_up(server: SMTP) -> None:
    # None once the other side has gone.
    if isinstance(server.transport, asyncio.Transport):
        # Up to Python 3.11.2 a TLS transport that is closed already cannot be aborted.
        with suppress(AttributeError):
            server.transport.abort()


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        pem = Path(folder, "pem")
        pem.write_text(CERTIFICATE + KEY)
        context.load_cert_chain(pem)
    return context


@contextmanager
def greeting(words: bytes) -> Iterator[int]:
    """Say *words* to the first who connects, and nothing after that; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_say, args=(listener, words))
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def _say(listener: socket.socket, words: bytes) -> None:
    connection, _address = listener.accept()
    with connection:
        connection.sendall(words)
        # Until the other side has had enough.
        while connection.recv(4096):
            pass
