"""SMTP: one kept connection to a relay, and what each of its answers means for a mail."""

import ipaddress
import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from digest.clock import Clock
from digest.mail.message import Letterhead, Mail, as_bytes
from digest.mail.transport import (
    Accepted,
    Allowance,
    NotSent,
    Outcome,
    Reaction,
    Refused,
    Unknown,
    why,
)

TIMEOUT = 30.0
"""Seconds for the connection, and for each answer."""

Sign = Callable[[bytes], bytes]
"""Returns a finished message with its signature in front."""

# "Authentication required" and its kin: they speak of us, at whichever command they come.
_WANTS_A_LOGIN = frozenset({530, 534, 535, 538})

# A word of its own, and no part of a host's name: anybody can subscribe x@relay.example, and
# relays quote what they refuse.
_RELAY = re.compile(r"(?<![\w.-])relay(?:ing)?(?![\w-]|\.\w)", re.IGNORECASE)


# RFC 3463: these speak of the one who gets the mail, and of their mailbox.
_OF_THE_MAILBOX = re.compile(r"(?<![\w.])[45]\.[12]\.\d")
_TOO_FAST = re.compile(r"\b(?:throttl\w+|rate|slow down|too (?:fast|many|much))\b", re.IGNORECASE)
_DAY_IS_USED_UP = re.compile(r"\bdaily\b.{,40}\b(?:quota|limit)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Where to hand mail over, and as whom; *tls* means from the first byte on."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    rate: float | None = None


class MailRefused(smtplib.SMTPResponseException):
    """The relay's answer is about this one mail, not about us."""


class RecipientRefused(MailRefused):
    """The relay's answer is about this address."""


class Smtp:
    """Hands mails to a relay over one connection; for one thread, opened after any fork."""

    def __init__(
        self,
        relay: Relay,
        letterhead: Letterhead,
        clock: Clock,
        *,
        sign: Sign | None = None,
        context: ssl.SSLContext | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self._relay = relay
        self._letterhead = letterhead
        self._clock = clock
        self._sign = sign
        self._context = context or _context(relay.host)
        self._timeout = timeout
        self._kept: smtplib.SMTP | None = None

    def send(self, mail: Mail) -> Outcome:
        raw = as_bytes(mail, self._letterhead, self._clock())
        if self._sign is not None:
            raw = self._sign(raw)
        try:
            connection = self._envelope(mail.to)
            # What fails here has not passed the final dot, so the relay drops it.
            connection.send(_stuffed(raw))
        except OSError as exc:  # smtplib's own errors are OSErrors too
            self._make_fit()
            return outcome_of(exc)
        return self._verdict(connection)

    def allowance(self) -> Allowance:
        return Allowance(rate=self._relay.rate)

    def close(self) -> None:
        if self._kept is not None:
            with suppress(OSError):
                self._kept.quit()
        self._hang_up()

    def _envelope(self, to: str) -> smtplib.SMTP:
        connection = self._introduce_mail()
        code, answer = connection.rcpt(to)
        if code not in (250, 251, 252):
            raise RecipientRefused(code, answer)
        code, answer = connection.docmd("DATA")
        if code != 354:  # noqa: PLR2004
            raise MailRefused(code, answer)
        return connection

    def _introduce_mail(self) -> smtplib.SMTP:
        """Return a connection on which the relay has taken our MAIL FROM."""
        if self._kept is not None:
            # Relays hang up on idle clients. Nothing has been sent yet: a new one is no risk.
            try:
                return self._mail_from(self._kept)
            except OSError:
                self._hang_up()
        self._kept = self._connect()
        return self._mail_from(self._kept)

    def _mail_from(self, connection: smtplib.SMTP) -> smtplib.SMTP:
        code, answer = connection.mail(self._letterhead.address)
        if code != 250:  # noqa: PLR2004
            raise smtplib.SMTPSenderRefused(code, answer, self._letterhead.address)
        return connection

    def _connect(self) -> smtplib.SMTP:
        relay, name = self._relay, _own_name(self._letterhead.host)
        if relay.tls:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                relay.host, relay.port, name, timeout=self._timeout, context=self._context
            )
        else:
            connection = smtplib.SMTP(relay.host, relay.port, name, timeout=self._timeout)
        try:
            self._secure_and_log_in(connection)
        except OSError:
            connection.close()
            raise
        return connection

    def _secure_and_log_in(self, connection: smtplib.SMTP) -> None:
        relay = self._relay
        connection.ehlo_or_helo_if_needed()
        secured = relay.tls
        if not relay.tls and connection.has_extn("starttls"):
            connection.starttls(context=self._context)
            secured = True
        if not relay.user:
            return
        if not secured and not is_loopback(relay.host):
            raise smtplib.SMTPNotSupportedError("no STARTTLS here: the password stays at home")
        connection.login(relay.user, relay.password)

    def _verdict(self, connection: smtplib.SMTP) -> Outcome:
        try:
            code, answer = connection.getreply()
        except OSError as exc:
            self._hang_up()
            return Unknown(why(f"after the final dot: {exc}"))
        if 200 <= code < 300:  # noqa: PLR2004
            return Accepted(why(answer.decode("utf-8", "replace"))[:200])
        if 400 <= code < 600:  # noqa: PLR2004
            return outcome_of(MailRefused(code, answer))
        self._hang_up()
        return Unknown(why(f"after the final dot: {code} {answer!r}"))

    def _make_fit(self) -> None:
        """Leave no half transaction on the kept connection: the next mail would suffer for it."""
        if self._kept is not None:
            try:
                self._kept.rset()
            except OSError:
                self._hang_up()

    def _hang_up(self) -> None:
        if self._kept is not None:
            self._kept.close()
        self._kept = None


def outcome_of(exc: OSError) -> Outcome:
    """Return what *exc*, raised before a mail's final dot or answering it, says about that mail."""
    if isinstance(exc, smtplib.SMTPResponseException):
        return _answered(exc)
    reason = why(f"{type(exc).__name__}: {exc}")
    if isinstance(exc, smtplib.SMTPNotSupportedError | ssl.SSLCertVerificationError):
        return NotSent(reason, kind=Reaction.STOP)
    return NotSent(reason, kind=Reaction.LATER)


def _answered(exc: smtplib.SMTPResponseException) -> Outcome:
    answer = exc.smtp_error
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    reason = why(f"{exc.smtp_code} {text}")
    if pace := _pace(exc, reason):
        return NotSent(reason, kind=pace)
    if not 500 <= exc.smtp_code < 600:  # noqa: PLR2004
        return NotSent(reason, kind=Reaction.LATER)
    if _RELAY.search(reason):
        # "Relaying denied": it is this server's word to us, not one about the address.
        return NotSent(reason, kind=Reaction.STOP)
    if isinstance(exc, MailRefused) and exc.smtp_code not in _WANTS_A_LOGIN:
        return Refused(reason)
    return NotSent(reason, kind=Reaction.STOP)


def _pace(exc: smtplib.SMTPResponseException, reason: str) -> Reaction | None:
    """Return what the answer asks of all our mails, if it says that they are too many."""
    # What is said of an address may be anybody's word: a relay may ask its server, and quote it.
    of_one = isinstance(exc, RecipientRefused) and exc.smtp_code != 421  # noqa: PLR2004
    if of_one or _OF_THE_MAILBOX.search(reason):
        return None
    if _DAY_IS_USED_UP.search(reason):
        return Reaction.QUOTA
    return Reaction.SLOW_DOWN if exc.smtp_code < 500 and _TOO_FAST.search(reason) else None  # noqa: PLR2004


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _context(host: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if is_loopback(host):
        # A relay on this machine has a certificate of its own making, and nobody is in between.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _own_name(host: str) -> str:
    # RFC 5321, 4.1.4: a full name, or else an address in brackets; the system's own idea of its
    # name is often neither.
    return host if "." in host else "[127.0.0.1]"


def _stuffed(raw: bytes) -> bytes:
    """Return *raw* as DATA carries it: dots at a line's start doubled, and the final one."""
    return re.sub(rb"(?m)^\.", b"..", raw) + b".\r\n"
