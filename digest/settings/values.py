"""What single settings may be; each function returns the value, or says what to write instead."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr, StringConstraints
from pydantic_settings import NoDecode

from digest import mailboxes

KEY_LENGTH = 32
"""The least number of characters of a key: 128 bits as hex."""

SOURCES = ("huggingface", "arxiv", "sample")

TOPIC = re.compile(r"arn:aws(?:-cn|-us-gov)?:sns:([a-z0-9-]+):[0-9]{12}:[A-Za-z0-9_-]{1,256}")
"""The name of an SNS topic, and in it its region."""

QUEUE = re.compile(
    r"https://(?:[a-z0-9-]+\.){0,3}?([a-z]{2,3}(?:-[a-z]+)+-[0-9])\.(?:[a-z]+\.)?amazonaws\.com"
    r"(?:\.cn)?/[0-9]{12}/[A-Za-z0-9_-]{1,80}"
)
"""The address of an SQS queue, and in it its region."""

_SELECTOR = re.compile(
    r"(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
)
_LEAVE = re.compile(r"[a-z0-9._+=-]*\*?[a-z0-9._+=-]*@[a-z0-9-]+(\.[a-z0-9-]+)+")
_NAME_SERVER = re.compile(
    r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<host>[0-9.]+))(?::(?P<port>[0-9]{1,5}))?"
)
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


def _words(value: object) -> object:
    if isinstance(value, str):
        # Lines too: a file of keys is easily written with one a line, and would be a single key.
        return tuple(word.strip() for word in re.split("[,\r\n]", value) if word.strip())
    return value


def _long_enough(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value()) < KEY_LENGTH:
        raise ValueError(
            f"a key has at least {KEY_LENGTH} characters; make one by: openssl rand -hex 32"
        )
    return key


def _time_of_day(value: str) -> str:
    found = _TIME.fullmatch(value)
    if found is None:
        raise ValueError(f"{value[:40]!r} is no time of day; write HH:MM in UTC, such as 05:00")
    return f"{int(found[1]):02}:{found[2]}"


def _mailbox(value: str) -> str:
    if value:
        try:
            mailboxes.split(value)
        except ValueError as exc:
            raise ValueError(f"{exc}; write Name <name@example.org>") from exc
    return value


def _line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("line breaks and control characters do not belong here")
    return value


def _base_url(value: str) -> str:
    value = value.rstrip("/")
    if not value:
        return value
    url = _web_address(value)
    if url is None or url.query or url.fragment:
        raise ValueError(f"{value!r} is no web address; write https://digest.example.org")
    if url.path:
        raise ValueError(f"the pages are at the root of a host: leave {url.path!r} out")
    return value


def _web_address(text: str) -> SplitResult | None:
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        return None
    return url if url.scheme in ("http", "https") and url.hostname else None


def _sources(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("name at least one source, such as huggingface")
    for name in names:
        kind, colon, listing = name.partition(":")
        if kind not in SOURCES or (kind != "arxiv" and colon):
            raise ValueError(
                f"{name!r} is no source; choose from huggingface, arxiv:cs.AI+cs.LG, sample"
            )
        if kind == "arxiv" and not listing:
            raise ValueError(f"{name!r} names no category; write arxiv:cs.AI+cs.LG")
    return names


def _topics(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not TOPIC.fullmatch(name):
            raise ValueError(
                f"{name[:80]!r} is no topic; write its ARN, arn:aws:sns:eu-west-1:123456789012:name"
            )
    return names


def _queue(url: str) -> str:
    if url and not QUEUE.fullmatch(url):
        raise ValueError(
            f"{url[:80]!r} is no queue; write https://sqs.eu-west-1.amazonaws.com/123456789012/name"
        )
    return url


def _selector(name: str) -> str:
    if not _SELECTOR.fullmatch(name):
        raise ValueError(
            f"{name[:80]!r} is no selector; write what stands before ._domainkey in your DNS"
        )
    return name


def _hook(url: SecretStr) -> SecretStr:
    # What is wrong with it is said without it: whoever knows it can write there.
    if url.get_secret_value() and _web_address(url.get_secret_value()) is None:
        raise ValueError("no web address; write https://alarms.example.org/...")
    return url


def _alarm_relay(url: SecretStr) -> SecretStr:
    if url.get_secret_value() and not url.get_secret_value().startswith(("smtp://", "smtps://")):
        raise ValueError("alarms go through a relay; write smtp://user:password@host:587")
    return url


def _leave_address(text: str) -> str:
    """Return the address of mails that unsubscribe; a star in it is where a reader's code goes."""
    local = text.rpartition("@")[0]
    # The longest code; RFC 5321, section 4.5.3.1.1 knows no longer local part than 64 characters.
    longest = len(local.replace("*", "1" * 18 + "-" + "a" * 26))
    if text and not (_LEAVE.fullmatch(text) and longest <= 64):  # noqa: PLR2004
        raise ValueError(
            f"{text[:80]!r} is no such address; write unsubscribe@example.org, or where the mailbox"
            " takes such addresses unsubscribe+*@example.org"
        )
    return text


def name_server(text: str) -> tuple[str, int]:
    """
    Return address and port of the name server in *text*: `192.0.2.1` or `[2001:db8::1]:53`.

    Raises:
        ValueError: it is no such address.

    """
    found = _NAME_SERVER.fullmatch(text)
    try:
        port = range(65536)[int(found["port"] or 53)] if found else 0
        address = ipaddress.ip_address(found["v6"] or found["host"]) if found else None
    except (ValueError, IndexError):
        port, address = 0, None
    if not port:
        raise ValueError(
            f"{text[:80]!r} is no address of a name server; write 192.0.2.1 or [2001:db8::1]:53"
        )
    return str(address), port


def _name_server(text: str) -> str:
    if text:
        name_server(text)
    return text


def _absolute(path: Path) -> Path:
    # The worker runs in another folder: a relative path would mean another place there.
    return path.expanduser().absolute()


def is_loopback(url: str) -> bool:
    """Tell whether *url* leads to this machine only."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


Folder = Annotated[Path, AfterValidator(_absolute)]
LeaveAddress = Annotated[str, AfterValidator(_leave_address)]
KeyFile = Annotated[Path, AfterValidator(_absolute)]
NameServer = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_name_server)]
Selector = Annotated[str, AfterValidator(_selector)]
Hook = Annotated[SecretStr, AfterValidator(_hook)]
AlarmRelay = Annotated[SecretStr, AfterValidator(_alarm_relay)]
Key = Annotated[SecretStr, AfterValidator(_long_enough)]
Keys = Annotated[tuple[Key, ...], NoDecode, BeforeValidator(_words)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Line = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_line)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
Sources = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words), AfterValidator(_sources)]
Topics = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words), AfterValidator(_topics)]
QueueUrl = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_queue)]
