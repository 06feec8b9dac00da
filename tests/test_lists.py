"""Lists of readers: what a file says, who becomes a reader by it, and what is written out again."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from digest import delivery, lists, pipeline, subscribers
from digest.clock import Cadence
from digest.database import Sessions
from digest.errors import BadAddress, BadDocument, BadInput
from digest.lists import Consented, Format, Record, columns, storing
from digest.lists.checking import address
from digest.models import (
    Balance,
    Consent,
    ConsentKind,
    Delivery,
    Interest,
    InterestKind,
    Standing,
    Subscriber,
    Suppression,
)
from digest.services import Services
from digest.settings import Settings
from digest.topics import taxonomy
from tests import make
from tests.conftest import Inbox, StoppedClock

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
TOPIC, OTHER = (topic.slug for topic in taxonomy.topics()[:2])
CONSENTED = "2025-03-01,the form at the door"


class Desk:
    """Imports texts as files, and remembers what was refused."""

    def __init__(self, services: Services, folder: Path) -> None:
        self.services = services
        self.folder = folder
        self.refused: list[tuple[int, str]] = []

    def read(
        self,
        text: str | bytes,
        *,
        form: Format | None = None,
        consented: Consented | None = None,
        dry_run: bool = False,
    ) -> dict[str, int]:
        """Return the counts that are not 0."""
        path = self.folder / "readers.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.refused.clear()
        with lists.opened(path, form) as document:
            tally = lists.import_readers(
                self.services.sessions,
                self.services.keys,
                document,
                now=self.services.clock(),
                reject=self.refuse,
                tick=lambda _: None,
                consented=consented,
                dry_run=dry_run,
            )
        return {name: count for name, count in asdict(tally).items() if count}

    def refuse(self, record: Record, why: str) -> None:
        self.refused.append((record.line, why))

    def written(self) -> str:
        out = io.StringIO(newline="")
        lists.export_readers(self.services.sessions, out)
        return out.getvalue()

    def rows(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.written(), newline="")))


@pytest.fixture
def desk(services: Services, tmp_path: Path) -> Desk:
    return Desk(services, tmp_path)


def reader(sessions: Sessions, email: str = "ann@example.org") -> Subscriber:
    with sessions() as session:
        return session.scalars(select(Subscriber).where(Subscriber.email == email)).one()


def followed(sessions: Sessions, kind: InterestKind) -> Sequence[str]:
    reader_id = reader(sessions).id
    with sessions() as session:
        return subscribers.interests(session, [reader_id])[reader_id][kind]


def consents(sessions: Sessions) -> list[tuple[datetime, ConsentKind, str | None]]:
    with sessions() as session:
        return [(each.at, each.what, each.source) for each in session.scalars(select(Consent))]


def test_whoever_consented_becomes_a_reader_as_the_line_says(
    desk: Desk, sessions: Sessions
) -> None:
    read = desk.read(
        "email,zone,hour,cadence,topics,keywords,consent_at,consent_source\n"
        f"Ann@Example.org,Europe/Berlin,17,daily,{OTHER};{TOPIC},tree search; a\\;b ,{CONSENTED}\n"
    )

    ann = reader(sessions)
    assert read == {"active": 1}
    assert (ann.standing, ann.zone, ann.hour) == (Standing.ACTIVE, "Europe/Berlin", 17)
    assert ann.cadence is Cadence.DAILY
    assert ann.next_due_at == datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
    assert followed(sessions, InterestKind.TOPIC) == [OTHER, TOPIC]
    assert followed(sessions, InterestKind.KEYWORD) == ["tree search", "a;b"]
    when = datetime(2025, 3, 1, tzinfo=UTC)
    assert consents(sessions) == [(when, ConsentKind.OPERATOR, "the form at the door")]
    assert ann.confirmed_at == when
    assert ann.address_hash == desk.services.keys.address_hash("ann@example.org")


def test_a_reader_who_was_imported_is_as_one_who_was_added(desk: Desk, sessions: Sessions) -> None:
    desk.read(f"email,consent_at,consent_source\nann@example.org,{CONSENTED}\n")
    with sessions.begin() as session:
        subscribers.add(
            session, "bo@example.org", subscribers.Choices(), now=NOW, address_hash="b" * 64
        )

    kept = [
        {
            column.name: getattr(reader(sessions, email), column.name)
            for column in Subscriber.__table__.c
            if column.name not in ("id", "email", "address_hash", "next_due_at", "confirmed_at")
        }
        for email in ("ann@example.org", "bo@example.org")
    ]
    assert kept[0] == kept[1]


def test_the_first_digest_comes_at_the_next_regular_hour_and_not_at_once(
    desk: Desk, services: Services, clock: StoppedClock, inbox: Inbox
) -> None:
    pipeline.fetch(services)
    desk.read(f"email,hour,consent_at,consent_source\nann@example.org,7,{CONSENTED}\n")

    pipeline.send_due(services, clock())
    at_once = inbox()
    clock.advance(hours=1)
    pipeline.send_due(services, clock())

    assert at_once == []
    assert [mail["To"] for mail in inbox()] == ["ann@example.org"]


def test_a_list_does_not_overtake_those_who_are_here(
    desk: Desk, services: Services, sessions: Sessions, clock: StoppedClock
) -> None:
    desk.read(f"email,hour,consent_at,consent_source\nann@example.org,7,{CONSENTED}\n")

    clock.advance(hours=1)
    delivery.sweep(services.sessions, clock())

    with sessions() as session:
        assert session.scalars(select(Delivery.priority)).all() == [2]


def test_an_hour_that_is_over_comes_again_tomorrow(desk: Desk, sessions: Sessions) -> None:
    desk.read(f"email,hour,cadence,consent_at,consent_source\nann@example.org,6,daily,{CONSENTED}")

    assert reader(sessions).next_due_at == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    "text",
    [
        "email\nann@example.org\n",
        "email,consent_at,consent_source\nann@example.org,,\n",
        "email,standing\nann@example.org,active\n",
        f"email,standing,consent_at,consent_source\nann@example.org,pending,{CONSENTED}\n",
    ],
)
def test_without_consent_they_are_pending_and_get_no_mail(
    text: str, desk: Desk, services: Services, sessions: Sessions, inbox: Inbox
) -> None:
    read = desk.read(text)
    pipeline.send_due(services, NOW + timedelta(days=4))

    assert read == {"pending": 1}
    assert reader(sessions).standing is Standing.PENDING
    assert consents(sessions) == []
    assert inbox() == []


def test_who_is_pending_by_an_import_can_ask_and_confirm(desk: Desk, sessions: Sessions) -> None:
    desk.read(f"email,topics\nann@example.org,{TOPIC}\n")
    with sessions.begin() as session:
        subscribers.subscribe(
            session,
            "ann@example.org",
            subscribers.Choices(),
            now=NOW,
            address_hash=reader(sessions).address_hash,
        )
    with sessions.begin() as session:
        ann = session.get_one(Subscriber, reader(sessions).id)
        subscribers.confirm(session, ann, subscribers.Choices(), now=NOW)

    assert reader(sessions).standing is Standing.ACTIVE
    assert followed(sessions, InterestKind.TOPIC) == [TOPIC]


@pytest.mark.parametrize("standing", Standing)
def test_a_reader_who_exists_is_never_changed(
    standing: Standing, desk: Desk, sessions: Sessions
) -> None:
    with sessions.begin() as session:
        make.subscriber(
            session, email="ann@example.org", standing=standing, zone="Asia/Tokyo", hour=9
        )
    before = desk.written()

    read = desk.read(
        f"email,zone,hour,topics,consent_at,consent_source\nann@example.org,UTC,7,{TOPIC},{CONSENTED}\n"
    )

    assert read == {"known": 1}
    assert desk.written() == before


@pytest.mark.parametrize("reason", [Standing.UNSUBSCRIBED, Standing.BOUNCED, Standing.COMPLAINED])
def test_a_suppressed_address_is_never_added(
    reason: Standing, desk: Desk, services: Services, sessions: Sessions
) -> None:
    with sessions.begin() as session:
        address_hash = services.keys.address_hash("ann@example.org")
        session.add(Suppression(address_hash=address_hash, reason=reason, at=NOW))

    read = desk.read(f"email,consent_at,consent_source\nANN@example.org,{CONSENTED}\n")

    assert read == {"suppressed": 1}
    assert desk.rows() == []


def test_whoever_was_erased_is_not_brought_back(desk: Desk, sessions: Sessions) -> None:
    list_of_ann = f"email,consent_at,consent_source\nann@example.org,{CONSENTED}\n"
    desk.read(list_of_ann)
    subscribers.erase(sessions, reader(sessions).id, now=NOW)

    assert desk.read(list_of_ann) == {"suppressed": 1}


def test_bad_lines_are_told_by_number_and_the_others_are_read(desk: Desk) -> None:
    read = desk.read(
        "email,zone,hour,cadence,topics,keywords,consent_at,consent_source\n"
        f"ann@example.org,,,,,,{CONSENTED}\n"
        f"no address,,,,,,{CONSENTED}\n"
        "\n"
        f"bo@example.org,Mars/Olympus,,,,,{CONSENTED}\n"
        f"bo@example.org,,24,,,,{CONSENTED}\n"
        f"bo@example.org,,,hourly,,,{CONSENTED}\n"
        f"bo@example.org,,,,no-such-topic,,{CONSENTED}\n"
        f"bo@example.org,,,,,{'k' * 101},{CONSENTED}\n"
        "bo@example.org,,,,,,2025-03-01,\n"
        "bo@example.org,,,,,,,somewhere\n"
        "bo@example.org,,,,,,yesterday,somewhere\n"
        "bo@example.org,,,,,,2027-01-01,somewhere\n"
        "bo@example.org,,,,,,9999-12-31T23:59-12:00,somewhere\n"
        f"bo@example.org,,,days,,,{CONSENTED}\n"
        "bo@example.org,UTC\n"
        f"cy@example.org,,,,,,{CONSENTED}\n"
    )

    assert read == {"active": 2, "bad": 13}
    assert [line for line, _ in desk.refused] == [3, *range(5, 17)]
    words = ["address", "Mars/Olympus", "24", "hourly", "no-such-topic", "100", "consent_source"]
    words += ["consent_at", "yesterday", "still to come", "still to come", "day", "2 cells"]
    assert [
        word for word, (_, why) in zip(words, desk.refused, strict=True) if word not in why
    ] == []


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbfemail,keywords\r\nann@example.org,search\r\n",
        b'"email","keywords"\r\n"ann@example.org","search"\r\n',
        b"Email;Keywords\nann@example.org;search\n",
        b"E-Mail\tkeywords\rann@example.org\tsearch",
        b"\n\nkeywords,email\nsearch, ann@example.org \n\n",
        b"keywords,email,line,reason\nsearch,ann@example.org,4,it was odd\n",
    ],
)
def test_tables_from_all_kinds_of_programs_are_read(
    text: bytes, desk: Desk, sessions: Sessions
) -> None:
    assert desk.read(text) == {"pending": 1}
    assert followed(sessions, InterestKind.KEYWORD) == ["search"]


def test_quotes_hold_what_is_separated_otherwise(desk: Desk, sessions: Sessions) -> None:
    desk.read('email,about,keywords\nann@example.org,"We ""read"",\n\nand write.",x\n')

    assert reader(sessions).about == 'We "read",\n\nand write.'


def test_a_quote_that_is_never_closed_costs_its_own_line_alone(desk: Desk) -> None:
    text = (
        'email,about\nann@example.org,"We read\nbo@example.org,We write\ncy@example.org,5" disks\n'
    )

    assert desk.read(text) == {"pending": 2, "bad": 1}
    assert [(line, "quote" in why) for line, why in desk.refused] == [(2, True)]
    assert {row["email"]: row["about"] for row in desk.rows()} == {
        "bo@example.org": "We write",
        "cy@example.org": '5" disks',
    }


def test_a_line_in_another_encoding_is_told_and_not_guessed(desk: Desk) -> None:
    text = "email,keywords\nann@example.org,naïve\n".encode("latin-1") + b"bo@example.org,search\n"

    assert desk.read(text) == {"pending": 1, "bad": 1}
    assert desk.refused == [(2, "it is not in UTF-8")]


def test_a_record_that_goes_on_in_another_encoding_is_told_too(desk: Desk) -> None:
    long = 'email,about\nann@example.org,"We\nread naïve\nthings"\nbo@example.org,x\n'

    assert desk.read(long.encode("latin-1")) == {"pending": 1, "bad": 3}
    assert desk.refused[0] == (2, "its quotes are odd: they hold a line that is not in UTF-8")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"name,zone\nAnn,UTC\n", "no column 'email'"),
        (b"PK\x03\x04\x14\x00\x06\x00", "no column 'email'"),
        ("email,zone\nann@example.org,UTC\n".encode("utf-16"), "no column 'email'"),
        (b"email,zone,zone\n", "'zone' twice"),
    ],
)
def test_a_file_that_is_no_list_is_refused_whole(text: bytes, words: str, desk: Desk) -> None:
    with pytest.raises(BadDocument, match=words):
        desk.read(text)


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(BadInput, match=str(path)), lists.opened(path):
            pass


def test_an_address_that_comes_twice_counts_by_its_first_line(
    desk: Desk, sessions: Sessions
) -> None:
    text = "email,hour\nann@example.org,8\nANN@example.org,9\n"

    assert desk.read(text, dry_run=True) == {"pending": 1, "known": 1}
    assert desk.read(text) == {"pending": 1, "known": 1}
    assert reader(sessions).hour == 8


def test_an_import_that_is_run_again_adds_only_who_is_missing(
    desk: Desk, sessions: Sessions
) -> None:
    lines = [f"reader{n}@example.org,{CONSENTED}" for n in range(2_500)]
    head = "email,consent_at,consent_source"
    desk.read("\n".join([head, *lines[:1_700]]))

    read = desk.read("\n".join([head, *lines]))

    assert read == {"active": 800, "known": 1_700}
    with sessions() as session:
        assert session.scalar(select(func.count(Consent.id))) == 2_500
        assert session.scalar(select(func.count(Subscriber.id))) == 2_500


def test_an_import_that_was_broken_off_goes_on_when_it_is_run_again(
    desk: Desk, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(storing.AT_ONCE, sessions.kw["bind"].dialect.name, 10)
    good = [f"reader{n}@example.org,search,{CONSENTED}" for n in range(95)]
    lines = ["email,keywords,consent_at,consent_source", *good[:60], "broken", *good[60:]]

    def ctrl_c(_: Record, _why: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(desk, "refuse", ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            desk.read("\n".join(lines))
    before = len(desk.rows())
    read = desk.read("\n".join(lines))

    assert 0 < before <= 60
    assert before % 10 == 0
    assert read == {"active": 95 - before, "known": before, "bad": 1}
    assert [row["keywords"] for row in desk.rows()] == ["search"] * 95


def test_the_first_line_of_an_address_counts_wherever_the_next_one_is(
    desk: Desk, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(storing.AT_ONCE, sessions.kw["bind"].dialect.name, 10)
    lines = ["email,keywords,consent_at,consent_source"]
    for tens in range(30):
        addresses = [f"reader{tens}{n}@example.org" for n in range(10)]
        for word in ("first", "second", "third"):
            lines += [f"{address},{word},{CONSENTED}" for address in addresses]

    read = desk.read("\n".join(lines))

    assert read == {"active": 300, "known": 600}
    assert {row["keywords"] for row in desk.rows()} == {"first"}


def test_two_imports_at_once_add_everybody_once(
    desk: Desk, sessions: Sessions, settings: Settings, tmp_path: Path
) -> None:
    lines = [f"reader{n}@example.org,search;trees,{CONSENTED}" for n in range(3_000)]
    for name, each in (("0", lines), ("1", lines[::-1])):
        text = "\n".join(["email,keywords,consent_at,consent_source", *each])
        (tmp_path / f"{name}.csv").write_text(text)
    source = f"""
import os, pathlib
from datetime import UTC, datetime
from sqlalchemy.orm import sessionmaker
from digest import lists
from digest.database import connect
from digest.keys import Keys

def run(url):
    sessions = sessionmaker(connect(url))
    with lists.opened(pathlib.Path({str(tmp_path)!r}, f"{{os.getpid() % 2}}.csv")) as document:
        tally = lists.import_readers(
            sessions, Keys(("k",), "b" * 64), document, now=datetime.now(UTC),
            reject=print, tick=lambda _: None,
        )
    print(tally.active)
"""

    added = make.all_at_once(source, settings.database_url.get_secret_value(), 2)

    assert sum(map(int, added)) == 3_000
    assert [row["keywords"] for row in desk.rows()] == ["search;trees"] * 3_000
    assert len(consents(sessions)) == 3_000


def test_a_dry_run_tells_the_same_and_adds_nobody(desk: Desk) -> None:
    text = f"email,consent_at,consent_source\nann@example.org,{CONSENTED}\nbo@example.org,,\nx,,\n"

    dry = desk.read(text, dry_run=True)
    nobody = desk.rows()

    assert nobody == []
    assert dry == desk.read(text) == {"active": 1, "pending": 1, "bad": 1}


LISTMONK = (
    "uuid,email,name,attributes,status,created_at,updated_at\n"
    '0a,Ann@Example.org,Ann,"{""city"": ""Bonn""}",enabled,2024-01-01 10:00:00 +0000 UTC,x\n'
    "0b,bo@example.org,Bo,{},blocklisted,2024-01-01 10:00:00 +0000 UTC,x\n"
    "0c,cy@example.org,Cy,{},disabled,2024-01-01 10:00:00 +0000 UTC,x\n"
    "0d,di@example.org,Di,{},blacklisted,2024-01-01 10:00:00 +0000 UTC,x\n"
)
MAILMAN = 'Ann Person <ann@example.org>\n"Bo, Person" <bo@example.org>\ncy@example.org\nnobody\n'
ELSEWHERE = Consented(datetime(2024, 1, 1, tzinfo=UTC), "the old list")


def test_listmonk_s_export_is_known_by_its_head_and_leaves_out_who_left(desk: Desk) -> None:
    assert desk.read(LISTMONK, consented=ELSEWHERE) == {"active": 1, "left": 3}
    [ann] = desk.rows()
    assert (ann["email"], ann["consent_source"]) == ("ann@example.org", "the old list")


@pytest.mark.parametrize("form", [None, Format.MAILMAN])
def test_mailman_s_members_are_read_with_or_without_names(form: Format | None, desk: Desk) -> None:
    assert desk.read(MAILMAN, form=form, consented=ELSEWHERE) == {"active": 3, "bad": 1}
    assert [row["email"][:3] for row in desk.rows()] == ["ann", "bo@", "cy@"]
    assert desk.refused[0][0] == 4


def test_lists_of_others_say_nothing_of_consent(desk: Desk) -> None:
    assert desk.read(LISTMONK) == {"pending": 1, "left": 3}
    assert desk.read("address\nzoe@example.org\n", form=Format.MAILMAN) == {"pending": 1}


def test_a_status_that_nobody_knows_is_told(desk: Desk) -> None:
    assert desk.read("uuid,email,status\n1,ann@example.org,snoozed\n") == {"bad": 1}
    assert "snoozed" in desk.refused[0][1]


def test_who_left_there_is_not_added_here(desk: Desk) -> None:
    lines = [f"{each.value}@example.org,{each.value},{CONSENTED}" for each in Standing]

    read = desk.read("\n".join(["email,standing,consent_at,consent_source", *lines]))

    assert read == {"active": 2, "pending": 1, "left": 3}
    assert {row["standing"] for row in desk.rows()} == {"active", "paused", "pending"}


def test_what_is_written_is_read_again_as_it_was(
    desk: Desk, services: Services, sessions: Sessions
) -> None:
    choices = subscribers.choices(
        topics=[OTHER],
        muted_topics=[TOPIC],
        keywords=["b;a", "back\\slash", 'a "quoted", one', "=1+1", "日本語"],
        muted=["gossip"],
        authors=["Ada Lovelace"],
        organizations=["Ünïversity"],
        about="First.\n\nSecond; third.",
        balance="field",
        cadence="days",
        days=["fri", "mon"],
        hour=0,
        zone="Asia/Kathmandu",
        language="de",
        papers=3,
        nothing_new="tell",
    )
    with sessions.begin() as session:
        address_hash = services.keys.address_hash("ann@example.org")
        subscribers.add(session, "ann@example.org", choices, now=NOW, address_hash=address_hash)
        for standing in Standing:
            until = date(2026, 12, 1) if standing is Standing.PAUSED else None
            make.subscriber(
                session, email=f"{standing}@example.org", standing=standing, paused_until=until
            )
    before = desk.written()
    with sessions.begin() as session:
        for each in session.scalars(select(Subscriber)):
            session.delete(each)

    read = desk.read(before)

    rows = list(csv.DictReader(io.StringIO(before, newline="")))
    staying = [row for row in rows if row["standing"] in ("active", "paused", "pending")]
    assert read == {"active": 3, "pending": 1, "left": 3}
    again = {row["email"]: row for row in desk.rows()}
    for row in staying:
        if row["standing"] == "pending":
            row |= {"consent_at": "", "consent_source": ""}
        assert again[row["email"]] == row
    assert reader(sessions).balance is Balance.FIELD


@pytest.mark.parametrize("keyword", ["=1+1", "+1", "-1", "@SUM(1)", "'=1", "''@", "'s", "a=b"])
def test_no_cell_is_written_that_a_spreadsheet_takes_for_a_formula(
    desk: Desk, sessions: Sessions, keyword: str
) -> None:
    desk.read("email,keywords\n=1+1@example.org,trees\n")
    with sessions.begin() as session:
        session.scalars(select(Interest)).one().value = keyword
    before = desk.written()
    with sessions.begin() as session:
        session.delete(session.scalars(select(Subscriber)).one())

    desk.read(before)

    [row] = csv.DictReader(io.StringIO(before, newline=""))
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())
    assert row["email"] == "'=1+1@example.org"
    assert followed_at(sessions, "=1+1@example.org") == [keyword]


def followed_at(sessions: Sessions, email: str) -> Sequence[str]:
    reader_id = reader(sessions, email).id
    with sessions() as session:
        return subscribers.interests(session, [reader_id])[reader_id][InterestKind.KEYWORD]


def test_everybody_is_written_once_whatever_their_number(desk: Desk) -> None:
    desk.read("\n".join(["email", *(f"reader{n}@example.org" for n in range(2_345))]))

    assert len({row["email"] for row in desk.rows()}) == len(desk.rows()) == 2_345


def test_no_delivery_is_decided_on_by_an_import(desk: Desk, sessions: Sessions) -> None:
    desk.read(f"email,consent_at,consent_source\nann@example.org,{CONSENTED}\nbo@example.org,,\n")

    with sessions() as session:
        assert session.scalars(select(Delivery)).all() == []


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1)))
def test_a_cell_gives_back_the_values_that_were_put_into_it(values: list[str]) -> None:
    tidy = [value.strip() for value in values if value.strip()]

    assert columns.split(columns.joined(tidy)) == tidy


@given(
    st.from_regex(r"[A-Za-z0-9.+_\-!']{0,66}@[A-Za-z0-9.\-]{0,30}", fullmatch=True)
    | st.emails()
    | st.text(max_size=20)
)
def test_the_short_way_to_an_address_ends_where_the_long_one_does(text: str) -> None:
    def ended(way: object) -> str:
        try:
            return str(way(text))  # type: ignore[operator]
        except BadAddress:
            return "refused"

    assert ended(address) == ended(subscribers.normalised)
