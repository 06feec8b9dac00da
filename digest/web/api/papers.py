"""Papers, for programs: those of a day, one, what a search finds, and what they are about."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

from flask import abort, redirect
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from digest import library
from digest.card import Card
from digest.edition import Edition
from digest.models import Paper
from digest.search import parse, search
from digest.topics import taxonomy
from digest.web import subjects
from digest.web.api import shapes
from digest.web.api.operations import BASE, operation
from digest.web.api.parameters import DAY, ID, PAGE, PER_PAGE, QUERY, TOPIC
from digest.web.history import shown_by
from digest.web.pages import services
from digest.web.papers import newest_edition
from digest.web.problems import BadField


@operation(
    "get",
    "/papers",
    takes=(DAY, TOPIC, PAGE, PER_PAGE),
    gives=shapes.Day,
    refuses=(400, 404),
    kept=True,
)
def papers(*, day: date | None, topic: str | None, page: int, per_page: int) -> shapes.Day:
    """
    List the papers of a day.

    The most upvoted come first. A day without papers has an empty list; `earlier` and `later`
    lead to the nearest days that have some.
    """
    with services().sessions.begin() as session:
        day = day or library.newest_day(session)
        listed = library.listed(session, day, day) if day else []
        newest = newest_edition(session)
        about = _topics_of(newest)
        wanted = [each for each in listed if topic is None or topic in about.get(each, ())]
        shown = library.cards_of(session, _page_of(wanted, page, per_page))
        earlier, later = library.neighbours(session, day) if day else (None, None)
    fields = {"topic": topic, "per_page": per_page}
    return shapes.Day(
        day=day,
        total=len(wanted),
        papers=tuple(paper(card, about) for card in shown),
        earlier=_address("/papers", fields, day=earlier) if earlier else None,
        later=_address("/papers", fields, day=later) if later else None,
        **_around(page, len(wanted), per_page, "/papers", {"day": day, **fields}),
    )


@operation(
    "get",
    "/papers/{slug}",
    takes=(ID,),
    gives=shapes.WholePaper,
    refuses=(400, 404),
    kept=True,
)
def one_paper(slug: str) -> shapes.WholePaper | Redirect:
    """
    Return one paper, and where it was seen.

    A paper that turned out to be a part of another one leads there, by 301.
    """
    with services().sessions.begin() as session:
        card = library.paper_card(session, slug)
        if card is None:
            abort(404, "There is no such paper. The `id` of a paper is its name here.")
        if card.slug != slug:
            return redirect(f"{BASE}/papers/{quote(card.slug)}", 301)
        seen = shown_by(library.sightings(session, Paper.slug == slug))
        about = topics_of_papers(session)
    return shapes.WholePaper(
        **_facts(card, about),
        seen=tuple(shapes.Seen(source=each.source, since=each.since) for each in seen),
    )


@operation(
    "get",
    "/search",
    takes=(QUERY, PAGE, PER_PAGE),
    gives=shapes.Found,
    refuses=(400, 404),
    kept=False,
)
def find(*, q: str, page: int, per_page: int) -> shapes.Found:
    """
    Find papers.

    All the words count. "A phrase in quotes", -without, author:, org:, title: and topic: narrow
    it down, as on the search page.
    """
    query = parse(q)
    with services().sessions.begin() as session:
        found = search(session, query, per_page, (page - 1) * per_page)
        about = topics_of_papers(session)
    return shapes.Found(
        query=q,
        unknown_topics=query.unknown_topics,
        total=found.total,
        papers=tuple(paper(card, about) for card in found.cards),
        **_around(page, found.reachable, per_page, "/search", {"q": q, "per_page": per_page}),
    )


@operation("get", "/topics", gives=shapes.Topics, refuses=(400,), kept=True)
def topics() -> shapes.Topics:
    """List all topics, with the number of their papers within the last seven days."""
    with services().sessions.begin() as session:
        newest = newest_edition(session)
    counts = subjects.counts(newest) if newest else {}
    found = (
        shapes.Topic(
            id=each.slug, name=each.name, group=each.group, papers=counts.get(each.slug, 0)
        )
        for each in taxonomy.topics()
    )
    return shapes.Topics(topics=tuple(found))


About = Mapping[int, Iterable[str]]
"""The topics of papers by their id in the database."""


def paper(card: Card, about: About) -> shapes.Paper:
    return shapes.Paper(**_facts(card, about))


def picked(card: Card, about: About, reasons: tuple[shapes.Why, ...]) -> shapes.Picked:
    return shapes.Picked(**_facts(card, about), reasons=reasons)


def _facts(card: Card, about: About) -> dict[str, Any]:
    return {
        "id": card.slug,
        "title": card.title,
        "abstract": card.abstract,
        "summary": card.finding,
        "summary_by": card.summary_by,
        "authors": card.authors,
        "organization": card.organization,
        "published_on": card.published_on,
        "upvotes": card.upvotes,
        "comments": card.comments,
        "topics": tuple(about.get(card.paper_id, ())),
        "sample": card.sample,
        "links": shapes.Addresses(
            page=f"{services().settings.base_url}/paper/{quote(card.slug)}",
            abstract=card.url,
            pdf=card.pdf_url,
            code=card.code_url,
            project=card.project_url,
            discussion=card.discussion_url,
        ),
    }


def topics_of_papers(session: Session) -> About:
    return _topics_of(newest_edition(session))


def _topics_of(newest: Edition | None) -> About:
    known = subjects.topics_of(newest) if newest else {}
    return {paper_id: [topic.slug for topic in about] for paper_id, about in known.items()}


def _page_of(wanted: Sequence[int], page: int, per_page: int) -> Sequence[int]:
    return wanted[(page - 1) * per_page :][:per_page]


def _around(
    page: int, reachable: int, per_page: int, path: str, fields: Mapping[str, object]
) -> dict[str, str | None]:
    """Return the addresses of the pages around *page*, which must be there."""
    last = max(1, -(-reachable // per_page))
    if page > last:
        raise BadField("page", f"There is no page {page}; the last one is page {last}.", 404)
    return {
        "next": _address(path, fields, page=page + 1) if page < last else None,
        "previous": _address(path, fields, page=page - 1) if page > 1 else None,
    }


def _address(path: str, fields: Mapping[str, object], **more: object) -> str:
    said = {name: value for name, value in {**fields, **more}.items() if value is not None}
    return f"{services().settings.base_url}{BASE}{path}?{urlencode(said)}"
