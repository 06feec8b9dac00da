"""The operator hears of each event that stops the service, once, and not through what stopped."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update

from digest import alarms, delivery, doctor
from digest.alarms import looking
from digest.database import DatabaseNow, in_transaction
from digest.delivery import budget
from digest.doctor import Status
from digest.errors import BadSettings
from digest.events import brakes
from digest.fetch import feeds
from digest.mail.message import Mail
from digest.mail.transport import NotSent, Outcome, Reaction, Transport
from digest.models import (
    AlarmRow,
    Bounce,
    DeliveryState,
    EventKind,
    EventRow,
    FetchRun,
    Heartbeat,
    SendingBudget,
    StoppedBy,
)
from digest.services import Services, build
from digest.settings import read_settings
from tests.bell import Bell
from tests.conftest import Inbox, StoppedClock
from tests.relay import HANG_UP, Relay
from tests.servers import free_port
from tests.test_delivery import Post, due, write
from tests.test_up import eventually

WHY = "the account is suspended"

Make = Callable[..., Services]


@pytest.fixture
def installed(database_url: str, tmp_path: Any, clock: StoppedClock) -> Iterator[Make]:
    """Return what builds an installation, with settings of its own."""
    built: list[Services] = []

    def install(**settings: str) -> Services:
        common = {"state_dir": tmp_path / "var", "database_url": database_url}
        sources = {"sources": "huggingface,arxiv:cs.AI+cs.LG"}
        built.append(build(read_settings(**{**common, **sources, **settings}), clock))
        return built[-1]

    yield install
    for each in built:
        each.close()


@pytest.fixture
def bell() -> Iterator[Bell]:
    with Bell() as listening:
        yield listening


@pytest.fixture
def watched(installed: Make, bell: Bell) -> Services:
    return installed(alarm_url=bell.url)


def stop(services: Services, by: StoppedBy = StoppedBy.SENDER) -> None:
    delivery.stop(services.sessions, WHY, services.clock(), by=by)


def resume(services: Services) -> None:
    delivery.resume(services.sessions)


def read(services: Services, source: str, error: str | None = None, **facts: Any) -> None:
    with services.sessions.begin() as session:
        session.add(FetchRun(source=source, at=services.clock(), error=error, **facts))


def swept(services: Services) -> None:
    with services.sessions.begin() as session:
        session.execute(delete(Heartbeat))
        session.add(Heartbeat(name="sweep", at=services.clock()))


def wrong(services: Services) -> dict[str, str]:
    with services.sessions.begin() as session:
        found = alarms.open_now(session, services.settings, services.clock())
    return {each.key: each.why for each in found}


def logged(caplog: pytest.LogCaptureFixture, level: int = logging.ERROR) -> list[str]:
    records = caplog.get_records("call")
    return [each.getMessage() for each in records if each.levelno == level and "alarm" in each.name]


def rung(bell: Bell) -> list[str]:
    return [each["what"] for each in bell.rung]


# What raises one


def test_sending_that_stops_by_itself_is_told_once(
    watched: Services, bell: Bell, clock: StoppedClock, caplog: pytest.LogCaptureFixture
) -> None:
    stop(watched)
    clock.advance(seconds=30)

    for _ in range(3):
        alarms.tell(watched)

    assert bell.rung == [
        {
            "site": "http://127.0.0.1:8000",
            "what": "sending",
            "since": "2026-11-20T06:00:00+00:00",
            "why": WHY,
        }
    ]
    assert logged(caplog) == [f"alarm key=sending since=2026-11-20 06:00:00+00:00 why={WHY}"]


def test_who_stops_it_by_hand_is_not_told(watched: Services, bell: Bell) -> None:
    stop(watched, StoppedBy.OPERATOR)

    alarms.tell(watched)

    assert bell.rung == []


def test_a_refusal_that_stops_everything_raises_it(watched: Services, bell: Bell) -> None:
    due(watched.sessions)
    suspended = Post(NotSent(WHY, kind=Reaction.STOP))
    delivery.deliver(watched.sessions, suspended, write, watched.clock)

    alarms.tell(watched)

    assert [(each["what"], each["why"]) for each in bell.rung] == [("sending", WHY)]


def test_what_happens_again_is_told_again(
    watched: Services, bell: Bell, clock: StoppedClock, caplog: pytest.LogCaptureFixture
) -> None:
    stop(watched)
    alarms.tell(watched)
    resume(watched)
    alarms.tell(watched)
    clock.advance(hours=1)
    stop(watched)

    alarms.tell(watched)

    assert [each["since"][11:16] for each in bell.rung] == ["06:00", "07:00"]
    assert logged(caplog, logging.WARNING) == ["alarm is over key=sending"]


def test_a_daily_quota_that_is_used_up_is_told_once_until_it_is_over(
    watched: Services, bell: Bell
) -> None:
    # Fault 18. An hour later it may still be used up: the same event.
    budget.claim_limit(watched.sessions)
    budget.rest(watched.sessions, timedelta(hours=1), "Daily message quota exceeded")
    alarms.tell(watched)
    rested(watched, seconds=60)
    alarms.tell(watched)
    budget.rest(watched.sessions, timedelta(hours=1), "Daily message quota exceeded")
    alarms.tell(watched)

    during = wrong(watched)
    rested(watched, seconds=looking.QUIET_AFTER_REST.total_seconds() + 1)

    assert rung(bell) == ["rest"]
    assert during == {"rest": "Daily message quota exceeded"}
    assert wrong(watched) == {}


def test_a_daily_quota_that_is_used_up_by_our_own_count_is_told_while_mails_wait(
    watched: Services, bell: Bell
) -> None:
    # Fault 18: nothing more is asked of the mail system, so it says nothing.
    delivery.deliver(watched.sessions, Post(daily_quota=1), write, watched.clock)
    due(watched.sessions, 1)
    delivery.deliver(watched.sessions, Post(daily_quota=1), write, watched.clock)
    while_nothing_waits = wrong(watched)
    due(watched.sessions, 1)

    for _ in range(2):
        alarms.tell(watched)

    assert while_nothing_waits == {}
    assert wrong(watched) == {"rest": "the day's quota of 1 mails is used up"}
    assert rung(bell) == ["rest"]


def rested(services: Services, *, seconds: float) -> None:
    """Let the rest have ended so many seconds ago."""
    with services.sessions.begin() as session:
        session.execute(update(SendingBudget).values(rests_until=DatabaseNow(-seconds)))


def bounced(services: Services, count: int) -> None:
    with services.sessions.begin() as session:
        session.add_all(
            EventRow(
                message_id=f"bounced-{number}",
                kind=EventKind.BOUNCED,
                bounce=Bounce.PERMANENT,
                at=services.clock(),
                received_at=DatabaseNow(),
            )
            for number in range(count)
        )


def sent(services: Services, count: int) -> None:
    state, at = DeliveryState.SENT, DatabaseNow(-60)
    due(services.sessions, count, state=state, sending_at=at)


def test_brakes_that_are_passed_are_one_alarm_though_they_stop_the_sending(
    watched: Services, bell: Bell
) -> None:
    sent(watched, 60)
    bounced(watched, brakes.BOUNCES.least)
    brakes.heed(watched.sessions, watched.clock())

    alarms.tell(watched)

    [alarm] = bell.rung
    assert alarm["what"] == "brakes"
    assert "50 bounces of 60 mails" in alarm["why"]


@pytest.mark.parametrize("by", [StoppedBy.OPERATOR, StoppedBy.SENDER])
def test_brakes_are_told_of_though_something_else_had_stopped_the_sending(
    watched: Services, bell: Bell, by: StoppedBy
) -> None:
    sent(watched, 60)
    stop(watched, by)
    alarms.tell(watched)
    bounced(watched, brakes.BOUNCES.least)
    brakes.heed(watched.sessions, watched.clock())

    alarms.tell(watched)

    assert rung(bell)[-1] == "brakes"
    assert rung(bell).count("sending") == (by is StoppedBy.SENDER)


def test_a_few_bounces_are_no_alarm(watched: Services) -> None:
    sent(watched, 60)
    budget.claim_limit(watched.sessions)
    bounced(watched, brakes.BOUNCES.least - 1)

    assert wrong(watched) == {}


def test_a_source_that_fails_twice_is_told_until_it_is_read(
    watched: Services, bell: Bell, clock: StoppedClock
) -> None:
    read(watched, "arxiv")
    found = []
    for error in ("answered 503", "answered 503", "answered 500", None):
        clock.advance(minutes=10)
        read(watched, "arxiv", error)
        alarms.tell(watched)
        found.append(wrong(watched))

    assert found == [
        {},
        {"fetch:arxiv": "answered 503"},
        {"fetch:arxiv": "answered 500"},
        {},
    ]
    [alarm] = bell.rung
    assert (alarm["what"], alarm["since"][11:16]) == ("fetch:arxiv", "06:10")


def test_a_source_fails_since_the_first_bad_reading_however_many_follow(
    watched: Services, clock: StoppedClock
) -> None:
    for source, error in (("huggingface", "no"), ("arxiv", "no"), ("arxiv", None)):
        read(watched, source, error)
    for _ in range(4):
        clock.advance(minutes=10)
        read(watched, "arxiv", "answered 503")

    with watched.sessions.begin() as session:
        [alarm] = alarms.open_now(session, watched.settings, watched.clock())

    assert (alarm.key, f"{alarm.since:%R}") == ("fetch:arxiv", "06:10")


def test_a_source_of_which_a_part_was_read_has_not_failed(watched: Services) -> None:
    for _ in range(3):
        read(watched, "arxiv", "broken off", seen=5)

    assert wrong(watched) == {}


def test_a_source_that_is_not_read_any_more_is_no_alarm(watched: Services) -> None:
    with watched.sessions.begin() as session:
        row = feeds.add(
            session, "https://x.org/rss", title="X", hosts=["x.org"], now=watched.clock()
        )
        name = row.name
    for source in (name, "sample", "feed:removed.org"):
        for _ in range(2):
            read(watched, source, "answered 404")
    before = wrong(watched)
    with watched.sessions.begin() as session:
        feeds.named(session, name).paused = True

    assert set(before) == {f"fetch:{name}"}
    assert wrong(watched) == {}


def test_of_a_feed_s_address_only_the_host_leaves_the_house(watched: Services, bell: Bell) -> None:
    secret = "https://x.org:8443/feeds/hunter2?key=hunter3"
    for _ in range(2):
        read(watched, "huggingface", f"{secret}: answered 403; tell ann@example.org")

    alarms.tell(watched)

    assert [each["why"] for each in bell.rung] == [
        "https://x.org:8443/... answered 403; tell (address)"
    ]


def test_a_sweep_that_has_not_run_for_ten_minutes_is_told_by_whoever_runs(
    watched: Services, bell: Bell, clock: StoppedClock
) -> None:
    never = wrong(watched)
    swept(watched)
    clock.advance(minutes=9, seconds=59)
    before = wrong(watched)
    clock.advance(seconds=1)

    alarms.tell(watched)
    swept(watched)
    alarms.tell(watched)

    assert (never, before, wrong(watched)) == ({}, {}, {})
    [alarm] = bell.rung
    assert (alarm["what"], alarm["since"][11:16]) == ("sweep", "06:00")


def test_digests_that_are_late_are_told_once_until_they_went(watched: Services, bell: Bell) -> None:
    due(watched.sessions, 3, not_before=DatabaseNow(-3601))

    for _ in range(3):
        alarms.tell(watched)
    during = wrong(watched)
    delivery.deliver(watched.sessions, Post(), write, watched.clock)
    alarms.tell(watched)

    assert rung(bell) == ["late"]
    assert "3 digests, due since" in during["late"]
    assert wrong(watched) == {}


def test_digests_that_the_operator_holds_back_are_not_late(watched: Services) -> None:
    due(watched.sessions, 3, not_before=DatabaseNow(-3601))
    stop(watched, StoppedBy.OPERATOR)
    held = wrong(watched)
    resume(watched)
    stop(watched, StoppedBy.SENDER)

    assert held == {}
    assert set(wrong(watched)) == {"sending", "late"}


def test_a_day_without_a_reading_is_told(
    watched: Services, bell: Bell, clock: StoppedClock
) -> None:
    never = wrong(watched)
    read(watched, "arxiv", new=3)
    read(watched, "sample", new=48)
    clock.advance(hours=25, minutes=59)
    read(watched, "arxiv", "answered 503")
    before = wrong(watched)
    clock.advance(minutes=1)

    alarms.tell(watched)
    read(watched, "arxiv")
    alarms.tell(watched)

    assert (never, before, wrong(watched)) == ({}, {}, {})
    [alarm] = bell.rung
    assert (alarm["what"], alarm["since"][:16]) == ("fetch", "2026-11-20T06:00")
    assert alarm["why"] == "no source was read since 2026-11-20 06:00 UTC"


def test_a_watch_goes_on_whatever_the_database_does(
    watched: Services, bell: Bell, caplog: pytest.LogCaptureFixture
) -> None:
    stop(watched)
    ended = Event()
    with watched.sessions.begin() as session:
        session.execute(text("ALTER TABLE alarm RENAME TO away"))
    watch = Thread(target=alarms.watch, args=(watched, ended, 0.05))
    watch.start()

    eventually(lambda: "the database does not answer" in caplog.text)
    with watched.sessions.begin() as session:
        session.execute(text("ALTER TABLE away RENAME TO alarm"))
    eventually(lambda: bool(bell.rung))
    ended.set()
    watch.join()

    assert rung(bell) == ["sending"]


def test_a_watch_goes_on_whatever_goes_wrong(
    watched: Services, bell: Bell, caplog: pytest.LogCaptureFixture
) -> None:
    stop(watched)
    ended, moments = Event(), iter([RuntimeError("no time"), OSError("no clock")])

    def clock() -> datetime:
        if failure := next(moments, None):
            raise failure
        return watched.clock()

    watch = Thread(target=alarms.watch, args=(replace(watched, clock=clock), ended, 0.05))
    watch.start()
    eventually(lambda: bool(bell.rung))
    ended.set()
    watch.join()

    assert rung(bell) == ["sending"]
    assert caplog.text.count("this look failed") == 2


# How it is told


def test_without_an_address_it_is_logged_alone(
    installed: Make, caplog: pytest.LogCaptureFixture
) -> None:
    services = installed()
    stop(services)

    alarms.tell(services)
    alarms.tell(services)

    assert len(logged(caplog)) == 1
    assert "(not told yet)" not in "".join(alarms.in_words(services))


def test_what_was_not_accepted_is_told_again_until_it_is(
    watched: Services, bell: Bell, caplog: pytest.LogCaptureFixture
) -> None:
    stop(watched)
    bell.status = 500
    alarms.tell(watched)
    alarms.tell(watched)
    in_vain = alarms.in_words(watched)
    bell.status = 200

    for _ in range(3):
        alarms.tell(watched)

    assert rung(bell) == ["sending"] * 3
    assert "(not told yet)" in in_vain[0]
    assert "(not told yet)" not in alarms.in_words(watched)[0]
    assert (
        logged(caplog, logging.WARNING)
        == ["alarm not told key=sending way=told_at why=answered 500"] * 2
    )
    assert "hunter2" not in caplog.text


def test_what_was_over_before_it_could_be_told_is_told_with_its_end(
    watched: Services, bell: Bell, clock: StoppedClock
) -> None:
    bell.status = 503
    stop(watched)
    alarms.tell(watched)
    clock.advance(minutes=5)
    resume(watched)
    bell.status = 200

    alarms.tell(watched)
    alarms.tell(watched)

    assert [each.get("until") for each in bell.rung] == [None, "2026-11-20T06:05:00+00:00"]


def test_what_was_over_a_day_ago_is_told_no_more(
    installed: Make, bell: Bell, clock: StoppedClock
) -> None:
    services = installed()
    stop(services)
    alarms.tell(services)
    resume(services)
    alarms.tell(services)
    clock.advance(days=1)

    alarms.tell(installed(alarm_url=bell.url))

    assert bell.rung == []


def test_where_nobody_listens_only_one_of_many_is_tried(watched: Services, bell: Bell) -> None:
    bell.status = 500
    for source in ("arxiv", "huggingface"):
        for _ in range(2):
            read(watched, source, "answered 503")
    stop(watched)

    alarms.tell(watched)
    bell.status = 200
    alarms.tell(watched)

    assert len(bell.rung) == 1 + 3
    assert set(rung(bell)) == {"sending", "fetch:arxiv", "fetch:huggingface"}


def test_several_processes_tell_it_once(
    installed: Make, bell: Bell, caplog: pytest.LogCaptureFixture
) -> None:
    several = [installed(alarm_url=bell.url) for _ in range(4)]
    stop(several[0])
    bell.pause = 0.5

    with ThreadPoolExecutor(4) as processes:
        list(processes.map(alarms.tell, several))

    assert rung(bell) == ["sending"]
    assert len(logged(caplog)) == 1


def test_what_a_dead_process_was_about_to_tell_is_told_by_another(
    watched: Services, bell: Bell
) -> None:
    stop(watched)
    bell.status = 500
    alarms.tell(watched)
    bell.status = 200
    hold(watched, 60)
    alarms.tell(watched)
    while_held = len(bell.rung)
    hold(watched, -1)

    alarms.tell(watched)

    assert (while_held, len(bell.rung)) == (1, 2)


def hold(services: Services, seconds: float) -> None:
    in_transaction(
        services.sessions,
        lambda session: session.execute(update(AlarmRow).values(lease_until=DatabaseNow(seconds))),
    )


def test_a_later_event_is_not_marked_as_told_with_the_one_before(
    watched: Services, bell: Bell, clock: StoppedClock
) -> None:
    stop(watched)
    bell.pause = 0.5
    with ThreadPoolExecutor(1) as process:
        telling = process.submit(alarms.tell, watched)
        eventually(lambda: bool(bell.rung))
        with watched.sessions.begin() as session:
            later = clock() + timedelta(hours=1)
            session.execute(update(AlarmRow).values(raised_at=later, lease_until=None))
        telling.result()

    with watched.sessions() as session:
        assert session.scalars(select(AlarmRow.told_at)).all() == [None]


# By mail


@pytest.fixture
def relay() -> Iterator[Relay]:
    with Relay() as running:
        yield running


def mailing(installed: Make, port: int, **settings: str) -> Services:
    return installed(
        alarm_mail_url=f"smtp://127.0.0.1:{port}",
        alarm_mail_to="Ann <ann@example.org>",
        **settings,
    )


def test_a_mail_goes_through_a_relay_of_its_own(
    installed: Make, relay: Relay, inbox: Inbox
) -> None:
    services = mailing(installed, relay.port)
    stop(services)
    for _ in range(2):
        read(services, "arxiv", "answered 503")

    for _ in range(3):
        alarms.tell(services)

    mails = [each.raw.decode() for each in relay.received]
    assert [each.to for each in relay.received] == [["ann@example.org"]] * 2
    assert {line for each in mails for line in each.splitlines() if "Subject" in line} == {
        "Subject: Daybreak: alarm (sending)",
        "Subject: Daybreak: alarm (fetch:arxiv)",
    }
    assert any(WHY in each for each in mails)
    assert len({line for each in mails for line in each.splitlines() if "Message-ID" in line}) == 2
    assert inbox() == []


def test_a_mail_that_was_put_off_is_tried_again_and_one_in_doubt_is_not(
    installed: Make, relay: Relay
) -> None:
    services = mailing(installed, relay.port)
    stop(services)
    relay.answers = {"RCPT": "450 4.2.0 later"}
    alarms.tell(services)
    relay.answers = {"DATA": HANG_UP}

    for _ in range(3):
        alarms.tell(services)

    assert (relay.begun, relay.offered) == (2, 1)


def test_an_alarm_that_cannot_be_told_at_all_keeps_no_other_back(
    installed: Make, relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    class Choosy:
        """A relay of which one mail breaks something."""

        def __init__(self, relay: Transport) -> None:
            self.relay = relay

        def send(self, mail: Mail) -> Outcome:
            if "sending" in mail.subject:
                raise RuntimeError("out of order")
            return self.relay.send(mail)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.relay, name)

    services = mailing(installed, relay.port)
    assert services.alarm_relay is not None
    services = replace(services, alarm_relay=Choosy(services.alarm_relay))
    stop(services)
    for _ in range(2):
        read(services, "arxiv", "answered 503")

    alarms.tell(services)

    [mail] = relay.received
    assert "Subject: Daybreak: alarm (fetch:arxiv)" in mail.raw.decode()
    assert "alarm not told key=sending" in caplog.text


def test_each_way_is_told_whether_the_other_works_or_not(
    installed: Make, relay: Relay, bell: Bell
) -> None:
    deaf = f"http://127.0.0.1:{free_port()}/"
    services = mailing(installed, relay.port, alarm_url=deaf)
    stop(services)
    alarms.tell(services)

    healed = mailing(installed, free_port(), alarm_url=bell.url)
    alarms.tell(healed)

    assert len(relay.received) == 1
    assert rung(bell) == ["sending"]


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"alarm_mail_url": "smtp://a.example.org"}, "ALARM_MAIL_TO: set both, or neither"),
        ({"alarm_mail_to": "ann@example.org"}, "ALARM_MAIL_TO: set both, or neither"),
        (
            {
                "alarm_mail_url": "smtp://u:p@Mail.example.org:25",
                "alarm_mail_to": "ann@example.org",
                "mail_url": "smtp://mail.example.org:25?rate=2",
                "secret_keys": "n" * 32,
                "suppression_key": "s" * 32,
                "sender": "a@example.org",
                "postal_address": "1 Any Street",
            },
            "DIGEST_ALARM_MAIL_URL: the relay of DIGEST_MAIL_URL cannot tell",
        ),
        (
            {"alarm_mail_url": "smtp://u:p@mail.example.org:x", "alarm_mail_to": "a@example.org"},
            "DIGEST_ALARM_MAIL_URL: write smtp://user:password@host:587",
        ),
    ],
)
def test_a_way_that_cannot_be_gone_is_refused_at_the_start(
    installed: Make, settings: dict[str, str], remedy: str
) -> None:
    with pytest.raises(BadSettings, match=remedy):
        installed(**settings)


# Doctor


def test_doctor_is_unwell_while_an_alarm_is_open(watched: Services) -> None:
    swept(watched)
    before = doctor.examine(watched)
    for _ in range(2):
        read(watched, "arxiv", "answered 503")

    found = {each.name: each for each in doctor.examine(watched)}["alarms"]

    assert doctor.well(before)
    assert found.status is Status.ERROR
    assert found.detail == "fetch:arxiv since 2026-11-20 06:00 UTC: answered 503"
    read(watched, "arxiv")
    assert doctor.well(doctor.examine(watched))


def test_looking_notes_nothing(watched: Services) -> None:
    stop(watched)

    doctor.examine(watched)

    with watched.sessions() as session:
        assert session.scalars(select(AlarmRow)).all() == []
