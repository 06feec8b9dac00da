"""Keeping what a reader chose, and what the form asked for on their behalf."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from digest.clock import Cadence
from digest.models import Balance, Interest, InterestKind, NothingNew, Subscriber
from digest.subscribers.choices import Choices, not_both, some_day


def requested(reader: Subscriber) -> Choices:
    """Return what the form asked for last on behalf of *reader*."""
    asked: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in reader.requested.items()
    }
    for name, kind in (("cadence", Cadence), ("balance", Balance), ("nothing_new", NothingNew)):
        if asked.get(name):
            asked[name] = kind(asked[name])
    return Choices(**asked)


def interests(
    session: Session, reader_ids: Sequence[int]
) -> dict[int, dict[InterestKind, list[str]]]:
    """Return what each reader follows and mutes, in the order in which they named it."""
    found: dict[int, dict[InterestKind, list[str]]] = {
        reader_id: {kind: [] for kind in InterestKind} for reader_id in reader_ids
    }
    for interest in session.scalars(
        select(Interest).where(Interest.subscriber_id.in_(reader_ids)).order_by(Interest.id)
    ):
        found[interest.subscriber_id][interest.kind].append(interest.value)
    return found


def keep(session: Session, reader: Subscriber, chosen: Choices) -> None:
    """
    Write down what was chosen; what is None stays as it is.

    Raises:
        BadInput: on chosen days, and none is chosen; a topic is followed and hidden.

    """
    _keep_interests(session, reader, chosen)
    reader.about = reader.about if chosen.about is None else chosen.about
    reader.balance = chosen.balance or reader.balance
    reader.cadence = chosen.cadence or reader.cadence
    reader.days = reader.days if chosen.days is None else list(chosen.days)
    reader.hour = reader.hour if chosen.hour is None else chosen.hour
    reader.zone = chosen.zone or reader.zone
    reader.language = chosen.language or reader.language
    reader.papers = chosen.papers or reader.papers
    reader.nothing_new = chosen.nothing_new or reader.nothing_new
    some_day(reader.cadence, reader.days)
    session.flush()


def _keep_interests(session: Session, reader: Subscriber, chosen: Choices) -> None:
    for kind, values in (
        (InterestKind.TOPIC, chosen.topics),
        (InterestKind.MUTED_TOPIC, chosen.muted_topics),
        (InterestKind.KEYWORD, chosen.keywords),
        (InterestKind.MUTED, chosen.muted),
        (InterestKind.AUTHOR, chosen.authors),
        (InterestKind.ORGANIZATION, chosen.organizations),
    ):
        if values is not None:
            session.execute(
                delete(Interest).where(Interest.subscriber_id == reader.id, Interest.kind == kind)
            )
            session.add_all(
                Interest(subscriber_id=reader.id, kind=kind, value=value) for value in values
            )
    if (chosen.topics, chosen.muted_topics) != (None, None):
        session.flush()
        kept = interests(session, [reader.id])[reader.id]
        not_both(kept[InterestKind.TOPIC], kept[InterestKind.MUTED_TOPIC])
