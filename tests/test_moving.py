"""Another address: asked for, confirmed there, told and undone here; nothing to the old one."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from digest import subscribers
from digest.database import Sessions
from digest.delivery import states
from digest.errors import BadLink
from digest.links import Purpose
from digest.models import (
    AddressChange,
    Consent,
    ConsentKind,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Standing,
    Subscriber,
    Suppression,
)
from digest.pipeline import send_due
from digest.services import Services
from digest.subscribers import Choices, Moved
from tests import make
from tests.conftest import FRIDAY, Inbox, StoppedClock

NOW = FRIDAY
OLD, NEW = "ann@old.example.org", "ann@new.example.org"
OLD_HASH, NEW_HASH = "a" * 64, "b" * 64


@pytest.fixture
def ann(sessions: Sessions) -> int:
    with sessions.begin() as session:
        return make.subscriber(session, email=OLD, address_hash=OLD_HASH).id


def ask(
    sessions: Sessions,
    reader_id: int,
    email: str = NEW,
    address_hash: str = NEW_HASH,
    *,
    now: datetime = NOW,
) -> int:
    with sessions.begin() as session:
        reader = session.get_one(Subscriber, reader_id, with_for_update=True)
        subscribers.ask_to_move(session, reader, email, address_hash=address_hash, now=now)
        newest = select(func.max(AddressChange.id))
        return session.scalar(newest) or 0


def move(
    sessions: Sessions, change_id: int, *, now: datetime = NOW, wait: float = 0
) -> tuple[Moved, bool]:
    return subscribers.move(sessions, change_id, 0, now=now, ip_hash="f" * 64, wait=wait)


def kept(sessions: Sessions, reader_id: int) -> Subscriber:
    with sessions() as session:
        return session.get_one(Subscriber, reader_id)


def kinds(sessions: Sessions, state: DeliveryState | None = None) -> list[DeliveryKind]:
    with sessions() as session:
        chosen = select(Delivery.kind).order_by(Delivery.id)
        return list(session.scalars(chosen.where(Delivery.state == state) if state else chosen))


def link_in(inbox: Inbox, number: int, page: str) -> str:
    mail = inbox()[number]
    return next(word for word in inbox.text_of(mail).split() if f"/{page}/" in word)


def token_in(inbox: Inbox, number: int, page: str) -> str:
    return link_in(inbox, number, page).rsplit("/", 1)[1]


# Asking


def test_the_new_address_is_asked_and_nothing_changes_before_it_answers(
    services: Services, ann: int, inbox: Inbox
) -> None:
    change = ask(services.sessions, ann)

    send_due(services)

    [mail] = inbox()
    assert mail["To"] == NEW
    assert "List-Unsubscribe" not in mail
    assert services.links.read(Purpose.CHANGE, token_in(inbox, 0, "change")) == (change, 0)
    assert OLD not in str(mail)
    assert kept(services.sessions, ann).email == OLD


def test_nobody_is_asked_twice_within_ten_minutes(sessions: Sessions, ann: int) -> None:
    with sessions.begin() as session:
        eve = make.subscriber(session).id
    ask(sessions, ann)
    ask(sessions, ann, now=NOW + timedelta(minutes=9))
    ask(sessions, eve, now=NOW + timedelta(minutes=9))
    before = kinds(sessions)

    ask(sessions, ann, now=NOW + timedelta(minutes=10))

    assert before == [DeliveryKind.CHANGE]
    assert kinds(sessions) == [DeliveryKind.CHANGE] * 2


def test_one_reader_cannot_have_mails_sent_to_many(sessions: Sessions, ann: int) -> None:
    for number in range(6):
        ask(sessions, ann, f"victim{number}@example.org", f"{number:064x}")

    assert kinds(sessions) == [DeliveryKind.CHANGE] * 3


@pytest.mark.parametrize(
    "standing", [Standing.PENDING, Standing.UNSUBSCRIBED, Standing.BOUNCED, Standing.COMPLAINED]
)
def test_who_gets_no_digest_cannot_move(sessions: Sessions, standing: Standing) -> None:
    with sessions.begin() as session:
        nobody = make.subscriber(session, standing=standing).id

    ask(sessions, nobody)

    assert kinds(sessions) == []


@pytest.mark.parametrize("why", [Standing.BOUNCED, Standing.COMPLAINED])
def test_an_address_that_complained_is_not_asked(
    services: Services, ann: int, inbox: Inbox, why: Standing
) -> None:
    with services.sessions.begin() as session:
        session.add(Suppression(address_hash=NEW_HASH, reason=why, at=NOW))
    change = ask(services.sessions, ann)

    send_due(services)

    assert inbox() == []
    assert move(services.sessions, change)[0] is Moved.STOPPED
    assert kept(services.sessions, ann).email == OLD


def test_the_newest_request_counts_alone(services: Services, ann: int, inbox: Inbox) -> None:
    first = ask(services.sessions, ann, "typo@example.org", "c" * 64)
    second = ask(services.sessions, ann)

    send_due(services)

    assert [mail["To"] for mail in inbox()] == [NEW]
    assert move(services.sessions, first)[0] is Moved.OVER
    assert move(services.sessions, second)[0] is Moved.DONE


def test_a_link_of_a_change_is_good_for_two_days(sessions: Sessions, ann: int) -> None:
    change = ask(sessions, ann)

    assert move(sessions, change, now=NOW + timedelta(hours=48, seconds=1))[0] is Moved.OVER
    assert kept(sessions, ann).email == OLD


def test_a_revoked_link_moves_nobody(sessions: Sessions, ann: int) -> None:
    change = ask(sessions, ann)
    with sessions.begin() as session:
        subscribers.revoke(session, session.get_one(Subscriber, ann, with_for_update=True), now=NOW)

    with pytest.raises(BadLink):
        move(sessions, change)


# Moving


def test_a_confirmed_change_sends_everything_to_the_new_address(
    services: Services, ann: int, inbox: Inbox
) -> None:
    change = ask(services.sessions, ann)
    send_due(services)

    moved, silent = move(services.sessions, change)
    send_due(services)

    reader = kept(services.sessions, ann)
    assert (moved, silent) == (Moved.DONE, True)
    assert (reader.email, reader.address_hash) == (NEW, NEW_HASH)
    assert [mail["To"] for mail in inbox()] == [NEW, OLD]
    assert inbox()[1]["Subject"].endswith("was changed")
    assert NEW not in str(inbox()[1])
    assert services.links.read(Purpose.UNDO, token_in(inbox, 1, "undo")) == (change, 0)
    with services.sessions() as session:
        [given] = session.scalars(select(Consent))
        assert (given.what, given.ip_hash) == (ConsentKind.CHANGE, "f" * 64)


def test_the_former_address_is_barred_from_imports_until_its_reader_is_back(
    sessions: Sessions, ann: int
) -> None:
    change_id = ask(sessions, ann)

    move(sessions, change_id)
    with sessions() as session:
        barred = session.get_one(Suppression, OLD_HASH).reason
    subscribers.undo_move(sessions, change_id, now=NOW, wait=0)

    assert barred is Standing.UNSUBSCRIBED
    with sessions() as session:
        assert session.get(Suppression, OLD_HASH) is None


def test_confirming_twice_tells_the_same_and_mails_once(sessions: Sessions, ann: int) -> None:
    change = ask(sessions, ann)

    results = [move(sessions, change)[0] for _ in range(2)]

    assert results == [Moved.DONE] * 2
    assert kinds(sessions).count(DeliveryKind.NOTICE) == 1


def test_row_7_what_was_claimed_for_the_old_address_is_taken_back(
    sessions: Sessions, ann: int
) -> None:
    change = ask(sessions, ann)
    with sessions.begin() as session:
        digest = make.delivery(session, session.get_one(Subscriber, ann)).id
    states.claim(sessions, "mine", 10)

    move(sessions, change)
    armed = states.arm(sessions, "mine", {digest}, [])

    assert armed == set()
    with sessions() as session:
        row = session.get_one(Delivery, digest)
        assert (row.state, row.lease_token) == (DeliveryState.PENDING, None)


def test_row_7_a_change_waits_for_the_mail_that_is_being_sent(sessions: Sessions, ann: int) -> None:
    change = ask(sessions, ann)
    with sessions.begin() as session:
        digest = make.delivery(session, session.get_one(Subscriber, ann)).id
    states.claim(sessions, "mine", 10)
    states.arm(sessions, "mine", {digest}, [])

    with ThreadPoolExecutor() as threads:
        moving = threads.submit(move, sessions, change, wait=20)
        while kept(sessions, ann).email != NEW:
            pass
        before = moving.done()
        states.record(sessions, [(digest, "m1")])
        moved = moving.result(timeout=20)

    assert not before
    assert moved == (Moved.DONE, True)


def test_row_7_a_change_says_so_when_a_mail_may_be_on_its_way(sessions: Sessions, ann: int) -> None:
    change = ask(sessions, ann)
    with sessions.begin() as session:
        make.delivery(session, session.get_one(Subscriber, ann), state=DeliveryState.SENDING)

    assert move(sessions, change) == (Moved.DONE, False)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_row_7_a_change_waits_for_an_open_arm(sessions: Sessions, ann: int) -> None:
    change = ask(sessions, ann)
    opened, close = threading.Event(), threading.Event()

    def hold() -> None:
        with sessions.begin() as session:
            locked = select(Subscriber).where(Subscriber.id == ann).with_for_update(read=True)
            session.scalars(locked).one()
            opened.set()
            close.wait(20)

    with ThreadPoolExecutor() as threads:
        arming = threads.submit(hold)
        opened.wait(20)
        moving = threads.submit(move, sessions, change)
        during = kept(sessions, ann).email
        close.set()
        arming.result(timeout=20)
        moved, _ = moving.result(timeout=20)

    assert during == OLD
    assert moved is Moved.DONE


@pytest.mark.parametrize(
    "facts",
    [
        {"standing": Standing.ACTIVE},
        {"standing": Standing.PAUSED},
        {"standing": Standing.UNSUBSCRIBED},
        {"standing": Standing.PENDING},
    ],
)
def test_an_address_with_a_subscription_of_its_own_takes_over_no_other(
    sessions: Sessions, ann: int, facts: dict[str, Any]
) -> None:
    with sessions.begin() as session:
        other = make.subscriber(session, email=NEW, address_hash=NEW_HASH, **facts).id
    change = ask(sessions, ann)

    assert move(sessions, change)[0] is Moved.TAKEN
    assert kept(sessions, ann).email == OLD
    assert kept(sessions, other).email == NEW


def test_a_request_that_nobody_confirmed_gives_way(sessions: Sessions, ann: int) -> None:
    with sessions.begin() as session:
        subscribers.subscribe(session, NEW, Choices(), now=NOW, address_hash=NEW_HASH)
    change = ask(sessions, ann)

    assert move(sessions, change)[0] is Moved.DONE
    with sessions() as session:
        assert list(session.scalars(select(Subscriber.email))) == [NEW]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_request_that_comes_at_the_instant_of_a_change_gives_way_too(
    sessions: Sessions, ann: int
) -> None:
    change = ask(sessions, ann)
    asked: list[str] = []

    def somebody_asks(*execution: Any) -> None:
        # Between the look at who has the address, and taking it.
        if execution[2].startswith("UPDATE subscriber SET email") and not asked:
            asked.append(NEW)
            with sessions.begin() as session:
                subscribers.subscribe(session, NEW, Choices(), now=NOW, address_hash=NEW_HASH)

    event.listen(sessions.kw["bind"], "before_cursor_execute", somebody_asks)

    assert move(sessions, change)[0] is Moved.DONE
    assert asked == [NEW]
    with sessions() as session:
        assert list(session.scalars(select(Subscriber.email))) == [NEW]
    assert kinds(sessions) == [DeliveryKind.CHANGE, DeliveryKind.NOTICE]


def test_who_left_meanwhile_is_not_moved(sessions: Sessions, ann: int) -> None:
    change = ask(sessions, ann)
    subscribers.unsubscribe(sessions, ann)

    assert move(sessions, change)[0] is Moved.OVER


def test_a_bounce_at_the_old_address_does_not_stop_the_new_one(
    services: Services, ann: int, inbox: Inbox
) -> None:
    move(services.sessions, ask(services.sessions, ann))
    with services.sessions.begin() as session:
        subscribers.stop_address(session, OLD_HASH, Standing.BOUNCED, NOW)

    send_due(services)

    assert inbox() == []  # neither the change, which was confirmed already, nor the notice
    assert kept(services.sessions, ann).standing is Standing.ACTIVE


# Undoing


def undo(sessions: Sessions, change_id: int, *, now: datetime = NOW) -> Moved:
    return subscribers.undo_move(sessions, change_id, now=now, wait=0)[0]


def test_the_old_address_can_take_it_back_and_old_links_are_void(
    services: Services, ann: int, inbox: Inbox
) -> None:
    change = ask(services.sessions, ann)
    move(services.sessions, change)

    done = undo(services.sessions, change, now=NOW + timedelta(days=6, hours=23))
    send_due(services)

    reader = kept(services.sessions, ann)
    assert done is Moved.DONE
    assert (reader.email, reader.address_hash) == (OLD, OLD_HASH)
    assert reader.link_version == 1
    assert [(mail["To"], mail["Subject"][:9]) for mail in inbox()] == [(OLD, "Your link")]


def test_undoing_twice_tells_the_same_and_revokes_once(sessions: Sessions, ann: int) -> None:
    change = ask(sessions, ann)
    move(sessions, change)

    assert [undo(sessions, change) for _ in range(2)] == [Moved.DONE] * 2
    assert kept(sessions, ann).link_version == 1


def test_after_seven_days_it_is_too_late(sessions: Sessions, ann: int) -> None:
    change = ask(sessions, ann)
    move(sessions, change)

    assert undo(sessions, change, now=NOW + timedelta(days=7, seconds=1)) is Moved.OVER
    assert kept(sessions, ann).email == NEW


def test_what_was_never_changed_is_not_undone(sessions: Sessions, ann: int) -> None:
    assert undo(sessions, ask(sessions, ann)) is Moved.OVER


def test_whoever_moves_on_and_revokes_does_not_get_away_with_it(
    sessions: Sessions, ann: int
) -> None:
    first = ask(sessions, ann)
    move(sessions, first)
    second = ask(sessions, ann, "eve@example.org", "e" * 64)
    move(sessions, second)
    with sessions.begin() as session:
        subscribers.revoke(session, session.get_one(Subscriber, ann, with_for_update=True), now=NOW)

    assert undo(sessions, first) is Moved.DONE
    assert kept(sessions, ann).email == OLD
    assert undo(sessions, second) is Moved.OVER


def test_an_open_request_dies_with_an_undo(sessions: Sessions, ann: int) -> None:
    first = ask(sessions, ann)
    move(sessions, first)
    second = ask(sessions, ann, "eve@example.org", "e" * 64)

    undo(sessions, first)

    with pytest.raises(BadLink):
        move(sessions, second)
    assert subscribers.move(sessions, second, 1, now=NOW, wait=0)[0] is Moved.OVER


def test_former_addresses_are_forgotten_when_their_links_are_over(
    sessions: Sessions, ann: int
) -> None:
    change = ask(sessions, ann)
    move(sessions, change)
    ask(sessions, ann, "eve@example.org", "e" * 64)

    def forget(days: float) -> list[int]:
        with sessions.begin() as session:
            subscribers.forget_moves(session, NOW + timedelta(days=days))
            return list(session.scalars(select(AddressChange.id)))

    assert [len(forget(days)) for days in (1, 3, 6.9, 7.1)] == [2, 1, 1, 0]


def test_a_mail_about_a_change_that_is_forgotten_is_not_sent(
    services: Services, ann: int, inbox: Inbox, clock: StoppedClock
) -> None:
    move(services.sessions, ask(services.sessions, ann))
    with services.sessions.begin() as session:
        subscribers.forget_moves(session, NOW + timedelta(days=8))

    send_due(services)

    assert inbox() == []
    assert kinds(services.sessions, DeliveryState.SKIPPED) == [
        DeliveryKind.CHANGE,
        DeliveryKind.NOTICE,
    ]
    assert clock.now == datetime(2026, 11, 20, 6, tzinfo=UTC)


# Forgetting an address


def forget(sessions: Sessions, address_hash: str) -> list[int]:
    with sessions.begin() as session:
        return subscribers.forget_address(session, address_hash, NOW)


def everything(sessions: Sessions) -> str:
    with sessions() as session:
        found = select(AddressChange.email, AddressChange.former_email, Subscriber.email)
        joined = found.outerjoin_from(Subscriber, AddressChange)
        return str([tuple(row) for row in session.execute(joined)])


def test_a_former_address_that_is_erased_is_kept_nowhere_and_takes_nothing_back(
    services: Services, ann: int, inbox: Inbox
) -> None:
    sessions = services.sessions
    change = ask(sessions, ann)
    move(sessions, change)

    moved = forget(sessions, OLD_HASH)
    send_due(services)

    assert moved == [ann]
    assert OLD not in everything(sessions)
    assert (kept(sessions, ann).email, kept(sessions, ann).standing) == (NEW, Standing.ACTIVE)
    with pytest.raises(BadLink):
        undo(sessions, change)
    assert inbox() == []
    with sessions() as session:
        assert session.get_one(Suppression, OLD_HASH).reason is Standing.UNSUBSCRIBED


def test_an_address_that_was_only_asked_is_erased_with_the_request(
    services: Services, ann: int, inbox: Inbox
) -> None:
    change = ask(services.sessions, ann)

    forget(services.sessions, NEW_HASH)
    send_due(services)

    assert NEW not in everything(services.sessions)
    assert inbox() == []
    with pytest.raises(BadLink):
        move(services.sessions, change)


def test_erasing_the_place_between_leaves_the_first_mailbox_its_way_back(
    sessions: Sessions, ann: int
) -> None:
    first = ask(sessions, ann)
    move(sessions, first)
    move(sessions, ask(sessions, ann, "eve@example.org", "e" * 64))
    with sessions.begin() as session:
        stranger = make.subscriber(session, email=NEW, address_hash=NEW_HASH).id

    subscribers.erase(sessions, stranger, now=NOW)

    assert NEW not in everything(sessions)
    assert undo(sessions, first) is Moved.DONE
    assert kept(sessions, ann).email == OLD


def test_a_link_that_is_followed_while_its_address_is_erased_leads_nowhere(
    sessions: Sessions, ann: int
) -> None:
    change = ask(sessions, ann)

    with ThreadPoolExecutor(1) as beside, sessions.begin() as session:
        subscribers.forget_address(session, NEW_HASH, NOW)
        moving = beside.submit(move, sessions, change)
        session.commit()

    with pytest.raises(BadLink):
        moving.result()
    assert kept(sessions, ann).email == OLD
