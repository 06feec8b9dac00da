"""Leaving by mail, against a small IMAP server on loopback."""

import json
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from digest import doctor, errands, pipeline, subscribers
from digest.database import Sessions
from digest.doctor import Finding, Status
from digest.errors import BadMessage, BadSettings, FetchError
from digest.links import Links
from digest.mail import imap
from digest.models import Heartbeat, MailboxReading, Standing, Subscriber
from digest.services import Services, build
from digest.settings import Settings
from tests import make
from tests.conftest import FRIDAY, StoppedClock
from tests.imap_server import CAME, ImapServer
from tests.relay import CERTIFICATE, server_context

LINKS = Links("https://digest.example.org", ["n" * 32], "l" * 32)


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with ImapServer() as made:
        yield made


@pytest.fixture
def ann(sessions: Sessions) -> int:
    with sessions.begin() as session:
        return make.subscriber(session, next_due_at=FRIDAY).id


def standing(sessions: Sessions, reader_id: int) -> Standing:
    with sessions() as session:
        return session.get_one(Subscriber, reader_id).standing


def account(server: ImapServer, **facts: Any) -> imap.Account:
    values = {"user": server.user, "password": server.password, "folder": server.folder}
    return imap.Account(
        **{"host": "127.0.0.1", "port": server.port, "tls": bool(server.tls), **values, **facts}
    )


def read(sessions: Sessions, server: ImapServer, **facts: Any) -> int:
    with imap.opened(account(server, **facts)) as mailbox:
        return subscribers.read_mailbox(sessions, LINKS, mailbox, lambda: CAME)


def test_a_code_in_the_subject_unsubscribes(
    sessions: Sessions, server: ImapServer, ann: int
) -> None:
    server.put(f"From: eve@example.org\nTo: out@example.org\nSubject: {LINKS.leave_code(ann)}")

    named = read(sessions, server)

    assert named == 1
    assert standing(sessions, ann) is Standing.UNSUBSCRIBED


@pytest.mark.parametrize(
    "head",
    [
        "To: unsubscribe+CODE@example.org\nSubject: ",
        "To: <UNSUBSCRIBE+CAPITALS@EXAMPLE.ORG>",
        "Delivered-To: unsubscribe+CODE@example.org\nTo: list@example.org",
        "Subject: Re: unsubscribe\n CODE",
        "Subject: =?utf-8?Q?unsubscribe_CODE?=",
        "Subject: Fwd: unsubscribe CODE (sent from my telephone)",
        "Auto-Submitted: auto-generated\nSubject: unsubscribe CODE",
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_code_may_be_where_mail_programs_put_it(
    sessions: Sessions, server: ImapServer, ann: int, head: str
) -> None:
    code = LINKS.leave_code(ann)
    server.put(head.replace("CODE", code).replace("CAPITALS", code.upper()))

    assert read(sessions, server) == 1
    assert standing(sessions, ann) is Standing.UNSUBSCRIBED


@pytest.mark.parametrize(
    "head",
    [
        "From: ann@example.org\nSubject: unsubscribe",
        "From: unsubscribe+CODE@example.org\nSubject: unsubscribe me",
        "Reply-To: unsubscribe+CODE@example.org\nSubject: unsubscribe",
        "Subject: unsubscribe CODEa",
        "Subject: unsubscribe 1CODE",
        "Subject: unsubscribe FORGED",
        "Auto-Submitted: auto-replied\nSubject: unsubscribe CODE",
        "Return-Path: <>\nSubject: Undelivered: unsubscribe CODE",
        'Content-Type: multipart/report; report-type="delivery-status"\nSubject: unsubscribe CODE',
        "",
        "Subject: =?nonsense?Q?unsubscribe?=\nTo: \udcff\udcfe",
        "Subject: =?\udcff?Q?unsubscribe?=",
        "To: =?utf-8\udce9?b?AAAA?=",
        "Subject: =?utf-8?b?=====?=\nContent-Type: =?\udce9?q?a?=",
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_senders_machines_and_mails_without_a_code_change_nothing(
    sessions: Sessions, server: ImapServer, ann: int, head: str
) -> None:
    with sessions.begin() as session:
        session.execute(update(Subscriber).values(email="ann@example.org"))
    code = LINKS.leave_code(ann)
    forged = f"{ann}-{'a' * 26}"
    server.put(head.replace("CODE", code).replace("FORGED", forged))

    assert read(sessions, server) == 0
    assert standing(sessions, ann) is Standing.ACTIVE


def test_no_mail_however_odd_keeps_others_from_being_read(
    sessions: Sessions, server: ImapServer, ann: int
) -> None:
    server.put("Subject: =?\udcff?Q?unsubscribe?=\nTo: =?\udcff?b?x?=")
    server.put(f"Subject: {LINKS.leave_code(ann)}")

    named = read(sessions, server)

    assert named == 1
    assert standing(sessions, ann) is Standing.UNSUBSCRIBED


def test_a_mail_from_the_end_of_the_calendar_is_one_of_now(sessions: Sessions, ann: int) -> None:
    end = datetime.max.replace(tzinfo=UTC)
    texts = [LINKS.leave_code(ann)]

    named = subscribers.leave_by_mail(sessions, LINKS, texts, end, now=CAME)

    assert named
    assert standing(sessions, ann) is Standing.UNSUBSCRIBED


def test_what_was_read_is_not_read_again_and_nothing_is_changed(
    sessions: Sessions, server: ImapServer, ann: int
) -> None:
    server.put("Subject: hello")
    first = read(sessions, server)
    server.put(f"Subject: {LINKS.leave_code(ann)}")

    second, third = read(sessions, server), read(sessions, server)

    assert (first, second, third) == (0, 1, 0)
    assert [each for each in server.commands if each.startswith("UID")] == [
        f"UID FETCH 1:1 {imap._ASKED}",
        f"UID FETCH 2:2 {imap._ASKED}",
    ]
    assert {each.split()[0] for each in server.commands} == {
        "CAPABILITY",
        "LOGIN",
        "EXAMINE",
        "UID",
        "LOGOUT",
    }


def test_a_mailbox_that_was_made_anew_is_read_from_its_beginning(
    sessions: Sessions, server: ImapServer, ann: int
) -> None:
    server.put("Subject: hello", uid=900)
    read(sessions, server)
    server.validity, server.mails = 8, {}
    server.put(f"Subject: {LINKS.leave_code(ann)}", uid=1)

    assert read(sessions, server) == 1
    with sessions() as session:
        reading = session.get_one(MailboxReading, 1)
        assert (reading.validity, reading.uid) == (8, 1)


def test_an_old_mail_does_not_end_what_was_consented_to_since(
    sessions: Sessions, server: ImapServer, ann: int
) -> None:
    with sessions.begin() as session:
        session.execute(update(Subscriber).values(confirmed_at=CAME + timedelta(days=1)))
    server.put(f"Subject: {LINKS.leave_code(ann)}")

    read(sessions, server)

    assert standing(sessions, ann) is Standing.ACTIVE


def test_nor_what_was_taken_back_since(sessions: Sessions, server: ImapServer, ann: int) -> None:
    later = CAME + timedelta(days=1)
    subscribers.unsubscribe(sessions, ann, now=later)
    with sessions.begin() as session:
        assert subscribers.undo(session, ann, now=later)
    server.put(f"Subject: {LINKS.leave_code(ann)}")

    read(sessions, server)

    assert standing(sessions, ann) is Standing.ACTIVE


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_large_mailbox_is_read_in_windows(
    sessions: Sessions, server: ImapServer, ann: int
) -> None:
    server.put("Subject: first")
    server.put("Subject: in the middle", uid=777)
    server.put(f"Subject: {LINKS.leave_code(ann)}", uid=2 * imap.WINDOW + 3)

    assert read(sessions, server) == 1
    assert sum(each.startswith("UID FETCH") for each in server.commands) == 3


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_look_ends_after_its_time_and_the_next_goes_on(
    sessions: Sessions, server: ImapServer, ann: int
) -> None:
    server.put("Subject: first")
    server.put(f"Subject: {LINKS.leave_code(ann)}", uid=imap.WINDOW + 1)
    with imap.opened(account(server)) as mailbox:
        subscribers.read_mailbox(sessions, LINKS, mailbox, lambda: CAME, seconds=0)
        untouched = standing(sessions, ann)

    read(sessions, server)

    assert untouched is Standing.ACTIVE
    assert standing(sessions, ann) is Standing.UNSUBSCRIBED


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_server_may_name_the_number_after_the_header(
    sessions: Sessions, server: ImapServer, ann: int
) -> None:
    server.tail_first = True
    server.put("Subject: first")
    server.put(f"Subject: {LINKS.leave_code(ann)}")

    assert read(sessions, server) == 1


def test_the_mailbox_is_reached_over_tls() -> None:
    with ImapServer(tls=server_context()) as server:
        trusting = ssl.create_default_context(cadata=CERTIFICATE)
        with imap.opened(account(server), trusting) as mailbox:
            validity = mailbox.validity
        with pytest.raises(FetchError, match="CERTIFICATE_VERIFY_FAILED"):
            imap.opened(account(server)).__enter__()

    assert validity == 7


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "other"}, "AUTHENTICATIONFAILED"),
        ({"folder": "Nowhere"}, "no such folder"),
        ({"port": 1}, "refused"),
    ],
)
def test_what_hinders_is_named_without_the_password(
    server: ImapServer, wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(FetchError, match=said) as caught, imap.opened(account(server, **wrong)):
        pass

    assert "other" not in str(caught.value)
    assert "p ss" not in str(caught.value)


def test_a_server_that_says_nothing_is_given_up(
    server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "TIMEOUT", 0.2)
    server.silent = True

    with pytest.raises(FetchError, match="cannot be read"), imap.opened(account(server)):
        pass


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (
            "imaps://mira%40example.org:p%2Fss@mail.example.org/Lists/Out",
            imap.Account(
                "mail.example.org", 993, "mira@example.org", "p/ss", "Lists/Out", tls=True
            ),
        ),
        (
            "imap://mira:x@127.0.0.1:1143",
            imap.Account("127.0.0.1", 1143, "mira", "x", "INBOX", tls=False),
        ),
    ],
)
def test_a_url_names_the_mailbox(url: str, found: imap.Account) -> None:
    assert imap.account(url) == found


@pytest.mark.parametrize(
    "url",
    [
        "imaps://mail.example.org",
        "imaps://mira@mail.example.org",
        "imap://mira:secret@mail.example.org",
        "pop3://mira:secret@mail.example.org",
        "imaps://mira:secret@mail.example.org:port",
        "imaps://mira:secret@mail.example.org/INBOX?x=1",
        "imaps://mira:secret%0D%0A@mail.example.org",
        "imaps://mira:secret@[mail",
        "nonsense",
    ],
)
def test_an_odd_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadSettings, match=r"^DIGEST_IMAP_URL: write imaps://") as caught:
        imap.account(url)

    assert "secret" not in str(caught.value)


def test_the_errand_reads_the_mailbox_of_the_settings(
    settings: Settings, server: ImapServer, clock: StoppedClock
) -> None:
    chosen = settings.model_copy(update={"imap_url": secret(server)})
    services = build(chosen, clock)
    with services.sessions.begin() as session:
        ann = make.subscriber(session).id
    server.put(f"Subject: {services.links.leave_code(ann)}", came=datetime.now(UTC))

    errands.read_mailbox(services)

    assert standing(services.sessions, ann) is Standing.UNSUBSCRIBED
    with services.sessions() as session:
        assert session.get_one(Heartbeat, "mailbox").at == clock.now
    services.close()


def test_doctor_tells_when_the_mailbox_was_not_read_for_long(
    settings: Settings, server: ImapServer, clock: StoppedClock
) -> None:
    services = build(settings.model_copy(update={"imap_url": secret(server)}), clock)

    def look() -> Finding:
        [found] = [each for each in doctor.examine(services) if each.name == "mailbox"]
        return found

    before = look()
    errands.read_mailbox(services)
    after = look()
    clock.advance(hours=1)
    late = look()

    assert [each.status for each in (before, after, late)] == [
        Status.WARNING,
        Status.OK,
        Status.ERROR,
    ]
    assert "DIGEST_IMAP_URL" in late.remedy
    services.close()


def received(subject: str, to: str = "out@example.org", **facts: Any) -> str:
    headers = [{"name": "Subject", "value": subject}, {"name": "From", "value": "eve@example.org"}]
    mail = {
        "timestamp": "2026-11-20T09:00:00.000Z",
        "source": "eve@example.org",
        "destination": [to],
        "headers": [*headers, *({"name": n, "value": v} for n, v in facts.pop("extra", ()))],
    }
    told = {"notificationType": "Received", "mail": mail, "receipt": {"recipients": [to]}}
    return json.dumps(told | facts)


@pytest.mark.parametrize("where", ["subject", "to"])
def test_a_mail_that_ses_received_unsubscribes(services: Services, where: str) -> None:
    with services.sessions.begin() as session:
        ann = make.subscriber(session).id
    code = services.links.leave_code(ann)
    document = (
        received(f"unsubscribe {code}")
        if where == "subject"
        else received("", to=f"out+{code}@example.org")
    )

    assert pipeline.hear(services, document)
    assert pipeline.hear(services, document)
    assert standing(services.sessions, ann) is Standing.UNSUBSCRIBED


def test_a_mail_that_ses_received_from_a_machine_or_without_a_code_changes_nothing(
    services: Services,
) -> None:
    with services.sessions.begin() as session:
        ann = make.subscriber(session, email="eve@example.org").id
    code = services.links.leave_code(ann)
    documents = [
        received("unsubscribe"),
        received(code, extra=[("Auto-Submitted", "auto-replied (vacation)")]),
        received(code, extra=[("Return-Path", "<>")]),
        received(code, extra=[("Content-Type", "multipart/report; boundary=x")]),
    ]

    assert [pipeline.hear(services, document) for document in documents] == [False] * 4
    assert standing(services.sessions, ann) is Standing.ACTIVE


def test_a_mail_without_a_subject_or_a_zone_unsubscribes_too(services: Services) -> None:
    with services.sessions.begin() as session:
        ann = make.subscriber(session).id
    told = json.loads(received("", to=f"out+{services.links.leave_code(ann)}@example.org"))
    told["mail"] |= {"headers": [], "timestamp": "2026-11-20T09:00:00"}

    assert pipeline.hear(services, json.dumps(told))
    assert standing(services.sessions, ann) is Standing.UNSUBSCRIBED


@pytest.mark.parametrize(
    "facts", [{"mail": None}, {"mail": {}}, {"receipt": 7}, {"mail": {"headers": "x"}}]
)
def test_a_received_mail_of_another_form_is_not_understood(
    services: Services, facts: dict[str, Any]
) -> None:
    with pytest.raises(BadMessage, match="not of the form"):
        pipeline.hear(services, received("unsubscribe", **facts))


def test_a_mailbox_that_is_away_is_told_in_the_log_only(
    settings: Settings, clock: StoppedClock, caplog: pytest.LogCaptureFixture
) -> None:
    with ImapServer() as gone:
        url = secret(gone)
    services = build(settings.model_copy(update={"imap_url": url}), clock)

    errands.read_mailbox(services)

    assert "unsubscribes by mail wait" in caplog.text
    services.close()


def secret(server: ImapServer) -> Any:
    return SecretStr(f"imap://{server.user}:p%20ss@127.0.0.1:{server.port}")


def test_the_longest_code_fits_into_a_local_part() -> None:
    mailto = LINKS.mailto("unsubscribe+*@example.org", 10**18 - 1)

    address, _, subject = mailto.removeprefix("mailto:").partition("?")
    local = address.partition("@")[0]
    assert len(local) <= 64
    assert local == local.lower()
    assert subject == f"subject=unsubscribe%20{LINKS.leave_code(10**18 - 1)}"
    assert LINKS.read_leave_code(local) == 10**18 - 1


def test_without_a_star_the_code_is_in_the_subject_alone() -> None:
    mailto = LINKS.mailto("out@example.org", 7)

    assert mailto == f"mailto:out@example.org?subject=unsubscribe%20{LINKS.leave_code(7)}"
