"""IMAP: what came to the mailbox of unsubscribe mails; nothing in it is changed."""

import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from urllib.parse import unquote, urlsplit

from digest.clock import EPOCH
from digest.errors import BadSettings, FetchError
from digest.mail.transport import why

TIMEOUT = 10.0
"""Seconds for each answer of the server."""

WINDOW = 500
"""Numbers that are asked for at a time; there may be fewer mails than numbers."""

LONGEST_HEAD = 8192
"""Bytes of a mail that are read at most."""

_TO = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
_FIELDS = ("Subject", *_TO, "Auto-Submitted", "Content-Type", "Return-Path")
_ASKED = (
    f"(UID INTERNALDATE BODY.PEEK[HEADER.FIELDS ({' '.join(_FIELDS)})]<0.{LONGEST_HEAD}>)".upper()
)
_UID = re.compile(rb"UID (\d{1,10})")
_CAME = re.compile(rb'INTERNALDATE "([^"]{20,40})"')


@dataclass(frozen=True, slots=True)
class Account:
    """A mailbox and the way to it."""

    host: str
    port: int
    user: str
    password: str
    folder: str
    tls: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """What matters of a mail that came: whom it is to, and what it is about."""

    uid: int
    at: datetime
    texts: tuple[str, ...]
    """Its subject, and every address that it is to."""
    automatic: bool
    """An answer of a machine, or a mail that could not be delivered."""


@dataclass(frozen=True, slots=True)
class Window:
    """The mails of one stretch of numbers."""

    letters: Sequence[Letter]
    until: int
    """All mails up to this number are in it, or in one before."""
    more: bool


def account(url: str) -> Account:
    """
    Return the mailbox that *url* (DIGEST_IMAP_URL) names.

    Raises:
        BadSettings: it is odd; the message names the remedy.

    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise _bad() from exc
    texts = [unquote(text or "") for text in (parts.username, parts.password, parts.path[1:])]
    plain = all(text.isascii() and text.isprintable() for text in texts)
    user, password, folder = texts
    if not (parts.hostname and user and password and plain) or parts.query or parts.fragment:
        raise _bad()
    tls = parts.scheme == "imaps"
    # Without TLS only on this machine, as to a bridge that speaks it to the world.
    if not tls and (parts.scheme, parts.hostname) not in (
        ("imap", "127.0.0.1"),
        ("imap", "localhost"),
    ):
        raise _bad()
    port = port or (993 if tls else 143)
    return Account(parts.hostname, port, user, password, folder or "INBOX", tls)


def _bad() -> BadSettings:
    # The URL itself holds a password.
    return BadSettings(
        "DIGEST_IMAP_URL: write imaps://user:password@host/folder, and in user and password"
        " / ? # @ : as %2F %3F %23 %40 %3A"
    )


class Mailbox:
    """One look into a mailbox, read only; a person may use it meanwhile."""

    def __init__(self, imap: imaplib.IMAP4, validity: int, next_uid: int) -> None:
        self._imap = imap
        self.validity = validity
        """UIDVALIDITY: under another one the numbers mean other mails."""
        self._next_uid = next_uid

    def window(self, after: int) -> Window:
        """
        Return the mails of the next numbers after *after*.

        Raises:
            FetchError: they cannot be had now.

        """
        until = min(after + WINDOW, self._next_uid - 1)
        if until <= after:
            return Window((), after, more=False)
        with _translated():
            _, lines = self._imap.uid("FETCH", f"{after + 1}:{until}", _ASKED)
        # A range whose end is beyond the last mail means that one: it was read before.
        letters = [letter for letter in _letters(lines) if after < letter.uid <= until]
        return Window(letters, until, more=until < self._next_uid - 1)


@contextmanager
def opened(account: Account, context: ssl.SSLContext | None = None) -> Iterator[Mailbox]:
    """
    Open the folder of *account*, for reading only.

    Raises:
        FetchError: it cannot be opened now.

    """
    with _translated():
        imap = _connected(account, context)
    try:
        with _translated():
            imap.login(_quoted(account.user), account.password)
            status, _ = imap.select(_quoted(account.folder), readonly=True)
            if status != "OK":
                raise FetchError("the mailbox: there is no such folder")
            box = Mailbox(imap, _number(imap, "UIDVALIDITY"), _number(imap, "UIDNEXT"))
        yield box
    finally:
        with suppress(imaplib.IMAP4.error, OSError):
            imap.logout()


def _connected(account: Account, context: ssl.SSLContext | None) -> imaplib.IMAP4:
    if not account.tls:
        return imaplib.IMAP4(account.host, account.port, timeout=TIMEOUT)
    context = context or ssl.create_default_context()
    return imaplib.IMAP4_SSL(account.host, account.port, ssl_context=context, timeout=TIMEOUT)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (imaplib.IMAP4.error, OSError, EOFError) as exc:
        raise FetchError(f"the mailbox cannot be read: {why(exc)}") from exc


def _quoted(text: str) -> str:
    # imaplib quotes passwords, and nothing else.
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _number(imap: imaplib.IMAP4, name: str) -> int:
    _, values = imap.response(name)
    try:
        return int(values[-1])
    except (IndexError, TypeError, ValueError) as exc:
        raise FetchError(f"the mailbox: its server names no {name}") from exc


def _letters(lines: Sequence[object]) -> Iterator[Letter]:
    # A mail is a pair, of what stands before its header and of that; the rest is a line after it.
    for place, line in enumerate(lines):
        if not isinstance(line, tuple):
            continue
        after = lines[place + 1] if place + 1 < len(lines) else b""
        facts = bytes(line[0]) + (after if isinstance(after, bytes) else b"")
        uid, came = _UID.search(facts), _CAME.search(facts)
        if uid and came:
            yield _letter(int(uid[1]), _moment(came[1].decode("ascii", "replace")), line[1])


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text.strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        # The oldest that there can be: it does not end what somebody consented to since.
        return EPOCH


def _letter(uid: int, at: datetime, head: bytes) -> Letter:
    message = BytesHeaderParser().parsebytes(head)
    texts = [_decoded(text) for name in ("Subject", *_TO) for text in message.get_all(name, ())]
    return Letter(uid, at, tuple(texts), _is_automatic(message))


def _decoded(text: object) -> str:
    # Anybody can write here, and a mail that stopped the reading would stop it for good.
    with suppress(MessageError, LookupError, ValueError):
        return str(make_header(decode_header(str(text))))
    return str(text)


def _is_automatic(message: Message) -> bool:
    # RFC 3834: answers of machines. A mail provider may send its user's wish by a machine too,
    # which is auto-generated.
    answer = str(message.get("Auto-Submitted", "")).lower().startswith("auto-replied")
    bounced = str(message.get("Return-Path", "")).strip() == "<>"
    return answer or bounced or message.get_content_type() == "multipart/report"
