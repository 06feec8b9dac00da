"""Checking: from a line of a list to somebody who may become a reader."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from digest.errors import BadInput
from digest.keys import Keys
from digest.lists.choosing import DEFAULTS, Followed, Settled, followed, settled
from digest.lists.documents import Format
from digest.models import Standing
from digest.subscribers import normalised

LONGEST_SOURCE = 200
FIRST_YEAR = 1990

_GONE = {
    Format.DAYBREAK: ("unsubscribed", "bounced", "complained"),
    Format.LISTMONK: ("disabled", "blocklisted", "blacklisted"),
}
_HERE = {Format.DAYBREAK: ("", "active", "paused", "pending"), Format.LISTMONK: ("", "enabled")}

# Only what the library lets pass as it is; it is asked about everything else.
_PLAIN_NAME = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*")
_LONGEST_NAME, _LONGEST_ADDRESS = 64, 254


@dataclass(frozen=True, slots=True)
class Consented:
    """When somebody consented, and where, in the operator's words."""

    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who becomes a reader, unless they are one or must not be."""

    email: str
    address_hash: str
    standing: Standing
    settled: Settled
    followed: Sequence[Followed]
    next_due_at: datetime | None
    paused_until: date | None
    consented: Consented | None


class Checker:
    """Checks the lines of one list, as of *now*; *consented* stands in where it has no consent."""

    def __init__(
        self, form: Format, keys: Keys, now: datetime, consented: Consented | None = None
    ) -> None:
        self._form = form
        self._keys = keys
        self._now = now
        self._consented = consented
        self._due = lru_cache(50_000)(self._next_due)

    def newcomer(self, cells: Mapping[str, str]) -> Newcomer | None:
        """
        Return who is described by *cells*; None: the list itself says that they are gone.

        Raises:
            BadInput: a cell cannot be used.

        """
        standing = self._standing(cells)
        if standing is Standing.UNSUBSCRIBED:
            return None
        email = address(cells["email"])
        ours = self._form is Format.DAYBREAK
        chosen = settled(cells) if ours else DEFAULTS
        consented = consent_in(cells, self._now) or self._consented
        if consented is None or standing is Standing.PENDING:
            standing, consented = Standing.PENDING, None
        return Newcomer(
            email=email,
            address_hash=self._keys.address_hash(email),
            standing=standing,
            settled=chosen,
            followed=followed(cells) if ours else (),
            next_due_at=self._due(chosen) if standing is Standing.ACTIVE else None,
            paused_until=_day(cells) if standing is Standing.PAUSED else None,
            consented=consented,
        )

    def _standing(self, cells: Mapping[str, str]) -> Standing:
        if self._form is Format.MAILMAN:
            return Standing.ACTIVE
        name = "status" if self._form is Format.LISTMONK else "standing"
        said = cells.get(name, "").strip().lower()
        if said in _GONE[self._form]:
            return Standing.UNSUBSCRIBED
        known = _HERE[self._form]
        if said not in known:
            known = (*known[1:], *_GONE[self._form])
            raise BadInput(f"{name}: one of {', '.join(known)}, not {said[:40]!r}.")
        return Standing(said) if said in ("paused", "pending") else Standing.ACTIVE

    def _next_due(self, chosen: Settled) -> datetime:
        table = chosen.timetable
        today = table.local_day(self._now)
        due = table.first_from(today)
        return due if due > self._now else table.first_from(today + timedelta(days=1))


def address(text: str) -> str:
    """
    Return the address in *text* as `normalised` does, which takes its time over each.

    Raises:
        BadAddress: not an address that any mail system here could write to.

    """
    lower = text.strip().lower()
    name, _, domain = lower.rpartition("@")
    if (
        len(name) > _LONGEST_NAME
        or len(lower) > _LONGEST_ADDRESS
        or not _PLAIN_NAME.fullmatch(name)
        or not domain.isascii()
    ):
        return normalised(text)
    # Most addresses of a list share a few domains.
    return f"{name}{_domain(domain)}"


@lru_cache(50_000)
def _domain(domain: str) -> str:
    return normalised(f"a@{domain}")[1:]


def consent_in(cells: Mapping[str, str], now: datetime) -> Consented | None:
    """
    Return the consent in *cells*; None where there is none.

    Raises:
        BadInput: half of it is missing, or it cannot be.

    """
    when, where = cells.get("consent_at", "").strip(), cells.get("consent_source", "").strip()
    if not when and not where:
        return None
    if not when or not where:
        missing = "consent_source" if when else "consent_at"
        raise BadInput(f"{missing} is empty: say when they consented and where, or neither.")
    return consented(when, where, now)


@lru_cache(50_000)
def consented(when: str, where: str, now: datetime) -> Consented:
    """
    Return the consent that was given *when* and *where*.

    Raises:
        BadInput: no moment, or one that is still to come; or the words cannot be kept.

    """
    try:
        at = datetime.fromisoformat(when)
    except ValueError as exc:
        raise BadInput(f"consent_at: {when[:40]!r} is no moment; write it as 2026-11-20.") from exc
    # At the calendar's ends there is no other zone's time.
    if not FIRST_YEAR <= at.year <= now.year + 1 or (at := _in_utc(at)) > now:
        raise BadInput(f"consent_at: {when[:40]!r} is before {FIRST_YEAR}, or still to come.")
    source = " ".join(where.split())
    if len(source) > LONGEST_SOURCE or not source.isprintable():
        raise BadInput(f"consent_source: at most {LONGEST_SOURCE} characters, all to be seen.")
    return Consented(at, source)


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _day(cells: Mapping[str, str]) -> date | None:
    said = cells.get("paused_until", "").strip()
    if not said:
        return None
    try:
        return date.fromisoformat(said)
    except ValueError as exc:
        raise BadInput(f"paused_until: {said[:40]!r} is no day; write it as 2026-11-20.") from exc
