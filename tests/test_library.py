from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from digest import library
from digest.card import Reason
from digest.models import DeliveryKind, Pick, Sighting
from tests import make

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
TODAY = NOW.date()


def test_an_empty_library_has_no_days(session: Session) -> None:
    assert library.newest_day(session) is None
    assert library.days(session, 10) == []
    assert library.day_cards(session, TODAY) == []
    assert library.neighbours(session, TODAY) == (None, None)


def test_the_papers_of_a_day_are_listed_most_upvoted_first(session: Session) -> None:
    for upvotes in (3, 80, 11):
        make.paper(session, now=NOW, upvotes=upvotes)
    make.paper(session, now=NOW - timedelta(days=1), upvotes=999)

    cards = library.day_cards(session, TODAY)

    assert [card.upvotes for card in cards] == [80, 11, 3]


def test_a_paper_that_was_seen_often_is_listed_once(session: Session) -> None:
    paper = make.paper(session, now=NOW, upvotes=3)
    session.add(Sighting(paper_id=paper.id, source="arxiv", seen_at=NOW, day=TODAY, comments=4))

    [card] = library.day_cards(session, TODAY)

    assert (card.upvotes, card.comments) == (3, 4)
    assert library.days(session, 10) == [(TODAY, 1)]


def test_days_are_newest_first_and_have_neighbours(session: Session) -> None:
    dates = [date(2026, 11, 17), date(2026, 11, 19), date(2026, 11, 20)]
    for day in dates:
        make.paper(session, now=datetime.combine(day, datetime.min.time(), UTC))

    assert [day for day, _ in library.days(session, 2)] == dates[:0:-1]
    assert library.newest_day(session) == dates[2]
    assert library.neighbours(session, dates[1]) == (dates[0], dates[2])
    assert library.neighbours(session, date(2026, 11, 18)) == (dates[0], dates[1])


def test_invented_papers_are_shown_while_there_are_no_others(session: Session) -> None:
    make.paper(session, now=NOW, sample=True)

    before = library.day_cards(session, TODAY)
    make.paper(session, now=NOW - timedelta(days=1))
    after = library.day_cards(session, TODAY)

    assert [card.sample for card in before] == [True]
    assert after == []
    assert library.newest_day(session) == TODAY - timedelta(days=1)


def test_an_invented_paper_that_was_mailed_still_has_its_page(session: Session) -> None:
    invented = make.paper(session, now=NOW, sample=True)
    make.paper(session, now=NOW)

    card = library.paper_card(session, invented.slug)

    assert card
    assert card.sample


def test_an_unknown_slug_is_no_paper(session: Session) -> None:
    assert library.paper_card(session, "nothing") is None


def test_what_was_sent_is_shown_in_the_mails_order_with_its_reasons(session: Session) -> None:
    reader = make.subscriber(session)
    delivery = make.delivery(session, reader)
    papers = [make.paper(session, now=NOW, upvotes=n).id for n in range(3)]
    for place, paper_id in enumerate(reversed(papers)):
        session.add(
            Pick(
                subscriber_id=reader.id,
                paper_id=paper_id,
                delivery_id=delivery.id,
                place=place,
                reasons=[{"lead": "You follow", "chips": ["Agents"]}] if place == 0 else [],
            )
        )

    found = library.sent_cards(session, delivery.id)

    assert found
    assert [card.paper_id for card, _ in found[1]] == papers[::-1]
    assert [reasons for _, reasons in found[1]] == [[Reason("You follow", ("Agents",))], [], []]


def test_only_a_digest_can_be_shown_again(session: Session) -> None:
    link = make.delivery(session, make.subscriber(session), kind=DeliveryKind.LINK)

    assert library.sent_cards(session, link.id) is None
    assert library.sent_cards(session, 4711) is None


def test_a_paper_without_sightings_counts_nothing(session: Session) -> None:
    assert library.counts(session, [4711]) == {4711: library.Counts(0, 0)}
