"""Exporting: all readers as a list, in the columns that an import reads."""

import csv
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.database import Sessions
from digest.lists.columns import COLUMNS, FOLLOWED, SETTLED, harmless, joined
from digest.models import Consent, ConsentKind, InterestKind, Subscriber
from digest.subscribers import interests

PAGE = 1_000
"""Readers in memory at a time."""


def export_readers(
    sessions: Sessions, out: IO[str], tick: Callable[[int], None] = lambda _: None
) -> int:
    """
    Write every reader, whatever their standing, to *out*; return how many.

    A page at a time: who joins meanwhile is in it, and nobody is in it twice. *tick* is told of
    each page.
    """
    lines = csv.writer(out)
    lines.writerow(COLUMNS)
    written = 0
    for page in _pages(sessions):
        lines.writerows(page)
        written += len(page)
        tick(len(page))
    return written


def _pages(sessions: Sessions) -> Iterator[Sequence[list[str]]]:
    after = 0
    while True:
        with sessions.begin() as session:
            found = select(Subscriber).where(Subscriber.id > after).order_by(Subscriber.id)
            readers = session.scalars(found.limit(PAGE)).all()
            page = _rows(session, readers)
            after = readers[-1].id if readers else 0
        if not page:
            return
        yield page


def _rows(session: Session, readers: Sequence[Subscriber]) -> list[list[str]]:
    ids = [reader.id for reader in readers]
    followed = interests(session, ids)
    given = select(Consent).where(Consent.subscriber_id.in_(ids)).order_by(Consent.at, Consent.id)
    consents = {consent.subscriber_id: consent for consent in session.scalars(given)}
    return [_row(each, followed[each.id], consents.get(each.id)) for each in readers]


def _row(
    reader: Subscriber, followed: dict[InterestKind, list[str]], consent: Consent | None
) -> list[str]:
    cells: dict[str, Any] = {name: getattr(reader, name) for name in SETTLED}
    cells |= {name: joined(followed[kind]) for name, kind in FOLLOWED.items()}
    cells |= {
        "email": reader.email,
        "days": joined(reader.days),
        "standing": reader.standing.value,
        "paused_until": reader.paused_until or "",
        **_consent(reader, consent),
    }
    return [harmless(str(cells[name])) for name in COLUMNS]


def _consent(reader: Subscriber, consent: Consent | None) -> dict[str, str]:
    if consent:
        source = consent.source or _said(consent)
        return {"consent_at": consent.at.isoformat(), "consent_source": source}
    if reader.confirmed_at:
        # From before consents were kept.
        return {"consent_at": reader.confirmed_at.isoformat(), "consent_source": "confirmed"}
    return {"consent_at": "", "consent_source": ""}


def _said(consent: Consent) -> str:
    """Return how a reader consented here, in words."""
    if consent.what is ConsentKind.OPERATOR:
        return "elsewhere, by the operator"
    return f"{consent.what.value}, words of {consent.text_version}"
