"""A finished mail, and how it looks on the wire."""

import hashlib
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from urllib.parse import quote, urlsplit

from digest import mailboxes

LINE = 76
"""Bytes in a line: what RFC 2045 allows in quoted-printable, RFC 2047 beside an encoded word."""

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
    was decided on; with it, its id is its own in all installations.

    Raises:
        ValueError: a control character, or what is no address, in what becomes a header.

    """

    to: str
    subject: str
    html: str
    text: str
    delivery_id: int
    kind: str
    decided_at: datetime | None = None
    unsubscribe_url: str | None = None
    unsubscribe_mailto: str | None = None
    help_url: str | None = None
    lang: str = "en"

    def __post_init__(self) -> None:
        _refuse_breaks("subject", self.subject)
        _require(mailboxes.ADDRESS, "to", self.to)
        _require(_WORD, "kind", self.kind)
        _require(_WORD, "lang", self.lang)
        for name in ("unsubscribe_url", "help_url"):
            if (url := getattr(self, name)) is not None:
                _require(_WEB_ADDRESS, name, url)
        if self.unsubscribe_mailto is not None:
            _require(_MAILTO, "unsubscribe_mailto", self.unsubscribe_mailto)


@dataclass(frozen=True, slots=True, kw_only=True)
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

    @property
    def host(self) -> str:
        """The host of the site in ASCII, fit for the right side of an id."""
        host = urlsplit(self.base_url).hostname or "localhost"
        try:
            return f"[{ipaddress.IPv4Address(host)}]"
        except ValueError:
            return "localhost" if ":" in host else host.encode("idna").decode()


def as_bytes(mail: Mail, letterhead: Letterhead, now: datetime) -> bytes:
    """
    Return *mail* as a complete message (RFC 5322) with CRLF line ends, dated *now*.

    Text, then HTML, both UTF-8 in quoted-printable: no line of the bodies is longer than 76
    bytes, and none of the headers longer than 998.
    """
    # Written by hand: the standard library folds long values anywhere or wraps them into encoded
    # words, and mailbox providers then find no address to unsubscribe at.
    head = "".join(f"{name}: {value}\r\n" for name, value in _headers(mail, letterhead, now))
    return head.encode("ascii") + _alternatives(mail)


def _headers(mail: Mail, letterhead: Letterhead, now: datetime) -> Iterator[tuple[str, str]]:
    yield "From", _mailbox(letterhead.sender)
    yield "To", mail.to
    yield "Reply-To", _mailbox(letterhead.reply_to)
    yield "Subject", _unstructured("Subject", mail.subject)
    yield "Date", format_datetime(now)
    yield "Message-ID", f"<daybreak.{mail.delivery_id}.{_key(mail)}@{letterhead.host}>"
    if mail.unsubscribe_url is not None:
        yield from _list_headers(mail, letterhead)
    # RFC 3834: out-of-office replies do not answer this.
    yield "Auto-Submitted", "auto-generated"
    # Gmail counts complaints by each part; the last one names the sender on all its mails.
    yield "Feedback-ID", f"{mail.kind}:{letterhead.host.strip('[]')}:daybreak"
    yield "X-Daybreak-Delivery", str(mail.delivery_id)
    yield "Content-Language", mail.lang


def _key(mail: Mail) -> str:
    """Return what tells *mail* from another database's of the same id: mailboxes drop repeats."""
    known_by = (mail.delivery_id, mail.kind, mail.to, mail.decided_at)
    return hashlib.sha256(repr(known_by).encode()).hexdigest()[:12]


def _list_headers(mail: Mail, letterhead: Letterhead) -> Iterator[tuple[str, str]]:
    # RFC 8058: mailbox providers post to the first of these themselves.
    other = f",\r\n <{mail.unsubscribe_mailto}>" if mail.unsubscribe_mailto else ""
    yield "List-Unsubscribe", f"<{mail.unsubscribe_url}>{other}"
    yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
    # RFC 2919: readers filter by this id, so it must stay as it is.
    yield "List-Id", _named(letterhead.site_name, f"daily.{letterhead.host.strip('[]')}")
    if mail.help_url is not None:
        yield "List-Help", f"<{mail.help_url}>"
    owner = quote(mailboxes.split(letterhead.reply_to)[1], safe="@")
    yield "List-Owner", f"<mailto:{owner}>"


def _alternatives(mail: Mail) -> bytes:
    body = EmailMessage(SMTP.clone(max_line_length=LINE))
    body.set_content(mail.text, cte="quoted-printable")
    body.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    body.set_boundary(BOUNDARY)
    return body.as_bytes()


def _mailbox(text: str) -> str:
    name, address = mailboxes.split(text)
    return _named(name, address) if name else address


def _named(name: str, angled: str) -> str:
    if _speaks_for_itself(name):
        return formataddr((name, angled))
    return f"{_encoded_words('Reply-To', name)}\r\n <{angled}>"


def _unstructured(header: str, text: str) -> str:
    if not _speaks_for_itself(text):
        return _encoded_words(header, text)
    folded = Header(text, "us-ascii", LINE, header_name=header)
    return folded.encode(linesep="\r\n")


def _speaks_for_itself(text: str) -> bool:
    # What looks like an encoded word would be decoded; odd spaces would not survive folding.
    spaced = " ".join(text.split()) == text
    return spaced and text.isascii() and "=?" not in text and len(max(text.split(" "))) < LINE


def _encoded_words(header: str, text: str) -> str:
    return Header(text, "utf-8", LINE, header_name=header).encode(linesep="\r\n")


def _refuse_breaks(name: str, text: str) -> None:
    if found := mailboxes.BREAKS_A_HEADER.search(text):
        raise ValueError(f"{name}: {found[0]!r} does not belong into a header")


def _require(form: re.Pattern[str], name: str, text: str) -> None:
    # The text itself stays out of the message: errors are logged, addresses are not.
    if not form.fullmatch(text):
        raise ValueError(f"{name}: not of the form {form.pattern}")
