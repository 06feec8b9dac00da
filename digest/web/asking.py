"""Asking: an address that a visitor typed, and how often one may be written to on request."""

from collections.abc import Collection
from functools import cache
from importlib import resources
from pathlib import Path

from flask import current_app, request
from limits import RateLimitItem

from digest import subscribers
from digest.errors import BadAddress, BadSettings
from digest.language import gettext as _
from digest.settings import Settings
from digest.subscribers import Choices
from digest.web import limiting
from digest.web.pages import services


@cache
def mailbox_providers() -> frozenset[str]:
    """Return the domains of so many people that no limit of a domain may lock them all out."""
    text = resources.files("digest.web").joinpath("mailbox_providers.txt").read_text("utf-8")
    return frozenset(_lines(text))


def disposable_domains(settings: Settings) -> frozenset[str]:
    """
    Return the domains of DIGEST_DISPOSABLE_DOMAINS_FILE.

    Raises:
        BadSettings: it cannot be read.

    """
    path = settings.disposable_domains_file
    return frozenset(_read(path)) if path else frozenset()


def _read(path: Path) -> list[str]:
    try:
        return _lines(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        raise BadSettings(
            f"DIGEST_DISPOSABLE_DOMAINS_FILE: {path} cannot be read; name a text file with one"
            " domain a line"
        ) from exc


def _lines(text: str) -> list[str]:
    bare = (line.partition("#")[0].strip().lower() for line in text.splitlines())
    return [line for line in bare if line]


def address(typed: str) -> str:
    """
    Return the address that a visitor *typed*, as it is kept.

    Raises:
        BadAddress: it is none, or one of those that are thrown away after use.

    """
    email = subscribers.normalised(typed)
    if _is_below(_domain(email), current_app.extensions["disposable_domains"]):
        raise BadAddress(
            _(
                "Addresses at %(domain)s are thrown away after use; please give one that stays.",
                domain=_domain(email),
            )
        )
    return email


def _domain(email: str) -> str:
    return email.rpartition("@")[2]


def _is_below(domain: str, listed: Collection[str]) -> bool:
    labels = domain.split(".")
    return any(".".join(labels[place:]) in listed for place in range(len(labels)))


def count_post() -> None:
    """
    Count a form that the visitor has sent, be it right or wrong.

    Raises:
        TooManyRequests: these were too many.

    """
    _count("posts", limiting.visitor(request.remote_addr), limiting.POSTS)


def count_read() -> None:
    """
    Count a search, or an answer to a program, that has to be worked out for this visitor.

    Raises:
        TooManyRequests: these were too many.

    """
    _count("reads", limiting.visitor(request.remote_addr), limiting.READS)


def count_request(email: str) -> None:
    """
    Count that the visitor asks for a mail to *email* (normalised).

    Raises:
        TooManyRequests: the visitor, the address or its domain has had enough of them.

    """
    _count("visitor", limiting.visitor(request.remote_addr), limiting.VISITOR)
    _count("address", email, limiting.ADDRESS)
    if _domain(email) not in mailbox_providers():
        _count("domain", _domain(email), limiting.DOMAIN)


def subscribe(email: str, chosen: Choices) -> None:
    """
    Ask *email* (normalised) on the visitor's behalf whether they want the digest.

    Raises:
        TooManyRequests: the visitor, the address or its domain has had enough of them.

    """
    # Only now: a request with a slip in it does not use up what the corrected one needs.
    count_request(email)
    address_hash = services().keys.address_hash(email)
    with services().sessions.begin() as session:
        now = services().clock()
        subscribers.subscribe(session, email, chosen, now=now, address_hash=address_hash)


def _count(what: str, key: str, rules: tuple[RateLimitItem, ...]) -> None:
    limits: limiting.Limits = current_app.extensions["limits"]
    limits.count(what, services().keys.address_hash(key), rules)


def visitor_hash() -> str:
    """Return the keyed hash of where the visitor comes from, which is kept with a consent."""
    return services().keys.visitor_hash(str(limiting.ip(request.remote_addr) or "unknown"))
