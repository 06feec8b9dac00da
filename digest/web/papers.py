"""The papers: by day, week and month, as they trend, and one by one."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from flask import Blueprint, abort, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from digest import edition, library, trend
from digest.edition import Edition
from digest.models import Paper
from digest.web.history import shown_by
from digest.web.pages import services
from digest.web.paging import Paging, only_page
from digest.web.periods import Period, parse_day, parse_month, parse_week
from digest.web.shelf import public
from digest.web.subjects import alike, subjects, topics_of

blueprint = Blueprint("papers", __name__)

LISTED_DAYS = 90
FULL_CARDS = 60
"""Papers of a day that are shown in full; arXiv brings hundreds, of which the rest is a list."""

MOST = 100
"""Papers of a week or a month that are shown."""

ON_A_PAGE = 50
"""Papers on a page of the trending ones."""

SHOWN_TOPICS = 4

A_WHILE = timedelta(minutes=10)
"""A paper's page says how many upvotes are new, in rounded hours."""


@blueprint.get("/papers")
@public()
def days() -> str:
    only_page()
    with services().sessions.begin() as session:
        found = library.days(session, LISTED_DAYS)
        periods = _periods(session, library.newest_day(session))
    months = [list(listed) for _, listed in groupby(found, lambda each: each[0].replace(day=1))]
    return render_template("days.html", months=months, periods=periods)


@blueprint.get("/papers/<day>")
@public()
def one_day(day: str) -> str:
    only_page()
    period = _asked_for(parse_day, day)
    with services().sessions.begin() as session:
        cards = library.day_cards(session, period.first) or abort(404)
        ways = _ways(session, period, Period.day)
        about = subjects(newest_edition(session), [card.paper_id for card in cards])
    wanted = [card for card in cards if about.wanted(card.paper_id)]
    return render_template(
        "day.html",
        cards=wanted[:FULL_CARDS],
        others=wanted[FULL_CARDS:],
        count=len(wanted),
        about=about,
        **ways,
    )


@blueprint.get("/papers/week/<week>")
@public()
def one_week(week: str) -> str:
    return _best_of(_asked_for(parse_week, week), Period.week)


@blueprint.get("/papers/month/<month>")
@public()
def one_month(month: str) -> str:
    return _best_of(_asked_for(parse_month, month), Period.month)


@blueprint.get("/papers/trending")
@public()
def trending() -> str:
    with services().sessions.begin() as session:
        newest = newest_edition(session)
        periods = _periods(session, library.newest_day(session))
    offered = newest.cards if newest else ()
    about = subjects(newest, [card.paper_id for card in offered])
    cards = [card for card in offered if about.wanted(card.paper_id)]
    paging = Paging.of(ON_A_PAGE, len(cards))
    return render_template(
        "trending.html",
        cards=cards[paging.offset :][:ON_A_PAGE],
        about=about,
        paging=paging,
        periods=periods,
    )


@blueprint.get("/paper/<slug>")
@public(for_at_most=A_WHILE)
def paper(slug: str) -> str | Redirect:
    now = services().clock()
    with services().sessions.begin() as session:
        card = library.paper_card(session, slug)
        if card is None:
            abort(404)
        if card.slug != slug:
            return redirect(url_for(".paper", slug=card.slug), 301)
        seen = library.sightings(session, Paper.slug == slug)
        note = library.curator_note(session, card.paper_id)
        newest = newest_edition(session)
    return render_template(
        "paper.html",
        card=card,
        trend=trend.in_words(seen, now),
        shown_by=shown_by(seen),
        curator_note=note,
        topics=topics_of(newest).get(card.paper_id, ())[:SHOWN_TOPICS] if newest else (),
        alike=alike(newest, card.paper_id) if newest else (),
    )


def newest_edition(session: Session) -> Edition | None:
    """Return the newest edition that may be shown here, if there is one."""
    return edition.newest(session, samples=services().settings.embedded)


def _asked_for(parse: Callable[[str], Period], text: str) -> Period:
    try:
        return parse(text)
    except (ValueError, OverflowError):
        abort(404)


def _best_of(period: Period, kind: Callable[[date], Period]) -> str:
    only_page()
    with services().sessions.begin() as session:
        listed = library.listed(session, period.first, period.last)
        if not listed:
            abort(404)
        about = subjects(newest_edition(session), listed)
        wanted = [each for each in listed if about.wanted(each)]
        cards = library.cards_of(session, wanted[:MOST])
        ways = _ways(session, period, kind)
    return render_template("period.html", cards=cards, count=len(wanted), about=about, **ways)


def _ways(session: Session, period: Period, kind: Callable[[date], Period]) -> dict[str, Any]:
    """Return *period*, those of its *kind* beside it that have papers, and those around it."""
    before, after = library.neighbours(session, period.first, period.last)
    return {
        "period": period,
        "before": kind(before) if before else None,
        "after": kind(after) if after else None,
        "periods": _periods(session, period.last),
    }


def _periods(session: Session, until: date | None) -> list[Period]:
    """Return the last day with papers that is not after *until*, its week and its month."""
    if until is None:
        return []
    last, _ = library.neighbours(session, until + timedelta(days=1))
    return [kind(last) for kind in (Period.day, Period.week, Period.month)] if last else []
