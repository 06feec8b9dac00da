"""A digest of fragments is the one that the templates and the standard library give, exactly."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from typing import Any

import numpy as np
import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import sessionmaker

from digest.card import Card, Reason
from digest.clock import WEEKDAYS, Cadence
from digest.compose import Addressee, Batch, Composer
from digest.delivery import Claimed, Letter
from digest.edition import Edition
from digest.language import languages
from digest.links import Links
from digest.mail.message import Letterhead, as_bytes
from digest.match import Picked, Reader
from digest.models import Balance, DeliveryKind, NothingNew, Standing
from digest.render import Renderer, Site
from tests.digests import PAPERS, SITE, paper, parsed

NOW = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
LETTERHEAD = Letterhead(
    sender="Daybreak <papers@digest.example.org>",
    reply_to="Mira Ober <mira@example.org>",
    site_name=SITE.name,
    base_url=SITE.base_url,
)
LINKS = Links(SITE.base_url, ["s" * 32], "l" * 32)
RENDERER = Renderer(SITE)
TRENDS = (Reason("Trending: 1,184 upvotes", ()),)
FOLLOWS = (
    Reason("You follow", ("Long context", "Inference and serving")),
    Reason("Matches your keywords", ("a & b", "c"), ("word",)),
)
PICKS = [Picked(row, 1.0, row < 3, FOLLOWS[: row + 1] if row < 3 else TRENDS) for row in range(5)]

ODD = [
    "\ue000",
    "\ue001",
    "=",
    "=\n",
    ".",
    "From ",
    "{{ 7 }}",
    "<&\"'>",
    "\u202e",
    "夜明け",
    "🙂",
    "\t",
]
letters = st.text(st.characters(exclude_categories=["Cs"]))
words = st.lists(st.one_of(letters, st.sampled_from(ODD)), max_size=4).map("".join)
web = st.one_of(st.none(), st.text(max_size=30).map("https://a.example/{}".format), words)


cards = st.builds(
    lambda place, facts: paper(place, **facts),
    st.integers(0, len(PAPERS) - 1),
    st.fixed_dictionaries(
        {},
        optional={
            "title": words,
            "finding": words,
            "summary_by": st.one_of(st.none(), words),
            "organization": st.one_of(st.none(), words),
            "authors": st.lists(words, max_size=3).map(tuple),
            "published_on": st.one_of(st.none(), st.dates(date(2025, 12, 1), date(2026, 11, 20))),
            "upvotes": st.integers(0, 5_000),
            "comments": st.integers(0, 50),
            "url": web,
            "pdf_url": web,
            "code_url": web,
            "discussion_url": web,
            "sample": st.booleans(),
        },
    ),
)
reasons = st.lists(
    st.one_of(
        st.builds(Reason, words, st.lists(words, max_size=7).map(tuple)),
        st.sampled_from([*FOLLOWS, *TRENDS, Reason("Close to 3 papers you liked on", ("a",))]),
    ),
    max_size=3,
).map(tuple)
addresses = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="<>@"), min_size=1
).map("{}@x.example".format)
readers = st.fixed_dictionaries(
    {
        "email": addresses,
        "cadence": st.sampled_from(Cadence),
        "days": st.lists(st.sampled_from(WEEKDAYS), unique=True),
        "hour": st.integers(0, 23),
        "zone": st.sampled_from(["UTC", "Europe/Berlin", "America/Argentina/ComodRivadavia"]),
        "papers": st.one_of(st.none(), st.integers(1, 20)),
        "language": st.sampled_from(list(languages())),
        "link_version": st.integers(0, 10**6),
    }
)


@st.composite
def batches(draw: st.DrawFn) -> tuple[list[Claimed], Batch, dict[int, Sequence[Picked]]]:
    """Readers of one edition, and what was picked for each."""
    shown = draw(st.lists(cards, min_size=1, max_size=7))
    rows = st.lists(st.integers(0, len(shown) - 1), unique=True)
    picks = st.builds(
        lambda rows, fits, why: [
            Picked(row, 1.0, fits[n % len(fits)], why[n % len(why)]) for n, row in enumerate(rows)
        ],
        rows,
        st.lists(st.booleans(), min_size=1),
        st.lists(reasons, min_size=1),
    )
    people = draw(st.lists(st.tuples(readers, picks, st.booleans()), min_size=1, max_size=5))
    missing = tuple(draw(st.lists(words.filter(str.strip), max_size=2)))
    return batch_of(
        edition_of(shown, missing=missing),
        [(who, chosen) for who, chosen, _ in people],
        new=frozenset(n for n, (_, _, new) in enumerate(people, start=1) if new),
    )


def edition_of(shown: Sequence[Card], **facts: Any) -> Edition:
    listed = [NOW - timedelta(days=3 * row) for row in range(len(shown))]
    return replace(
        Edition(
            id=1,
            built_at=NOW,
            fetched_at=NOW,
            missing=(),
            cards=tuple(shown),
            listed_at=np.array([moment.timestamp() for moment in listed]),
            trend=np.zeros(len(shown), np.float32),
            topics=np.zeros((len(shown), 0), np.float32),
        ),
        **facts,
    )


def batch_of(
    edition: Edition,
    people: Sequence[tuple[dict[str, Any], Sequence[Picked]]],
    new: frozenset[int] = frozenset(),
) -> tuple[list[Claimed], Batch, dict[int, Sequence[Picked]]]:
    claimed = [
        Claimed(
            id=number,
            subscriber_id=number,
            kind=DeliveryKind.DIGEST,
            day="2026-11-20" if number % 3 else "2027-01-02",
            day_ends_at=NOW,
            priority=2,
        )
        for number in range(1, len(people) + 1)
    ]
    batch = Batch(
        readers={n: subscriber(n, **who) for n, (who, _) in enumerate(people, start=1)},
        digests={each.id: Reader(id=each.id, cadence=Cadence.DAILY) for each in claimed},
        new=new,
        decided={each.id: NOW for each in claimed[::2]},
        edition=edition,
        rated={},
    )
    return claimed, batch, {n: picks for n, (_, picks) in enumerate(people, start=1)}


def subscriber(number: int, **facts: Any) -> Addressee:
    usual: dict[str, Any] = {
        "email": "ann@example.org",
        "standing": Standing.ACTIVE,
        "cadence": Cadence.DAILY,
        "days": [],
        "hour": 7,
        "zone": "Europe/Berlin",
        "about": "",
        "balance": Balance.EVEN,
        "nothing_new": NothingNew.TELL,
        "papers": None,
        "link_version": 0,
        "language": "en",
        "requested": {},
    }
    return Addressee(id=number, **(usual | facts))


def composer(renderer: Renderer = RENDERER, leave_mailbox: str = "") -> Composer:
    return Composer(
        sessions=sessionmaker(),
        renderer=renderer,
        links=LINKS,
        clock=lambda: NOW,
        fetch_at=time(5),
        samples=True,
        leave_mailbox=leave_mailbox,
    )


def headers(message: EmailMessage) -> list[tuple[str, str]]:
    try:
        return [(name, str(value)) for name, value in message.items()]
    except AttributeError:
        # The email of Python 3.11.2 cannot read every address: then the text has to be the same.
        return [(name, str(value)) for name, value in message.raw_items()]


def seen(letter: Letter) -> tuple[object, ...]:
    """What the other side sees of a letter, and what the ledger keeps."""
    message = parsed(letter.mail, LETTERHEAD, NOW)
    assert not message.defects
    parts = [part for part in message.iter_parts() if isinstance(part, EmailMessage)]
    assert not any(part.defects for part in parts)
    return (
        headers(message),
        [[(name, str(value)) for name, value in part.items()] for part in parts],
        [part.get_content() for part in parts],
        letter.picks,
    )


def assert_the_same(
    claimed: Sequence[Claimed],
    batch: Batch,
    picks: dict[int, Sequence[Picked]],
    by: Composer | None = None,
) -> None:
    by = by or composer()
    with time_machine.travel(NOW, tick=False):
        quick = by.written(claimed, batch, picks)
        slow = by.written(claimed, batch, picks, quick=False)
    for one, other in zip(quick, slow, strict=True):
        assert isinstance(one, Letter)
        assert isinstance(other, Letter)
        assert one.mail.body
        assert not other.mail.body
        assert seen(one) == seen(other)
        lines = as_bytes(one.mail, LETTERHEAD, NOW).partition(b"\r\n\r\n")[2].split(b"\r\n")
        assert max(map(len, lines)) <= 76
        assert not any(b"\r" in line or b"\n" in line or not line.isascii() for line in lines)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(made=batches())
def test_whatever_papers_and_readers_hold_a_digest_is_the_same(
    made: tuple[list[Claimed], Batch, dict[int, Sequence[Picked]]],
) -> None:
    assert_the_same(*made)


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("cadence", Cadence)
@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_a_digest_of_any_size_cadence_and_language_is_the_same(
    count: int, cadence: Cadence, language: str
) -> None:
    edition = edition_of([paper(row) for row in range(5)], missing=("arXiv",))
    who = {"cadence": cadence, "language": language}
    hours = [{**who, "hour": hour, "papers": hour or None} for hour in (0, 11, 12, 18)]
    people = [(each, PICKS[:count]) for each in hours]

    assert_the_same(*batch_of(edition, people, new=frozenset({2})))


def test_what_was_made_for_one_reader_serves_the_next_who_differs() -> None:
    """Each differs from the one before in one thing that a fragment may depend on."""
    shown = [paper(row, summary_by=None if row == 4 else "A & B") for row in range(5)]
    shown[3] = replace(shown[3], sample=True)
    shown[2] = replace(shown[2], finding="")
    orders = [[0, 1, 2], [1, 0, 2], [2, 1, 0], [0, 1], [2], [4, 3, 2, 1, 0], [4], [3], []]
    chosen = [[PICKS[row] for row in rows] for rows in orders]
    emails = ["a@b.example", "mira@example.org", f"{'x' * 60}@example.org", "o'neil&co@x.example"]
    people = [({"email": emails[n % 4]}, picks) for n, picks in enumerate(chosen * 2)]

    assert_the_same(*batch_of(edition_of(shown), people))


def test_an_edition_that_follows_shows_its_own_papers() -> None:
    by = composer(Renderer(SITE))
    before = edition_of([paper(row) for row in range(5)])
    after = edition_of([paper(row, title=f"Another {row}") for row in range(5)])

    for edition in (before, after, before):
        assert_the_same(*batch_of(edition, [({}, PICKS)]), by)


def test_a_way_to_leave_by_mail_is_the_same() -> None:
    edition = edition_of([paper(row) for row in range(5)])

    assert_the_same(*batch_of(edition, [({}, PICKS)]), composer(leave_mailbox="out@example.org"))


def test_a_site_of_any_name_is_the_same() -> None:
    odd = Site('<b>"{{ 1 }}\ue000=', "https://x.example/a&b", "1 <i>Street</i>\r\nTown  =\n.\n\n")
    edition = edition_of([paper(row) for row in range(5)])
    by = replace(composer(Renderer(odd)), links=replace(LINKS, base_url=odd.base_url))

    assert_the_same(*batch_of(edition, [({}, PICKS), ({"language": "de"}, PICKS)]), by)


def test_a_digest_that_would_be_cut_is_made_of_its_templates() -> None:
    long = {name: f"https://{name}.example/" + "&" * 980 for name in ("pdf", "code", "discussion")}
    facts = {f"{name}_url": url for name, url in long.items()}
    shown = [paper(0, title="<&" * 400, finding="<&" * 400, **facts) for _ in range(12)]
    picks = [Picked(row, 1.0, True, FOLLOWS) for row in range(12)]  # noqa: FBT003

    [letter] = composer().written(*batch_of(edition_of(shown), [({}, picks)]))

    assert isinstance(letter, Letter)
    assert not letter.mail.body
    assert letter.mail.html.count("<h3") == len(letter.picks) < 12


def test_more_papers_than_have_two_figures_are_shown_all_the_same() -> None:
    shown = [paper(0, finding="") for _ in range(100)]
    picks = [Picked(row, 1.0, True, ()) for row in range(100)]  # noqa: FBT003

    [letter] = composer().written(*batch_of(edition_of(shown), [({}, picks)]))

    assert isinstance(letter, Letter)
    assert len(letter.picks) > 10
