"""Preferences: trying settings out before they are kept, how much comes, and what came lately."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from digest import library, pipeline
from digest.card import Card
from digest.edition import Edition
from digest.links import Purpose
from digest.models import Pick, Standing, Subscriber
from digest.web import subjects
from tests import make
from tests.gallery import MIRA, lay_out, reader_of_much, settled_reader
from tests.visitor import NOW, Installation, Page, installation

PREVIEW: dict[str, Any] = {"do": "preview", "topic": ["rlhf"], "keywords": "tactile", "papers": "4"}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, limits="off") as made:
        lay_out(made)
        yield made


def tried(here: Installation, reader: int, **fields: Any) -> TestResponse:
    return here.visitor().post(here.path(Purpose.MANAGE, reader), data=PREVIEW | fields)


def titles(html: str) -> list[str]:
    """Return the addresses of the papers in the preview."""
    _, _, after = html.partition('id="preview"')
    shown, _, _ = after.partition("</section>")
    return [str(a["href"]) for a in Page(shown).all("a") if str(a["href"]).startswith("/paper/")]


def newest(here: Installation) -> Edition:
    with here.services.sessions.begin() as session:
        return make.offered(session)


def ledger(here: Installation) -> list[list[Card]]:
    """Return the papers of each digest that was sent."""
    with here.services.sessions.begin() as session:
        digests = session.scalars(select(Pick.delivery_id).distinct().order_by(Pick.delivery_id))
        found = [library.sent_cards(session, each) for each in digests.all() if each]
        return [[card for card, _ in sent[1]] for sent in found if sent]


def test_a_preview_shows_what_the_typed_settings_would_bring(here: Installation) -> None:
    answer = tried(here, here.reader())

    assert answer.status_code == 200
    assert "Nothing is saved yet" in answer.text
    assert len(titles(answer.text)) == 4
    assert '<span class="chip">RLHF and reward models</span>' in answer.text
    assert '<span class="chip">tactile</span>' in answer.text


def test_a_preview_leaves_the_whole_database_as_it_was(here: Installation) -> None:
    reader, _ = settled_reader(here)
    before = here.rows()

    answers = [
        tried(here, reader),
        tried(here, reader, cadence="days", day=["sun"], language="de", muted_topic=["galaxies"]),
        tried(here, reader, hour="25"),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 400]
    assert here.rows() == before


def test_a_preview_keeps_what_was_typed_in_the_form(here: Installation) -> None:
    shown = Page(tried(here, here.reader(), about="Robots.", zone="Asia/Tokyo").text)

    assert shown.form()["topic"] == ["rlhf"]
    assert shown.form()["zone"] == ["Asia/Tokyo"]
    [papers] = [o for o in shown.all("option") if "selected" in o and "value" not in o]
    assert "selected" in papers


def test_a_preview_is_the_digest_that_comes_once_it_is_saved(here: Installation) -> None:
    reader = here.reader(next_due_at=NOW)
    previewed = titles(tried(here, reader).text)

    here.visitor().post(here.path(Purpose.MANAGE, reader), data=PREVIEW | {"do": "save"})
    with here.services.sessions.begin() as session:
        session.get_one(Subscriber, reader).next_due_at = NOW
    pipeline.send_due(here.services)

    [sent] = ledger(here)
    assert previewed == [f"/paper/{card.slug}" for card in sent]


def test_whoever_gets_no_digests_can_try_none_out(here: Installation) -> None:
    gone = here.reader(standing=Standing.UNSUBSCRIBED, next_due_at=None)

    answer = tried(here, gone)

    assert "You are unsubscribed." in answer.text


def test_a_digest_has_as_many_papers_as_were_chosen(here: Installation) -> None:
    for papers in (1, 12, 20):
        reader = reader_of_much(here, f"reader{papers}@example.org")
        with here.services.sessions.begin() as session:
            session.get_one(Subscriber, reader).next_due_at = NOW
            session.get_one(Subscriber, reader).papers = papers
        pipeline.send_due(here.services)
    counts = [len(sent) for sent in ledger(here)]
    assert counts == [1, 12, 20]


@pytest.mark.parametrize("papers", ["0", "21", "-1", "ten", "1.5", "٣"])
def test_nobody_gets_more_than_twenty_papers_or_less_than_one(
    here: Installation, papers: str
) -> None:
    reader = here.reader()

    answer = here.visitor().post(here.path(Purpose.MANAGE, reader), data={"papers": papers})

    assert answer.status_code == 400
    assert "How many papers?" in answer.text
    assert here.kept(reader).papers == 10


def test_the_number_of_papers_is_kept_and_shown(here: Installation) -> None:
    reader = here.reader()

    answer = here.visitor().post(here.path(Purpose.MANAGE, reader), data={"papers": "7"})

    assert here.kept(reader).papers == 7
    assert "<option selected>7</option>" in answer.text


def test_each_topic_tells_how_many_papers_it_brought_last_week(here: Installation) -> None:
    counts = subjects.counts(newest(here))

    page = here.visitor().get(here.path(Purpose.MANAGE, here.reader())).text

    assert counts["rlhf"] > 0
    assert f"<span>RLHF and reward models<i>{counts['rlhf']}</i></span>" in page
    assert "<span>Epidemics and evolution</span>" in page


def test_a_look_at_a_new_edition_computes_nothing_that_takes_long(here: Installation) -> None:
    here.visitor().get(here.path(Purpose.MANAGE, here.reader()))

    assert "space" not in newest(here).pool.__dict__


def test_what_was_sent_lately_can_be_rated_and_taken_back(here: Installation) -> None:
    reader, delivery = settled_reader(here)
    path = here.path(Purpose.MANAGE, reader)
    view = here.path(Purpose.VIEW, delivery)

    before = here.visitor().get(path).text
    rating = {"do": "rate", "at": "lately", "paper": "1", "liked": "less"}
    rated = here.visitor().post(path, data=rating).text
    undone = here.visitor().post(path, data=rating | {"liked": "undo"}).text

    assert view.rpartition("/")[0] in before
    assert "The papers of the last one" in before
    lately = rated[rated.index('id="lately"') :]
    assert "Noted: less like this." in lately
    assert "Less like this" in lately
    assert "Taken back." in undone[undone.index('id="lately"') :]


def test_whoever_was_sent_nothing_reads_of_nothing_sent(here: Installation) -> None:
    page = here.visitor().get(here.path(Purpose.MANAGE, here.reader())).text

    assert "Sent lately" not in page
    assert MIRA in page
