"""A reader's language: asked for in the form, kept, and spoken in every mail to them."""

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from digest import edition, subscribers
from digest.cli import cli
from digest.database import Sessions
from digest.delivery import Letter, states
from digest.errors import BadInput
from digest.language import speaking
from digest.mail.message import as_bytes
from digest.models import DeliveryKind, Standing, Subscriber
from digest.pipeline import send_due
from digest.services import Services, letterhead
from tests import make
from tests.conftest import FRIDAY, Inbox
from tests.digests import part_of

ADDRESS_HASH = "a" * 64
GERMAN = subscribers.choices(language="de")


def ask(services: Services, chosen: subscribers.Choices) -> None:
    with services.sessions.begin() as session:
        subscribers.subscribe(
            session, "ann@example.org", chosen, now=FRIDAY, address_hash=ADDRESS_HASH
        )


def reader(sessions: Sessions) -> Subscriber:
    with sessions(expire_on_commit=False) as session:
        return session.scalars(select(Subscriber)).one()


def letter(services: Services) -> Letter:
    [composed] = services.composer(states.claim(services.sessions, "mine", 100))
    assert isinstance(composed, Letter)
    return composed


def test_who_asks_in_german_is_asked_to_confirm_in_german(services: Services, inbox: Inbox) -> None:
    ask(services, GERMAN)

    send_due(services)

    [mail] = inbox()
    assert mail["Subject"] == "Bitte bestätigen Sie Ihr Abonnement von Daybreak"
    assert mail["Content-Language"] == "de"
    assert '<html lang="de"' in inbox.text_of(mail, "html")
    assert "Der Link gilt 48 Stunden." in inbox.text_of(mail)


def test_a_language_that_was_asked_for_is_kept_with_the_confirmation(services: Services) -> None:
    ask(services, GERMAN)
    before = reader(services.sessions).language

    with services.sessions.begin() as session:
        pending = session.scalars(select(Subscriber)).one()
        subscribers.confirm(session, pending, subscribers.choices(), now=FRIDAY)

    assert (before, reader(services.sessions).language) == ("en", "de")


def test_a_stranger_changes_nobodys_language(services: Services) -> None:
    with services.sessions.begin() as session:
        make.subscriber(session, email="ann@example.org", address_hash=ADDRESS_HASH)

    ask(services, GERMAN)

    assert letter(services).mail.lang == "en"


def test_without_a_word_on_it_mails_are_in_english(services: Services) -> None:
    ask(services, subscribers.choices())

    assert letter(services).mail.subject == "Confirm your subscription to Daybreak"


def test_a_preference_changes_the_language_and_nothing_else_does(services: Services) -> None:
    with services.sessions.begin() as session:
        kept = make.subscriber(session, language="de")
        subscribers.prefer(session, kept, subscribers.choices(hour=9), now=FRIDAY)
        unchanged = kept.language
        subscribers.prefer(session, kept, subscribers.choices(language="en"), now=FRIDAY)

        assert (unchanged, kept.language) == ("de", "en")


def test_a_language_that_nobody_speaks_here_is_refused() -> None:
    with pytest.raises(BadInput, match="Which language"):
        subscribers.choices(language="tlh")


def test_what_is_wrong_with_a_choice_is_said_in_the_language_spoken() -> None:
    with speaking("de"), pytest.raises(BadInput, match="von 0 bis 23"):
        subscribers.choices(hour="24")


def test_the_language_is_among_a_readers_data(services: Services) -> None:
    with services.sessions.begin() as session:
        exported = subscribers.export(session, make.subscriber(session, language="de"), now=FRIDAY)

    [row] = exported["subscriber"]
    assert row["language"] == "de"
    assert json.dumps(exported)


def test_one_batch_speaks_to_each_reader_in_their_own_language(services: Services) -> None:
    with services.sessions.begin() as session:
        make.paper(session, now=FRIDAY, upvotes=1_234)
        make.fetched(session, at=FRIDAY)
        for language in ("de", "en", "de", "xx_Latn"):
            kept = make.subscriber(session, language=language, topics=("galaxies",))
            make.delivery(session, kept, dedupe_key="2026-11-20")
        edition.build(session, FRIDAY)

    composed = services.composer(states.claim(services.sessions, "mine", 100))

    mails = [each.mail for each in composed if isinstance(each, Letter)]
    assert sorted(mail.lang for mail in mails) == ["de", "de", "en", "en"]
    html = [part_of(mail, "html") for mail in mails]
    assert {("Willkommen." in shown, "1.234" in shown) for shown in html} == {
        (True, True),
        (False, False),
    }


@pytest.mark.parametrize("kind", [DeliveryKind.LINK, DeliveryKind.DIGEST])
def test_headers_and_both_parts_are_in_the_readers_language(
    services: Services, kind: DeliveryKind
) -> None:
    with services.sessions.begin() as session:
        make.paper(session, now=FRIDAY)
        make.fetched(session, at=FRIDAY)
        kept = make.subscriber(session, language="de", standing=Standing.ACTIVE)
        make.delivery(session, kept, kind=kind, dedupe_key="2026-11-20")
        edition.build(session, FRIDAY)

    mail = letter(services).mail

    assert b"\r\nContent-Language: de\r\n" in as_bytes(mail, letterhead(services.settings), FRIDAY)
    html, text = part_of(mail, "html"), part_of(mail, "plain")
    assert '<html lang="de"' in html
    for english in ("You get this", "Unsubscribe", "Preferences"):
        assert english not in html + text


def test_a_pause_is_one_link_away(services: Services) -> None:
    with services.sessions.begin() as session:
        make.paper(session, now=FRIDAY)
        make.fetched(session, at=FRIDAY)
        make.delivery(session, make.subscriber(session), dedupe_key="2026-11-20")
        edition.build(session, FRIDAY)

    mail = letter(services).mail

    assert "Pause for a week: " in part_of(mail, "plain")
    assert f"{services.settings.base_url}/pause/" in part_of(mail, "html")


def test_papers_for_which_a_mail_had_no_room_are_not_in_the_ledger(services: Services) -> None:
    with services.sessions.begin() as session:
        for _ in range(10):
            make.paper(
                session,
                now=FRIDAY,
                title='<&"' * 200,
                abstract="<&>" * 200,
                organization='"&' * 100,
                url="https://a.example/" + "&" * 980,
                pdf_url="https://b.example/" + "&" * 980,
                code_url="https://c.example/" + "&" * 980,
                discussion_url="https://d.example/" + "&" * 980,
            )
        make.fetched(session, at=FRIDAY)
        make.delivery(session, make.subscriber(session), dedupe_key="2026-11-20")
        edition.build(session, FRIDAY)

    composed = letter(services)

    shown = part_of(composed.mail, "html").count("<h3")
    assert 0 < shown < 10
    assert [place for _, _, _, place, _ in composed.picks] == list(range(shown))
    assert "left out" in part_of(composed.mail, "plain")


def test_the_command_asks_in_a_language() -> None:
    run = CliRunner().invoke

    asked = run(cli, ["subscribe", "ann@example.org", "--language", "de"])
    refused = run(cli, ["subscribe", "bo@example.org", "--language", "tlh"])

    shown = run(cli, ["preview", "ann@example.org", "--kind", "confirmation"])
    assert (asked.exit_code, refused.exit_code != 0) == (0, True)
    assert "Bestätigen Sie Ihr Abonnement" in shown.stdout
