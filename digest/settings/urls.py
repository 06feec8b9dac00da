"""What the URLs in settings name, however odd they are."""

import re
from urllib.parse import urlsplit

from pydantic import SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError


def driver(url: str) -> str:
    try:
        return make_url(url).drivername
    except (ArgumentError, ValueError):
        return ""


def scheme(url: SecretStr) -> str:
    # Not urlsplit: it chokes on the [ of a password, and the transport says that better.
    name, colon, _ = url.get_secret_value().partition(":")
    return name.lower() if colon else ""


def place(url: str) -> str:
    """Return the host and port of *url*, as far as they are written."""
    return url.partition("://")[2].partition("?")[0].rpartition("@")[2].rstrip("/").lower()


def is_broker(url: str) -> bool:
    """Tell whether *url* is the folder queue, or the address of a Redis and one of its numbers."""
    if url == "filesystem://":
        return True
    try:
        parts = urlsplit(url)
        there = parts.hostname and parts.port != 0
    except ValueError:
        return False
    # Of other options the client knows nothing, and says so only when a task is sent. As it is
    # written: after a blank the client takes this machine's, and REDIS has no shared limits.
    scheme_of_it = url.partition("://")[0]
    options = {"redis": "", "rediss": "(ssl_[a-z_]+=[^&]+&?)*"}.get(scheme_of_it)
    if not there or parts.fragment or options is None:
        return False
    return bool(re.fullmatch("(/[0-9]*)?", parts.path) and re.fullmatch(options, parts.query))
