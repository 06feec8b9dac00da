"""The account's suppression list is read into ours, and written for nobody but who asks again."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from digest import delivery, pipeline, subscribers
from digest.database import Sessions
from digest.errors import BadInput
from digest.events import account
from digest.mail.account import Barred, Page
from digest.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Standing,
    Subscriber,
    Suppression,
    SuppressionReading,
)
from digest.services import Services
from digest.settings import Settings, read_settings
from tests.conftest import StoppedClock
from tests.servers import free_port
from tests.ses_stub import SesStub
from tests.test_events import hear, reader, standing, suppressed
from tests.test_ses import credentials
from tests.visitor import PRODUCTION

__all__ = ["credentials"]

ANN = "ann@example.org"
DAY = timedelta(days=1)


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[SesStub]:
    with SesStub(region="eu-west-1") as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", running.url)
        yield running


@pytest.fixture
def settings(settings: Settings) -> Settings:
    by_ses = {"mail_url": "ses://eu-west-1", "sources": "huggingface", "limits": "on"}
    kept = {"state_dir": settings.state_dir, "database_url": settings.database_url}
    return read_settings(**PRODUCTION | kept | by_ses)


def put(stub: SesStub, clock: StoppedClock, *addresses: str, reason: str = "BOUNCE") -> None:
    for address in addresses:
        stub.suppressed[address] = (reason, clock() - timedelta(hours=2))


def known(sessions: Sessions) -> int:
    with sessions() as session:
        return len(session.scalars(select(Suppression)).all())


def test_the_account_s_list_is_read_into_ours(
    services: Services, stub: SesStub, clock: StoppedClock
) -> None:
    bounced, complained = reader(services, ANN), reader(services, "bo@example.org")
    put(stub, clock, "Ann@Example.org", "nobody@example.org")
    put(stub, clock, "bo@example.org", reason="COMPLAINT")

    pipeline.read_suppressions(services)

    assert standing(services, bounced) is Standing.BOUNCED
    assert standing(services, complained) is Standing.COMPLAINED
    assert suppressed(services, "nobody@example.org") is Standing.BOUNCED
    assert set(stub.asked) == {"list"}


def test_it_is_read_once_a_day_and_then_only_what_is_new(
    services: Services, stub: SesStub, clock: StoppedClock
) -> None:
    put(stub, clock, "first@example.org")
    pipeline.read_suppressions(services)
    put(stub, clock, "second@example.org")
    clock.advance(hours=23)
    pipeline.read_suppressions(services)
    soon = known(services.sessions)
    clock.advance(hours=1)
    put(stub, clock, "third@example.org")

    pipeline.read_suppressions(services)

    assert soon == 1
    assert suppressed(services, "third@example.org") is Standing.BOUNCED
    assert len(stub.asked) == 2


def test_a_long_list_is_read_in_pages_and_goes_on_where_it_was_broken_off(
    services: Services, stub: SesStub, clock: StoppedClock
) -> None:
    stub.page = 2
    put(stub, clock, *(f"reader{n}@example.org" for n in range(7)))
    stub.refuses.extend([None, None, (500, "InternalFailure")])

    pipeline.read_suppressions(services)
    half = known(services.sessions)
    with services.sessions() as session:
        place = session.get_one(SuppressionReading, 1).place
    pipeline.read_suppressions(services)

    assert (half, known(services.sessions)) == (4, 7)
    assert place == "page 4"
    assert stub.asked == ["list"] * 5
    with services.sessions() as session:
        reading = session.get_one(SuppressionReading, 1)
        assert (reading.place, reading.began_at, reading.read_until) == (None, None, clock())


class Ledger:
    """An account whose list has two pages, and that notes what part of it is asked for."""

    def __init__(self, at: datetime) -> None:
        self.asked: list[tuple[datetime | None, str | None]] = []
        first, *rest = (Barred(f"reader{n}@example.org", complained=False, at=at) for n in range(3))
        self._pages = {None: Page(rest, "2"), "2": Page([first], None)}

    def barred(self, since: datetime | None, place: str | None) -> Page:
        self.asked.append((since, place))
        if place == "gone":
            raise BadInput("the list has no such place any more")
        return self._pages[place]

    def readmit(self, address: str) -> bool:
        raise NotImplementedError(address)


def test_each_reading_begins_an_hour_before_the_last_one_and_tells_how_many_it_found(
    services: Services, clock: StoppedClock
) -> None:
    ledger, keys, began = Ledger(clock()), services.keys, clock()
    found = account.read(services.sessions, ledger, keys, clock())
    clock.advance(days=1)
    found_again = account.read(services.sessions, ledger, keys, clock())

    assert (found, found_again) == (3, 3)
    since = began - timedelta(hours=1)
    assert ledger.asked == [(None, None), (None, "2"), (since, None), (since, "2")]


def test_a_reading_whose_place_is_gone_begins_at_the_same_moment_anew(
    services: Services, clock: StoppedClock
) -> None:
    ledger, read_until = Ledger(clock()), clock() - 2 * DAY
    with services.sessions.begin() as session:
        session.add(SuppressionReading(id=1, began_at=clock(), read_until=read_until, place="gone"))

    account.read(services.sessions, ledger, services.keys, clock())

    since = read_until - timedelta(hours=1)
    assert ledger.asked == [(since, "gone"), (since, None), (since, "2")]


def test_a_place_that_is_gone_begins_anew(
    services: Services, stub: SesStub, clock: StoppedClock
) -> None:
    put(stub, clock, ANN)
    with services.sessions.begin() as session:
        session.add(SuppressionReading(id=1, began_at=clock() - DAY, place="long ago"))

    pipeline.read_suppressions(services)

    assert suppressed(services) is Standing.BOUNCED


@pytest.mark.parametrize(
    "refusal", [(403, "AccessDeniedException"), (429, "TooManyRequestsException"), (500, "Broken")]
)
def test_a_list_that_cannot_be_read_is_read_later(
    services: Services,
    stub: SesStub,
    clock: StoppedClock,
    caplog: pytest.LogCaptureFixture,
    refusal: tuple[int, str],
) -> None:
    put(stub, clock, ANN)
    stub.refuses.append(refusal)

    pipeline.read_suppressions(services)
    before = suppressed(services)
    pipeline.read_suppressions(services)

    assert before is None
    assert suppressed(services) is Standing.BOUNCED
    assert "the suppression list cannot be asked" in caplog.text
    assert ANN not in caplog.text


def test_an_account_that_does_not_answer_stops_nothing(
    services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{free_port()}")

    pipeline.read_suppressions(services)

    assert "cannot be asked" in caplog.text


# Asking again after a bounce: fault 28


def asks(services: Services, clock: StoppedClock, email: str = ANN) -> None:
    with services.sessions.begin() as session:
        subscribers.subscribe(
            session,
            email,
            subscribers.choices(),
            now=clock(),
            address_hash=services.keys.address_hash(email),
        )


def confirmations(services: Services) -> list[DeliveryState]:
    with services.sessions() as session:
        asked = select(Delivery.state).where(Delivery.kind == DeliveryKind.CONFIRMATION)
        return list(session.scalars(asked))


def sent_to(stub: SesStub) -> list[str]:
    return [taken.to for taken in stub.accepted]


def bounced_long_ago(services: Services, stub: SesStub, clock: StoppedClock, days: float) -> int:
    reader_id = reader(services, ANN)
    hear(services, "Bounce", to=ANN, at=clock())
    put(stub, clock, ANN)
    clock.advance(days=days)
    return reader_id


def test_fault_28_who_bounced_is_asked_to_confirm_after_thirty_days(
    services: Services, stub: SesStub, clock: StoppedClock
) -> None:
    reader_id = bounced_long_ago(services, stub, clock, days=30)

    asks(services, clock)
    delivery.deliver(services.sessions, services.transport, services.composer, clock)
    too_early = sent_to(stub)
    pipeline.listen(services)
    delivery.deliver(services.sessions, services.transport, services.composer, clock)

    assert too_early == []
    assert sent_to(stub) == [ANN]
    assert standing(services, reader_id) is Standing.PENDING
    assert stub.suppressed == {}
    assert stub.asked == ["get", "delete"]
    assert suppressed(services) is None


def test_fault_28_who_bounced_lately_is_not(
    services: Services, stub: SesStub, clock: StoppedClock
) -> None:
    reader_id = bounced_long_ago(services, stub, clock, days=29.9)

    asks(services, clock)
    pipeline.listen(services)

    assert confirmations(services) == []
    assert standing(services, reader_id) is Standing.BOUNCED
    assert stub.asked == []
    assert list(stub.suppressed) == [ANN]


def test_fault_28_who_complained_never_is(
    services: Services, stub: SesStub, clock: StoppedClock
) -> None:
    reader_id = reader(services, ANN)
    hear(services, "Complaint", to=ANN)
    put(stub, clock, ANN, reason="COMPLAINT")
    clock.advance(days=400)

    asks(services, clock)
    pipeline.listen(services)

    assert confirmations(services) == []
    assert standing(services, reader_id) is Standing.COMPLAINED
    assert stub.asked == []


def test_fault_28_a_complaint_that_only_the_account_knows_is_found_before_it_is_too_late(
    services: Services, stub: SesStub, clock: StoppedClock
) -> None:
    reader_id = bounced_long_ago(services, stub, clock, days=31)
    put(stub, clock, ANN, reason="COMPLAINT")

    asks(services, clock)
    pipeline.listen(services)
    delivery.deliver(services.sessions, services.transport, services.composer, clock)

    assert sent_to(stub) == []
    assert list(stub.suppressed) == [ANN]
    assert stub.asked == ["get"]
    assert standing(services, reader_id) is Standing.COMPLAINED


def test_an_address_that_is_not_on_the_account_s_list_is_welcome(
    services: Services, stub: SesStub, clock: StoppedClock
) -> None:
    bounced_long_ago(services, stub, clock, days=31)
    stub.suppressed.clear()

    asks(services, clock)
    pipeline.listen(services)

    assert stub.asked == ["get"]
    assert suppressed(services) is None


def test_what_the_account_takes_for_no_address_keeps_nobody_waiting(
    services: Services, stub: SesStub, clock: StoppedClock, caplog: pytest.LogCaptureFixture
) -> None:
    bounced_long_ago(services, stub, clock, days=31)
    stub.refuses.append((400, "BadRequestException"))

    asks(services, clock)
    pipeline.listen(services)

    assert suppressed(services) is None
    assert "confirmations wait" not in caplog.text


def test_where_the_account_does_not_answer_the_confirmation_waits(
    services: Services, stub: SesStub, clock: StoppedClock, caplog: pytest.LogCaptureFixture
) -> None:
    bounced_long_ago(services, stub, clock, days=31)
    stub.refuses.append((500, "InternalFailure"))

    asks(services, clock)
    pipeline.listen(services)
    before = suppressed(services)
    pipeline.listen(services)

    assert before is Standing.BOUNCED
    assert suppressed(services) is None
    assert "confirmations wait" in caplog.text


def test_someone_new_at_an_address_that_bounced_long_ago_is_asked_too(
    services: Services, stub: SesStub, clock: StoppedClock
) -> None:
    bounced_long_ago(services, stub, clock, days=31)
    with services.sessions.begin() as session:
        session.delete(session.scalars(select(Subscriber)).one())

    asks(services, clock)
    pipeline.listen(services)
    delivery.deliver(services.sessions, services.transport, services.composer, clock)

    assert sent_to(stub) == [ANN]


def test_another_bounce_bars_for_another_thirty_days(
    services: Services, stub: SesStub, clock: StoppedClock
) -> None:
    reader_id = bounced_long_ago(services, stub, clock, days=31)
    asks(services, clock)
    pipeline.listen(services)
    hear(services, "Bounce", to=ANN, at=clock())
    clock.advance(days=29)

    asks(services, clock)
    pipeline.listen(services)

    assert standing(services, reader_id) is Standing.BOUNCED
    assert stub.asked == ["get", "delete"]
