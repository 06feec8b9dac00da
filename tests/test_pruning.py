"""Pruning: what is old and closed goes, what anybody still asks for stays."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from digest import errands, planning, pruning
from digest.database import Sessions
from digest.errors import BadInput
from digest.events.applying import KEPT_FOR
from digest.models import (
    DailyFigure,
    Delivery,
    DeliveryKind,
    DeliveryState,
    EventKind,
    EventRow,
    Pick,
    Standing,
    Subscriber,
)
from digest.pruning import Pruned, prune
from digest.services import Services
from tests import make

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
OLD, RECENT = NOW - timedelta(days=401), NOW - timedelta(days=399)

_numbers = count(1)


def digest(
    session: Session,
    reader: Subscriber,
    at: datetime,
    state: DeliveryState = DeliveryState.SENT,
    kind: DeliveryKind = DeliveryKind.DIGEST,
) -> int:
    day = at.date().isoformat()
    made = make.delivery(
        session, reader, created_at=at, state=state, kind=kind, dedupe_key=day, sending_at=at
    )
    return made.id


def event(session: Session, at: datetime) -> int:
    row = EventRow(message_id=f"m{next(_numbers)}", kind=EventKind.DELIVERED, at=at, received_at=at)
    session.add(row)
    session.flush()
    return row.id


def left(sessions: Sessions) -> set[int]:
    with sessions() as session:
        return set(session.scalars(select(Delivery.id)))


def test_old_digests_go_but_for_each_reader_s_newest(sessions: Sessions) -> None:
    with sessions.begin() as session:
        ann, bo = make.subscriber(session), make.subscriber(session)
        old = [digest(session, ann, OLD - timedelta(days=n)) for n in range(3, 0, -1)]
        recent = digest(session, ann, RECENT)
        only = digest(session, bo, OLD)

    pruned = prune(sessions, NOW, pause=0)

    assert pruned == Pruned(deliveries=len(old), events=0, finished=True)
    assert left(sessions) == {recent, only}


def test_who_came_back_after_years_gets_no_first_digest(sessions: Sessions) -> None:
    with sessions.begin() as session:
        ann = make.subscriber(session, next_due_at=NOW)
        digest(session, ann, OLD)
        digest(session, ann, OLD + timedelta(days=1), DeliveryState.SKIPPED)

    prune(sessions, NOW + timedelta(days=10), pause=0)
    with sessions.begin() as session:
        planning.plan_portion(session, NOW, None)
        pending = select(Delivery.priority).where(Delivery.state == DeliveryState.PENDING)
        assert session.scalars(pending).all() == [2]


@pytest.mark.parametrize(
    ("state", "stays"),
    [(state, state not in pruning.CLOSED) for state in DeliveryState],
)
def test_only_what_is_closed_goes(state: DeliveryState, sessions: Sessions, *, stays: bool) -> None:
    with sessions.begin() as session:
        ann = make.subscriber(session)
        mail = digest(session, ann, OLD, state, DeliveryKind.LINK)

    prune(sessions, NOW, pause=0)

    assert left(sessions) == ({mail} if stays else set())


def test_what_was_sent_to_whom_stays(sessions: Sessions) -> None:
    with sessions.begin() as session:
        ann = make.subscriber(session)
        papers = [make.paper(session, now=OLD) for _ in range(3)]
        old = digest(session, ann, OLD)
        digest(session, ann, RECENT)
        for place, paper in enumerate(papers):
            session.add(
                Pick(
                    subscriber_id=ann.id,
                    paper_id=paper.id,
                    delivery_id=old,
                    place=place,
                    reasons=[],
                )
            )
        ids = {paper.id for paper in papers}

    prune(sessions, NOW, pause=0)

    with sessions() as session:
        picks = session.execute(select(Pick.paper_id, Pick.delivery_id)).all()
    assert {row.paper_id for row in picks} == ids
    assert {row.delivery_id for row in picks} == {None}


def test_it_goes_on_over_many_bites_and_past_what_stays(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "BITE", 3)
    with sessions.begin() as session:
        gone = make.subscriber(session, standing=Standing.UNSUBSCRIBED)
        ann = make.subscriber(session)
        stays = {digest(session, gone, OLD)}
        for n in range(10):
            digest(session, ann, OLD - timedelta(days=20 - n))
            stays.add(digest(session, make.subscriber(session), OLD))
        stays |= {digest(session, ann, RECENT + timedelta(days=n)) for n in range(5)}
    told: list[int] = []

    pruned = prune(sessions, NOW, pause=0, tick=told.append)

    assert pruned.deliveries == sum(told) == 10
    assert left(sessions) == stays


def test_mails_of_a_clock_that_was_ahead_hide_no_old_ones(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "BITE", 3)
    with sessions.begin() as session:
        ann = make.subscriber(session)
        ahead = {digest(session, ann, NOW + timedelta(days=n)) for n in range(1, 8)}
        digest(session, ann, OLD)
        ahead.add(digest(session, ann, RECENT))

    pruned = prune(sessions, NOW, pause=0)

    assert pruned == Pruned(deliveries=1, events=0, finished=True)
    assert left(sessions) == ahead


def test_a_dry_run_tells_the_same_and_deletes_nothing(sessions: Sessions) -> None:
    with sessions.begin() as session:
        ann = make.subscriber(session)
        digest(session, ann, OLD)
        digest(session, ann, RECENT)
        event(session, OLD)

    dry = prune(sessions, NOW, dry_run=True)

    assert len(left(sessions)) == 2
    assert dry == prune(sessions, NOW, pause=0) == Pruned(1, 1, finished=True)


def test_events_stay_until_no_bounces_in_a_row_are_counted_by_them(sessions: Sessions) -> None:
    with sessions.begin() as session:
        old = event(session, NOW - KEPT_FOR - timedelta(days=1))
        young = event(session, NOW - KEPT_FOR + timedelta(days=1))

    pruned = prune(sessions, NOW, 60, pause=0)

    with sessions() as session:
        kept = set(session.scalars(select(EventRow.id)))
    assert pruned.events == 1
    assert (old in kept, young in kept) == (False, True)


@pytest.mark.parametrize("days", [59, 1, 0, -400])
def test_what_is_still_needed_cannot_go(days: int, sessions: Sessions) -> None:
    with pytest.raises(BadInput, match="at least 60"):
        prune(sessions, NOW, days)


def test_out_of_time_it_says_that_something_is_left_and_goes_on_next_time(
    sessions: Sessions,
) -> None:
    with sessions.begin() as session:
        ann = make.subscriber(session)
        digest(session, ann, OLD)
        digest(session, ann, RECENT)

    first = prune(sessions, NOW, seconds=0, pause=0)
    second = prune(sessions, NOW, seconds=60, pause=0)

    assert first == Pruned(0, 0, finished=False)
    assert second == Pruned(1, 0, finished=True)


def test_workers_prune_every_night_what_was_counted_before(services: Services) -> None:
    old = services.clock() - timedelta(days=401)
    with services.sessions.begin() as session:
        gone = digest(session, make.subscriber(session), old, kind=DeliveryKind.CONFIRMATION)
        event(session, old)

    errands.prune(services)

    assert gone not in left(services.sessions)
    with services.sessions() as session:
        assert session.scalar(select(EventRow.id)) is None
        assert session.scalar(select(DailyFigure.day)) is not None
