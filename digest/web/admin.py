"""The operator's page: readers, digests, what became of them, and how the sources are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, abort, g, render_template, request

from digest import alarms, figures
from digest.figures import Present, Stats
from digest.language import ENGLISH, number, speaking
from digest.models import DeliveryState, Standing
from digest.web import charts
from digest.web.charts import Chart, Row, Timeline
from digest.web.guarding import guard
from digest.web.pages import services
from digest.web.wording import moment

blueprint = Blueprint("admin", __name__)
guard(blueprint)

PERIODS = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "A year"}
TOPICS = 20
"""More stand behind a line that opens."""

STALE_AFTER = timedelta(minutes=15)


@blueprint.before_request
def _speak_english() -> None:
    # As the commands do, whatever the browser likes.
    g.speech.enter_context(speaking(ENGLISH))


@blueprint.get("/admin")
def show() -> str:
    asked = request.args.get("days", "30")
    if asked not in PERIODS:
        abort(404)
    now = services().clock()
    with services().sessions.begin() as session:
        found = figures.stats(session, now, int(asked))
        present = figures.present(session, now)
        wrong = alarms.open_now(session, services().settings, now)
    return render_template(
        "admin.html",
        periods=PERIODS,
        asked=asked,
        facts=_facts(found, present, now),
        wrong=wrong,
        charts=_charts(found),
        timelines=_timelines(found),
        stats=found,
        first_topics=found.topics[:TOPICS],
        other_topics=found.topics[TOPICS:],
        most_followers=max((each.followers for each in found.topics), default=0) or 1,
        counted=_counted(found, now),
        moment=lambda at: moment(at, now) if at else "never",
        share=charts.share,
        number=number,
        tongues=lambda: (),
    )


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    words: str
    bad: bool = False


def _facts(found: Stats, present: Present, now: datetime) -> list[Fact]:
    """Return how the service is at this moment, in a few lines."""
    swept, waiting = present.beats.get("sweep"), present.underway
    reading = present.readers.get(Standing.ACTIVE)
    open_digests = (
        f"{number(waiting[DeliveryState.PENDING])} waiting,"
        f" {number(waiting[DeliveryState.CLAIMED] + waiting[DeliveryState.SENDING])} at a"
        f" sender, {number(waiting[DeliveryState.UNKNOWN])} with an unknown outcome"
    )
    return [
        Fact("Readers", f"{charts.shown(reading)} active"),
        Fact("Mails", open_digests, bad=bool(waiting[DeliveryState.UNKNOWN])),
        Fact("Late", str(present.late) if present.late else "Nothing is.", bad=bool(present.late)),
        _sending(present),
        Fact("Last sweep", moment(swept, now) if swept else "never", bad=swept is None),
        Fact("Newest papers", moment(present.edition_at, now) if present.edition_at else "none"),
        Fact(
            "In 7 days",
            f"Bounces: {found.reputation.bounces}, complaints: {found.reputation.complaints},"
            f" mails: {number(found.reputation.mails)}",
            bad=bool(found.reputation.too_many()),
        ),
    ]


def _sending(present: Present) -> Fact:
    budget = present.budget
    if budget.stopped:
        return Fact("Sending", "Stopped: digest doctor says why.", bad=True)
    if budget.resting:
        return Fact("Sending", "Rests, and goes on by itself.", bad=True)
    pace = f"{budget.rate:g} mails a second" if budget.rate else "no pace is set"
    if budget.quota is None:
        return Fact("Sending", f"Goes on; {pace}.")
    used = f"{number(budget.used)} of {number(budget.quota)} mails of today"
    return Fact("Sending", f"Goes on; {pace}, {used}.", bad=budget.used >= budget.quota)


def _counted(found: Stats, now: datetime) -> Fact:
    if found.counted_at is None:
        return Fact("counted", "Nothing was counted yet: a worker does so every five minutes.")
    told = f"Counted {moment(found.counted_at, now)}; days are in UTC."
    return Fact("counted", told, bad=now - found.counted_at > STALE_AFTER)


def _charts(found: Stats) -> dict[str, Chart]:
    def chart(name: str, title: str, rows: Sequence[Row]) -> Chart:
        return charts.stacked(name, title, found.days, rows)

    readers, digests = found.readers, found.digests
    gone = (Standing.UNSUBSCRIBED, Standing.BOUNCED, Standing.COMPLAINED)
    there = (Standing.ACTIVE, Standing.PAUSED, Standing.PENDING)
    underway = (DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.SENDING)
    return {
        "readers": chart(
            "readers", "Readers by standing", [Row(each, readers[each]) for each in there]
        ),
        "gone": chart("gone", "Who left", [Row(each, readers[each]) for each in gone]),
        "digests": chart(
            "digests",
            "Digests by outcome",
            [
                Row("sent", digests[DeliveryState.SENT]),
                Row("skipped", digests[DeliveryState.SKIPPED]),
                Row("failed", digests[DeliveryState.FAILED]),
                Row("unknown", digests[DeliveryState.UNKNOWN]),
                Row("waiting", _sum([digests[each] for each in underway])),
            ],
        ),
        "bounces": chart(
            "bounces",
            "Bounces",
            [Row("for good", found.bounces), Row("for now", found.soft_bounces)],
        ),
        "complaints": chart("complaints", "Complaints", [Row("complaints", found.complaints)]),
    }


def _sum(lines: Sequence[Sequence[int | None]]) -> list[int | None]:
    return [
        None if all(each is None for each in day) else sum(each or 0 for each in day)
        for day in zip(*lines, strict=True)
    ]


def _timelines(found: Stats) -> list[Timeline]:
    most = max((count for run in found.runs for count in run.hours), default=0)
    return [charts.timeline(run, most) for run in reversed(found.runs)]
