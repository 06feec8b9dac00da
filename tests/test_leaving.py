"""Leaving, thinking again, erasure, export, consent and new links for old."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from digest import planning, subscribers
from digest.database import Sessions
from digest.delivery import states
from digest.errors import BadInput
from digest.links import Purpose
from digest.models import (
    AddressChange,
    Base,
    Consent,
    ConsentKind,
    Delivery,
    DeliveryKind,
    DeliveryState,
    EventKind,
    EventRow,
    Pick,
    Standing,
    Subscriber,
    Suppression,
)
from digest.pipeline import send_due
from digest.services import Services
from digest.subscribers import Choices, consent, silence
from tests import make
from tests.conftest import FRIDAY, Inbox

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
SOON = NOW + timedelta(minutes=14, seconds=59)
HASH = "a" * 64
HERE = "f" * 64


def reader(sessions: Sessions, **facts: Any) -> int:
    with sessions.begin() as session:
        return make.subscriber(session, address_hash=HASH, **{"next_due_at": NOW, **facts}).id


def kept(sessions: Sessions, reader_id: int) -> Subscriber:
    with sessions() as session:
        return session.get_one(Subscriber, reader_id)


def undo(sessions: Sessions, reader_id: int, *, now: datetime = SOON) -> bool:
    with sessions.begin() as session:
        return subscribers.undo(session, reader_id, now=now, ip_hash=HERE)


def consents(sessions: Sessions) -> list[tuple[ConsentKind, str | None]]:
    with sessions() as session:
        found = session.execute(select(Consent.what, Consent.ip_hash).order_by(Consent.id))
        return [(row.what, row.ip_hash) for row in found]


# Undo


def test_leaving_can_be_undone_within_a_quarter_of_an_hour(sessions: Sessions) -> None:
    ann = reader(sessions, topics=("reasoning",))
    subscribers.unsubscribe(sessions, ann, now=NOW)

    done = undo(sessions, ann)

    back = kept(sessions, ann)
    assert done
    assert back.standing is Standing.ACTIVE
    assert back.next_due_at == datetime(2026, 11, 20, 7, tzinfo=UTC)
    assert consents(sessions) == [(ConsentKind.UNDO, HERE)]


@pytest.mark.parametrize("until", [None, date(2026, 12, 24)])
def test_who_had_paused_is_paused_again(sessions: Sessions, until: date | None) -> None:
    ann = reader(sessions, standing=Standing.PAUSED, next_due_at=None, paused_until=until)
    subscribers.unsubscribe(sessions, ann, now=NOW)

    undo(sessions, ann)

    back = kept(sessions, ann)
    assert (back.standing, back.paused_until, back.next_due_at) == (Standing.PAUSED, until, None)


def test_a_quarter_of_an_hour_later_it_is_too_late(sessions: Sessions) -> None:
    ann = reader(sessions)
    subscribers.unsubscribe(sessions, ann, now=NOW)

    assert not undo(sessions, ann, now=NOW + timedelta(minutes=15))
    assert kept(sessions, ann).standing is Standing.UNSUBSCRIBED


def test_a_second_unsubscribe_does_not_prolong_that_time(sessions: Sessions) -> None:
    ann = reader(sessions)
    subscribers.unsubscribe(sessions, ann, now=NOW)
    subscribers.unsubscribe(sessions, ann, now=SOON)

    assert not undo(sessions, ann, now=SOON + timedelta(minutes=5))


def test_an_undo_counts_once(sessions: Sessions) -> None:
    ann = reader(sessions)
    subscribers.unsubscribe(sessions, ann, now=NOW)

    assert [undo(sessions, ann), undo(sessions, ann)] == [True, False]
    assert consents(sessions) == [(ConsentKind.UNDO, HERE)]


@pytest.mark.parametrize("why", [Standing.COMPLAINED, Standing.BOUNCED])
def test_row_15_nothing_is_undone_after_a_complaint(sessions: Sessions, why: Standing) -> None:
    ann = reader(sessions)
    subscribers.unsubscribe(sessions, ann, now=NOW)
    with sessions.begin() as session:
        subscribers.stop_address(session, HASH, why, NOW)

    assert not undo(sessions, ann)
    assert kept(sessions, ann).standing is why


def test_nor_where_only_the_list_knows_of_the_complaint(sessions: Sessions) -> None:
    ann = reader(sessions)
    with sessions.begin() as session:
        session.add(Suppression(address_hash=HASH, reason=Standing.COMPLAINED, at=NOW))
    subscribers.unsubscribe(sessions, ann, now=NOW)

    assert not undo(sessions, ann)


def test_an_undo_makes_no_reader_of_one_who_never_confirmed(sessions: Sessions) -> None:
    ann = reader(sessions, standing=Standing.PENDING, confirmed_at=None, next_due_at=None)
    subscribers.unsubscribe(sessions, ann, now=NOW)

    assert not undo(sessions, ann)
    assert kept(sessions, ann).standing is Standing.UNSUBSCRIBED


def test_an_undo_is_none_for_who_was_asked_to_confirm_since(sessions: Sessions) -> None:
    ann = reader(sessions)
    subscribers.unsubscribe(sessions, ann, now=NOW)
    with sessions.begin() as session:
        email = session.get_one(Subscriber, ann).email
        subscribers.subscribe(session, email, Choices(), now=NOW, address_hash=HASH)

    assert not undo(sessions, ann)
    assert kept(sessions, ann).standing is Standing.PENDING


def test_row_8_leaving_and_coming_back_on_one_day_is_one_digest(sessions: Sessions) -> None:
    ann = reader(sessions)
    with sessions.begin() as session:
        planning.plan_portion(session, NOW, None)
    subscribers.unsubscribe(sessions, ann, now=NOW)
    undo(sessions, ann)

    with sessions.begin() as session:
        planning.plan_portion(session, SOON, None)

    with sessions() as session:
        assert list(session.scalars(select(Delivery.dedupe_key))) == ["2026-11-20"]


# Coming back


def test_who_has_left_cannot_be_imported(sessions: Sessions) -> None:
    ann = reader(sessions, email="ann@example.org")
    subscribers.unsubscribe(sessions, ann)

    with pytest.raises(BadInput, match="has left; only they can come back"):
        add(sessions)


def test_nor_after_a_stranger_filled_in_the_form_for_them(sessions: Sessions) -> None:
    ann = reader(sessions, email="ann@example.org")
    subscribers.unsubscribe(sessions, ann)
    subscribe(sessions)

    with pytest.raises(BadInput, match="has left"):
        add(sessions)


def add(sessions: Sessions) -> None:
    with sessions.begin() as session:
        subscribers.add(session, "ann@example.org", Choices(), now=NOW, address_hash=HASH)


def subscribe(sessions: Sessions) -> None:
    with sessions.begin() as session:
        subscribers.subscribe(session, "ann@example.org", Choices(), now=NOW, address_hash=HASH)


def confirm(sessions: Sessions) -> None:
    with sessions.begin() as session:
        ann = session.scalars(select(Subscriber)).one()
        subscribers.confirm(session, ann, Choices(), now=NOW, ip_hash=HERE)


# Consent


def test_a_confirmation_is_kept_with_its_words_and_where_it_came_from(sessions: Sessions) -> None:
    subscribe(sessions)
    confirm(sessions)
    confirm(sessions)

    with sessions() as session:
        [given] = session.scalars(select(Consent))
    assert (given.at, given.what, given.ip_hash) == (NOW, ConsentKind.FORM, HERE)
    assert given.text_version in consent.TEXTS


def test_what_the_operator_says_is_kept_as_that(sessions: Sessions) -> None:
    add(sessions)

    with sessions() as session:
        [given] = session.scalars(select(Consent))
    assert (given.what, given.text_version) == (ConsentKind.OPERATOR, "elsewhere")
    assert given.ip_hash is None


def test_the_words_of_a_version_stay_what_they_were() -> None:
    # People agreed to these: add a version instead.
    assert consent.TEXTS["2026-11-22"] == (
        "Send digests of research papers to this address, as often as I choose, until I"
        " unsubscribe. What is kept for that is said on the privacy page."
    )
    assert consent.TEXT_VERSION in consent.TEXTS


# Erasure and export


def everything(session: Session) -> int:
    """Add a reader with something in every table that can name them."""
    ann = make.subscriber(
        session, email="ann@example.org", address_hash=HASH, topics=("reasoning",), about="Tides."
    )
    paper = make.paper(session, now=NOW, title="Of tides")
    delivery = make.delivery(session, ann, state=DeliveryState.SENT)
    make.rating(session, ann, paper, liked=True)
    consent.note(session, ann.id, ConsentKind.FORM, now=NOW, ip_hash=HERE)
    session.add_all(
        [
            Pick(
                subscriber_id=ann.id,
                paper_id=paper.id,
                delivery_id=delivery.id,
                place=0,
                reasons=[{"lead": "You follow", "chips": ["Tides"]}],
            ),
            AddressChange(
                subscriber_id=ann.id, email="new@example.org", address_hash="b" * 64, asked_at=NOW
            ),
            EventRow(
                message_id="m1",
                kind=EventKind.DELIVERED,
                delivery_id=delivery.id,
                address_hash=HASH,
                at=NOW,
                received_at=NOW,
            ),
        ]
    )
    session.flush()
    return ann.id


def about_readers() -> list[str]:
    return [table.name for table in Base.metadata.sorted_tables if "subscriber_id" in table.c]


def test_row_39_erasure_leaves_a_keyed_hash_and_no_row(sessions: Sessions) -> None:
    with sessions.begin() as session:
        ann = everything(session)

    assert subscribers.erase(sessions, ann, now=NOW)

    with sessions() as session:
        for name in (*about_readers(), "subscriber"):
            table = Base.metadata.tables[name]
            assert session.scalar(select(func.count()).select_from(table)) == 0, name
        [left] = session.scalars(select(Suppression))
    assert (left.address_hash, left.reason) == (HASH, Standing.UNSUBSCRIBED)


def test_row_39_no_event_names_who_was_erased_and_all_are_counted(sessions: Sessions) -> None:
    with sessions.begin() as session:
        ann = everything(session)
        change = session.scalars(select(AddressChange)).one()
        change.former_hash = "c" * 64
        for number, address_hash in enumerate(("c" * 64, "d" * 64), start=2):
            session.add(
                EventRow(
                    message_id=f"m{number}",
                    kind=EventKind.COMPLAINED,
                    address_hash=address_hash,
                    at=NOW,
                    received_at=NOW,
                )
            )

    subscribers.erase(sessions, ann, now=NOW)

    with sessions() as session:
        named = session.scalars(select(EventRow.address_hash).order_by(EventRow.id))
        assert list(named) == [None, None, "d" * 64]


def test_row_39_an_erasure_waits_for_the_mail_that_is_being_sent(sessions: Sessions) -> None:
    ann = reader(sessions)
    with sessions.begin() as session:
        digest = make.delivery(session, session.get_one(Subscriber, ann)).id
    states.claim(sessions, "mine", 10)
    states.arm(sessions, "mine", {digest}, [])

    with ThreadPoolExecutor() as threads:
        erasing = threads.submit(subscribers.erase, sessions, ann, now=NOW, wait=20)
        while kept(sessions, ann).standing is not Standing.UNSUBSCRIBED:
            pass
        before = erasing.done(), kept(sessions, ann).standing
        states.record(sessions, [(digest, "m1")])
        silent = erasing.result(timeout=20)

    assert before == (False, Standing.UNSUBSCRIBED)
    assert silent


def test_row_39_recording_a_mail_of_who_was_erased_meanwhile_is_silent(sessions: Sessions) -> None:
    ann = reader(sessions)
    with sessions.begin() as session:
        digest = make.delivery(session, session.get_one(Subscriber, ann)).id
    states.claim(sessions, "mine", 10)
    states.arm(sessions, "mine", {digest}, [])

    silent = subscribers.erase(sessions, ann, now=NOW, wait=0)
    states.record(sessions, [(digest, "m1")])
    states.back(sessions, "mine", digest, why="late", after=0)

    assert not silent
    with sessions() as session:
        assert session.scalar(select(func.count(Delivery.id))) == 0


def test_a_mail_that_was_claimed_before_an_erasure_is_not_written(services: Services) -> None:
    ann = reader(services.sessions)
    with services.sessions.begin() as session:
        make.delivery(session, session.get_one(Subscriber, ann), kind=DeliveryKind.LINK)
    claimed = states.claim(services.sessions, "mine", 10)

    subscribers.erase(services.sessions, ann, now=NOW)
    [held] = services.composer(claimed)

    assert getattr(held, "why", None) == "its reader was erased"


@pytest.mark.parametrize("why", [Standing.COMPLAINED, Standing.BOUNCED])
def test_row_39_who_complained_stays_so_after_an_erasure(sessions: Sessions, why: Standing) -> None:
    ann = reader(sessions)
    with sessions.begin() as session:
        subscribers.stop_address(session, HASH, why, NOW)

    subscribers.erase(sessions, ann, now=NOW + timedelta(days=1))

    with sessions() as session:
        [left] = session.scalars(select(Suppression))
    assert (left.reason, left.at) == (why, NOW)


def test_row_39_who_was_erased_is_barred_from_imports_until_they_confirm_anew(
    sessions: Sessions,
) -> None:
    subscribers.erase(sessions, reader(sessions, email="ann@example.org"), now=NOW)
    with pytest.raises(BadInput, match="has left"):
        add(sessions)

    subscribe(sessions)
    confirm(sessions)

    with sessions() as session:
        [back] = session.scalars(select(Subscriber))
        assert back.standing is Standing.ACTIVE
        assert list(session.scalars(select(Suppression))) == []
        assert list(session.scalars(select(Delivery.kind))) == [DeliveryKind.CONFIRMATION]


def test_an_erasure_again_is_no_trouble(sessions: Sessions) -> None:
    ann = reader(sessions)

    assert subscribers.erase(sessions, ann, now=NOW)
    assert subscribers.erase(sessions, ann, now=NOW)


def test_an_export_holds_every_table_that_names_a_reader(sessions: Sessions) -> None:
    with sessions.begin() as session:
        ann = everything(session)
        make.subscriber(session, email="eve@example.org", keywords=("secret",))
        found = subscribers.export(session, session.get_one(Subscriber, ann), now=NOW)

    kept = json.loads(json.dumps(found))
    assert set(about_readers()) <= set(kept)
    assert all(kept[name] for name in (*about_readers(), "subscriber", "event"))
    assert kept["subscriber"][0]["email"] == "ann@example.org"
    assert kept["subscriber"][0]["about"] == "Tides."
    assert kept["consent"][0]["ip_hash"] == HERE
    assert kept["consent"][0]["at"].startswith("2026-11-20T09:00:00")
    assert [paper["title"] for paper in kept["paper"]] == ["Of tides"]
    assert "eve@" not in json.dumps(kept)
    assert "secret" not in json.dumps(kept)
    assert "lease_token" not in json.dumps(kept)


# New links for old


def test_revoking_makes_links_void_and_mails_a_new_one(services: Services, inbox: Inbox) -> None:
    ann = reader(services.sessions, next_due_at=None, last_asked_at=FRIDAY)
    with services.sessions.begin() as session:
        kept_reader = session.get_one(Subscriber, ann, with_for_update=True)
        subscribers.revoke(session, kept_reader, now=FRIDAY)

    send_due(services)

    [mail] = inbox()
    version = kept(services.sessions, ann).link_version
    link = next(word for word in inbox.text_of(mail).split() if "/preferences/" in word)
    assert version == 1
    assert services.links.read(Purpose.MANAGE, link.rsplit("/", 1)[1]) == (ann, version)
    assert mail["Subject"].startswith("Your link")


def test_row_7_what_was_claimed_with_old_links_is_not_sent(sessions: Sessions) -> None:
    ann = reader(sessions)
    with sessions.begin() as session:
        digest = make.delivery(session, session.get_one(Subscriber, ann)).id
    states.claim(sessions, "mine", 10)
    with sessions.begin() as session:
        subscribers.revoke(session, session.get_one(Subscriber, ann, with_for_update=True), now=NOW)

    armed = states.arm(sessions, "mine", {digest}, [])
    again = states.claim(sessions, "another", 10)

    assert armed == set()
    assert digest in {each.id for each in again}
    assert silence.silent(sessions, ann, 0)


def test_row_7_an_acknowledgement_waits_while_a_mail_is_being_sent(sessions: Sessions) -> None:
    ann = reader(sessions)
    with sessions.begin() as session:
        make.delivery(session, session.get_one(Subscriber, ann), state=DeliveryState.SENDING)

    assert not silence.silent(sessions, ann, 0)
    with sessions.begin() as session:
        session.execute(update(Delivery).values(state=DeliveryState.UNKNOWN))
    assert silence.silent(sessions, ann, 0)
