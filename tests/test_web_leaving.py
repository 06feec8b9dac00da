"""The pages on which readers leave, come back, move, take their data along or have it erased."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from werkzeug.test import TestResponse

from digest.compose.addressee import COLUMNS, Addressee
from digest.errors import BadSettings
from digest.links import Purpose
from digest.models import (
    AddressChange,
    Consent,
    ConsentKind,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Standing,
    Subscriber,
)
from digest.subscribers import consent, leaving
from digest.web import asking, limiting
from tests import make
from tests.visitor import NOW, Installation, Page, installation

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
NEW = "mira@new.example.org"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, limits="off") as made:
        yield made


# Leaving, and thinking again


def test_the_page_says_that_no_mail_says_goodbye_and_none_does(here: Installation) -> None:
    reader = here.reader()

    answer = here.visitor().post(here.path(Purpose.LEAVE, reader))

    assert "Not even one to say goodbye" in answer.text
    assert here.rows()["delivery"] == []


def test_the_button_on_that_page_takes_it_back(here: Installation) -> None:
    reader = here.reader()
    path = here.path(Purpose.LEAVE, reader)

    left = here.visitor().post(path)
    back = here.visitor().post(path, data={"do": "undo"})

    [button] = Page(left.text).all("button")
    assert (button["name"], button["value"]) == ("do", "undo")
    assert consent.TEXTS[consent.TEXT_VERSION] in left.text
    assert "You are subscribed again" in back.text
    assert here.kept(reader).standing is Standing.ACTIVE
    assert [each[3] for each in here.rows()["consent"]] == [ConsentKind.UNDO]


def test_after_a_quarter_of_an_hour_there_is_no_such_button(here: Installation) -> None:
    reader = here.reader()
    path = here.path(Purpose.LEAVE, reader)
    here.visitor().post(path)
    here.clock.now += timedelta(minutes=15)

    shown = here.visitor().post(path)
    late = here.visitor().post(path, data={"do": "undo"})

    assert not Page(shown.text).all("button")
    assert late.status_code == 409
    assert "cannot be taken back any more" in late.text
    assert here.kept(reader).standing is Standing.UNSUBSCRIBED


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_row_26_one_click_never_brings_anybody_back(here: Installation, kind: str) -> None:
    reader = here.reader()
    path = here.path(Purpose.LEAVE, reader)
    here.visitor().post(path, data=ONE_CLICK, content_type=kind)

    answer = here.visitor().post(path, data={**ONE_CLICK, "do": "undo"}, content_type=kind)

    assert answer.status_code == 200
    assert here.kept(reader).standing is Standing.UNSUBSCRIBED


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click" + b"&a=b" * 40_000),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"A: b\r\n" * 20_000),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"\xff" * 100),
        ("multipart/form-data", b"List-Unsubscribe=One-Click"),
        ("application/json", b"{"),
        ("text/plain", b""),
    ],
)
def test_row_26_whatever_comes_with_the_link_it_unsubscribes(
    here: Installation, kind: str, body: bytes
) -> None:
    reader = here.reader()

    answer = here.visitor().post(
        here.path(Purpose.LEAVE, reader), data=body, headers={"Content-Type": kind}
    )

    assert answer.status_code == 200
    assert here.kept(reader).standing is Standing.UNSUBSCRIBED


def test_row_7_one_click_is_told_too_that_a_mail_may_still_come(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = here.reader()
    monkeypatch.setitem(leaving.unsubscribe.__kwdefaults__ or {}, "wait", 0.0)
    with here.services.sessions.begin() as session:
        make.delivery(session, session.get_one(Subscriber, reader), state=DeliveryState.SENDING)

    answer = here.visitor().post(here.path(Purpose.LEAVE, reader), data=ONE_CLICK)

    assert answer.status_code == 200
    assert "may still arrive" in answer.text


def test_an_undo_without_a_leaving_before_changes_nothing(here: Installation) -> None:
    reader = here.reader()

    answer = here.visitor().post(here.path(Purpose.LEAVE, reader), data={"do": "undo"})

    assert answer.status_code == 409
    assert "You are subscribed." in answer.text
    assert here.kept(reader).standing is Standing.ACTIVE


def test_row_39_whoever_was_erased_is_told_that_they_left(here: Installation) -> None:
    reader = here.reader()
    leave, erase = here.path(Purpose.LEAVE, reader), _of(here, "erase", reader)
    here.visitor().post(erase)

    answers = [here.visitor().post(leave), here.visitor().post(leave, data=ONE_CLICK)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert not Page(answers[0].text).all("button")


def _of(here: Installation, page: str, reader: int, version: int = 0) -> str:
    return here.path(Purpose.MANAGE, reader, version).replace("/preferences/", f"/{page}/")


# A pause of a week


def test_looking_at_the_page_of_a_pause_changes_nothing(here: Installation) -> None:
    reader = here.reader()
    before = here.rows()

    answer = here.visitor().get(here.path(Purpose.PAUSE, reader))

    assert "Pause for a week?" in answer.text
    assert here.rows() == before


def test_the_button_pauses_for_a_week_and_a_second_press_for_no_longer(here: Installation) -> None:
    reader = here.reader(zone="Pacific/Kiritimati")
    path = here.path(Purpose.PAUSE, reader)

    paused = here.visitor().post(path)
    here.clock.now = NOW + timedelta(days=3)
    here.visitor().post(path)

    assert "Paused until Friday, November 27, 2026." in paused.text
    assert here.kept(reader).standing is Standing.PAUSED
    assert here.kept(reader).paused_until == date(2026, 11, 27)


def test_a_pause_of_a_week_can_be_taken_back(here: Installation) -> None:
    reader = here.reader()
    path = here.path(Purpose.PAUSE, reader)

    here.visitor().post(path)
    back = here.visitor().post(path, data={"do": "resume"})

    assert "Welcome back." in back.text
    assert here.kept(reader).standing is Standing.ACTIVE
    assert here.kept(reader).next_due_at is not None


def test_nobody_pauses_by_a_revoked_link_or_once_they_have_left(here: Installation) -> None:
    reader = here.reader(link_version=1)
    gone = here.reader("gone@example.org", standing=Standing.UNSUBSCRIBED, next_due_at=None)

    revoked = here.visitor().post(here.path(Purpose.PAUSE, reader, 0))
    left = here.visitor().post(here.path(Purpose.PAUSE, gone))

    assert revoked.status_code == 404
    assert here.kept(reader).standing is Standing.ACTIVE
    assert "You are unsubscribed." in left.text
    assert here.kept(gone).standing is Standing.UNSUBSCRIBED


# Consent


def test_a_confirmation_is_kept_with_a_hash_of_where_it_came_from(here: Installation) -> None:
    reader = here.reader(standing=Standing.PENDING, next_due_at=None)
    path = here.path(Purpose.CONFIRM, reader)

    shown = here.visitor().get(path)
    here.visitor().post(path)

    with here.services.sessions.begin() as session:
        given = session.scalars(sa.select(Consent)).one()
        assert (given.at, given.what) == (NOW, ConsentKind.FORM)
        assert given.ip_hash == here.services.keys.visitor_hash("192.0.2.7")
        assert consent.TEXTS[given.text_version] in shown.text


# Data


def test_the_export_is_a_file_and_changes_nothing(here: Installation) -> None:
    reader = here.reader(about="Tides & “currents”.")
    before = here.rows()

    answer = here.visitor().get(_of(here, "export", reader))

    assert answer.mimetype == "application/json"
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="daybreak-2026-11-20.json"'
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json is not None
    assert answer.json["subscriber"][0]["email"] == "mira@example.org"
    assert "Tides & “currents”." in answer.text
    assert here.rows() == before


def test_erasure_takes_a_page_and_a_button(here: Installation) -> None:
    reader = here.reader()
    path = _of(here, "erase", reader)

    asked = here.visitor().get(path)
    before = here.rows()["subscriber"]
    done = here.visitor().post(path)

    [form] = Page(asked.text).all("form", id="main")
    assert form["method"] == "post"
    assert len(before) == 1
    assert "Everything is erased" in done.text
    assert here.rows()["subscriber"] == []
    assert len(here.rows()["suppression"]) == 1
    assert here.visitor().get(path).status_code == 404


def test_an_erasure_admits_a_mail_on_its_way(here: Installation) -> None:
    reader = here.reader()
    here.digest_to(reader, DeliveryState.SENDING)

    answer = here.visitor().post(_of(here, "erase", reader))

    assert "being sent at this very moment" in answer.text
    assert here.rows()["subscriber"] == []


@pytest.mark.parametrize("standing", [Standing.UNSUBSCRIBED, Standing.BOUNCED])
def test_who_reads_no_more_can_still_have_data_and_erasure(
    here: Installation, standing: Standing
) -> None:
    reader = here.reader(standing=standing)

    path = here.path(Purpose.MANAGE, reader)

    page = Page(here.visitor().get(path).text)

    leads = {str(link["href"]) for link in page.all("a")}
    assert {path.replace("preferences", name) for name in ("export", "erase")} <= leads
    here.visitor().post(_of(here, "erase", reader))
    assert here.rows()["subscriber"] == []


# Links


def test_row_27_revoked_links_are_void_but_those_that_leave(here: Installation) -> None:
    reader = here.reader()
    delivery = here.digest_to(reader)
    old = [here.path(Purpose.MANAGE, reader), here.path(Purpose.VIEW, delivery)]

    answer = here.visitor().post(_of(here, "revoke", reader))

    assert "A mail with a new one is on its way" in answer.text
    assert [here.visitor().get(path).status_code for path in old] == [404, 404]
    assert here.visitor().get(here.path(Purpose.MANAGE, reader, 1)).status_code == 200
    with here.services.sessions.begin() as session:
        kinds = list(session.scalars(sa.select(Delivery.kind).order_by(Delivery.id)))
    assert kinds == [DeliveryKind.DIGEST, DeliveryKind.LINK]
    here.visitor().post(here.path(Purpose.LEAVE, reader), data=ONE_CLICK)
    assert here.kept(reader).standing is Standing.UNSUBSCRIBED


def test_the_preferences_lead_to_all_of_it(here: Installation) -> None:
    reader = here.reader()

    path = here.path(Purpose.MANAGE, reader)

    page = Page(here.visitor().get(path).text)

    leads = {str(link["href"]) for link in page.all("a")}
    wanted = ("address", "export", "revoke", "erase")
    assert {path.replace("preferences", name) for name in wanted} <= leads


# Another address


def test_another_address_is_asked_confirmed_and_undone(here: Installation) -> None:
    reader = here.reader()

    asked = here.visitor().post(_of(here, "address", reader), data={"email": f" {NEW.upper()}"})
    change = here.path(Purpose.CHANGE, 1)
    shown = here.visitor().get(change)
    untouched = here.kept(reader).email
    confirmed = here.visitor().post(change)
    moved = here.kept(reader).email
    undo = here.path(Purpose.UNDO, 1)
    offered = here.visitor().get(undo)
    undone = here.visitor().post(undo)

    assert "Check the inbox there" in asked.text
    assert NEW in shown.text
    assert untouched == "mira@example.org"
    assert "Your address is changed." in confirmed.text
    assert moved == NEW
    assert "mira@example.org" in offered.text
    assert "Your address is changed back." in undone.text
    assert here.kept(reader).email == "mira@example.org"
    assert here.visitor().get(here.path(Purpose.MANAGE, reader)).status_code == 404


def _asked(
    here: Installation, reader: int, email: str, statements: list[str] | None = None
) -> TestResponse:
    engine = here.services.sessions.kw["bind"]

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statements is not None:
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        return here.visitor().post(_of(here, "address", reader), data={"email": email})
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_row_28_the_form_does_not_tell_who_is_known(here: Installation) -> None:
    for number, standing in enumerate(Standing):
        here.reader(f"known{number}@example.org", standing=standing)
    emails = [f"known{number}@example.org" for number in range(len(Standing))]
    answers, statements = [], []
    for email in [*emails, "stranger@example.org"]:
        reader = here.reader(f"asks-for.{email}")
        found: list[str] = []
        answers.append(_asked(here, reader, email, found))
        statements.append(found)

    texts = {re.sub(r"<b>asks-for[^<]*</b>", "", answer.text) for answer in answers}
    assert {answer.status_code for answer in answers} == {200}
    assert len(texts) == 1
    assert len({tuple(found) for found in statements}) == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("mira@", "not an e-mail address"),
        ("mira@new.example.org\r\nBcc: all@example.org", "not an e-mail address"),
        ("MIRA@example.org", "That is your address already."),
        ("", "not an e-mail address"),
    ],
)
def test_what_is_no_other_address_is_named(here: Installation, typed: str, said: str) -> None:
    reader = here.reader()

    answer = here.visitor().post(_of(here, "address", reader), data={"email": typed})

    assert answer.status_code == 400
    assert said in answer.text
    assert here.rows()["address_change"] == []


def test_an_address_that_is_taken_is_told_to_its_owner_alone(here: Installation) -> None:
    reader = here.reader()
    here.reader(NEW)
    here.visitor().post(_of(here, "address", reader), data={"email": NEW})

    answer = here.visitor().post(here.path(Purpose.CHANGE, 1))

    assert answer.status_code == 409
    assert "has a subscription of its own" in answer.text
    assert here.kept(reader).email == "mira@example.org"


def test_row_27_links_of_changes_look_like_any_broken_link_when_they_are(
    here: Installation,
) -> None:
    reader = here.reader()
    here.visitor().post(_of(here, "address", reader), data={"email": NEW})
    bad = here.visitor().get("/preferences/x")
    paths = [
        here.path(Purpose.CHANGE, 2),
        here.path(Purpose.UNDO, 2),
        here.path(Purpose.CHANGE, 1)[:-1],
        here.path(Purpose.CHANGE, 1).replace("/change/", "/undo/"),
        here.path(Purpose.UNDO, 1).replace("/undo/", "/change/"),
        here.path(Purpose.MANAGE, 1).replace("/preferences/", "/change/"),
        *(f"/{page}/x" for page in ("address", "export", "erase", "revoke", "change", "undo")),
    ]

    answers = [here.visitor().get(path) for path in paths]
    answers += [here.visitor().post(path) for path in paths if "/export/" not in path]

    assert {answer.status_code for answer in answers} == {404}
    assert {answer.data for answer in answers} == {bad.data}


def test_row_25_opening_every_page_changes_nothing(here: Installation) -> None:
    reader = here.reader()
    here.visitor().post(_of(here, "address", reader), data={"email": NEW})
    with here.services.sessions.begin() as session:
        session.get_one(AddressChange, 1).former_email = "mira@example.org"
    paths = [_of(here, page, reader) for page in ("address", "export", "erase", "revoke")]
    paths += [here.path(purpose, 1) for purpose in (Purpose.CHANGE, Purpose.UNDO, Purpose.LEAVE)]
    before = here.rows()

    for path in paths:
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = here.visitor().open(f"{path}?do=undo&email=a@example.org", method=method)
            assert answer.status_code == 200, path

    assert here.rows() == before


def test_the_pages_are_sound(here: Installation) -> None:
    reader = here.reader()
    here.visitor().post(_of(here, "address", reader), data={"email": NEW})
    paths = [_of(here, page, reader) for page in ("address", "erase", "revoke")]
    paths += [here.path(purpose, 1) for purpose in (Purpose.CHANGE, Purpose.UNDO)]

    for path in paths:
        page = Page(here.visitor().get(path).text)
        ids, forms = page.every("id"), page.all("form")
        assert len(page.all("h1")) == 1, path
        assert len(ids) == len(set(ids)), path
        assert {label["for"] for label in page.all("label")} <= set(ids), path
        assert all(form["method"] == "post" and "action" not in form for form in forms), path
        answer = here.visitor().get(path)
        assert answer.headers["Cache-Control"] == "no-store", path
        assert answer.headers["X-Robots-Tag"] == "noindex", path


# Abuse


def _ask(here: Installation, email: str, number: int) -> int:
    answer = here.visitor().post(
        "/subscribe",
        data={"email": email},
        environ_overrides={"REMOTE_ADDR": f"198.51.100.{number}"},
    )
    return answer.status_code


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    [rule] = limiting.DOMAIN
    monkeypatch.setattr(limiting, "DOMAIN", (type(rule)(3),))


@pytest.mark.usefixtures("few")
def test_row_29_one_domain_may_not_be_flooded_by_many(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        flooded = [_ask(here, f"reader{n}@small.example.org", n) for n in range(4)]
        other = _ask(here, "reader@other.example.org", 5)

    assert flooded == [200, 200, 200, 429]
    assert other == 200


@pytest.mark.usefixtures("few")
def test_row_29_nobody_can_lock_out_the_users_of_a_big_provider(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        answers = [_ask(here, f"reader{n}@gmail.com", n) for n in range(6)]

    assert set(answers) == {200}


def test_the_big_providers_are_domains_each_once() -> None:
    lines = asking.mailbox_providers()

    assert {"gmail.com", "outlook.com", "qq.com", "web.de"} <= lines
    assert all(re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", line) for line in lines)


def test_row_29_another_address_counts_as_a_request(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        readers = [here.reader(f"reader{n}@example.org") for n in range(6)]
        answers = [_asked(here, each, f"victim{each}@example.org") for each in readers]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]


def test_row_29_addresses_that_are_thrown_away_are_refused(tmp_path: Path) -> None:
    listed = tmp_path / "disposable.txt"
    listed.write_text("# thrown away\nMailinator.example\n\ntrash.example.org # too\n")
    with installation(tmp_path / "var", disposable_domains_file=listed) as here:
        reader = here.reader()
        answers = [
            here.visitor().post("/subscribe", data={"email": email})
            for email in ("a@mailinator.example", "a@sub.mailinator.example", "a@example.org")
        ]
        moving = _asked(here, reader, "a@trash.example.org")

    assert [answer.status_code for answer in answers] == [400, 400, 200]
    assert "thrown away after use" in answers[0].text
    assert moving.status_code == 400


def test_a_list_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(BadSettings, match=r"DIGEST_DISPOSABLE_DOMAINS_FILE: .*nothing\.txt"),
        installation(tmp_path, disposable_domains_file=tmp_path / "nothing.txt"),
    ):
        pass


def test_row_29_a_confirmation_holds_no_word_of_the_visitors(here: Installation) -> None:
    form = {
        "email": "mira@example.org",
        "keywords": "Cheap pills at https://spam.example",
        "about": "Dear Mira, you have won",
        "authors": "Prize Committee",
    }
    here.visitor().post("/subscribe", data=form)
    with here.services.sessions.begin() as session:
        reader = Addressee(*session.execute(sa.select(*COLUMNS)).one())
        rendered = here.services.composer._confirmation(reader)

    for word in ("pills", "spam.example", "won", "Prize"):
        assert word not in rendered.html + rendered.text + rendered.subject
