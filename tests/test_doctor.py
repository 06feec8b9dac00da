"""Doctor: each thing that can be wrong is found, with what to do about it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from digest import delivery, doctor, pipeline
from digest.doctor import Finding, Status
from digest.models import Delivery, DeliveryState, FetchRun
from digest.services import Services
from tests import make
from tests.conftest import StoppedClock


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
        "fetch",
        "edition",
    }
    assert doctor.well(findings)


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


def test_nothing_is_changed_by_looking(well: Services) -> None:
    with well.sessions.begin() as session:
        make.delivery(session, make.subscriber(session))

    doctor.examine(well)

    with well.sessions.begin() as session:
        assert session.scalars(sa.select(Delivery.state)).all() == [DeliveryState.PENDING]
