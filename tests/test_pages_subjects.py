"""What the papers of a page are about: topics to choose from, and papers on the same ground."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.edition import Edition
from digest.topics import taxonomy
from digest.web import subjects
from tests import make
from tests.gallery import lay_out
from tests.visitor import TODAY, Installation, Page, installation

LISTS = [
    f"/papers/{TODAY}",
    "/papers/week/2026-W47",
    "/papers/month/2026-11",
    "/papers/trending",
]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, limits="off") as made:
        lay_out(made)
        yield made


@pytest.fixture
def offered(here: Installation) -> Edition:
    with here.services.sessions.begin() as session:
        return make.offered(session)


def shown(html: str) -> list[str]:
    return [
        str(link["href"]).removeprefix("/paper/")
        for link in Page(html).all("a")
        if str(link["href"]).startswith("/paper/")
    ]


@pytest.mark.parametrize("path", LISTS)
def test_a_list_offers_its_topics_and_shows_those_papers_alone(
    here: Installation, offered: Edition, path: str
) -> None:
    ids = {card.slug: card.paper_id for card in offered.cards}
    page = here.visitor().get(path).text
    ways = [str(a["href"]) for a in Page(page).all("a") if f"{path}?topic=" in str(a["href"])]

    filtered = here.visitor().get(ways[0]).text

    slug = ways[0].partition("=")[2]
    known = subjects.topics_of(offered)
    assert 0 < len(shown(filtered)) < len(shown(page))
    assert all(slug in [topic.slug for topic in known[ids[paper]]] for paper in shown(filtered))
    assert f'name="topic" value="{slug}"' in filtered


@pytest.mark.parametrize("path", LISTS)
def test_an_unknown_topic_is_not_found(here: Installation, path: str) -> None:
    assert here.visitor().get(f"{path}?topic=alchemy").status_code == 404


@pytest.mark.parametrize("path", LISTS)
def test_a_topic_without_papers_says_so(here: Installation, offered: Edition, path: str) -> None:
    there = {topic for topics in subjects.topics_of(offered).values() for topic in topics}
    missing = next(topic for topic in taxonomy.topics() if topic not in there)

    answer = here.visitor().get(f"{path}?topic={missing.slug}")

    assert answer.status_code == 200
    assert f"There is nothing on {missing.name} here." in answer.text
    assert shown(answer.text) == []


def test_the_first_page_leads_to_the_topics_of_its_day(here: Installation) -> None:
    page = Page(here.visitor().get("/").text)

    assert any(str(a["href"]).startswith(f"/papers/{TODAY}?topic=") for a in page.all("a"))


def test_a_paper_leads_to_others_on_the_same_ground(here: Installation, offered: Edition) -> None:
    known = subjects.topics_of(offered)
    card = next(card for card in offered.cards if card.paper_id in known)

    near = subjects.alike(offered, card.paper_id)

    assert card not in near
    assert len(near) <= subjects.ALIKE
    page = here.visitor().get(f"/paper/{card.slug}").text
    assert shown(page) == [each.slug for each in near]


def test_a_paper_that_is_on_offer_no_more_has_nothing_near(offered: Edition) -> None:
    assert subjects.alike(offered, 4711) == []


def test_ticked_topics_are_counted_together(here: Installation, offered: Edition) -> None:
    counts = subjects.counts(offered)
    [most, other, *_] = sorted(counts, key=lambda slug: -counts[slug])

    def asked(*slugs: str) -> str:
        words = "&".join(f"topic={slug}" for slug in slugs)
        answer = here.visitor().get(f"/count?{words}")
        assert answer.status_code == 200
        return str(answer.json["text"]) if answer.json else ""

    assert asked(most) == f"{counts[most]} papers last week"
    together = int(asked(most, other).split()[0])
    assert counts[most] <= together <= counts[most] + counts[other]
    assert asked() == asked("alchemy") == "0 papers last week"


def test_without_papers_nothing_is_counted(tmp_path: Path) -> None:
    with installation(tmp_path / "empty", limits="off") as empty:
        assert empty.visitor().get("/count?topic=rlhf").json == {"text": "0 papers last week"}
        assert empty.visitor().get("/papers/trending?topic=rlhf").status_code == 200
