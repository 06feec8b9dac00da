"""Opening: which transport a mail URL names."""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from digest.clock import Clock, utc_now
from digest.errors import BadSettings
from digest.mail.message import Letterhead
from digest.mail.outbox import Outbox
from digest.mail.smtp import Relay, Sign, Smtp
from digest.mail.transport import Transport

REGION = re.compile(r"[a-z]{2,3}(-[a-z]+)+-\d")
CONFIGURATION_SET = re.compile(r"[A-Za-z0-9_-]{1,64}")

_FORM = (
    "write smtp://user:password@host:587, and in user and password / ? # @ : as %2F %3F %23 %40 %3A"
)


class _Odd(Exception):
    """Something about a URL; the message names the remedy, and never the URL: it may be secret."""


def open_transport(
    mail_url: str, letterhead: Letterhead, clock: Clock = utc_now, sign: Sign | None = None
) -> Transport:
    """
    Return the transport that *mail_url* (DIGEST_MAIL_URL) names; it connects when it first sends.

    A relay gets mails that *sign* has signed; SES signs them itself.

    Raises:
        BadSettings: the URL is incomplete or odd; the message names the remedy.

    """
    scheme, colon, rest = mail_url.partition(":")
    with _named("DIGEST_MAIL_URL"):
        match scheme if colon else "":
            case "outbox":
                return _outbox(rest, letterhead, clock)
            case "smtp" | "smtps":
                return Smtp(_relay(_split(mail_url)), letterhead, clock, sign=sign)
            case "ses":
                return _ses(_split(mail_url), letterhead, clock)
        raise _Odd("write outbox:DIR, smtp://HOST, smtps://HOST or ses://REGION")


def open_alarm_relay(mail_url: str, letterhead: Letterhead, clock: Clock, timeout: float) -> Smtp:
    """
    Return a relay of its own for alarms, which *mail_url* (DIGEST_ALARM_MAIL_URL) names.

    Raises:
        BadSettings: as `open_transport` does.

    """
    with _named("DIGEST_ALARM_MAIL_URL"):
        return Smtp(_relay(_split(mail_url)), letterhead, clock, timeout=timeout)


@contextmanager
def _named(setting: str) -> Iterator[None]:
    try:
        yield
    except _Odd as exc:
        raise BadSettings(f"{setting}: {exc}") from exc


def _outbox(folder: str, letterhead: Letterhead, clock: Clock) -> Transport:
    if not folder:
        raise _Odd("outbox: names no folder; write outbox:var/outbox")
    return Outbox(Path(folder), letterhead, clock)


def _relay(url: SplitResult) -> Relay:
    query = _query(url, "rate")
    relay = Relay(
        host=_host(url),
        port=url.port or (465 if url.scheme == "smtps" else 587),
        user=_credential(url.username),
        password=_credential(url.password),
        tls=url.scheme == "smtps",
        rate=_rate(query.get("rate")),
    )
    if bool(relay.user) != bool(relay.password):
        raise _Odd("write both user and password, smtp://user:password@host:587, or neither")
    return relay


def _ses(url: SplitResult, letterhead: Letterhead, clock: Clock) -> Transport:
    # Only where it is asked for: boto3 takes longer to import than everything else here.
    from digest.aws import ses  # noqa: PLC0415
    from digest.mail.ses import Ses  # noqa: PLC0415

    if not REGION.fullmatch(url.netloc):
        raise _Odd("ses:// needs a region; write ses://eu-west-1?configuration_set=name")
    name = _query(url, "configuration_set").get("configuration_set")
    if name is not None and not CONFIGURATION_SET.fullmatch(name):
        raise _Odd("configuration_set is the name of one: letters, digits, _ and -, at most 64")
    region = url.netloc
    return Ses(lambda: ses(region), letterhead, clock, configuration_set=name)


def _split(mail_url: str) -> SplitResult:
    try:
        url = urlsplit(mail_url)
        _ = url.port
    except ValueError as exc:
        raise _Odd(_FORM) from exc
    if url.path.strip("/") or url.fragment:
        raise _Odd(_FORM)
    return url


def _host(url: SplitResult) -> str:
    try:
        host = (url.hostname or "").encode("idna").decode()
    except UnicodeError:
        host = ""
    if not host:
        raise _Odd(f"{url.scheme}: names no host; write {url.scheme}://mail.example.org")
    return host


def _credential(quoted: str | None) -> str:
    text = unquote(quoted or "")
    # smtplib sends ASCII, one line a command.
    if not (text.isascii() and text.isprintable()):
        raise _Odd("user and password may hold printable ASCII only")
    return text


def _rate(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 < rate < math.inf:
        raise _Odd("rate is in mails a second; write ?rate=10")
    return rate


def _query(url: SplitResult, known: str) -> dict[str, str]:
    try:
        query = parse_qs(url.query, keep_blank_values=True, strict_parsing=bool(url.query))
    except ValueError:
        query = {url.query: []}
    if any(name != known or len(values) != 1 for name, values in query.items()):
        raise _Odd(f"after the ? only {known}=... has a meaning for {url.scheme}://, once")
    return {name: values[0] for name, values in query.items()}
