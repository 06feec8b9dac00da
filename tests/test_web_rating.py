"""More like this, or less: the pages behind a mail's links, and the papers to rate."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from digest import subscribers
from digest.links import Purpose
from digest.models import Pick, Standing, Subscriber
from tests.visitor import NOW, Installation, Page, entry, installation


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, limits="off") as made:
        yield made


@pytest.fixture
def reader(here: Installation) -> int:
    return here.reader()


@pytest.fixture
def mail(here: Installation, reader: int) -> str:
    """Return the beginning of the links of a digest with three papers."""
    here.papers(*(entry(number) for number in (1, 2, 3)))
    delivery = here.digest_to(reader)
    with here.services.sessions.begin() as session:
        session.add_all(
            Pick(subscriber_id=reader, paper_id=3 - n, delivery_id=delivery, place=n, reasons=[])
            for n in range(3)
        )
    return here.path(Purpose.RATE, delivery)


def said(here: Installation, reader: int) -> dict[int, bool]:
    with here.services.sessions.begin() as session:
        return subscribers.ratings(session, [reader])[reader]


def rate(here: Installation, reader: int, **form: object) -> TestResponse:
    path = here.path(Purpose.MANAGE, reader)
    return here.visitor().post(path, data={"do": "rate"} | form)


def buttons(page: str) -> list[str]:
    return re.findall(r"<button[^>]*>([^<]*)</button>", page)


@pytest.mark.parametrize(("way", "word"), [("more", "up"), ("less", "down")])
def test_opening_the_link_tells_what_the_one_button_will_do_and_does_nothing(
    here: Installation, reader: int, mail: str, way: str, word: str
) -> None:
    answer = here.visitor().get(f"{mail}/0/{way}")

    assert answer.status_code == 200
    assert "Paper number 3</a>" in answer.text
    assert f"papers close to this one move {word} in your digests" in answer.text
    assert buttons(answer.text) == [f"{way.title()} like this"]
    assert "/preferences/" not in answer.text
    assert said(here, reader) == {}


@pytest.mark.parametrize(("way", "liked"), [("more", True), ("less", False)])
def test_the_button_rates_the_paper_at_its_place_in_the_mail(
    here: Installation,
    reader: int,
    mail: str,
    way: str,
    liked: bool,  # noqa: FBT001
) -> None:
    answer = here.visitor().post(f"{mail}/2/{way}")

    assert answer.status_code == 200
    assert f"Noted: {way} like this." in answer.text
    assert "from your next digest on" in answer.text
    [link] = re.findall(r'href="[^"]*/preferences/([^"]+)"', answer.text)
    assert here.services.links.read(Purpose.MANAGE, link) == (reader, 0)
    assert said(here, reader) == {1: liked}


def test_rating_again_and_again_is_the_same_as_once(
    here: Installation, reader: int, mail: str
) -> None:
    answers = [here.visitor().post(f"{mail}/0/more", data={"do": "rate"}) for _ in range(3)]

    assert len({answer.data for answer in answers}) == 1
    assert said(here, reader) == {3: True}


def test_what_was_said_is_undone_by_the_button_that_follows_it(
    here: Installation, reader: int, mail: str
) -> None:
    done = here.visitor().post(f"{mail}/0/less")

    undone = here.visitor().post(f"{mail}/0/less", data={"do": "undo"})

    assert buttons(done.text) == ["Undo"]
    assert "Taken back." in undone.text
    assert buttons(undone.text) == ["Less like this"]
    assert said(here, reader) == {}


def test_changing_ones_mind_takes_the_place_of_the_first_word(
    here: Installation, reader: int, mail: str
) -> None:
    here.visitor().post(f"{mail}/0/more")

    asked = here.visitor().get(f"{mail}/0/less")
    here.visitor().post(f"{mail}/0/less")

    assert "takes the place of what you said before: more like this" in asked.text
    assert said(here, reader) == {3: False}


@pytest.mark.parametrize("standing", [Standing.UNSUBSCRIBED, Standing.COMPLAINED])
def test_a_rating_of_who_left_is_answered_as_their_other_links_are(
    here: Installation, standing: Standing
) -> None:
    here.papers(entry(1))
    gone = here.reader("gone@example.org", standing=standing)
    delivery = here.digest_to(gone)
    with here.services.sessions.begin() as session:
        session.add(Pick(subscriber_id=gone, paper_id=1, delivery_id=delivery, place=0, reasons=[]))
    path = f"{here.path(Purpose.RATE, delivery)}/0/more"

    answers = [here.visitor().get(path), here.visitor().post(path)]

    preferences = here.visitor().get(here.path(Purpose.MANAGE, gone))
    # The way to one's data is behind the preferences' link alone.
    headings = {re.findall("<h1>.*</h1>", page.text)[0] for page in (*answers, preferences)}
    assert len(headings) == 1
    assert said(here, gone) == {}


def test_who_pauses_may_rate(here: Installation) -> None:
    here.papers(entry(1))
    paused = here.reader("paused@example.org", standing=Standing.PAUSED, next_due_at=None)

    rate(here, paused, paper=1, liked="more")

    assert said(here, paused) == {1: True}


# In the preferences


def test_the_preferences_offer_papers_to_rate_and_name_them_on_each_button(
    here: Installation, reader: int
) -> None:
    here.papers(*(entry(number, title=f"On <{number}>") for number in range(1, 31)))
    here.edition()

    page = Page(here.visitor().get(here.path(Purpose.MANAGE, reader)).text)

    offered = [each["value"] for each in page.all("input", name="paper")]
    more = [str(each["aria-label"]) for each in page.all("button", name="liked", value="more")]
    less = [str(each["aria-label"]) for each in page.all("button", name="liked", value="less")]
    assert len(offered) == len(set(offered)) == 12
    assert more == [f"More like this: On <{number}>" for number in offered]
    assert less == [f"Less like this: On <{number}>" for number in offered]


def test_without_any_papers_there_are_none_to_rate(here: Installation, reader: int) -> None:
    answer = here.visitor().get(here.path(Purpose.MANAGE, reader))

    assert answer.status_code == 200
    assert "Rate a few papers" not in answer.text


def test_a_paper_that_was_rated_is_offered_no_more_and_can_be_taken_back(
    here: Installation, reader: int
) -> None:
    here.papers(*(entry(number) for number in range(1, 6)))
    here.edition()

    noted = rate(here, reader, paper=2, liked="less")
    before = said(here, reader)
    undone = rate(here, reader, paper=2, liked="undo")

    assert "Noted: less like this." in noted.text
    assert "Undo: Paper number 2" in noted.text
    assert "More like this: Paper number 2" not in noted.text
    assert before == {2: False}
    assert "Taken back." in undone.text
    assert "More like this: Paper number 2" in undone.text
    assert said(here, reader) == {}


def test_rating_leaves_everything_else_as_it_is(here: Installation, reader: int) -> None:
    here.papers(entry(1))
    path = here.path(Purpose.MANAGE, reader)
    here.visitor().post(path, data={"topic": "reasoning", "about": "Tides.", "balance": "field"})
    before = here.rows()

    rate(here, reader, paper=1, liked="more", topic="rlhf", about="", balance="even")

    after = here.rows()
    assert {name for name in after if after[name] != before[name]} == {"rating"}


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"paper": "4711", "liked": "more"}, "no such paper"),
        ({"paper": "4711", "liked": "undo"}, "no such paper"),
        ({"paper": "9" * 5000, "liked": "more"}, "no such paper"),
        ({"paper": "\N{ARABIC-INDIC DIGIT ONE}", "liked": "more"}, "no such paper"),
        ({"paper": "1; DROP TABLE paper", "liked": "more"}, "no such paper"),
        ({"liked": "more"}, "no such paper"),
        ({"paper": "1", "liked": "much"}, "one of more, less, undo"),
        ({"paper": "1"}, "one of more, less, undo"),
    ],
)
def test_what_cannot_be_rated_is_refused_and_says_so(
    here: Installation, reader: int, form: dict[str, str], message: str
) -> None:
    here.papers(entry(1))

    answer = rate(here, reader, **form)

    assert answer.status_code == 400
    assert message in answer.text
    assert said(here, reader) == {}


def test_of_many_ratings_the_newest_fifty_are_listed(here: Installation, reader: int) -> None:
    here.papers(*(entry(number) for number in range(1, 61)))
    with here.services.sessions.begin() as session:
        who = session.get_one(Subscriber, reader)
        for paper in range(1, 61):
            subscribers.rate(session, who, paper, liked=True, now=NOW)

    page = Page(here.visitor().get(here.path(Purpose.MANAGE, reader)).text)

    assert len(page.all("button", name="liked", value="undo")) == 50
