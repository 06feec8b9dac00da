"""
Metrics for Prometheus, in its text format; every number comes from the database.

So it does not matter which process answers, nor how many of them there are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version

from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from digest import alarms, figures
from digest.alarms import Alarm
from digest.figures import Present
from digest.figures.reading import SourceHealth, sources
from digest.models import Counted
from digest.web.guarding import guard
from digest.web.pages import log, services

blueprint = Blueprint("metrics", __name__)
guard(blueprint)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

READ_WITHIN = timedelta(days=7)
"""What was read longer ago is no source any more."""

Labels = Mapping[str, str]
Sample = tuple[Labels, float]


@dataclass(frozen=True, slots=True)
class Family:
    """All samples of one name."""

    name: str
    kind: str
    told: str
    samples: Iterable[Sample]


@blueprint.get("/metrics")
def show() -> Response:
    now = services().clock()
    try:
        with services().sessions.begin() as session:
            present = figures.present(session, now)
            read = sources(session, now - READ_WITHIN)
            wrong = alarms.open_now(session, services().settings, now)
    except SQLAlchemyError as exc:
        log.warning("the database does not answer: %s", type(exc).__name__)
        return Response("the database does not answer\n", 503, content_type=CONTENT_TYPE)
    families = (*_of_mails(present), *_of_readers(present), *_of_parts(present, read, wrong))
    return Response("".join(map(exposed, families)), content_type=CONTENT_TYPE)


def exposed(family: Family) -> str:
    """Return *family* in Prometheus' text format; nothing where it has no samples."""
    name = f"daybreak_{family.name}"
    lines = [f"{name}{_labels(labels)} {_number(value)}\n" for labels, value in family.samples]
    if not lines:
        return ""
    return f"# HELP {name} {family.told}\n# TYPE {name} {family.kind}\n{''.join(lines)}"


def _labels(labels: Labels) -> str:
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _of_mails(present: Present) -> Iterator[Family]:
    budget = present.budget
    ended = [
        ({"kind": "digest" if what == Counted.DIGESTS else "other", "state": state}, number)
        for (what, state), number in sorted(present.ended.items())
    ]
    told = [({"event": name}, number) for name, number in sorted(present.events.items())]
    underway = [({"state": state}, count) for state, count in present.underway.items()]
    yield Family("deliveries_total", "counter", "Mails that ended in this state.", ended)
    yield Family("deliveries_open", "gauge", "Mails in this state now.", underway)
    yield Family("mail_events_total", "counter", "Bounces and complaints that were heard of.", told)
    yield Family(
        "sending_stopped", "gauge", "1 while all sending is stopped.", _one(budget.stopped)
    )
    yield Family("sending_resting", "gauge", "1 while sending rests.", _one(budget.resting))
    yield Family(
        "sending_rate_limit", "gauge", "Mails a second that may be sent.", _one(budget.rate)
    )
    yield Family("quota_mails", "gauge", "Mails a day that may be sent.", _one(budget.quota))
    yield Family(
        "quota_used_mails", "gauge", "Mails of this day that left, live.", _one(budget.used)
    )
    late = present.late
    yield Family(
        "digests_late",
        "gauge",
        "Digests due for more than an hour, up to a thousand.",
        _one(late.count if late else 0),
    )


def _of_readers(present: Present) -> Iterator[Family]:
    readers = [({"standing": each}, count) for each, count in present.readers.items()]
    topics = [({"topic": slug}, count) for slug, count in sorted(present.followers.items())]
    yield Family("readers", "gauge", "Readers, by where they stand.", readers)
    yield Family("topic_followers", "gauge", "Readers who follow a topic.", topics)
    yield Family(
        "counted_timestamp_seconds",
        "gauge",
        "When readers, ended mails and events were last counted.",
        _at(present.counted_at),
    )


def _of_parts(
    present: Present, read: Sequence[SourceHealth], wrong: Iterable[Alarm]
) -> Iterator[Family]:
    beats = [({"part": name}, at.timestamp()) for name, at in sorted(present.beats.items())]
    good = [({"source": each.name}, each.good_at.timestamp()) for each in read if each.good_at]
    whole = [({"source": each.name}, not each.error) for each in read]
    raised = [({"alarm": each.key}, 1) for each in wrong]
    yield Family(
        "heartbeat_timestamp_seconds", "gauge", "When a part of the service was alive.", beats
    )
    yield Family(
        "edition_timestamp_seconds",
        "gauge",
        "When the newest edition was built.",
        _at(present.edition_at),
    )
    yield Family(
        "source_read_timestamp_seconds", "gauge", "When a source was last read with success.", good
    )
    yield Family("source_read_success", "gauge", "1 where the last reading found no fault.", whole)
    yield Family("alarm_open", "gauge", "1 for each alarm that is open.", raised)
    yield Family(
        "build_info", "gauge", "Which version runs.", [({"version": version("daybreak-digest")}, 1)]
    )


def _one(value: float | None) -> list[Sample]:
    return [] if value is None else [({}, value)]


def _at(moment: datetime | None) -> list[Sample]:
    return [] if moment is None else [({}, moment.timestamp())]
