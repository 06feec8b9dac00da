"""What Prometheus reads, by the parser of its own client."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import delete, text

from digest import alarms, delivery, errands, pipeline
from digest.models import DeliveryKind, DeliveryState, FetchRun, Standing, StoppedBy, Subscriber
from digest.web import create_app, metrics
from tests import make
from tests.visitor import NOW, Installation, Visitor, installation

TOKEN = "an-operators-token-of-32-letters"

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, admin_token=TOKEN, sources="sample") as made:
        yield made


def scraped(here: Installation, visitor: Visitor | None = None) -> str:
    answer = (visitor or here.visitor()).get(
        "/metrics", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return answer.text


def samples(text_of: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text_of)
        for sample in family.samples
    }


def sample(found: Samples, name: str, **labels: str) -> float:
    return found[f"daybreak_{name}", tuple(sorted(labels.items()))]


def test_everything_can_be_parsed_and_says_what_it_is(here: Installation) -> None:
    pipeline.fetch(here.services)
    pipeline.send_due(here.services)
    errands.count_figures(here.services)

    told = scraped(here)

    families = list(text_string_to_metric_families(told))
    assert {each.type for each in families} == {"counter", "gauge"}
    assert all(each.documentation for each in families)
    assert all(each.name.startswith("daybreak_") for each in families)
    names = [each.name for each in families]
    assert len(names) == len(set(names))
    for family in families:
        for each in family.samples:
            assert each.name.endswith("_total") == (family.type == "counter")
    assert told.count("# HELP") == told.count("# TYPE") == len(families)


def test_mails_readers_and_parts_are_told(here: Installation) -> None:
    reader = here.reader()
    here.reader("off@example.org", standing=Standing.BOUNCED)
    here.digest_to(reader)
    here.digest_to(here.reader("b@example.org"), DeliveryState.UNKNOWN)
    pipeline.beat(here.services, "sweep")
    with here.services.sessions.begin() as session:
        session.add(FetchRun(source="arxiv", at=NOW, new=3))
        session.add(FetchRun(source="feed:x.org", at=NOW, error="answered 503"))
    errands.count_figures(here.services)

    found = samples(scraped(here))

    assert sample(found, "deliveries_total", kind="digest", state="sent") == 1
    assert sample(found, "deliveries_open", state="unknown") == 1
    assert sample(found, "readers", standing="active") == 2
    assert sample(found, "readers", standing="bounced") == 1
    assert sample(found, "heartbeat_timestamp_seconds", part="sweep") == NOW.timestamp()
    assert sample(found, "source_read_timestamp_seconds", source="arxiv") == NOW.timestamp()
    assert sample(found, "source_read_success", source="feed:x.org") == 0
    assert sample(found, "counted_timestamp_seconds") == NOW.timestamp()


def test_counters_never_fall_whatever_is_erased(here: Installation) -> None:
    seen: list[float] = []
    for _ in range(3):
        for number in range(2):
            here.digest_to(here.reader(f"{len(seen)}{number}@example.org"))
        errands.count_figures(here.services)
        found = samples(scraped(here))
        seen.append(sample(found, "deliveries_total", kind="digest", state="sent"))
        with here.services.sessions.begin() as session:
            session.execute(delete(Subscriber))
        errands.count_figures(here.services)
        found = samples(scraped(here))
        seen.append(sample(found, "deliveries_total", kind="digest", state="sent"))
        here.clock.now += timedelta(days=1)

    assert seen == sorted(seen)


def test_an_alarm_and_a_stop_can_be_alerted_on(here: Installation) -> None:
    before = samples(scraped(here))
    delivery.stop(here.services.sessions, "suspended", NOW, by=StoppedBy.SENDER)
    alarms.tell(here.services)

    found = samples(scraped(here))

    assert sample(before, "sending_stopped") == 0
    assert sample(found, "sending_stopped") == 1
    assert sample(found, "alarm_open", alarm="sending") == 1


def test_digests_that_are_late_are_counted(here: Installation) -> None:
    with here.services.sessions.begin() as session:
        for _ in range(3):
            make.subscriber(session, next_due_at=NOW - timedelta(hours=2))

    assert sample(samples(scraped(here)), "digests_late") == 3


def test_every_process_tells_the_same(here: Installation) -> None:
    here.digest_to(here.reader())
    errands.count_figures(here.services)
    other = Visitor(create_app(here.services), use_cookies=False)

    assert scraped(here, other) == scraped(here)


def test_a_database_that_does_not_answer_is_no_zero(here: Installation) -> None:
    with here.services.sessions.begin() as session:
        session.execute(text("DROP TABLE heartbeat"))

    answer = here.visitor().get("/metrics", auth=("me", TOKEN))

    assert answer.status_code == 503
    assert "daybreak_" not in answer.text


def test_what_is_odd_in_a_label_is_escaped() -> None:
    odd = 'a "b" \\ c\nd'

    told = metrics.exposed(metrics.Family("odd", "gauge", "Odd.", [({"name": odd}, 0.25)]))

    assert samples(told) == {("daybreak_odd", (("name", odd),)): 0.25}


def test_mails_that_are_no_digests_are_told_apart(here: Installation) -> None:
    with here.services.sessions.begin() as session:
        make.delivery(
            session,
            make.subscriber(session),
            kind=DeliveryKind.CONFIRMATION,
            state=DeliveryState.SENT,
            created_at=NOW,
        )
    errands.count_figures(here.services)

    found = samples(scraped(here))

    assert sample(found, "deliveries_total", kind="other", state="sent") == 1
