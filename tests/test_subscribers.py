from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from digest import subscribers
from digest.clock import Cadence
from digest.database import Sessions
from digest.errors import BadAddress, BadInput
from digest.models import (
    Balance,
    Delivery,
    DeliveryKind,
    InterestKind,
    Standing,
    Subscriber,
    Suppression,
)
from digest.subscribers import Choices, choices, normalised
from digest.topics import taxonomy
from tests import make

NOW = datetime(2026, 11, 20, 5, 12, tzinfo=UTC)
ADDRESS = "ann@example.org"
HASH = "a" * 64
TOPIC, OTHER_TOPIC = (topic.slug for topic in taxonomy.topics()[:2])
NAME = taxonomy.by_slug()[TOPIC].name


def subscribe(sessions: Sessions, chosen: Choices | None = None, *, now: datetime = NOW) -> None:
    with sessions.begin() as session:
        subscribers.subscribe(session, ADDRESS, chosen or Choices(), now=now, address_hash=HASH)


def somebody(sessions: Sessions, standing: Standing, **facts: Any) -> None:
    with sessions.begin() as session:
        make.subscriber(session, email=ADDRESS, address_hash=HASH, standing=standing, **facts)


def ann(sessions: Sessions) -> Subscriber:
    with sessions() as session:
        return session.scalars(select(Subscriber).where(Subscriber.email == ADDRESS)).one()


def mails(sessions: Sessions) -> list[DeliveryKind]:
    with sessions() as session:
        return list(session.scalars(select(Delivery.kind).order_by(Delivery.id)))


def followed(sessions: Sessions) -> dict[InterestKind, list[str]]:
    reader_id = ann(sessions).id
    with sessions() as session:
        return subscribers.interests(session, [reader_id])[reader_id]


def confirm(
    sessions: Sessions, chosen: Choices | None = None, *, now: datetime = NOW
) -> subscribers.Confirmed:
    with sessions.begin() as session:
        reader = session.scalars(select(Subscriber).where(Subscriber.email == ADDRESS)).one()
        return subscribers.confirm(session, reader, chosen or Choices(), now=now)


# Joining


def test_a_request_makes_a_pending_subscriber_and_one_confirmation(sessions: Sessions) -> None:
    subscribe(sessions, choices(topics=[TOPIC], hour=9))

    assert ann(sessions).standing is Standing.PENDING
    assert mails(sessions) == [DeliveryKind.CONFIRMATION]
    assert followed(sessions)[InterestKind.TOPIC] == []


def test_nobody_gets_a_second_confirmation_within_ten_minutes(sessions: Sessions) -> None:
    for minutes in (0, 1, 9.9):
        subscribe(sessions, now=NOW + timedelta(minutes=minutes))
    within = len(mails(sessions))

    subscribe(sessions, now=NOW + timedelta(minutes=10))

    assert within == 1
    assert len(mails(sessions)) == 2


@pytest.mark.parametrize("standing", [Standing.ACTIVE, Standing.PAUSED])
def test_a_form_changes_nothing_of_a_readers_and_mails_them_their_link(
    sessions: Sessions, standing: Standing
) -> None:
    somebody(sessions, standing, topics=(TOPIC,))

    subscribe(sessions, choices(topics=[OTHER_TOPIC], hour=3, zone="Asia/Tokyo"))

    reader = ann(sessions)
    assert mails(sessions) == [DeliveryKind.LINK]
    assert (reader.standing, reader.hour, reader.zone) == (standing, 7, "UTC")
    assert followed(sessions)[InterestKind.TOPIC] == [TOPIC]


@pytest.mark.parametrize("standing", [Standing.BOUNCED, Standing.COMPLAINED])
def test_who_bounced_or_complained_is_not_written_to(
    sessions: Sessions, standing: Standing
) -> None:
    somebody(sessions, standing)

    subscribe(sessions)

    assert mails(sessions) == []
    assert ann(sessions).standing is standing


def test_a_suppressed_address_is_not_written_to_even_when_it_is_new(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.add(Suppression(address_hash=HASH, reason=Standing.COMPLAINED, at=NOW))

    subscribe(sessions)

    assert mails(sessions) == []


def test_who_left_is_asked_again_and_nothing_more(sessions: Sessions) -> None:
    somebody(sessions, Standing.UNSUBSCRIBED)

    subscribe(sessions)

    assert ann(sessions).standing is Standing.PENDING
    assert mails(sessions) == [DeliveryKind.CONFIRMATION]


@contextmanager
def statements(sessions: Sessions) -> Iterator[list[str]]:
    found: list[str] = []
    engine = sessions.kw["bind"]

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        found.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def statements_for_a_stranger(sessions: Sessions) -> list[str]:
    with statements(sessions) as found, sessions.begin() as session:
        subscribers.subscribe(
            session, "stranger@example.org", Choices(), now=NOW, address_hash="b" * 64
        )
    return found


@pytest.mark.parametrize("standing", Standing)
@pytest.mark.parametrize("cool", [True, False])
def test_the_statements_do_not_tell_whether_an_address_is_known(
    sessions: Sessions, statements_for_a_stranger: list[str], standing: Standing, *, cool: bool
) -> None:
    somebody(sessions, standing, last_asked_at=None if cool else NOW)

    with statements(sessions) as found:
        subscribe(sessions)

    assert found == statements_for_a_stranger


def test_confirming_makes_active_with_what_the_form_asked_for(sessions: Sessions) -> None:
    subscribe(sessions, choices(topics=[TOPIC], keywords=["RLHF"], cadence="daily", hour=9))

    confirmed = confirm(sessions, choices(zone="Asia/Tokyo"))

    reader = ann(sessions)
    assert confirmed.first_now
    assert reader.standing is Standing.ACTIVE
    assert reader.next_due_at == reader.confirmed_at == NOW
    assert (reader.cadence, reader.hour, reader.zone) == (Cadence.DAILY, 9, "Asia/Tokyo")
    assert followed(sessions)[InterestKind.KEYWORD] == ["RLHF"]


def test_the_newest_request_counts(sessions: Sessions) -> None:
    subscribe(sessions, choices(hour=9))
    subscribe(sessions, choices(hour=15))

    confirm(sessions)

    assert ann(sessions).hour == 15


def test_someone_new_who_chose_nothing_reads_on_weekdays_at_seven(sessions: Sessions) -> None:
    subscribe(sessions)

    confirm(sessions)

    reader = ann(sessions)
    assert (reader.cadence, reader.hour, reader.zone) == (Cadence.WEEKDAYS, 7, "UTC")


@pytest.mark.parametrize(
    "standing",
    [Standing.COMPLAINED, Standing.BOUNCED, Standing.UNSUBSCRIBED, Standing.PAUSED],
)
def test_an_old_confirmation_undoes_nothing_that_came_later(
    sessions: Sessions, standing: Standing
) -> None:
    somebody(sessions, standing)

    confirmed = confirm(sessions)

    assert not confirmed.first_now
    assert ann(sessions).standing is standing


def test_confirming_twice_changes_nothing(sessions: Sessions) -> None:
    subscribe(sessions)
    confirm(sessions)

    confirmed = confirm(sessions, choices(hour=3), now=NOW + timedelta(hours=1))

    assert confirmed == subscribers.Confirmed(NOW, first_now=False)
    assert ann(sessions).hour == 7


def test_who_left_and_asked_anew_can_confirm(sessions: Sessions) -> None:
    somebody(sessions, Standing.UNSUBSCRIBED)
    subscribe(sessions)

    confirm(sessions)

    assert ann(sessions).standing is Standing.ACTIVE


def add(sessions: Sessions) -> None:
    with sessions.begin() as session:
        subscribers.add(session, ADDRESS, choices(hour=8), now=NOW, address_hash=HASH)


def test_an_operator_may_add_a_reader_who_consented_elsewhere(sessions: Sessions) -> None:
    add(sessions)

    reader = ann(sessions)
    assert (reader.standing, reader.hour, reader.next_due_at) == (Standing.ACTIVE, 8, NOW)
    assert mails(sessions) == []


def test_an_operator_adds_what_they_chose_and_not_what_a_form_asked_for(
    sessions: Sessions,
) -> None:
    subscribe(sessions, choices(topics=[TOPIC], zone="Asia/Tokyo"))

    add(sessions)

    assert ann(sessions).zone == "UTC"
    assert followed(sessions)[InterestKind.TOPIC] == []


def test_an_operator_cannot_add_a_reader_twice(sessions: Sessions) -> None:
    add(sessions)

    with pytest.raises(BadInput, match="subscribed already"):
        add(sessions)


def test_an_operator_cannot_add_who_complained(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.add(Suppression(address_hash=HASH, reason=Standing.COMPLAINED, at=NOW))

    with pytest.raises(BadInput, match="not written to"):
        add(sessions)


@pytest.mark.parametrize("standing", [Standing.COMPLAINED, Standing.BOUNCED])
def test_an_operator_cannot_add_who_is_known_to_have_bounced_or_complained(
    sessions: Sessions, standing: Standing
) -> None:
    somebody(sessions, standing)

    with pytest.raises(BadInput, match="not written to"):
        add(sessions)
    assert ann(sessions).standing is standing


# Staying and leaving


@pytest.mark.parametrize("standing", [Standing.PENDING, Standing.ACTIVE, Standing.PAUSED])
def test_an_unsubscribe_ends_all_mail(sessions: Sessions, standing: Standing) -> None:
    somebody(sessions, standing, next_due_at=NOW, paused_until=date(2026, 12, 1))

    acknowledged = subscribers.unsubscribe(sessions, ann(sessions).id)

    reader = ann(sessions)
    assert acknowledged
    assert (reader.standing, reader.next_due_at) == (Standing.UNSUBSCRIBED, None)


@pytest.mark.parametrize("standing", [Standing.UNSUBSCRIBED, Standing.BOUNCED, Standing.COMPLAINED])
def test_an_unsubscribe_again_or_too_late_changes_nothing(
    sessions: Sessions, standing: Standing
) -> None:
    somebody(sessions, standing)

    acknowledged = subscribers.unsubscribe(sessions, ann(sessions).id)

    assert acknowledged
    assert ann(sessions).standing is standing


def test_an_unsubscribe_of_nobody_is_acknowledged(sessions: Sessions) -> None:
    assert subscribers.unsubscribe(sessions, 4711)


def prefer(sessions: Sessions, chosen: Choices) -> None:
    with sessions.begin() as session:
        reader = session.scalars(select(Subscriber).with_for_update()).one()
        subscribers.prefer(session, reader, chosen, now=NOW)


def test_every_kind_of_interest_is_kept(sessions: Sessions) -> None:
    somebody(sessions, Standing.ACTIVE)

    prefer(
        sessions,
        choices(
            muted_topics=[TOPIC],
            authors=["Ada  Quill"],
            organizations=["Northlake AI"],
            about="Very long inputs.",
            balance="everybody",
        ),
    )

    reader, kept = ann(sessions), followed(sessions)
    assert kept[InterestKind.MUTED_TOPIC] == [TOPIC]
    assert kept[InterestKind.AUTHOR] == ["Ada Quill"]
    assert kept[InterestKind.ORGANIZATION] == ["Northlake AI"]
    assert (reader.about, reader.balance) == ("Very long inputs.", Balance.EVERYBODY)


def test_a_save_that_does_not_name_them_leaves_words_and_balance(sessions: Sessions) -> None:
    somebody(sessions, Standing.ACTIVE, about="Tides.", balance=Balance.FIELD)

    prefer(sessions, choices(hour=9))
    before = ann(sessions).about, ann(sessions).balance
    prefer(sessions, choices(about=""))

    assert before == ("Tides.", Balance.FIELD)
    assert ann(sessions).about == ""


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (choices(topics=[TOPIC]), choices(muted_topics=[TOPIC]), InterestKind.TOPIC),
        (choices(muted_topics=[TOPIC]), choices(topics=[TOPIC]), InterestKind.MUTED_TOPIC),
    ],
)
def test_a_topic_cannot_be_followed_and_hidden_by_two_saves_either(
    sessions: Sessions, first: Choices, second: Choices, both: InterestKind
) -> None:
    somebody(sessions, Standing.ACTIVE)
    prefer(sessions, first)

    with pytest.raises(BadInput, match=f"Follow {NAME} or hide it"):
        prefer(sessions, second)

    assert {kind for kind, values in followed(sessions).items() if values} == {both}


def test_a_save_replaces_what_it_names_and_leaves_the_rest(sessions: Sessions) -> None:
    somebody(sessions, Standing.ACTIVE, topics=(TOPIC,), keywords=("RLHF",))

    prefer(sessions, choices(topics=[], muted=["crypto"], hour=9))

    kept = {kind: values for kind, values in followed(sessions).items() if values}
    assert kept == {InterestKind.KEYWORD: ["RLHF"], InterestKind.MUTED: ["crypto"]}
    assert (ann(sessions).hour, ann(sessions).cadence) == (9, Cadence.DAILY)


def test_interests_stay_in_the_order_in_which_they_were_named(sessions: Sessions) -> None:
    somebody(sessions, Standing.ACTIVE)

    prefer(sessions, choices(keywords=["zebra", "ant", "moth"]))

    assert followed(sessions)[InterestKind.KEYWORD] == ["zebra", "ant", "moth"]


@pytest.mark.parametrize(
    "chosen", [Choices(cadence=Cadence.DAYS), Choices(cadence=Cadence.DAYS, days=())]
)
def test_chosen_days_need_a_day_in_a_save_too(sessions: Sessions, chosen: Choices) -> None:
    somebody(sessions, Standing.ACTIVE)

    with pytest.raises(BadInput, match="Which days"):
        prefer(sessions, chosen)


def test_the_last_of_the_chosen_days_cannot_be_taken_away(sessions: Sessions) -> None:
    somebody(sessions, Standing.ACTIVE, cadence=Cadence.DAYS, days=["mon"])

    with pytest.raises(BadInput, match="Which days"):
        prefer(sessions, choices(days=[]))


def test_pausing_and_resuming_are_for_readers_only(sessions: Sessions) -> None:
    somebody(sessions, Standing.UNSUBSCRIBED)
    with sessions.begin() as session:
        reader = session.scalars(select(Subscriber)).one()
        subscribers.pause(reader, None)
        subscribers.resume(reader, now=NOW)

    assert ann(sessions).standing is Standing.UNSUBSCRIBED


def test_a_paused_reader_may_set_another_end(session: Session) -> None:
    reader = make.subscriber(session, next_due_at=NOW)
    subscribers.pause(reader, None)

    subscribers.pause(reader, date(2026, 12, 24))

    assert (reader.standing, reader.next_due_at) == (Standing.PAUSED, None)
    assert reader.paused_until == date(2026, 12, 24)


# Choices


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"topics": ["no-such-topic"]}, "no topic 'no-such-topic'"),
        ({"keywords": ["x" * 101]}, "at most 100 characters"),
        ({"keywords": ["bad\x00word"]}, "at most 100 characters"),
        ({"keywords": [f"word {n}" for n in range(51)]}, "At most 50 keywords"),
        ({"muted": ["y" * 101]}, "at most 100 characters"),
        ({"muted_topics": ["no-such-topic"]}, "no topic 'no-such-topic'"),
        ({"topics": [TOPIC], "muted_topics": [OTHER_TOPIC, TOPIC]}, f"Follow {NAME} or hide it"),
        ({"authors": ["z" * 101]}, "A name has at most 100 characters"),
        ({"authors": ["Ann\x00Quill"]}, "A name has at most 100 characters"),
        ({"organizations": [f"Lab {n}" for n in range(51)]}, "At most 50 names"),
        ({"about": "a" * 2001}, "at most 2,000 characters, please; these are 2,001"),
        ({"balance": "both"}, "One of field, even, everybody, not 'both'"),
        ({"nothing_new": "cry"}, "One of skip, tell, not 'cry'"),
        ({"cadence": "hourly"}, "One of daily, weekdays, days, weekly, monthly"),
        ({"cadence": "days"}, "Which days"),
        ({"cadence": "days", "days": []}, "Which days"),
        ({"days": ["someday"]}, "no day 'someday'"),
        ({"hour": "24"}, "from 0 to 23"),
        ({"hour": "-1"}, "from 0 to 23"),
        ({"hour": "seven"}, "from 0 to 23"),
        ({"hour": "\N{ARABIC-INDIC DIGIT SEVEN}"}, "from 0 to 23"),
        ({"zone": "Mars/Olympus"}, "no time zone 'Mars/Olympus'"),
        ({"zone": "../../etc/passwd"}, "no time zone"),
    ],
)
def test_a_wrong_choice_is_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        choices(**given)


def test_choices_are_tidied() -> None:
    chosen = choices(
        topics=[TOPIC, TOPIC],
        keywords=["  graph   neural nets ", "", "graph neural nets"],
        days=["sun", "mon", "sun"],
        hour="08",
    )

    assert chosen.topics == (TOPIC,)
    assert chosen.keywords == ("graph neural nets",)
    assert chosen.days == ("mon", "sun")
    assert chosen.hour == 8


def test_what_somebody_works_on_is_tidied_and_keeps_its_lines() -> None:
    text = (
        "  Long \t context,\r\n\r\nand trans\u00adformers\x00 for \N{TELUGU LETTER KA}\u200c. \r\n"
    )

    chosen = choices(about=text)

    assert chosen.about == "Long context,\n\nand transformers for \N{TELUGU LETTER KA}\u200c."


def test_a_keyword_may_be_spelt_with_joiners_as_persian_words_are() -> None:
    word = "\u0645\u06cc\u200c\u0634\u0648\u062f"

    assert choices(keywords=[word], muted=[word]).keywords == (word,)


def test_an_empty_line_about_oneself_says_nothing() -> None:
    assert choices(about=" \r\n ").about == ""


def test_a_request_is_kept_whole(session: Session) -> None:
    chosen = choices(
        topics=[TOPIC],
        muted_topics=[OTHER_TOPIC],
        keywords=["a b"],
        muted=["c"],
        authors=["Ada Quill"],
        organizations=["Northlake AI"],
        about="Very long inputs.",
        balance="field",
        cadence="days",
        days=["tue"],
        hour=4,
    )
    reader = make.subscriber(session, requested=asdict(chosen))
    session.refresh(reader)

    assert subscribers.requested(reader) == chosen


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" Ann@Example.ORG ", "ann@example.org"),
        ("ann@bücher.example.org", "ann@xn--bcher-kva.example.org"),
        ("ann+papers@example.org", "ann+papers@example.org"),
    ],
)
def test_an_address_is_kept_in_one_form(given: str, kept: str) -> None:
    """Row 35."""
    assert normalised(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "",
        "ann",
        "ann@",
        "ann@example",
        "änn@example.org",
        "ann@example.org\nBcc: eve@example.org",
        "ann@@example.org",
        "Ann <ann@example.org>",
        "ann@[127.0.0.1]",
        "x" * 65 + "@example.org",
    ],
)
def test_what_is_no_address_is_refused(given: str) -> None:
    """Row 35."""
    with pytest.raises(BadAddress, match="is not an e-mail address"):
        normalised(given)
