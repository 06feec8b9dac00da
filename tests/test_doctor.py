"""Doctor: each thing that can be wrong is found, with what to do about it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import kombu
import pytest
import sqlalchemy as sa

from digest import delivery, doctor, edition, errands, pipeline
from digest.clock import utc_now
from digest.database import DatabaseNow
from digest.delivery.budget import locked, rest
from digest.doctor import Finding, Status, machinery
from digest.models import Bounce, Delivery, DeliveryState, EventKind, FetchRun, Paper
from digest.services import Services, build
from digest.settings import Settings, read_settings
from tests import make
from tests.conftest import StoppedClock
from tests.name_server import NameServer, txt
from tests.servers import Valkey, free_port
from tests.visitor import PRODUCTION


@pytest.fixture
def well(services: Services) -> Services:
    """Return an installation that has fetched and swept just now."""
    pipeline.fetch(services, ["sample"])
    pipeline.sweep(services)
    return services


def finding(services: Services, name: str) -> Finding:
    [found] = [each for each in doctor.examine(services) if each.name == name]
    return found


def test_all_is_well_after_a_fetch_and_a_sweep(well: Services) -> None:
    findings = doctor.examine(well)

    assert {each.status for each in findings} == {Status.OK}
    assert {each.remedy for each in findings} == {""}
    assert doctor.well(findings)


def test_what_has_not_begun_is_no_error(services: Services) -> None:
    findings = doctor.examine(services)

    assert {each.name for each in findings if each.status is Status.WARNING} == {
        "sweep",
        "beat",
        "worker",
        "fetch",
        "edition",
    }
    assert doctor.well(findings)


def test_row_38_another_suppression_key_is_found(
    services: Services, settings: Settings, clock: StoppedClock
) -> None:
    before = finding(services, "keys")
    errands.tidy(services)
    (settings.state_dir / "suppression.key").write_text("another " * 8)
    restored = build(settings, clock)
    errands.tidy(restored)

    after = finding(restored, "keys")

    assert (before.status, finding(services, "keys").status) == (Status.OK, Status.OK)
    assert after.status is Status.ERROR
    assert "DIGEST_SUPPRESSION_KEY" in after.detail
    restored.close()


def test_a_sweep_by_a_clock_that_is_ahead_was_just_now(well: Services, clock: StoppedClock) -> None:
    clock.advance(seconds=-2)

    found = finding(well, "sweep")

    assert found == Finding("sweep", Status.OK, "the last sweep was 0 s ago")


def test_silent_workers_are_an_error(well: Services, clock: StoppedClock) -> None:
    clock.advance(seconds=61)

    found = finding(well, "sweep")

    assert found.status is Status.ERROR
    assert "2026-11-20 06:00 UTC" in found.detail
    assert "digest up" in found.remedy


def test_a_missed_fetch_is_an_error_an_hour_later(well: Services, clock: StoppedClock) -> None:
    clock.advance(hours=23, minutes=59)
    before = finding(well, "fetch")
    clock.advance(minutes=1)

    after = finding(well, "fetch")

    assert (before.status, after.status) == (Status.OK, Status.ERROR)
    assert after.remedy == "digest fetch"


def test_a_fetch_that_fails_is_a_warning_with_its_reason(
    well: Services, clock: StoppedClock
) -> None:
    with well.sessions.begin() as session:
        session.add(FetchRun(source="arxiv", at=clock(), error="answered 503"))

    found = finding(well, "fetch")

    assert found.status is Status.WARNING
    assert "answered 503" in found.detail


def test_stopped_sending_is_an_error_with_its_reason(well: Services, clock: StoppedClock) -> None:
    delivery.stop(well.sessions, "complaints above 0.1%", clock())

    found = finding(well, "sending")

    assert found.status is Status.ERROR
    assert "complaints above 0.1%" in found.detail
    assert "digest resume" in found.remedy


@pytest.mark.parametrize(
    ("state", "age", "status"),
    [
        (DeliveryState.PENDING, 29, Status.OK),
        (DeliveryState.PENDING, 31, Status.WARNING),
        (DeliveryState.UNKNOWN, 0, Status.WARNING),
        (DeliveryState.SENT, 31, Status.OK),
    ],
)
def test_mails_that_are_stuck_are_a_warning(
    well: Services, clock: StoppedClock, state: DeliveryState, age: int, status: Status
) -> None:
    with well.sessions.begin() as session:
        made = make.delivery(session, make.subscriber(session), state=state)
        made.created_at = clock() - timedelta(minutes=age)

    assert finding(well, "deliveries").status is status


@pytest.mark.parametrize(
    "damage",
    [
        lambda connection: connection.execute(sa.text("DELETE FROM alembic_version")),
        lambda connection: connection.execute(sa.text("DROP TABLE alembic_version")),
    ],
)
def test_a_database_that_is_out_of_date_is_the_only_finding(
    well: Services, damage: Callable[[sa.Connection], object]
) -> None:
    with well.sessions.begin() as session:
        damage(session.connection())

    [found] = doctor.examine(well)

    assert (found.name, found.status, found.remedy) == ("database", Status.ERROR, "digest migrate")


def test_a_database_that_is_newer_needs_another_version(well: Services) -> None:
    make.from_the_future(well.settings.database_url.get_secret_value())

    [found] = doctor.examine(well)

    assert (found.name, found.status) == ("database", Status.ERROR)
    assert "newer than this version" in found.detail
    assert "install the version that migrated it" in found.remedy


def test_what_is_wrong_is_printed_with_its_remedy_below() -> None:
    findings = [
        Finding("database", Status.OK, "reachable"),
        Finding("sending", Status.ERROR, "stopped", "digest resume"),
    ]

    assert list(doctor.lines(findings)) == [
        "OK      database    reachable",
        "ERROR   sending     stopped",
        "                    -> digest resume",
    ]
    assert not doctor.well(findings)


# Sending that rests


def budget(services: Services, **facts: object) -> None:
    delivery.resume(services.sessions)
    with services.sessions.begin() as session:
        row = locked(session)
        for name, value in facts.items():
            setattr(row, name, value)


def test_sending_that_rests_goes_on_by_itself(well: Services) -> None:
    """Row 18."""
    budget(well)
    rest(well.sessions, timedelta(hours=1), "the quota is used up")

    found = finding(well, "sending")

    assert found.status is Status.WARNING
    assert "the quota is used up" in found.detail
    assert "goes on by itself" in found.remedy


def test_a_quota_that_is_used_up_is_told_of(well: Services) -> None:
    with well.sessions.begin() as session:
        today = session.scalars(sa.select(DatabaseNow())).one().date()
    budget(well, daily_quota=200, sent_today=200, sent_on=today)
    used_up = finding(well, "sending")
    budget(well, daily_quota=200, sent_today=199)

    assert used_up.status is Status.WARNING
    assert "quota of 200 mails" in used_up.detail
    assert finding(well, "sending").status is Status.OK


# Events


QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/events"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:events"


@contextmanager
def by_ses(services: Services, **settings: object) -> Iterator[Services]:
    with NameServer() as nothing:
        yield from _by_ses(services, dns_server=nothing.address, **settings)


def _by_ses(services: Services, **settings: object) -> Iterator[Services]:
    kept = {"state_dir": services.settings.state_dir, "mail_url": "ses://eu-west-1"}
    url = services.settings.database_url
    chosen = read_settings(**PRODUCTION | kept | {"database_url": url} | settings)
    built = build(chosen, services.clock)
    yield built
    built.close()


def test_without_a_way_for_events_nobody_tells_of_bounces(well: Services) -> None:
    with by_ses(well) as silent:
        found = finding(silent, "events")

    assert found.status is Status.WARNING
    assert "nobody tells of bounces" in found.detail
    assert "DIGEST_SQS_QUEUE_URL" in found.remedy


@pytest.mark.parametrize(
    ("way", "named"),
    [({"sqs_queue_url": QUEUE_URL}, QUEUE_URL), ({"sns_topics": TOPIC}, "/hooks/ses")],
)
def test_the_way_of_events_and_the_last_one_are_named(
    well: Services, way: dict[str, object], named: str
) -> None:
    with by_ses(well, **way) as listening:
        before = finding(listening, "events")
        make.events(well.sessions, well.clock(), EventKind.SENT, 1)
        after = finding(listening, "events")

    assert (before.status, after.status) == (Status.OK, Status.OK)
    assert f"{named}; none has come yet" in before.detail
    assert f"{named}; the last one came at " in after.detail


@pytest.mark.parametrize(("hours", "status"), [(0.9, Status.OK), (1.1, Status.WARNING)])
def test_mails_without_an_event_for_an_hour_are_a_warning(
    well: Services, hours: float, status: Status
) -> None:
    with well.sessions.begin() as session:
        reader = make.subscriber(session)
        sent_at = DatabaseNow(-3600 * hours)
        make.delivery(session, reader, state=DeliveryState.SENT, sending_at=sent_at)

    with by_ses(well, sqs_queue_url=QUEUE_URL) as listening:
        assert finding(listening, "events").status is status


def test_bounces_and_complaints_stand_beside_their_brakes(well: Services) -> None:
    with well.sessions.begin() as session:
        reader = make.subscriber(session)
        for _ in range(40):
            make.delivery(session, reader, state=DeliveryState.SENT, sending_at=DatabaseNow(-9))
    make.events(well.sessions, well.clock(), EventKind.BOUNCED, 3, Bounce.PERMANENT)
    make.events(well.sessions, well.clock(), EventKind.COMPLAINED, 1)

    found = finding(well, "reputation")

    assert found.status is Status.OK
    assert found.detail == (
        "in 7 days: bounces 3 (brake at 4.00%), complaints 1 (at 0.08%), mails 40"
    )


def test_more_than_the_brakes_allow_is_an_error(well: Services) -> None:
    make.events(well.sessions, well.clock(), EventKind.COMPLAINED, 5)

    assert finding(well, "reputation").status is Status.ERROR


def test_nothing_is_changed_by_looking(well: Services) -> None:
    with well.sessions.begin() as session:
        make.delivery(session, make.subscriber(session))

    doctor.examine(well)

    with well.sessions.begin() as session:
        assert session.scalars(sa.select(Delivery.state)).all() == [DeliveryState.PENDING]


# The machinery


def beating(services: Services, *names: str) -> None:
    for name in names:
        pipeline.beat(services, name)


def test_beat_and_workers_are_told_apart(well: Services, clock: StoppedClock) -> None:
    beating(well, "beat", "worker")
    clock.advance(seconds=61)
    beating(well, "worker")

    found = {each.name: each for each in doctor.examine(well)}

    assert found["beat"].status is Status.ERROR
    assert found["beat"].remedy.startswith("start beat: ")
    assert found["worker"] == Finding("worker", Status.OK, "the last task of a worker was 0 s ago")


def test_a_worker_that_does_nothing_for_minutes_is_an_error(
    well: Services, clock: StoppedClock
) -> None:
    beating(well, "beat", "worker")
    clock.advance(minutes=5, seconds=1)
    beating(well, "beat")

    found = finding(well, "worker")

    assert found.status is Status.ERROR
    assert found.remedy.startswith("start a worker: ")


def test_who_sweeps_by_command_needs_neither_beat_nor_worker(well: Services) -> None:
    assert finding(well, "beat").status is Status.OK
    assert "sweeps come from commands" in finding(well, "worker").detail


def with_broker(services: Services, url: str) -> Services:
    return build(
        read_settings(
            state_dir=services.settings.state_dir,
            database_url=services.settings.database_url,
            sources="sample",
            broker_url=url,
        ),
        services.clock,
    )


def test_a_broker_that_is_away_is_an_error_without_its_password(well: Services) -> None:
    away = with_broker(well, f"redis://:hunter2@127.0.0.1:{free_port()}/0")

    found = finding(away, "broker")

    assert found.status is Status.ERROR
    assert "refused" in found.detail
    assert "hunter2" not in found.detail
    assert "DIGEST_BROKER_URL" in found.remedy
    away.close()


@pytest.mark.parametrize(
    "url",
    [
        "rediss://:hunter2@127.0.0.1:1/0?ssl_cert_reqs=perhaps",
        "rediss://:hunter2@127.0.0.1:1/0?ssl_no_such_option=1",
    ],
)
def test_options_that_a_broker_does_not_have_are_an_error_without_its_password(
    well: Services, url: str
) -> None:
    odd = with_broker(well, url)

    found = finding(odd, "broker")

    assert found.status is Status.ERROR
    assert "DIGEST_BROKER_URL" in found.detail
    assert "hunter2" not in found.detail
    odd.close()


def test_what_cannot_be_looked_at_does_not_keep_the_rest_from_being_told(well: Services) -> None:
    nowhere = well.settings.state_dir / ("a" * 300)
    chosen = well.settings.model_copy(update={"departures_file": nowhere})
    whole = [each.name for each in doctor.examine(well)]
    with well.sessions.begin() as session:
        session.execute(sa.text("DROP TABLE heartbeat"))

    findings = doctor.examine(replace(well, settings=chosen))

    assert [each.name for each in findings] == whole
    broken = {each.name: each.detail for each in findings if each.status is Status.ERROR}
    assert broken.keys() == {"alarms", "beat", "worker", "sweep", "departures"}
    assert "heartbeat" in broken["sweep"]
    assert "too long" in broken["departures"]


def test_hints_that_nobody_takes_are_a_warning(well: Services, valkey: Valkey) -> None:
    reached = with_broker(well, valkey.url)
    empty = finding(reached, "broker")
    with kombu.Connection(valkey.url) as connection, connection.SimpleQueue("celery") as queue:
        for _ in range(machinery.MANY + 1):
            queue.put({})
        full = finding(reached, "broker")
        queue.clear()

    assert empty == Finding("broker", Status.OK, "it answers; hints waiting: 0")
    assert full.status is Status.WARNING
    assert "hints waiting: 101: nobody takes them" in full.detail
    reached.close()


def test_the_folder_queue_is_looked_into(well: Services) -> None:
    before = finding(well, "broker")
    well.settings.queue.mkdir(parents=True)
    for number in range(machinery.MANY + 1):
        (well.settings.queue / f"{number}.celery.msg").touch()

    after = finding(well, "broker")

    assert before.status is Status.OK
    assert after.status is Status.WARNING


@pytest.mark.parametrize(
    ("seconds", "status"),
    [
        (0, Status.OK),
        (4, Status.OK),
        (-4, Status.OK),
        (10, Status.WARNING),
        (-10, Status.WARNING),
        (90, Status.ERROR),
    ],
)
def test_clocks_that_go_apart_are_found(well: Services, seconds: int, status: Status) -> None:
    found = machinery.clocks(well, lambda: utc_now() + timedelta(seconds=seconds))

    assert found.status is status
    assert ("NTP" in found.remedy) == (status is not Status.OK)


@pytest.mark.parametrize(
    ("free", "status"),
    [(2**31, Status.OK), (2**29, Status.WARNING), (2**20, Status.ERROR)],
)
def test_a_disk_that_fills_up_is_found_in_time(well: Services, free: int, status: Status) -> None:
    found = machinery.disk(well, lambda _: free)

    assert found.status is status
    assert str(well.settings.state_dir.parent) in found.detail


def test_departures_that_cannot_be_written_down_are_an_error(well: Services) -> None:
    settings = well.settings

    def noting(path: Path) -> Finding:
        chosen = settings.model_copy(update={"departures_file": path})
        return machinery.departures(replace(well, settings=chosen))

    place = settings.state_dir / "departures"
    begins = noting(place)
    place.touch()
    written = noting(place)
    settings.state_dir.joinpath("folder").mkdir()
    broken = noting(settings.state_dir / "folder")

    assert (begins.status, written.status) == (Status.OK, Status.OK)
    assert broken.status is Status.ERROR
    assert "comes back if a backup is restored" in broken.remedy
    assert place.read_bytes() == b""


# What the sender's domain has published

PUBLISHED = {
    ("_dmarc.example.org", "TXT"): txt("v=DMARC1; p=reject; rua=mailto:dmarc@example.org"),
    ("example.org", "TXT"): txt("v=spf1 include:relay.example.net -all"),
    ("example.org", "MX"): ["10 mail.example.org."],
}


def published(zone: Mapping[tuple[str, str], Sequence[str]], services: Services) -> Finding:
    with NameServer(zone) as server:
        kept = {"state_dir": services.settings.state_dir, "dns_server": server.address}
        url = services.settings.database_url
        built = build(read_settings(**PRODUCTION | kept | {"database_url": url}), services.clock)
        found = finding(built, "dns")
        built.close()
    return found


def test_a_domain_that_published_everything_is_well(well: Services) -> None:
    found = published(PUBLISHED, well)

    assert found == Finding("dns", Status.OK, "example.org has published what mailboxes look for")


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (("_dmarc.example.org", "TXT"), "no DMARC record"),
        (("example.org", "TXT"), "no SPF record"),
        (("example.org", "MX"), "no MX record"),
    ],
)
def test_what_a_domain_lacks_is_named(well: Services, missing: tuple[str, str], said: str) -> None:
    found = published({key: each for key, each in PUBLISHED.items() if key != missing}, well)

    assert found.status is Status.WARNING
    assert said in found.detail
    assert found.remedy == "see docs/deliverability.md"


def test_two_spf_records_are_none(well: Services) -> None:
    twice = txt("v=spf1 -all", "v=spf1 ~all")

    found = published(PUBLISHED | {("example.org", "TXT"): twice}, well)

    assert "2 SPF records" in found.detail


def test_without_a_network_the_domain_is_not_looked_at(well: Services) -> None:
    with NameServer(PUBLISHED) as server:
        server.fails = True
        kept = {"state_dir": well.settings.state_dir, "dns_server": server.address}
        url = well.settings.database_url
        built = build(read_settings(**PRODUCTION | kept | {"database_url": url}), well.clock)
        findings = doctor.examine(built)
        built.close()

    [found] = [each for each in findings if each.name == "dns"]
    assert found.status is Status.UNKNOWN
    assert found.remedy == ""
    assert doctor.well([found])


def test_an_edition_of_yesterday_is_a_warning(well: Services, clock: StoppedClock) -> None:
    clock.advance(days=1)

    found = finding(well, "edition")

    assert found.status is Status.WARNING
    assert "none of today" in found.detail


def test_an_edition_without_papers_is_a_warning_though_the_sources_were_read(
    services: Services,
) -> None:
    pipeline.fetch(services, ["sample"])
    with services.sessions.begin() as session:
        session.execute(sa.update(Paper).values(listed_on=date(2026, 9, 1)))
        edition.build(session, services.clock())

    found = finding(services, "edition")

    assert found.status is Status.WARNING
    assert "no paper of the last 4 days; the sources gave 48" in found.detail
    assert "DIGEST_SOURCES" in found.remedy


def test_an_edition_of_invented_papers_is_a_warning_where_real_mail_is_sent(well: Services) -> None:
    kept = {"state_dir": well.settings.state_dir, "database_url": well.settings.database_url}
    public = read_settings(**PRODUCTION | kept)

    found = finding(replace(well, settings=public), "edition")

    assert found.status is Status.WARNING
    assert "never mailed out" in found.detail


def test_the_pace_stands_beside_what_is_left_of_the_quota(well: Services) -> None:
    with well.sessions.begin() as session:
        today = session.scalars(sa.select(DatabaseNow())).one().date()
    budget(well, rate=14.0, daily_quota=50_000, sent_today=20_000, sent_on=today)

    found = finding(well, "sending")

    assert found.detail == (
        "not stopped; 14 mails a second are allowed; 30000 of today's 50000 are left"
    )


def test_failures_of_a_day_are_found_where_the_days_were_counted(
    well: Services, clock: StoppedClock
) -> None:
    for _ in range(4):
        errands.count_figures(well)
        clock.advance(days=1)
        with well.sessions.begin() as session:
            reader = make.subscriber(session)
            make.delivery(session, reader, state=DeliveryState.FAILED, created_at=clock())

    assert "1 failed within a day" in finding(well, "deliveries").detail
