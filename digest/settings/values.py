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

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


def _words(value: object) -> object:
    if isinstance(value, str):
        return tuple(word.strip() for word in value.split(",") if word.strip())
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
Key = Annotated[SecretStr, AfterValidator(_long_enough)]
Keys = Annotated[tuple[Key, ...], NoDecode, BeforeValidator(_words)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Line = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_line)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
Sources = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words), AfterValidator(_sources)]
