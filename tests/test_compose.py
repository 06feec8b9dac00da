import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import sessionmaker

from digest import delivery, edition, subscribers
from digest.compose import SIZE, read_batch
from digest.database import Sessions, connect
from digest.delivery import Claimed, Composed, Held, Letter, states
from digest.links import Purpose
from digest.models import (
    Balance,
    Delivery,
    DeliveryKind,
    DeliveryState,
    FetchRun,
    Interest,
    InterestKind,
    NothingNew,
    Paper,
    Pick,
    Standing,
    Subscriber,
)
from digest.pipeline import send_due
from digest.services import Services
from tests import make
from tests.conftest import FRIDAY, Inbox, StoppedClock

TODAYS_FETCH = datetime(2026, 11, 20, 5, tzinfo=UTC)
RLHF = "Reward models and RLHF"


def freeze(
    services: Services, papers: int = 0, *, fetched_at: datetime = TODAYS_FETCH, **facts: Any
) -> list[int]:
    """Add so many papers and freeze an edition; return their ids."""
    with services.sessions.begin() as session:
        ids = [make.paper(session, now=FRIDAY, **facts).id for _ in range(papers)]
        make.fetched(session, at=fetched_at)
        edition.build(session, services.clock())
        return ids


def due(services: Services, kind: DeliveryKind = DeliveryKind.DIGEST, **facts: Any) -> int:
    """Add a reader with a mail that is due; return the delivery's id."""
    with services.sessions.begin() as session:
        interests = {name: facts.pop(name) for name in ("topics", "keywords") if name in facts}
        reader = make.subscriber(session, **interests, **facts)
        return make.delivery(
            session,
            reader,
            kind=kind,
            dedupe_key="2026-11-20",
            day_ends_at=datetime(2026, 11, 21, tzinfo=UTC),
        ).id


def compose(services: Services) -> list[Composed]:
    return services.composer(states.claim(services.sessions, "mine", 100))


def letter(services: Services) -> Letter:
    [composed] = compose(services)
    assert isinstance(composed, Letter)
    return composed


def held(services: Services) -> Held:
    [composed] = compose(services)
    assert isinstance(composed, Held)
    return composed


def sent_papers(sessions: Sessions) -> list[int]:
    with sessions() as session:
        return list(session.scalars(select(Pick.paper_id).order_by(Pick.id)))


# Nothing new


def test_nothing_new_is_decided_on_an_edition_fetched_since_todays_fetch(
    services: Services,
) -> None:
    freeze(services, fetched_at=TODAYS_FETCH)
    due(services)

    assert held(services).try_again_in is None


def test_before_todays_fetch_a_digest_without_news_is_tried_again(services: Services) -> None:
    freeze(services, fetched_at=TODAYS_FETCH - timedelta(seconds=1))
    due(services)

    assert held(services).try_again_in == 600


def test_without_any_edition_a_digest_is_tried_again(services: Services) -> None:
    due(services)

    assert held(services).try_again_in == 600


def test_a_fetch_that_failed_decides_nothing(services: Services) -> None:
    freeze(services, fetched_at=TODAYS_FETCH - timedelta(days=1))
    with services.sessions.begin() as session:
        session.add(FetchRun(source="huggingface", at=TODAYS_FETCH, error="could not connect"))
        edition.build(session, FRIDAY)
    due(services)

    assert held(services).try_again_in == 600


def test_a_digest_without_news_is_skipped_when_its_day_is_over(
    services: Services, clock: StoppedClock
) -> None:
    due(services)
    clock.now = datetime(2026, 11, 21, tzinfo=UTC)

    assert held(services).try_again_in is None


def test_a_digest_that_waited_goes_out_when_the_papers_come(
    services: Services, inbox: Inbox
) -> None:
    due(services)
    send_due(services)
    freeze(services, 3)
    with services.sessions.begin() as session:
        session.execute(update(Delivery).values(not_before=make.LONG_AGO))

    sent = send_due(services)

    assert sent.sent == 1
    assert len(inbox()) == 1


# Never twice


def test_nobody_is_sent_a_paper_twice_over_several_days(
    services: Services, clock: StoppedClock
) -> None:
    with services.sessions.begin() as session:
        make.subscriber(session, next_due_at=FRIDAY, hour=6)

    for _ in range(5):
        freeze(services, 7)
        send_due(services)
        clock.advance(days=1)

    papers = sent_papers(services.sessions)
    assert len(papers) == len(set(papers)) == 35


def test_readers_share_papers_and_each_has_a_ledger_of_their_own(services: Services) -> None:
    freeze(services, 4)
    due(services)
    due(services)

    send_due(services)

    assert len(sent_papers(services.sessions)) == 8


def test_who_leaves_and_returns_is_still_not_sent_a_paper_twice(
    services: Services, clock: StoppedClock
) -> None:
    freeze(services, 3)
    due(services)
    send_due(services)
    clock.advance(days=1)
    with services.sessions.begin() as session:
        reader = session.scalars(select(Subscriber)).one()
        make.delivery(session, reader, dedupe_key="2026-11-21")

    send_due(services)

    assert len(sent_papers(services.sessions)) == 3


# Invented papers


def test_invented_papers_are_offered_into_a_folder_and_marked(
    services: Services, inbox: Inbox
) -> None:
    freeze(services, 3, sample=True, url=None)
    due(services)

    send_due(services)

    [mail] = inbox()
    assert "these papers are invented" in Inbox.text_of(mail)


def test_invented_papers_are_never_offered_to_real_readers(services: Services) -> None:
    freeze(services, 3, sample=True, url=None)
    due(services)
    claimed = states.claim(services.sessions, "mine", 1)

    [composed] = replace(services.composer, samples=False)(claimed)

    assert isinstance(composed, Held)
    assert composed.try_again_in == 600


def test_invented_papers_are_not_offered_after_the_first_real_fetch(services: Services) -> None:
    freeze(services, 20, sample=True, url=None)
    real = freeze(services, 2)
    due(services)

    send_due(services)

    assert sorted(sent_papers(services.sessions)) == real


# What a digest says


def test_the_first_digest_welcomes_and_the_second_does_not(
    services: Services, inbox: Inbox, clock: StoppedClock
) -> None:
    with services.sessions.begin() as session:
        make.subscriber(session, next_due_at=FRIDAY, hour=6)
    for _ in range(2):
        freeze(services, 3)
        send_due(services)
        clock.advance(days=1)

    first, second = (Inbox.text_of(mail) for mail in inbox())

    assert "Welcome" in first
    assert "Welcome" not in second


@pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.SKIPPED])
def test_a_digest_that_never_came_does_not_count_as_the_first(
    services: Services, inbox: Inbox, state: DeliveryState
) -> None:
    freeze(services, 3)
    due(services)
    with services.sessions.begin() as session:
        reader = session.scalars(select(Subscriber)).one()
        make.delivery(session, reader, dedupe_key="2026-11-19", state=state)

    send_due(services)

    assert "Welcome" in Inbox.text_of(inbox()[0])


def test_the_ledger_keeps_the_places_and_the_reasons_of_the_mail(services: Services) -> None:
    freeze(services, 2, upvotes=90)
    [fitting] = freeze(services, 1, title=RLHF)
    due(services, keywords=("RLHF",))

    send_due(services)

    with services.sessions() as session:
        picks = session.scalars(select(Pick).order_by(Pick.place)).all()
    assert [pick.place for pick in picks] == [0, 1, 2]
    assert picks[0].paper_id == fitting
    [reason] = picks[0].reasons
    assert (reason["lead"], reason["chips"]) == ("Matches your keyword", ["RLHF"])
    assert [each["lead"] for each in picks[1].reasons] == ["Trending: 90 upvotes"]


def test_a_digest_has_ten_papers_at_most_and_what_fits_comes_first(
    services: Services, inbox: Inbox
) -> None:
    freeze(services, 30, upvotes=90)
    freeze(services, 4, title=RLHF)
    due(services, keywords=("rlhf",))

    send_due(services)

    text = Inbox.text_of(inbox()[0])
    assert len(sent_papers(services.sessions)) == SIZE
    assert text.index("FROM YOUR TOPICS") < text.index(RLHF) < text.index("TRENDING EVERYWHERE")


def test_a_digest_can_be_left_with_one_click_and_a_confirmation_is_no_lists_mail(
    services: Services, inbox: Inbox
) -> None:
    freeze(services, 1)
    due(services)
    due(services, DeliveryKind.CONFIRMATION, standing=Standing.PENDING)

    send_due(services)

    mails = {str(mail["Subject"]): mail for mail in inbox()}
    listed = [mail["List-Unsubscribe"] is not None for mail in mails.values()]
    assert sorted(listed) == [False, True]


def test_a_digest_can_be_left_by_mail_where_somebody_reads_that(
    services: Services, inbox: Inbox
) -> None:
    freeze(services, 1)
    due(services)
    due(services, DeliveryKind.LINK)
    composer = replace(services.composer, leave_mailbox="out+*@example.org")

    send_due(replace(services, composer=composer))

    by_subject = sorted(inbox(), key=lambda mail: mail["List-Unsubscribe"] is None)
    header = str(by_subject[0]["List-Unsubscribe"])
    https, mailto = (part.strip(" <>") for part in header.split(","))
    assert https.startswith("http://127.0.0.1")
    assert mailto.startswith("mailto:out+")
    assert services.links.read_leave_code(mailto) is not None
    assert by_subject[1]["List-Unsubscribe"] is None


def test_a_link_mail_carries_the_readers_own_pages(services: Services, inbox: Inbox) -> None:
    due(services, DeliveryKind.LINK)

    send_due(services)

    text = Inbox.text_of(inbox()[0])
    assert "/preferences/" in text
    assert "/unsubscribe/" in text


def test_a_day_without_news_is_told_to_those_who_asked_for_it(
    services: Services, inbox: Inbox
) -> None:
    freeze(services)
    skipping = due(services)
    telling = due(services, nothing_new=NothingNew.TELL)

    send_due(services)

    [mail] = inbox()
    assert str(mail["Subject"]) == "No new papers for you this time"
    assert mail["List-Unsubscribe"] is not None
    with services.sessions() as session:
        states = [session.get_one(Delivery, each).state for each in (skipping, telling)]
    assert states == [DeliveryState.SKIPPED, DeliveryState.SENT]


def test_nobody_is_told_of_nothing_before_the_days_papers_were_read(
    services: Services, inbox: Inbox
) -> None:
    freeze(services, fetched_at=TODAYS_FETCH - timedelta(days=1))
    due(services, nothing_new=NothingNew.TELL)

    send_due(services)

    assert inbox() == []


def test_a_muted_word_keeps_a_paper_out_of_the_mail(services: Services) -> None:
    freeze(services, 3, title="Blockchain for dogs")
    wanted = freeze(services, 2)
    due(services)
    with services.sessions.begin() as session:
        reader = session.scalars(select(Subscriber)).one()
        session.add(Interest(subscriber_id=reader.id, kind=InterestKind.MUTED, value="Blockchain"))

    send_due(services)

    assert sorted(sent_papers(services.sessions)) == wanted


# What readers said


def test_all_that_a_reader_follows_and_said_reaches_the_matcher(services: Services) -> None:
    liked, disliked, other = freeze(services, 3)
    delivery_id = due(services, about="Tides.", balance=Balance.FIELD)
    with services.sessions.begin() as session:
        reader = session.scalars(select(Subscriber)).one()
        session.add_all(
            Interest(subscriber_id=reader.id, kind=kind, value=f"my {kind.value}")
            for kind in InterestKind
        )
        for paper_id, says in ((liked, True), (disliked, False)):
            subscribers.rate(session, reader, paper_id, says, now=FRIDAY)
        stranger = make.subscriber(session)
        subscribers.rate(session, stranger, other, True, now=FRIDAY)  # noqa: FBT003
    claimed = states.claim(services.sessions, "mine", 1)

    with services.sessions() as session:
        batch = read_batch(session, claimed, samples=False)

    known = batch.digests[delivery_id]
    assert (known.topics, known.muted_topics) == (["my topic"], ["my muted-topic"])
    assert (known.keywords, known.muted) == (["my keyword"], ["my muted"])
    assert (known.authors, known.organizations) == (["my author"], ["my organization"])
    assert (known.about, known.balance) == ("Tides.", Balance.FIELD)
    assert (known.liked, known.disliked) == ([liked], [disliked])
    assert set(batch.rated) == {liked, disliked}
    assert batch.rated[liked].abstract.startswith("We say nothing")


def test_a_paper_that_was_rated_has_been_seen_and_is_not_sent(services: Services) -> None:
    papers = freeze(services, 5)
    due(services)
    with services.sessions.begin() as session:
        reader = session.scalars(select(Subscriber)).one()
        for paper_id, liked in ((papers[0], True), (papers[1], False)):
            subscribers.rate(session, reader, paper_id, liked, now=FRIDAY)

    send_due(services)

    assert sorted(sent_papers(services.sessions)) == papers[2:]


def test_the_links_under_each_paper_rate_that_paper(services: Services, inbox: Inbox) -> None:
    freeze(services, 4, upvotes=90)
    freeze(services, 3, title=RLHF)
    delivery_id = due(services, keywords=("RLHF",))

    send_due(services)

    found = re.findall(r"abs/(\S+)|/rate/(\S+)/(\d+)/(more|less)", Inbox.text_of(inbox()[0]))
    assert len(found) == 3 * 7
    with services.sessions() as session:
        for paper, more, less in zip(found[::3], found[1::3], found[2::3], strict=True):
            token, place = more[1], int(more[2])
            pick = session.scalars(select(Pick).where(Pick.place == place)).one()
            assert (more[3], less[1:]) == ("more", (token, more[2], "less"))
            assert session.get_one(Paper, pick.paper_id).external_id == paper[0]
            assert services.links.read(Purpose.RATE, token) == (delivery_id, 0)


# What goes wrong


def test_one_reader_whose_mail_cannot_be_written_leaves_the_others_theirs(
    services: Services, inbox: Inbox
) -> None:
    freeze(services, 3)
    due(services)
    broken = due(services, email="no address at all")
    due(services)

    sent = send_due(services)

    with services.sessions() as session:
        row = session.get_one(Delivery, broken)
    assert sent.sent == len(inbox()) == 2
    assert (row.state, row.attempts) == (DeliveryState.PENDING, 1)
    assert row.error == "could not be composed"


def test_a_database_that_is_away_is_no_readers_fault(services: Services, tmp_path: Path) -> None:
    freeze(services, 1)
    delivery_id = due(services)
    away = sessionmaker(connect(f"sqlite:///{tmp_path}/no/such/folder/digest.db"))
    composer = replace(services.composer, sessions=away)

    with pytest.raises(OperationalError):
        delivery.deliver(services.sessions, services.transport, composer, services.clock)

    with services.sessions() as session:
        row = session.get_one(Delivery, delivery_id)
    assert (row.state, row.attempts, row.error) == (DeliveryState.PENDING, 0, None)


def test_a_reader_who_was_erased_after_the_claim_leaves_the_others_theirs(
    services: Services,
) -> None:
    freeze(services, 3)
    due(services)
    gone = due(services)
    claimed = states.claim(services.sessions, "mine", 10)
    with services.sessions.begin() as session:
        session.delete(session.get_one(Subscriber, session.get_one(Delivery, gone).subscriber_id))

    composed = services.composer(claimed)

    assert [type(each) for each in composed] == [Letter, Held]


def test_a_kind_that_nobody_writes_yet_is_held_and_not_lost(services: Services) -> None:
    due(services, DeliveryKind.CHANGE)

    assert held(services).broken


def test_what_was_claimed_comes_back_in_its_order(services: Services) -> None:
    freeze(services, 1)
    ids = [due(services) for _ in range(5)]

    composed = compose(services)

    assert [each.claimed.id for each in composed] == ids


def test_a_mail_knows_when_its_delivery_was_decided_on(services: Services) -> None:
    freeze(services, 1)
    due(services)

    with services.sessions() as session:
        decided_at = session.scalars(select(Delivery.created_at)).one()
    assert letter(services).mail.decided_at == decided_at


def test_a_claimed_row_says_what_composing_needs(services: Services) -> None:
    delivery_id = due(services)

    [claimed] = states.claim(services.sessions, "mine", 1)

    with services.sessions() as session:
        reader_id = session.scalars(select(Subscriber.id)).one()
    assert claimed == Claimed(
        id=delivery_id,
        subscriber_id=reader_id,
        kind=DeliveryKind.DIGEST,
        day="2026-11-20",
        day_ends_at=datetime(2026, 11, 21, tzinfo=UTC),
        priority=2,
    )
