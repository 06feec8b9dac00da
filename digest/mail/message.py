"""A finished mail, and how it looks on the wire."""

import hashlib
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache, cached_property, lru_cache
from urllib.parse import quote, urlsplit

from digest import mailboxes
from digest.mail import headers
from digest.mail.headers import LINE

# `=` followed by `_` cannot occur in quoted-printable text, so no content can hold this; and a
# fixed one makes the same mail the same bytes.
BOUNDARY = "=_daybreak"

# A header that holds an address of the web is never folded, so it has to fit into 998 bytes.
_WEB_ADDRESS = re.compile(r"https?://[!-;=?-~]{1,900}")
_MAILTO = re.compile(r"mailto:[!-;=?-~]{1,400}")
_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """
    One mail to one reader; nothing in it can break out of its header.

    *unsubscribe_url* makes it one of a list's mails, to which *unsubscribe_mailto* is another way
    out; *help_url* is where its reader sees to their preferences; a confirmation and the like has
    none of them. *decided_at* is when its delivery
    was decided on; with it, its id is its own in all installations. A mail has either *html* and
    *text*, or *body*: both, encoded already and in their `envelope`, in pieces.

    Raises:
        ValueError: a control character, or what is no address, in what becomes a header.

    """

    to: str
    subject: str
    html: str = ""
    text: str = ""
    delivery_id: int
    kind: str
    decided_at: datetime | None = None
    unsubscribe_url: str | None = None
    unsubscribe_mailto: str | None = None
    help_url: str | None = None
    lang: str = "en"
    body: Sequence[bytes] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        _refuse_breaks("subject", self.subject)
        _require(mailboxes.ADDRESS, "to", self.to)
        _require_word("kind", self.kind)
        _require_word("lang", self.lang)
        if self.unsubscribe_url is not None:
            _require(_WEB_ADDRESS, "unsubscribe_url", self.unsubscribe_url)
        if self.help_url is not None:
            _require(_WEB_ADDRESS, "help_url", self.help_url)
        if self.unsubscribe_mailto is not None:
            _require(_MAILTO, "unsubscribe_mailto", self.unsubscribe_mailto)


@dataclass(frozen=True, kw_only=True)
class Letterhead:
    """
    What every mail of an installation says about its sender.

    *sender* and *reply_to* are as in DIGEST_SENDER: `Name <name@example.org>`.

    Raises:
        ValueError: a control character, or not exactly one ASCII address, in one of them.

    """

    sender: str
    reply_to: str
    site_name: str
    base_url: str

    def __post_init__(self) -> None:
        _refuse_breaks("site_name", self.site_name)
        for name in ("sender", "reply_to"):
            try:
                mailboxes.split(getattr(self, name))
            except ValueError as exc:
                raise ValueError(f"{name}: {exc}") from exc

    @property
    def address(self) -> str:
        """The bare address of the sender."""
        return mailboxes.split(self.sender)[1]

    @cached_property
    def host(self) -> str:
        """The host of the site in ASCII, fit for the right side of an id."""
        host = urlsplit(self.base_url).hostname or "localhost"
        try:
            return f"[{ipaddress.IPv4Address(host)}]"
        except ValueError:
            return "localhost" if ":" in host else host.encode("idna").decode()

    @cached_property
    def bare_host(self) -> str:
        """The same without brackets."""
        return self.host.strip("[]")

    @cached_property
    def from_line(self) -> str:
        return f"From: {headers.mailbox(self.sender)}\r\n"

    @cached_property
    def reply_line(self) -> str:
        return f"Reply-To: {headers.mailbox(self.reply_to)}\r\n"

    @cached_property
    def list_id_line(self) -> str:
        # RFC 2919: readers filter by this id, so it must stay as it is.
        return f"List-Id: {headers.named(self.site_name, f'daily.{self.bare_host}')}\r\n"

    @cached_property
    def owner_line(self) -> str:
        owner = quote(mailboxes.split(self.reply_to)[1], safe="@")
        return f"List-Owner: <mailto:{owner}>\r\n"


def as_bytes(mail: Mail, letterhead: Letterhead, now: datetime) -> bytes:
    """
    Return *mail* as a complete message (RFC 5322) with CRLF line ends, dated *now*.

    Text, then HTML, both UTF-8 in quoted-printable: no line of the bodies is longer than 76
    bytes, and none of the headers longer than 998.
    """
    head = _head(mail, letterhead, now).encode("ascii")
    return b"".join((head, *(mail.body or (_alternatives(mail.text, mail.html),))))


@cache
def envelope() -> tuple[bytes, bytes, bytes]:
    """Return what stands before, between and after the parts of a body: its text and its HTML."""
    top, between, end = _alternatives("|", "|").split(b"|\r\n")
    return top, between, end


def _head(mail: Mail, letterhead: Letterhead, now: datetime) -> str:
    # Written by hand: the standard library folds long values anywhere or wraps them into encoded
    # words, and mailbox providers then find no address to unsubscribe at.
    listed = "" if mail.unsubscribe_url is None else _list_headers(mail, letterhead)
    # RFC 3834: out-of-office replies do not answer what is generated.
    # Gmail counts complaints by each part of Feedback-ID; the last names the sender on all mails.
    return (
        f"{letterhead.from_line}"
        f"To: {mail.to}\r\n"
        f"{letterhead.reply_line}"
        f"Subject: {headers.subject(mail.subject)}\r\n"
        f"Date: {_date(now.replace(microsecond=0))}\r\n"
        f"Message-ID: <daybreak.{mail.delivery_id}.{_key(mail)}@{letterhead.host}>\r\n"
        f"{listed}"
        "Auto-Submitted: auto-generated\r\n"
        f"Feedback-ID: {mail.kind}:{letterhead.bare_host}:daybreak\r\n"
        f"X-Daybreak-Delivery: {mail.delivery_id}\r\n"
        f"Content-Language: {mail.lang}\r\n"
    )


@lru_cache(maxsize=16)
def _date(now: datetime) -> str:
    return format_datetime(now)


def _key(mail: Mail) -> str:
    """Return what tells *mail* from another database's of the same id: mailboxes drop repeats."""
    known_by = f"({mail.delivery_id}, {mail.kind!r}, {mail.to!r}, {_written(mail.decided_at)})"
    return hashlib.sha256(known_by.encode()).hexdigest()[:12]


@lru_cache(maxsize=1_000)
def _written(moment: datetime | None) -> str:
    return repr(moment)


def _list_headers(mail: Mail, letterhead: Letterhead) -> str:
    # RFC 8058: mailbox providers post to the first of these themselves.
    other = f",\r\n <{mail.unsubscribe_mailto}>" if mail.unsubscribe_mailto else ""
    help_line = f"List-Help: <{mail.help_url}>\r\n" if mail.help_url is not None else ""
    return (
        f"List-Unsubscribe: <{mail.unsubscribe_url}>{other}\r\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        f"{letterhead.list_id_line}{help_line}{letterhead.owner_line}"
    )


def _alternatives(text: str, html: str) -> bytes:
    body = EmailMessage(SMTP.clone(max_line_length=LINE))
    body.set_content(text, cte="quoted-printable")
    body.add_alternative(html, subtype="html", cte="quoted-printable")
    body.set_boundary(BOUNDARY)
    return body.as_bytes()


def _refuse_breaks(name: str, text: str) -> None:
    # None of them is printable, and most texts are: that is known faster.
    if not text.isprintable() and (found := mailboxes.BREAKS_A_HEADER.search(text)):
        raise ValueError(f"{name}: {found[0]!r} does not belong into a header")


@lru_cache(maxsize=100)
def _require_word(name: str, text: str) -> None:
    _require(_WORD, name, text)


def _require(form: re.Pattern[str], name: str, text: str) -> None:
    # The text itself stays out of the message: errors are logged, addresses are not.
    if not form.fullmatch(text):
        raise ValueError(f"{name}: not of the form {form.pattern}")
