"""The service on one page: what each stage leaves for the next."""

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from digest import delivery, pipeline
from digest.delivery.sweep import Swept
from digest.errors import BadDocument, BadInput
from digest.models import (
    DeliveryKind,
    EditionRow,
    FetchRun,
    Heartbeat,
    Paper,
    Pick,
    Sighting,
)
from digest.services import Services
from tests import make
from tests.conftest import Inbox, StoppedClock

NOTHING = pipeline.Sent(planned=0, sent=0, unknown=0, failed=0, skipped=0)


def hugging_face(*numbers: int) -> bytes:
    rows = [
        {
            "title": f"Tides, part {number}",
            "paper": {
                "id": f"2611.{number:05}",
                "title": f"Tides, part {number}",
                "summary": "We measure the tides of small networks.",
                "upvotes": number,
                "authors": [{"name": "Maud Ellery"}],
            },
        }
        for number in numbers
    ]
    return json.dumps(rows).encode()


def count(services: Services, table: type[Any]) -> int:
    with services.sessions.begin() as session:
        return session.scalars(sa.select(sa.func.count()).select_from(table)).one()


def test_every_fetch_makes_an_edition(services: Services, clock: StoppedClock) -> None:
    pipeline.fetch(services, ["sample"])
    clock.advance(hours=1)

    pipeline.fetch(services, ["sample"])

    assert count(services, EditionRow) == 2
    assert count(services, Sighting) == 2 * count(services, Paper)


def test_a_saved_document_makes_an_edition_too(services: Services) -> None:
    report = pipeline.load(services, "huggingface", hugging_face(1, 2, 3))

    assert (report.new, report.seen, report.skipped) == (3, 0, 0)
    assert count(services, EditionRow) == 1
    assert pipeline.has_papers(services)


def test_a_saved_document_is_sighted_now_unless_a_day_is_given(
    services: Services, clock: StoppedClock
) -> None:
    yesterday = (clock() - timedelta(days=1)).date()

    pipeline.load(services, "huggingface", hugging_face(1))
    pipeline.load(services, "huggingface", hugging_face(1), yesterday)

    with services.sessions.begin() as session:
        sightings = session.execute(sa.select(Sighting.day, Sighting.seen_at)).all()
    assert sightings[0] == (clock().date(), clock())
    assert sightings[1].day == yesterday
    assert sightings[1].seen_at.date() == yesterday


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{}", b"[1, 2]", b"<rss/>"])
def test_a_document_that_cannot_be_read_leaves_nothing(services: Services, body: bytes) -> None:
    with pytest.raises(BadDocument):
        pipeline.load(services, "huggingface", body)

    assert count(services, FetchRun) == count(services, EditionRow) == count(services, Paper) == 0


def test_a_day_in_the_future_leaves_nothing(services: Services, clock: StoppedClock) -> None:
    tomorrow = (clock() + timedelta(days=1)).date()

    with pytest.raises(BadInput):
        pipeline.fetch(services, ["sample"], tomorrow)

    assert count(services, FetchRun) == count(services, EditionRow) == 0


def test_a_missed_fetch_is_caught_up_with_once(services: Services, clock: StoppedClock) -> None:
    """Row 13."""
    first = pipeline.fetch_if_due(services)
    again = pipeline.fetch_if_due(services)
    clock.advance(hours=22, minutes=59)
    before_the_hour = pipeline.fetch_if_due(services)
    clock.advance(minutes=1)

    assert (first, again, before_the_hour) == (True, False, False)
    assert pipeline.fetch_if_due(services)


def test_a_failed_fetch_is_tried_again_after_ten_minutes(
    services: Services, clock: StoppedClock
) -> None:
    with services.sessions.begin() as session:
        session.add(FetchRun(source="huggingface", at=clock(), error="answered 503"))

    clock.advance(minutes=9, seconds=59)
    too_early = pipeline.fetch_if_due(services)
    clock.advance(seconds=1)

    assert not too_early
    assert pipeline.fetch_if_due(services)


def test_a_sweep_leaves_a_sign_of_life(services: Services, clock: StoppedClock) -> None:
    pipeline.sweep(services)
    clock.advance(seconds=10)
    pipeline.sweep(services)

    with services.sessions.begin() as session:
        [beat] = session.scalars(sa.select(Heartbeat))
        assert (beat.name, beat.at) == ("sweep", clock())


@pytest.mark.parametrize(
    ("waiting", "senders"), [(0, 0), (1, 1), (1000, 1), (1001, 2), (10**6, 32)]
)
def test_there_are_as_many_senders_as_there_is_work(waiting: int, senders: int) -> None:
    swept = Swept(planned=0, skipped=0, waiting=waiting)

    assert pipeline.senders_wanted(swept) == senders


def test_what_is_due_is_sent_once(services: Services, clock: StoppedClock, inbox: Inbox) -> None:
    pipeline.fetch(services, ["sample"])
    with services.sessions.begin() as session:
        reader = make.subscriber(session, topics=("galaxies",), next_due_at=clock())
        address = reader.email

    first, second = pipeline.send_due(services), pipeline.send_due(services)

    [mail] = inbox()
    assert first == pipeline.Sent(planned=1, sent=1, unknown=0, failed=0, skipped=0)
    assert second == NOTHING
    assert mail["To"] == address
    assert count(services, Pick) == 10


def test_a_moment_moves_planning_only(
    services: Services, clock: StoppedClock, inbox: Inbox
) -> None:
    pipeline.fetch(services, ["sample"])
    with services.sessions.begin() as session:
        make.subscriber(session, next_due_at=clock() + timedelta(days=1))

    today = pipeline.send_due(services)
    tomorrow = pipeline.send_due(services, clock() + timedelta(days=1))

    assert today == NOTHING
    assert tomorrow.sent == len(inbox()) == 1


def test_every_kind_of_mail_is_counted(services: Services, clock: StoppedClock) -> None:
    pipeline.fetch(services, ["sample"])
    with services.sessions.begin() as session:
        make.subscriber(session, next_due_at=clock())
        make.delivery(session, make.subscriber(session), kind=DeliveryKind.LINK)

    sent = pipeline.send_due(services)

    assert sent == pipeline.Sent(planned=1, sent=2, unknown=0, failed=0, skipped=0)


def test_without_news_there_is_no_mail(
    services: Services, clock: StoppedClock, inbox: Inbox
) -> None:
    """Row 34."""
    pipeline.load(services, "huggingface", hugging_face(1))
    with services.sessions.begin() as session:
        make.subscriber(session, next_due_at=clock())
    pipeline.send_due(services)
    clock.advance(days=1, hours=1)
    pipeline.load(services, "huggingface", hugging_face(1))

    sent = pipeline.send_due(services)

    assert len(inbox()) == 1
    assert sent == pipeline.Sent(planned=1, sent=0, unknown=0, failed=0, skipped=1)


def test_while_sending_is_stopped_what_is_due_waits(
    services: Services, clock: StoppedClock, inbox: Inbox
) -> None:
    with services.sessions.begin() as session:
        make.delivery(session, make.subscriber(session), kind=DeliveryKind.LINK)

    delivery.stop(services.sessions, "a test", clock())
    stopped = pipeline.send_due(services)
    delivery.resume(services.sessions)
    resumed = pipeline.send_due(services)

    assert (stopped.sent, resumed.sent, len(inbox())) == (0, 1, 1)
