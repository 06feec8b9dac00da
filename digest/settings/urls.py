"""What the URLs in settings name, however odd they are."""

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
